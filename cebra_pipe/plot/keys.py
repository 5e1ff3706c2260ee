"""How points are coloured by labels: one ramp a class, one ramp alone, or one colour a class; and the keys to that."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure

from ..data.table import Table
from .drawn import NONE, class_text, distinct, pick
from .style import COLORS, RAMPS, literal, measured, ramp


def groups(points: Table, said: Table, keys: list[dict]) -> Iterator[tuple[dict, np.ndarray]]:
    """Each key to colours with the points it colours."""
    labels = (said["continuous_label"][0], said["discrete_label"][0])
    for key in keys:
        if key["labels"] == labels:
            mask = points["discrete"] == key["class"] if key["class"] is not None else np.ones(len(points), bool)
            if mask.any():
                yield key, mask


def keys_of(drawn: Table) -> list[dict]:
    """How colours are given: for each pair of labels, one ramp a class, one ramp alone, or one colour a class."""
    said, points, keys = pick(drawn, what="panel"), pick(drawn, what="point"), []
    pairs = dict.fromkeys(zip(said["continuous_label"], said["discrete_label"], strict=True))
    for continuous, discrete in pairs:
        if not (continuous or discrete):
            continue
        mine = said.where((said["continuous_label"] == continuous) & (said["discrete_label"] == discrete))
        shown = points.where(np.isin(points["recording"], distinct(mine["recording"])))
        keys += _pair_keys(continuous, discrete, mine, shown)
    return keys


def _pair_keys(continuous: str, discrete: str, said: Table, points: Table) -> list[dict]:
    classes = sorted(set(points["discrete"].tolist()) - {NONE})
    called = {c: class_text(discrete, c, points["class"][points["discrete"] == c]) for c in classes}
    both = bool(continuous and discrete)
    if not continuous:
        return [
            _key((continuous, discrete), c, color=_class_color(i, len(classes)), text=called[c])
            for i, c in enumerate(classes)
        ]
    norm = Normalize(*_range(points["continuous"], said["period"][0]))
    text = measured(continuous, said["unit"][0])
    if both and len(classes) <= len(RAMPS):
        return [
            _key((continuous, discrete), c, ramp(i), norm, f"{text}, {literal(called[c])}")
            for i, c in enumerate(classes)
        ]
    hidden = f" ({len(classes)} classes of {literal(discrete)} not told apart)" if both else ""
    name = "twilight" if np.isfinite(said["period"][0]) else "viridis"
    return [_key((continuous, discrete), None, _map(name), norm, text + hidden)]


def _key(
    labels: tuple,
    group: int | None,
    colors: Colormap | None = None,
    norm: Normalize | None = None,
    text: str = "",
    color: str = "",
) -> dict:
    return {"labels": labels, "class": group, "map": colors, "norm": norm, "text": text, "color": color}


def _range(values: np.ndarray, period: float) -> tuple[float, float]:
    low = float(np.nanmin(values))
    return (low, low + period) if np.isfinite(period) else (low, float(np.nanmax(values)))


def _map(name: str) -> Colormap:
    return colormaps[name]


def _class_color(index: int, count: int) -> object:
    return COLORS[index] if count <= len(COLORS) else _map("viridis")(index / max(count - 1, 1))


def draw_keys(fig: Figure, place: object, keys: list[dict]) -> None:
    cells = place.subgridspec(1, max(len(keys), 1), wspace=0.25)
    for i, key in enumerate(keys):
        ax = fig.add_subplot(cells[i])
        norm, colors = key["norm"] or Normalize(0, 1), key["map"] or ListedColormap([key["color"]])
        bar = fig.colorbar(ScalarMappable(norm, colors), cax=ax, orientation="horizontal")
        text = key["text"] if key["norm"] else literal(key["text"])
        bar.set_label(text.replace(", ", ",\n") if len(keys) > 3 else text)
        bar.outline.set_visible(False)
        if not key["norm"]:
            bar.set_ticks([])

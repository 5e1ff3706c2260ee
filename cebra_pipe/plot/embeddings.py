"""Figure 2: the embedding of train and test samples and of a control, under one rotation, coloured by the labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure

from ..data.recording import Recording
from ..data.table import Table, read_meta, read_table
from .drawn import NONE, distinct, pick, stack
from .shown import Source, Study
from .style import COLORS, DARK, RAMPS, figure, letter, literal, measured, message, ramp, styled

COLUMNS = {
    "what": str,  # panel: what is said of it | point
    "recording": str,
    "title": str,
    "panel": str,  # train | test | control
    "series": str,
    "fold": int,
    "seed": int,
    "sample": int,
    "x": float,
    "y": float,
    "z": float,
    "continuous": float,  # value of the label that gives the depth of a colour
    "discrete": int,  # class that gives its hue
    "continuous_label": str,
    "unit": str,
    "period": float,
    "discrete_label": str,
    "dimension": int,
    "n": int,  # samples of this part, without padded ones
    "n_drawn": int,
    "n_padded": int,
    "note": str,
}
PANELS = {"train": "train (in-sample)", "test": "test (held out)"}
ROW = 2.6  # inches a recording
MOST = 2000  # points of a panel: more hide each other


# ---- what is drawn ---------------------------------------------------------------------------------------------------
def rows(
    study: Study,
    recordings: Mapping[str, Recording],
    splits: Mapping[str, Table],
    sources: Sequence[Source],
    aligned: Mapping[str, Path],
) -> Table:
    """The points of every panel; `aligned` maps a condition to its rotated embeddings, where there are any."""
    blocks: list[Mapping] = []
    for name, recording in recordings.items():
        about = {"recording": name}
        main = _source(sources, study.main(name))
        if main is None:
            blocks.append({**about, "what": "panel", "title": study.recordings[name], "note": "no condition is fitted to this recording"})
            continue
        control = _source(sources, study.control(name, main.condition))
        turned = aligned.get(main.condition.name)
        for block in _recording(study, recording, name, splits[name], main, control, turned):
            blocks.append({**about, **block})
    return stack(COLUMNS, blocks)


def _source(sources: Sequence[Source], wanted: tuple | None) -> Source | None:
    return next((s for s in sources if wanted and (s.condition, s.unit) == wanted), None)


def _recording(
    study: Study, recording: Recording, name: str, split: Table, main: Source, control: Source | None, aligned: Path | None
) -> Iterator[dict]:
    table, points = _embedding(main, name)
    rotation, how = _rotation(aligned, name, table, points)
    about = _labels(study, recording, split, table)
    if rotation is not None:
        points = points @ rotation
    for part in PANELS:
        yield from _panel(study.recordings[name], part, main, table, points, part, about, how)
    if control is None:
        yield {"what": "panel", "panel": "control", "title": study.recordings[name], "note": "no control condition in this study"}
        return
    table, points = _embedding(control, name)
    if rotation is not None and points.shape[1] == len(rotation):
        points = points @ rotation
    about = _labels(study, recording, split, table)
    yield from _panel(study.recordings[name], "control", control, table, points, "test", about, "same rotation" if rotation is not None else how)


def _embedding(source: Source, name: str) -> tuple[Table, np.ndarray]:
    """The rows of the first fold and seed, and their points (sample, dimension)."""
    dimension = int(read_meta(source.path)["dimension"])
    table = pick(source.read(), recording=name)
    table = pick(table, fold=table["fold"].min())
    table = pick(table, seed=table["seed"].min())
    return table, np.stack([table[f"e{i}"] for i in range(dimension)], axis=1).astype(np.float64)


def _rotation(aligned: Path | None, name: str, table: Table, points: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The rotation (dimension, dimension) that took this embedding to its aligned one, found again from both."""
    if aligned is None:
        return None, "not rotated"
    turned = pick(read_table(aligned, stage="align"), recording=name, fold=table["fold"][0], seed=table["seed"][0])
    if not len(turned):
        return None, "not rotated"
    goal = np.stack([turned[f"a{i}"] for i in range(points.shape[1])], axis=1).astype(np.float64)
    left, _, right = np.linalg.svd(points[turned["sample"]].T @ goal)
    return left @ right, "rotated to the reference"


def _labels(study: Study, recording: Recording, split: Table, table: Table) -> dict:
    continuous, discrete = study.colors(recording)
    part = split[f"fold{table['fold'][0]}"][table["sample"]]
    known = recording.labels
    values = known[continuous].values if continuous else (recording.time if discrete is None else None)
    return {
        "part": part,
        "continuous": None if values is None else np.asarray(values, float)[table["sample"]],
        "discrete": known[discrete].values[table["sample"]] if discrete else None,
        "continuous_label": continuous or ("" if discrete else "time"),
        "unit": known[continuous].unit if continuous else ("" if discrete else "s"),
        "period": (known[continuous].period or np.nan) if continuous else np.nan,
        "discrete_label": discrete or "",
    }


def _panel(title: str, panel: str, source: Source, table: Table, points: np.ndarray, part: str, about: dict, how: str) -> Iterator[dict]:
    mine = about["part"] == part
    kept = np.flatnonzero(mine & ~table["padded"])
    drawn = kept[np.unique(np.linspace(0, len(kept) - 1, min(MOST, len(kept))).round().astype(int))] if len(kept) else kept
    dimension = points.shape[1]
    fixed = {"panel": panel, "fold": int(table["fold"][0]), "seed": int(table["seed"][0])}
    said = {name: about[name] for name in ("continuous_label", "unit", "period", "discrete_label")}
    counts = {"n": len(kept), "n_drawn": len(drawn), "n_padded": int((mine & table["padded"]).sum()), "dimension": dimension}
    yield {"what": "panel", "title": title, "series": source.condition.text, **fixed, **said, **counts, "note": how}
    flat = points[drawn] if dimension > 1 else np.stack([table["sample"][drawn], points[drawn, 0]], axis=1)
    yield {
        "what": "point",
        **fixed,
        "sample": table["sample"][drawn],
        **{axis: flat[:, i] for i, axis in enumerate("xyz"[: flat.shape[1]])},
        **{name: about[name][drawn] for name in ("continuous", "discrete") if about[name] is not None},
    }


# ---- the drawing -----------------------------------------------------------------------------------------------------
@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One row a recording: train, test and control from the same side; the keys to the colours below."""
    names, points = distinct(drawn["recording"]), pick(drawn, what="point")
    keys = _keys(drawn)
    deep = ROW * len(names) + 1.35
    # 3-D axes leave wide margins that a layout engine takes for decorations: places are given in inches instead.
    fig = figure(deep)
    fig.set_layout_engine("none")
    grid = fig.add_gridspec(len(names), 1, left=0.05, right=0.97, bottom=0.75 / deep, top=1 - 0.6 / deep, hspace=0.05)
    count = 0
    for row, name in enumerate(names):
        said, mine = pick(drawn, what="panel", recording=name), pick(points, recording=name)
        columns = grid[row].subgridspec(1, 3, wspace=0.28 if not np.isfinite(mine["z"]).any() else 0.04)
        for column, panel in enumerate(("train", "test", "control")):
            flat = not np.isfinite(mine["z"]).any()
            ax = fig.add_subplot(columns[column], projection=None if flat else "3d")
            draw_panel(ax, pick(said, panel=panel), pick(mine, panel=panel), _limits(mine), keys)
            letter(ax, count, dx=6 if not flat else -14, dy=-2)
            count += 1
    _draw_keys(fig, fig.add_gridspec(1, 1, left=0.12, right=0.88, bottom=0.42 / deep, top=0.52 / deep)[0], keys)
    fig.suptitle(literal(f"{title}: embeddings" if title else "Embeddings"), fontweight="bold")
    return fig


def _limits(points: Table) -> list[tuple[float, float]]:
    """The same cube for all panels of a recording."""
    values = [points[axis][np.isfinite(points[axis])] for axis in "xyz"]
    values = [v for v in values if len(v)]
    half = max((0.52 * float(np.ptp(v)) for v in values), default=1.0) or 1.0
    return [((v.max() + v.min()) / 2 - half, (v.max() + v.min()) / 2 + half) for v in values]


def draw_panel(ax: Axes, said: Table, points: Table, limits: list[tuple[float, float]], keys: list[dict]) -> None:
    if not len(said) or not len(points):
        message(ax, said["note"][0] if len(said) and said["note"][0] else "no samples in this part")
        return
    axes = [points[axis] for axis in "xyz"[: len(limits)]]
    line = {"dimension": said["dimension"][0] == 1}
    three = len(limits) == 3
    options = {"depthshade": False} if three else {}
    for key, mask in _groups(points, said, keys):
        shade = key["map"](key["norm"](points["continuous"][mask])) if key["norm"] else key["color"]
        ax.scatter(*(v[mask] for v in axes), s=1.6, c=shade, linewidths=0, rasterized=True, **options)
    if three:
        _clean(ax, limits, bool(np.allclose(sum(v**2 for v in axes), 1, atol=1e-3)))
    elif not line["dimension"]:
        ax.set(xlim=limits[0], ylim=limits[1], aspect="equal", xlabel="dimension 1", ylabel="dimension 2")
    else:
        ax.set(xlabel="sample", ylabel="dimension 1")
    _say(ax, said)


def _clean(ax: Axes, limits: list[tuple[float, float]], sphere: bool) -> None:
    """No panes and ticks; three great circles where the points lie on the unit sphere, a faint frame where they do not."""
    ax.set(xlim=limits[0], ylim=limits[1], zlim=limits[2], xticks=[], yticks=[], zticks=[])
    ax.set_box_aspect((1, 1, 1), zoom=1.18)
    ax.view_init(elev=22, azim=-58)
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_pane_color((1, 1, 1, 0))
        axis.line.set(color="#BBBBBB", linewidth=0.0 if sphere else 0.6)
    around = np.linspace(0, 2 * np.pi, 90)
    for zero in range(3) if sphere else ():
        ax.plot(*np.insert(np.stack([np.cos(around), np.sin(around)]), zero, 0, axis=0), color="#C8C8C8", lw=0.5, zorder=0)


def _say(ax: Axes, said: Table) -> None:
    """Title, what was fitted, and the counts."""
    panel = said["panel"][0]
    head = PANELS.get(panel) or f"{said['series'][0]}, test"
    who = f"{said['title'][0]} · {said['series'][0]}" if panel != "control" else f"{said['title'][0]} · coloured by the true labels"
    more = "" if said["n_drawn"][0] == said["n"][0] else f" ({said['n_drawn'][0]} drawn)"
    first = f", dimensions 1 to 3 of {said['dimension'][0]}" if said["dimension"][0] > 3 else ""
    count = f"n = {said['n'][0]} samples{more}, {said['n_padded'][0]} padded left out{first}"
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "center"}
    ax.annotate(literal(head), (0.5, 1), (0, -2), fontweight="bold", fontsize=7.5, **place)
    for text, y in ((f"{who}, {said['note'][0]}", -10), (count, -18)):
        ax.annotate(literal(text), (0.5, 1), (0, y), fontsize=5.8, color=DARK, **place)


def _groups(points: Table, said: Table, keys: list[dict]) -> Iterator[tuple[dict, np.ndarray]]:
    """Each key to colours with the points it colours."""
    labels = (said["continuous_label"][0], said["discrete_label"][0])
    for key in keys:
        if key["labels"] == labels:
            mask = points["discrete"] == key["class"] if key["class"] is not None else np.ones(len(points), bool)
            if mask.any():
                yield key, mask


def _keys(drawn: Table) -> list[dict]:
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
    both = bool(continuous and discrete)
    if not continuous:
        return [_key((continuous, discrete), c, color=_class_color(i, len(classes)), text=f"{discrete} {c}") for i, c in enumerate(classes)]
    norm = Normalize(*_range(points["continuous"], said["period"][0]))
    text = measured(continuous, said["unit"][0])
    if both and len(classes) <= len(RAMPS):
        return [_key((continuous, discrete), c, ramp(i), norm, f"{text}, {literal(discrete)} {c}") for i, c in enumerate(classes)]
    hidden = f" ({len(classes)} classes of {literal(discrete)} not told apart)" if both else ""
    name = "twilight" if np.isfinite(said["period"][0]) else "viridis"
    return [_key((continuous, discrete), None, _map(name), norm, text + hidden)]


def _key(labels: tuple, group: int | None, colors: Colormap | None = None, norm: Normalize | None = None, text: str = "", color: str = "") -> dict:
    return {"labels": labels, "class": group, "map": colors, "norm": norm, "text": text, "color": color}


def _range(values: np.ndarray, period: float) -> tuple[float, float]:
    low = float(np.nanmin(values))
    return (low, low + period) if np.isfinite(period) else (low, float(np.nanmax(values)))


def _map(name: str) -> Colormap:
    import matplotlib

    return matplotlib.colormaps[name]


def _class_color(index: int, count: int) -> object:
    return COLORS[index] if count <= len(COLORS) else _map("viridis")(index / max(count - 1, 1))


def _draw_keys(fig: Figure, place: object, keys: list[dict]) -> None:
    cells = place.subgridspec(1, max(len(keys), 1), wspace=0.25)
    for i, key in enumerate(keys):
        ax = fig.add_subplot(cells[i])
        norm, colors = key["norm"] or Normalize(0, 1), key["map"] or ListedColormap([key["color"]])
        bar = fig.colorbar(ScalarMappable(norm, colors), cax=ax, orientation="horizontal")
        bar.set_label(key["text"] if key["norm"] else literal(key["text"]))
        bar.outline.set_visible(False)
        if not key["norm"]:
            bar.set_ticks([])

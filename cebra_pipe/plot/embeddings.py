"""Figure 2: the embedding of train and test samples and of a control, under one rotation, coloured by the labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..data.recording import Recording
from ..data.table import Table, read_meta, read_table
from .drawn import distinct, pick, stack
from .files import Source
from .keys import draw_keys, groups, keys_of
from .shown import Study
from .style import DARK, figure, letter, literal, message, styled

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
            blocks.append(
                {
                    **about,
                    "what": "panel",
                    "title": study.recordings[name],
                    "note": "no condition is fitted to this recording",
                }
            )
            continue
        control = _source(sources, study.control(name, main.condition))
        turned = aligned.get(main.condition.name)
        for block in _recording(study, recording, name, splits[name], main, control, turned):
            blocks.append({**about, **block})
    return stack(COLUMNS, blocks)


def _source(sources: Sequence[Source], wanted: tuple | None) -> Source | None:
    return next((s for s in sources if wanted and (s.condition, s.unit) == wanted), None)


def _recording(
    study: Study,
    recording: Recording,
    name: str,
    split: Table,
    main: Source,
    control: Source | None,
    aligned: Path | None,
) -> Iterator[dict]:
    table, points = _embedding(main, name)
    rotation, how = _rotation(aligned, name, table, points)
    about = _labels(study, recording, split, table)
    if rotation is not None:
        points = points @ rotation
    for part in PANELS:
        yield from _panel(study.recordings[name], part, main, table, points, part, about, how)
    if control is None:
        yield {
            "what": "panel",
            "panel": "control",
            "title": study.recordings[name],
            "note": "no control condition in this study",
        }
        return
    table, points = _embedding(control, name)
    if rotation is not None and points.shape[1] == len(rotation):
        points = points @ rotation
    about = _labels(study, recording, split, table)
    yield from _panel(
        study.recordings[name],
        "control",
        control,
        table,
        points,
        "test",
        about,
        "same rotation" if rotation is not None else how,
    )


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


def _panel(
    title: str, panel: str, source: Source, table: Table, points: np.ndarray, part: str, about: dict, how: str
) -> Iterator[dict]:
    mine = about["part"] == part
    kept = np.flatnonzero(mine & ~table["padded"])
    drawn = (
        kept[np.unique(np.linspace(0, len(kept) - 1, min(MOST, len(kept))).round().astype(int))] if len(kept) else kept
    )
    dimension = points.shape[1]
    fixed = {"panel": panel, "fold": int(table["fold"][0]), "seed": int(table["seed"][0])}
    said = {name: about[name] for name in ("continuous_label", "unit", "period", "discrete_label")}
    counts = {
        "n": len(kept),
        "n_drawn": len(drawn),
        "n_padded": int((mine & table["padded"]).sum()),
        "dimension": dimension,
    }
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
    keys = keys_of(drawn)
    flat = not np.isfinite(points["z"]).any()
    deep = ROW * len(names) + 1.9
    # 3-D axes leave wide margins that a layout engine takes for decorations: places are given in inches instead.
    fig = figure(deep)
    fig.set_layout_engine("none")
    place = {"left": 0.05, "right": 0.97, "bottom": (1.2 if flat else 0.95) / deep, "top": 1 - 0.75 / deep}
    grid = fig.add_gridspec(len(names), 1, hspace=0.55 if flat else 0.05, **place)
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
    draw_keys(fig, fig.add_gridspec(1, 1, left=0.12, right=0.88, bottom=0.55 / deep, top=0.65 / deep)[0], keys)
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
    for key, mask in groups(points, said, keys):
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
    """No panes, no ticks; three great circles where the points lie on the unit sphere, else a faint frame."""
    ax.set(xlim=limits[0], ylim=limits[1], zlim=limits[2], xticks=[], yticks=[], zticks=[])
    ax.set_box_aspect((1, 1, 1), zoom=1.18)
    ax.view_init(elev=22, azim=-58)
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_pane_color((1, 1, 1, 0))
        axis.line.set(color="#BBBBBB", linewidth=0.0 if sphere else 0.6)
    around = np.linspace(0, 2 * np.pi, 90)
    for zero in range(3) if sphere else ():
        ax.plot(
            *np.insert(np.stack([np.cos(around), np.sin(around)]), zero, 0, axis=0), color="#C8C8C8", lw=0.5, zorder=0
        )


def _colored(said: Table) -> str:
    return "the true labels" if said["discrete_label"][0] or said["continuous_label"][0] != "time" else "time"


def _say(ax: Axes, said: Table) -> None:
    """Title, what was fitted, and the counts."""
    panel = said["panel"][0]
    head = PANELS.get(panel) or f"{said['series'][0]}, test"
    who = (
        f"{said['title'][0]} · {said['series'][0]}"
        if panel != "control"
        else f"{said['title'][0]} · coloured by {_colored(said)}"
    )
    more = "" if said["n_drawn"][0] == said["n"][0] else f" ({said['n_drawn'][0]} drawn)"
    first = f", dimensions 1 to 3 of {said['dimension'][0]}" if said["dimension"][0] > 3 else ""
    count = f"n = {said['n'][0]} samples{more}, {said['n_padded'][0]} padded left out{first}"
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "center"}
    # 3-D axes are mostly margin, and the text lies in it; flat ones are full.
    up = 0 if ax.name == "3d" else 21
    ax.annotate(literal(head), (0.5, 1), (0, up - 2), fontweight="bold", fontsize=7.5, **place)
    for text, y in ((f"{who}, {said['note'][0]}", -10), (count, -18)):
        ax.annotate(literal(text), (0.5, 1), (0, up + y), fontsize=5.8, color=DARK, **place)

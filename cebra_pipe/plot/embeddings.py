"""Figure 2: the embedding of train and test samples and of a control, under one rotation, coloured by the labels."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..data.table import Table
from .drawn import distinct, pick
from .keys import draw_keys, groups, keys_of
from .style import DARK, WIDTH, figure, letter, literal, message, styled

PANELS = {"train": "train (in-sample)", "test": "test (held out)"}
ROW = 2.5  # inches a recording


@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One row a recording: train, test and control from the same side; the keys to the colours below."""
    names, points = distinct(drawn["recording"]), pick(drawn, what="point")
    keys, panels = keys_of(drawn), _columns(points)
    flat = not np.isfinite(points["z"]).any()
    alone = "control" not in panels
    above, below = (0.73 if flat else 0.45) + 0.2 * alone, 1.15 if flat else 0.85
    deep = ROW * len(names) + above + below
    # 3-D axes leave wide margins that a layout engine takes for decorations: places are given in inches instead.
    fig = figure(deep, (0.1 + 0.3 * len(panels)) * WIDTH)
    fig.set_layout_engine("none")
    place = {"left": 0.05, "right": 0.97, "bottom": below / deep, "top": 1 - above / deep}
    grid = fig.add_gridspec(len(names), 1, hspace=0.55 if flat else 0.02, **place)
    for row, name in enumerate(names):
        said, mine = pick(drawn, what="panel", recording=name), pick(points, recording=name)
        flat = not np.isfinite(mine["z"]).any()
        columns = grid[row].subgridspec(1, len(panels), wspace=0.28 if flat else 0.04)
        for column, panel in enumerate(panels):
            ax = fig.add_subplot(columns[column], projection=None if flat else "3d")
            draw_panel(ax, pick(said, panel=panel), pick(mine, panel=panel), _limits(mine), keys)
            letter(ax, row * len(panels) + column, dx=6 if not flat else -14, dy=-2)
    draw_keys(fig, fig.add_gridspec(1, 1, left=0.12, right=0.88, bottom=0.45 / deep, top=0.55 / deep)[0], keys)
    fig.suptitle(literal(f"{title}: embeddings" if title else "Embeddings"), fontweight="bold", y=1 - 0.1 / deep)
    if alone:
        fig.text(0.5, 1 - 0.38 / deep, "no control condition in this study", ha="center", color=DARK)
    return fig


def _columns(points: Table) -> list[str]:
    """Train and test; the control where any recording has one."""
    return [*PANELS, *(["control"] if (points["panel"] == "control").any() else [])]


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
    ax.set_box_aspect((1, 1, 1), zoom=1.24 if sphere else 1.05)
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

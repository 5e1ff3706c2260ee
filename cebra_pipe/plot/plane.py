"""The panes of figure 1 that show a point in its plane: the decoded path over the true one, both axes to one scale."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, MultipleLocator

from ..data.table import Table
from .drawn import pick
from .paths import by_pane
from .style import COLORS, DARK, literal, measured, wrapped

DECODED = COLORS[2]  # as the bars of what is decoded from an embedding
HEIGHT = 3.1  # inches that two rows of panes take at least
TITLE, NOTE = 50, 62  # letters in a line


def draw_plane(fig: Figure, place: SubplotSpec, part: Table) -> Axes:
    """Two panes in a row, all of one range; the first carries title and note."""
    path = pick(part, panel="plane")
    panes = by_pane(path)
    rows, across = (1, len(panes)) if len(panes) < 3 else (2, 2)
    grid = place.subgridspec(rows, across, wspace=0.02, hspace=0.02)
    low, high = _range(path)
    step, made = np.diff(MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0, float((high - low).max())))[0], []
    for i, mine in enumerate(panes):
        row, column = divmod(i, across)
        ax = fig.add_subplot(grid[row, column])
        _draw(ax, mine)
        ax.set_aspect("equal", adjustable="box")
        ax.set_xlim(low[0], high[0])
        ax.set_ylim(low[1], high[1])
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MultipleLocator(step))
        bottom, left = i + across >= len(panes), column == 0
        ax.tick_params(labelbottom=bottom, labelleft=left)
        ax.set_xlabel(measured(mine["axis"][0], mine["unit"][0]) if bottom else "")
        ax.set_ylabel(measured(mine["axis_2"][0], mine["unit"][0]) if left else "")
        made.append(ax)
    entitle(made[0], path)
    return made[0]


def _draw(ax: Axes, pane: Table) -> None:
    for stretch in np.unique(pane["stretch"]):
        mine = pick(pane, stretch=stretch)
        ax.plot(mine["truth"], mine["truth_2"], color=DARK, lw=1.6, alpha=0.55, solid_capstyle="butt")
        ax.plot(mine["truth"][:1], mine["truth_2"][:1], "o", color=DARK, ms=3.4, mfc="white", mew=0.7, zorder=4)
        ax.plot(mine["decoded"], mine["decoded_2"], color=DECODED, lw=0.35, alpha=0.6)
        ax.plot(mine["decoded"], mine["decoded_2"], "o", color=DECODED, ms=1.3, mew=0, zorder=3)


def _range(path: Table) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of both axes, with a margin of a twentieth of the longer one."""
    ends = np.array([[path[f"{what}{end}"] for what in ("truth", "decoded")] for end in ("", "_2")])  # (axis, 2, row)
    low, high = np.nanmin(ends, axis=(1, 2)), np.nanmax(ends, axis=(1, 2))
    margin = 0.05 * max(float((high - low).max()), 1e-12)
    return low - margin, high + margin


def entitle(ax: Axes, path: Table) -> None:
    """What a trace or path is of, and below it the note on which samples are shown."""
    shown = f"{path['title'][0]} · {path['series'][0]}, fold {path['fold'][0]}, seed {path['seed'][0]}"
    note = wrapped(path["note"][0], NOTE)
    ax.set_title(literal(wrapped(shown, TITLE)), loc="left", pad=12 + 7.5 * note.count("\n"))
    ax.annotate(
        literal(note),
        (0, 1),
        (0, 3),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=6,
        color=DARK,
        in_layout=False,
    )


def legend() -> list[Line2D]:
    look = {"color": DECODED, "lw": 0.6, "marker": "o", "ms": 2, "mew": 0}
    return [
        Line2D([], [], color=DARK, lw=1.6, alpha=0.55, label="true path"),
        Line2D([], [], color=DARK, ls="", marker="o", ms=3.4, mfc="white", mew=0.7, label="its beginning"),
        Line2D([], [], **look, label="decoded path (kNN on the embedding)"),
    ]

"""Figure 4: consistency of recordings and of runs, the held-out map beside the paper's definition, with the null."""

from __future__ import annotations

from textwrap import wrap

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..data.table import Table
from .compared import DEFINITIONS, columns_of
from .drawn import distinct, number, pick
from .known import mean
from .style import COLORS, DARK, GREY, LIGHT, figure, letter, literal, message, minus, probability, styled

LARGEST = 14  # columns up to which the numbers fit into the cells
WIDE = 150  # letters of a line below the panels
NOTE = 0.12  # inches a line of them


@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One row a comparison: the pairs by the held-out map and by the paper's, and the null of both."""
    names = distinct(drawn["comparison"])
    heights = [_height(pick(drawn, comparison=name)) for name in names] or [2.6]
    doubts = _doubts(drawn)
    fig = figure(sum(heights) + 0.6 + NOTE * len(doubts))
    grid = fig.add_gridspec(len(heights), 3, height_ratios=heights)
    norm = Normalize(0.0, 1.0)
    for i, name in enumerate(names):
        mine = pick(drawn, comparison=name)
        axes = [fig.add_subplot(grid[i, column]) for column in range(3)]
        cells = pick(mine, what="cell")
        matrices = mine["between"][0] == "recordings"
        for ax, definition in zip(axes, [d for d, (*_, pairs) in DEFINITIONS.items() if pairs], strict=False):
            own = pick(cells, definition=definition)
            draw_matrix(ax, own, norm) if matrices else draw_runs(ax, own, cells["score"])
            _say(ax, ": ".join(DEFINITIONS[definition][:2]))
        axes[0].set_title(literal(mine["title"][0]), loc="left", fontweight="bold", pad=17)
        draw_null(axes[2], mine)
        if matrices:
            fig.colorbar(ScalarMappable(norm, _colors()), ax=axes[:2], label="R²", shrink=0.7, pad=0.01, extend="min")
        for column, ax in enumerate(axes):
            letter(ax, 3 * i + column, dx=-6, dy=5)
    if not names:
        message(fig.add_subplot(grid[0, :]), "no comparison in this study: it takes two recordings or two seeds")
    if doubts:
        fig.supxlabel(literal("\n".join(doubts)), x=0.01, ha="left", fontsize=6, color=DARK)
    fig.suptitle(literal(f"{title}: consistency" if title else "Consistency"), fontweight="bold")
    return fig


def _doubts(drawn: Table) -> list[str]:
    """Lines of what is to be known of each comparison before it is believed."""
    summaries = pick(drawn, what="summary")
    told = dict.fromkeys(pair for pair in columns_of(summaries, "title", "doubts") if pair[1])
    return [line for title, doubts in told for line in wrap(f"{title}: {doubts}", WIDE)]


def _height(mine: Table) -> float:
    """Inches: a matrix is square, runs take a line a recording."""
    runs = mine["between"][0] != "recordings"
    return max(1.9, 0.9 + 0.16 * len(distinct(mine["row"]))) if runs else 2.6


def _colors() -> Colormap:
    return colormaps["cividis"].with_extremes(bad="white", under="#3B0F1A")


def draw_matrix(ax: Axes, cells: Table, norm: Normalize) -> None:
    """R² from row to column of pairs of recordings; the diagonal is blank."""
    if not len(cells):
        message(ax, "nothing to compare: fewer than two recordings")
        return
    names = list(dict.fromkeys([*distinct(cells["row"]), *distinct(cells["column"])]))
    values = np.full((len(names), len(names)), np.nan)
    for row, column, score in columns_of(cells, "row", "column", "score"):
        values[names.index(row), names.index(column)] = score
    ax.imshow(values, cmap=_colors(), norm=norm, aspect="equal")
    if len(names) <= LARGEST:
        _write(ax, values, norm)
    ax.set_xticks(range(len(names)), [literal(n) for n in names], rotation=30, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), [literal(n) for n in names])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("to")
    ax.set_ylabel("from")


def draw_runs(ax: Axes, cells: Table, scores: np.ndarray) -> None:
    """R² of pairs of runs, one line a recording: a dot each ordered pair, a bar their mean. `scores` spans the axis."""
    if not len(cells):
        message(ax, "nothing to compare: fewer than two runs")
        return
    names = distinct(cells["row"])
    for y, name in enumerate(names):
        mine = pick(cells, row=name)["score"]
        ax.plot([mean(mine)], [y], "|", color=LIGHT, ms=14, mew=3, zorder=1)
        ax.plot(mine, y + _spread(len(mine), 0.5), ".", color=COLORS[0], ms=4.5, mew=0, alpha=0.8, zorder=2)
        _beside(ax, y, minus(f"{mean(mine):.2f}"))
    _beside(ax, -0.6, "mean", fontstyle="italic")
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks(range(len(names)), [literal(n) for n in names])
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(min(0.0, 1.05 * float(np.nanmin(scores, initial=0.0))), 1.02)
    ax.set_xlabel("R² of pairs of runs (dots) and their mean (bar)")


def _say(ax: Axes, text: str) -> None:
    """A line above the axes that takes no width from its neighbours."""
    ax.annotate(
        text, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", fontsize=6.5, in_layout=False
    )


def _beside(ax: Axes, y: float, text: str, **look: object) -> None:
    place = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (1, y), (4, 0), fontsize=6, **place, **look)


def _spread(number: int, width: float) -> np.ndarray:
    """Heights of dots on one line, by the golden ratio: even, and the same each time."""
    heights = (np.arange(number) * 0.618034) % 1
    return width * (heights - heights.mean()) if number else heights


def _write(ax: Axes, values: np.ndarray, norm: Normalize) -> None:
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ax.text(
                column,
                row,
                minus(f"{value:.2f}"),
                ha="center",
                va="center",
                fontsize=6,
                color="black" if norm(value) > 0.55 else "white",
            )


def draw_null(ax: Axes, mine: Table) -> None:
    """The null draws of each definition as a strip, the real mean as a bar, with p."""
    summaries = pick(mine, what="summary")
    if not len(summaries):
        message(ax, "nothing to compare")
        return
    for y, definition in enumerate(summaries["definition"]):
        summary, null = pick(summaries, definition=definition), pick(mine, what="null", definition=definition)["score"]
        ax.plot(null, y + _spread(len(null), 0.24), ".", color=GREY, ms=2, mew=0, zorder=1)
        ax.plot(summary["score"], [y], "|", color=COLORS[0], ms=14, mew=2, zorder=3)
        told = f"{DEFINITIONS[definition][0]}: {_said(summary)}"
        ax.text(
            0.01,
            y - 0.22,
            literal(told),
            transform=ax.get_yaxis_transform(),
            fontsize=5.8,
            color=DARK,
            va="bottom",
        )
    ax.set_ylim(len(summaries) - 0.7, -0.65)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.axvline(0, color=LIGHT, lw=0.8, zorder=0)  # light: it goes behind the texts
    ax.set_xlim(right=1.05)
    ax.xaxis.set_major_locator(MaxNLocator(5))  # labels of hundredths below 0 are as wide as a fifth of the panel
    ax.set_xlabel(f"mean R² over pairs{_drawn_null(summaries)}")


def _drawn_null(summaries: Table) -> str:
    """What the grey dots are: how many shifts, and how many of them are about independent."""
    n, effective = int(summaries["null_n"][0]), summaries["null_effective"][0]
    known = f" (≈ {number(effective, 2)} independent)" if effective == effective else ""
    return f"\ngrey: {n} shifts{known}" if n > 0 else ""


def _said(summary: Table) -> str:
    p = probability(summary["p"][0], int(summary["null_n"][0]))
    told = f"p = {p}" if p[:1].isdigit() else summary["note"][0] or p
    pairs, score = int(summary["n"][0]), minus(f"{summary['score'][0]:.2f}")
    return f"mean {score}, {pairs} {'pair' if pairs == 1 else 'pairs'}\n{told}"

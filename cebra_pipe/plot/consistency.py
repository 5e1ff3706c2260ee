"""Figure 4: consistency matrices, the held-out map beside the paper's definition, with the null."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from ..data.table import Table, read_table
from .drawn import distinct, number, pick, stack
from .files import comparisons
from .known import mean, or_nan
from .shown import Study
from .style import COLORS, DARK, GREY, figure, letter, literal, message, probability, styled

COLUMNS = {
    "comparison": str,
    "title": str,
    "between": str,
    "what": str,  # cell | null | summary | absent
    "definition": str,
    "row": str,  # the map's source (recordings), or whose runs (runs)
    "column": str,  # its target, or the pair of runs
    "score": float,  # R²
    "coverage": float,  # share of bins used
    "n": int,  # fits averaged in a cell; pairs of a summary
    "p": float,
    "null_n": int,
    "null_effective": float,
    "note": str,
}
# definition -> (what it is, whether its matrix is drawn)
DEFINITIONS = {
    "held_out": ("held-out map: fitted on train, scored on test", True),
    "paper": ("paper's: fitted and scored on train (in-sample)", True),
    "paper_test": ("paper's on test: fitted and scored on test", False),
}
LARGEST = 14  # columns up to which the numbers fit into the cells


# ---- what is drawn ---------------------------------------------------------------------------------------------------
def rows(study: Study, paths: Sequence[Path]) -> Table:
    """Cells, null draws and summaries of every comparison."""
    blocks: list[dict] = []
    for entry, path in comparisons(study, paths):
        about = {
            "comparison": entry["name"],
            "title": entry.get("title") or entry["name"],
            "between": entry.get("between", "recordings"),
        }
        condition = next(
            (k.text for k in study.conditions if k.name == entry.get("condition")), entry.get("condition", "")
        )
        about["title"] = (
            f"{about['title']} · {condition}" if condition and condition not in about["title"] else about["title"]
        )
        blocks += [{**about, **block} for block in _comparison(study, read_table(path, stage="consistency"))]
    return stack(COLUMNS, blocks)


def _comparison(study: Study, table: Table) -> Iterator[dict]:
    summary = table.meta.get("summary") or {}
    if not len(table):
        yield {"what": "absent", "note": "nothing to compare: fewer than two recordings or runs"}
    for definition in (d for d in DEFINITIONS if d in set(table["definition"])):
        mine = pick(table, definition=definition)
        yield from ({"what": "cell", "definition": definition, **cell} for cell in _cells(study, mine))
        about = summary.get(definition) or {}
        null = np.asarray(about.get("null") or [], float)
        yield {
            "what": "summary",
            "definition": definition,
            "score": or_nan(about.get("mean")),
            "n": int(about.get("pairs") or 0),
            "p": or_nan(about.get("p")),
            "null_n": int(about.get("null_n") or 0),
            "null_effective": or_nan(about.get("null_effective")),
            "coverage": mean(mine["coverage"]),
            "note": about.get("note") or "",
        }
        yield {"what": "null", "definition": definition, "score": null}


def _cells(study: Study, mine: Table) -> Iterator[dict]:
    """The mean over folds and seeds of each pair; for runs, whose they are and which pair."""
    runs = bool((mine["recording"] != "").any()) and not set(mine["from"]) <= set(study.recordings)
    if runs:
        keys = [
            (_title(study, r), f"{a.replace('seed', 'seed ')} → {b.replace('seed', '')}")
            for r, a, b in _columns(mine, "recording", "from", "to")
        ]
    else:
        keys = [(_title(study, a), _title(study, b)) for a, b in _columns(mine, "from", "to")]
    for key in dict.fromkeys(keys):
        mask = np.array([k == key for k in keys])
        yield {
            "row": key[0],
            "column": key[1],
            "score": mean(mine["score"][mask]),
            "coverage": mean(mine["coverage"][mask]),
            "n": int(mask.sum()),
        }


def _title(study: Study, name: str) -> str:
    return study.recordings.get(name, name)


def _columns(table: Table, *names: str) -> list[tuple]:
    return list(zip(*(table[n] for n in names), strict=True))


# ---- the drawing -----------------------------------------------------------------------------------------------------
@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One row a comparison: held-out matrix, the paper's, and the null of both."""
    names = distinct(drawn["comparison"])
    fig = figure(2.6 * max(len(names), 1) + 0.6)
    grid = fig.add_gridspec(max(len(names), 1), 3, width_ratios=[1.0, 1.15, 1.0])
    norm = Normalize(0.0, 1.0)
    for i, name in enumerate(names):
        mine = pick(drawn, comparison=name)
        axes = [fig.add_subplot(grid[i, column]) for column in range(3)]
        for ax, definition in zip(axes, [d for d, (_, matrix) in DEFINITIONS.items() if matrix], strict=False):
            draw_matrix(ax, pick(mine, what="cell", definition=definition), norm, mine["between"][0] == "recordings")
            ax.set_title(literal(DEFINITIONS[definition][0]), loc="left", fontsize=6.5)
        axes[0].annotate(
            literal(mine["title"][0]),
            (0, 1),
            (0, 20),
            xycoords="axes fraction",
            textcoords="offset points",
            fontweight="bold",
        )
        draw_null(axes[2], mine)
        fig.colorbar(ScalarMappable(norm, _colors()), ax=axes[1], label="R²", shrink=0.7, pad=0.03, extend="min")
        for column, ax in enumerate(axes):
            letter(ax, 3 * i + column, dx=-6, dy=5)
    if not names:
        message(fig.add_subplot(grid[0, :]), "no comparison in this study: it takes two recordings or two seeds")
    fig.suptitle(literal(f"{title}: consistency" if title else "Consistency"), fontweight="bold")
    return fig


def _colors() -> Colormap:
    return colormaps["cividis"].with_extremes(bad="white", under="#3B0F1A")


def draw_matrix(ax: Axes, cells: Table, norm: Normalize, square: bool = True) -> None:
    """R² from row to column; the diagonal is blank."""
    if not len(cells):
        message(ax, "nothing to compare: fewer than two recordings or runs")
        return
    lines, columns = distinct(cells["row"]), distinct(cells["column"])
    if square:
        lines = columns = list(dict.fromkeys([*lines, *columns]))
    values = np.full((len(lines), len(columns)), np.nan)
    for row, column, score in _columns(cells, "row", "column", "score"):
        values[lines.index(row), columns.index(column)] = score
    ax.imshow(values, cmap=_colors(), norm=norm, aspect="equal" if square else "auto")
    if len(columns) <= LARGEST:
        _write(ax, values, norm)
    ax.set_xticks(range(len(columns)), [literal(c) for c in columns], rotation=30, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(lines)), [literal(n) for n in lines])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("to" if square else "pair of runs")
    ax.set_ylabel("from" if square else "recording")


def _write(ax: Axes, values: np.ndarray, norm: Normalize) -> None:
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ax.text(
                column,
                row,
                f"{value:.2f}",
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
        shade = COLORS[y % len(COLORS)]
        # Heights by the golden ratio: even, and the same each time.
        ax.plot(
            null, y + 0.24 * (((np.arange(len(null)) * 0.618034) % 1) - 0.5), ".", color=GREY, ms=2, mew=0, zorder=1
        )
        ax.plot(summary["score"], [y], "|", color=shade, ms=14, mew=2, zorder=3)
        told = f"{DEFINITIONS[definition][0]}\n{_said(summary)}"
        ax.text(
            0.01,
            y - 0.22,
            literal(told),
            transform=ax.get_yaxis_transform(),
            fontsize=5.8,
            color=DARK,
            va="bottom",
            bbox={"color": "white", "pad": 0.5},
        )
    ax.set_ylim(len(summaries) - 0.7, -0.65)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.axvline(0, color=DARK, lw=0.6, zorder=0)
    ax.set_xlim(right=1.05)
    ax.set_xlabel(f"mean R² over pairs{_drawn_null(summaries)}")


def _drawn_null(summaries: Table) -> str:
    """What the grey dots are: how many shifts, and how many of them are about independent."""
    n, effective = int(summaries["null_n"][0]), summaries["null_effective"][0]
    known = f" (≈ {number(effective, 2)} independent)" if effective == effective else ""
    return f"\ngrey: {n} shifts{known}" if n > 0 else ""


def _said(summary: Table) -> str:
    p = probability(summary["p"][0], int(summary["null_n"][0]))
    told = f"p = {p}" if p[:1].isdigit() else summary["note"][0] or p
    pairs = int(summary["n"][0])
    return f"mean {summary['score'][0]:.2f}, {pairs} {'pair' if pairs == 1 else 'pairs'}; {told}"

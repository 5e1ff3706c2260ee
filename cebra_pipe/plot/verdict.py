"""The verdict of a study: what each held-out score is worth, and what to know before it is believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Annotation, Text

from ..data.table import Table
from ..sklearn.nulls import SMALLEST_NULL
from .drawn import distinct, pick
from .judged import EVIDENCE, NONE, UNTESTED, draws
from .style import COLORS, DARK, GREY, LIGHT, figure, letter, literal, message, probability, rounded, styled

PAINT = {EVIDENCE: to_rgba(COLORS[0], 0.25), NONE: to_rgba(COLORS[4], 0.35), UNTESTED: (0, 0, 0, 0)}
WARNING = to_rgba(COLORS[3], 0.4)
WORSE = to_rgba(COLORS[1])  # the border of a score that is worse than something it stands beside
ORDER = ("bits", "decoding", "consistency")
OBJECTIVES = {"labels": "label objective", "time": "time objective"}
LINE = {False: 0.27, True: 0.36}  # inches a line, by whether a cell holds the p of both nulls
SIZE = 5.5  # points of what cells hold, less where the longest would leave its cell
NEAR = ", near"  # parts that lie nearer to each other than two autocorrelation times
SOUND = {  # heading -> (column, whether a cell is a warning)
    "converged": ("converged", lambda text: text not in ("yes", "")),
    "collapsed": ("collapsed", lambda text: text not in ("no", "")),
    "dims\nin use": ("effective_dimension", lambda text: False),
    "padded\n%": ("padded_share", lambda text: False),
    "cut at\ngaps %": ("gap_share", lambda text: text.endswith(NEAR)),
    "dropped\n%": ("dropped_share", lambda text: False),
    "enough\ndata": ("enough_data", lambda text: text in ("no", "not known")),
}


@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """Left the scores, coloured by verdict; right what bears on them. A line a recording or comparison."""
    lines = _lines(drawn)
    fig = figure(_line(drawn) * max(len(lines), 3) + 1.3)
    grid = fig.add_gridspec(1, 2, width_ratios=[max(len(_scores(drawn)), 1) * 1.25, len(SOUND) * 0.7])
    left, right = fig.add_subplot(grid[0, 0]), fig.add_subplot(grid[0, 1])
    for i, ax in enumerate((left, right)):
        letter(ax, i, dx=-6, dy=22)
    if lines:
        _board(left, lines, [_heading(*key) for key in _scores(drawn)], labelled=True)
        _board(right, lines, list(SOUND), labelled=False)
        for y, key in enumerate(lines):
            _fill(left, right, y, key, drawn)
    else:
        message(left, "no score to judge")
        right.set_axis_off()
    fig.suptitle(literal(f"{title}: verdict" if title else "Verdict"), fontweight="bold")
    fig.legend(handles=_legend(any(drawn["worse_than"])), loc="outside lower center", ncols=3)
    _fit(fig, [left, right])
    return fig


def _line(drawn: Table) -> float:
    return LINE[bool(np.any(np.isfinite(drawn["decoder_p"]) & np.isfinite(drawn["refit_p"])))]


def _fit(fig: Figure, panels: Sequence[Axes]) -> None:
    """Cells and headings as large as the fullest of them takes."""
    fig.draw_without_rendering()
    cells = [each for ax in panels for each in zip(_cells(ax), ax.patches, strict=True)]
    heads = [(text, ax.patches[0]) for ax in panels if ax.patches for text in ax.get_xticklabels()]
    for pairs in (cells, heads):
        for _ in range(3):  # at small sizes letters come in whole pixels: widths do not follow sizes exactly
            fullest = max((t.get_window_extent().width / p.get_window_extent().width for t, p in pairs), default=0.0)
            for text, _ in pairs if fullest > 1 else ():
                text.set_fontsize(text.get_fontsize() * 0.97 / fullest)


def _cells(ax: Axes) -> list[Text]:
    """What the cells hold, in the order of their boxes; the panel's letter is a text as well."""
    return [text for text in ax.texts if not isinstance(text, Annotation)]


Line = tuple[str, str, str]  # condition, unit, title of the recording or comparison; a heading has an empty title


def _lines(drawn: Table) -> list[Line]:
    lines: list[Line] = []
    for condition in distinct(drawn["condition_title"]):
        mine = pick(drawn, condition_title=condition)
        lines += [(condition, "", "")]
        lines += dict.fromkeys((condition, unit, t) for unit, t in zip(mine["unit_of_fit"], mine["title"], strict=True))
    return lines


def _scores(drawn: Table) -> list[tuple[str, str, str, str]]:
    """The columns of scores: (score, label, metric, unit); comparisons share one."""
    names = ("score", "label", "metric", "unit")
    keys = zip(*(drawn[name] for name in names), strict=True)
    once = dict.fromkeys((*_column(s, n), m, u) for s, n, m, u in keys)
    return sorted(once, key=lambda key: ORDER.index(key[0]))


def _column(score: str, label: str) -> tuple[str, str]:
    """Comparisons share a column; labels of a recording that was left out stand with the others, in its own line."""
    return ("decoding" if score == "transfer" else score, "" if score == "consistency" else label)


def _heading(score: str, label: str, metric: str, unit: str) -> str:
    if score == "bits":
        return f"held-out bits,\n{OBJECTIVES.get(label, label)}"
    if score == "consistency":
        return "consistency,\nheld-out R²"
    return f"{label},\n{metric.replace('_', ' ')}{f',{chr(10)}{unit}' if unit else ''}"


def _board(ax: Axes, lines: Sequence[Line], headings: Sequence[str], labelled: bool) -> None:
    ax.set_xlim(0, len(headings))
    ax.set_ylim(len(lines) - 0.5, -0.5)
    ax.xaxis.tick_top()
    ax.set_xticks([x + 0.5 for x in range(len(headings))], [literal(text) for text in headings], fontsize=5.5)
    names = [literal(title or condition) for condition, _, title in lines] if labelled else [""] * len(lines)
    ax.set_yticks(range(len(lines)), names)
    for text, (_, _, title) in zip(ax.get_yticklabels(), lines, strict=True):
        text.set_fontweight("normal" if title else "bold")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for y, (_, _, title) in enumerate(lines):
        if not title:
            ax.axhline(y - 0.5, color=LIGHT, lw=0.6)


def _fill(left: Axes, right: Axes, y: int, line: Line, drawn: Table) -> None:
    condition, unit, title = line
    rows = list(pick(drawn, condition_title=condition, unit_of_fit=unit, title=title).rows())
    columns = [key[:2] for key in _scores(drawn)]
    for row in rows:
        x = columns.index(_column(row["score"], row["label"]))
        border = WORSE if row["worse_than"] else "none"
        _write(left, x, y, _cell(row), PAINT[kind(row["verdict"])], kind(row["verdict"]) == UNTESTED, border)
    for x, (column, warns) in enumerate(SOUND.values()):
        if title:
            text = _sound(column, _worst([row[column] for row in rows]))
            text += NEAR if column == "gap_share" and rows[0]["too_near"] else ""
            _write(right, x, y, text, WARNING if warns(text) else PAINT[UNTESTED], False)


def kind(verdict: str) -> str:
    """Which of the three a verdict is; it goes on with the reason or what was not corrected."""
    return next(known for known in PAINT if verdict.startswith(known))


def _cell(row: dict) -> str:
    """Score and null median of what the verdict follows; below it the p of either null, corrected where it is."""
    value, null = rounded(row["real"]), rounded(row["null_median"])
    few = 0 < row["null_n"] < SMALLEST_NULL
    told = [*_told(row)] or [f"{draws(row['null_n'], row['null'])}, p needs {SMALLEST_NULL}" if few else "no p"]
    return "\n".join([f"{value}{f' (null {null})' if null else ''}", *told])


def _told(row: dict) -> Iterator[str]:
    if row["score"] == "consistency" and row["p"] == row["p"]:
        yield f"p {probability(row['p'], row['null_n'])}"
    if (p := row["decoder_p"]) == p:
        yield f"decoder p {probability(p, row['decoder_null_n'])}"
    if (p := row["refit_p_corrected"]) == p:
        yield f"refit p {probability(p, row['refit_null_n'])} corr."
    elif (p := row["refit_p"]) == p:
        yield f"refit p {probability(p, row['refit_null_n'])}"


def _worst(values: Sequence[object]) -> object:
    """Of texts that differ from score to score the first that says no, else the first that is not known."""
    said = [v for start in ("no,", "not known") for v in values if isinstance(v, str) and v.startswith(start)]
    return said[0] if said else values[0]


def _sound(column: str, value: object) -> str:
    if isinstance(value, str):
        return value.split(",")[0]
    if value != value:
        return ""
    return f"{100 * value:.1f}" if column.endswith("_share") else f"{value:.1f}"


def _write(ax: Axes, x: int, y: int, text: str, paint: tuple, faint: bool, border: tuple | str = "none") -> None:
    ax.add_patch(Rectangle((x + 0.03, y - 0.44), 0.94, 0.88, fc=paint, ec=border, lw=1.0))
    ax.text(x + 0.5, y, literal(text), ha="center", va="center", fontsize=SIZE, color=GREY if faint else DARK)


def _legend(worse: bool) -> list[Patch]:
    said = {EVIDENCE: f"{EVIDENCE}: p ≤ alpha", NONE: NONE, UNTESTED: f"{UNTESTED}: the table says why"}
    patches = [Patch(fc=PAINT[key], ec=LIGHT, label=text) for key, text in said.items()]
    patches += [Patch(fc=WARNING, ec=LIGHT, label="to be looked at before a score is believed")]
    beside = "worse than a null's median, a baseline or a constant: the table says which"
    return [*patches, *[Patch(fc="none", ec=WORSE, label=beside)][:worse]]

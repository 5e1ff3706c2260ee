"""Figure 9: is there enough data? Held-out scores against minutes of training and against the number of neurons."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..data.table import Table
from .drawn import distinct, pick
from .gains import FALLS, FLAT, RISES, UNKNOWN
from .judged import NONE
from .style import DARK, GREY, color, figure, letter, literal, measured, message, styled, whole_ticks

AXES = {"minutes": "training part (minutes)", "neurons": "neurons"}
METRICS = {
    **{"bits": "held-out bits", "balanced_accuracy": "balanced accuracy"},
    **{"median_abs_error": "median error", "median_distance": "median distance"},
}
OBJECTIVES = {"labels": "label objective", "time": "time objective"}
LAST = {RISES: "^", FLAT: "s", FALLS: "v", NONE: "X", UNKNOWN: "D"}  # the marker of all the data
SIZES = {"D": 4.5}  # points: a diamond looks larger than a square
SAID = {
    "^": "all the data: the score still rises (gets better)",
    "s": "all the data: flat, within the tolerance",
    "v": "all the data: falls",
    "X": "all the data: no better than chance",
    "D": "all the data: not known",
}


@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One row of panels a condition and kind of data, one column a score; a colour a recording."""
    lines = list(dict.fromkeys(zip(drawn["series"], drawn["of"], strict=True)))
    scores = list(dict.fromkeys(zip(drawn["score"], drawn["label"], drawn["metric"], drawn["unit"], strict=True)))
    fig = figure(2.3 * max(len(lines), 1) + 0.9)
    axes = fig.subplots(max(len(lines), 1), max(len(scores), 1), squeeze=False)
    panels = [(axes[y, x], *line, score) for y, line in enumerate(lines) for x, score in enumerate(scores)]
    colors = {name: color(i) for i, name in enumerate(distinct(drawn["title"]))}
    for i, (ax, series, of, score) in enumerate(panels):
        mine = pick(drawn, series=series, of=of, score=score[0], label=score[1])
        if len(mine):
            _panel(ax, mine, colors)
            letter(ax, i)
            ax.set_title(literal(series if len(distinct(drawn["series"])) > 1 else _heading(*score[:2])), loc="left")
            ax.set_xlabel(AXES[of])
            ax.set_ylabel(_measure(*score))
        else:
            ax.set_axis_off()
    if not panels:
        message(axes[0, 0], "no fit to less data in this study")
    fig.suptitle(literal(f"{title}: enough data?" if title else "Enough data?"), fontweight="bold")
    fig.legend(handles=_legend(drawn, colors), loc="outside lower center", ncols=4)
    return fig


def _heading(score: str, label: str) -> str:
    return f"goodness of fit, {OBJECTIVES.get(label, label)}" if score == "bits" else f"decoding of {label}"


def _measure(score: str, label: str, metric: str, unit: str) -> str:
    named = METRICS.get(metric, metric)
    return named if score == "bits" else measured(f"{label}: {named}", unit)


def _panel(ax: Axes, mine: Table, colors: dict[str, str]) -> None:
    for name in distinct(mine["title"]):
        curve, shade = pick(mine, title=name, what="mean"), colors[name]
        ax.plot(curve["amount"], curve["value"], color=shade)
        ax.plot(curve["amount"][:-1], curve["value"][:-1], "o", color=shade)
        ax.plot(
            curve["amount"][-1:],
            curve["value"][-1:],
            LAST[curve["verdict"][0]],
            color=shade,
            ms=SIZES.get(LAST[curve["verdict"][0]], 5.5),
        )
        ends = np.abs(np.stack([curve["low"], curve["high"]]) - curve["value"])
        ax.errorbar(curve["amount"], curve["value"], ends, fmt="none", ecolor=shade, elinewidth=0.6, alpha=0.5)
        dots = pick(mine, title=name, what="seed")
        ax.plot(dots["amount"], dots["value"], "o", color=shade, ms=2, mfc="white", mew=0.5, zorder=1)
        bayes = pick(mine, title=name, what="naive_bayes")
        ax.plot(bayes["amount"], bayes["value"], ls=":", color=shade)
    ax.set_xlim(0, 1.05 * mine["amount"].max())
    whole_ticks(ax.xaxis, mine["amount"])
    _limits(ax, mine)


def _limits(ax: Axes, mine: Table) -> None:
    """From 0, or where a score is better the larger it is, from below chance; chance is drawn where it is near."""
    known = mine.where(np.isfinite(mine["value"]) & (mine["what"] != "chance"))
    values = np.concatenate(
        [known["value"], known["low"][np.isfinite(known["low"])], known["high"][np.isfinite(known["high"])]]
    )
    if not len(values):
        return
    chance = distinct(pick(mine, what="chance")["value"])
    if mine["metric"][0] in ("median_abs_error", "median_distance"):
        ax.set_ylim(0, 1.08 * values.max())
    else:
        low, high = min([*values, *chance]), values.max()
        ax.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    bottom, top = ax.get_ylim()
    for level in (v for v in chance if bottom <= v <= top):
        ax.axhline(level, color=GREY, ls="--", lw=0.6, zorder=0)


def _legend(drawn: Table, colors: dict[str, str]) -> list[Line2D]:
    """What is drawn, and nothing else."""
    whole = drawn.where(drawn["what"] == "mean")
    marks = dict.fromkeys(LAST[verdict] for verdict in distinct(whole["verdict"]))
    what = set(distinct(drawn["what"]))
    return [
        *(Line2D([], [], color=shade, label=literal(name)) for name, shade in colors.items()),
        *(Line2D([], [], color=DARK, ls="", marker=mark, ms=5, label=SAID[mark]) for mark in SAID if mark in marks),
        *[Line2D([], [], color=DARK, ls="", marker="o", ms=2, mfc="white", label="seeds (a spread, not n)")][
            : "seed" in what
        ],
        *[Line2D([], [], color=DARK, ls=":", label="naive Bayes, same data")][: "naive_bayes" in what],
        Line2D([], [], color=GREY, ls="--", label="chance"),
    ]

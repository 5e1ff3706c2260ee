"""Figure 7: what a model of other recordings is worth in a new one, against how much of its data the adaptation saw."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..data.table import Table
from .drawn import distinct, number, pick
from .style import COLORS, DARK, figure, letter, literal, measured, message, styled
from .transferred import METHODS

SHADES = dict(zip(METHODS, (*COLORS[:3], DARK, DARK), strict=True))  # grey is for controls
METRICS = {
    **{"median_abs_error": "median error", "median_distance": "median distance"},
    "balanced_accuracy": "balanced accuracy",
}
SPREADS = {
    "seed": (".", "seeds: optimiser's spread (not n)"),
    "fold": ("D", "folds: split's spread (not n)"),
}
ACROSS = 4


@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One panel a condition, label and recording; the recordings of a condition and label side by side."""
    blocks = list(dict.fromkeys(zip(drawn["series"], drawn["label"], strict=True)))
    titles = [distinct(pick(drawn, series=series, label=label)["title"]) for series, label in blocks]
    panels = [(*block, name) for block, names in zip(blocks, titles, strict=True) for name in names]
    across = min(max(map(len, titles), default=1), ACROSS)
    deep = [-(-len(names) // across) for names in titles]
    fig = figure(2.0 * max(sum(deep), 1) + 0.8)
    axes = fig.subplots(max(sum(deep), 1), across, squeeze=False)
    for ax in axes.ravel():
        ax.set_axis_off()
    cells = [(sum(deep[:b]) * across + i) for b, names in enumerate(titles) for i in range(len(names))]
    for i, (cell, (series, label, name)) in enumerate(zip(cells, panels, strict=True)):
        ax, mine = axes.ravel()[cell], pick(drawn, series=series, label=label, title=name)
        _panel(ax, mine)
        ax.set_title(literal(f"{series}\n{name} left out{_unscored(mine)}"), loc="left")
        letter(ax, i)
        if cell % across == 0:
            ax.set_ylabel(measured(f"{label}: {METRICS.get(mine['metric'][0], mine['metric'][0])}", mine["unit"][0]))
    if not panels:
        message(axes[0, 0], "no recording is left out in this study")
    fig.suptitle(literal(f"{title}: a recording left out" if title else "A recording left out"), fontweight="bold")
    fig.legend(handles=_legend(drawn), loc="outside lower center", ncols=3)
    return fig


def _panel(ax: Axes, mine: Table) -> None:
    """Means as lines, draws of test trials as bands, seeds and folds as dots."""
    ax.set_axis_on()
    for method in distinct(mine["method"]):
        curve, shade = pick(mine, method=method, what="mean"), SHADES[method]
        dashed = method == "constant"
        ax.plot(
            100 * curve["share"], curve["score"], color=shade, ls="--" if dashed else "-", marker="" if dashed else "o"
        )
        if method in ("transfer", "within", "scratch"):
            ax.fill_between(100 * curve["share"], curve["low"], curve["high"], color=shade, alpha=0.12, lw=0)
            for what, (marker, _) in SPREADS.items():
                dots = pick(mine, method=method, what=what)
                ax.plot(100 * dots["share"], dots["score"], marker, color=shade, ms=2, alpha=0.6)
    ax.set_xlabel("share of its training part that is used (%)")
    ax.set_xticks(100 * np.unique(mine["share"]))
    ax.set_ylim(bottom=0)


def _unscored(mine: Table) -> str:
    """Where a rotation into the others' space had too few bins to go by, so that their decoder has no score."""
    means = pick(mine, method="transfer", what="mean")
    shares = means["share"][np.isnan(means["score"])]
    told = ", ".join(f"{number(100 * share, 3)} %" for share in shares)
    return f"\nothers' decoder at {told}: too few common bins" if told else ""


def _legend(drawn: Table) -> list[Line2D]:
    methods, spreads = distinct(drawn["method"]), distinct(drawn["what"])
    lines = [
        Line2D([], [], color=SHADES[m], ls="--" if m == "constant" else "-", label=text)
        for m, text in METHODS.items()
        if m in methods
    ]
    dots = [
        Line2D([], [], color=DARK, ls="", marker=marker, ms=2.5, label=text)
        for what, (marker, text) in SPREADS.items()
        if what in spreads
    ]
    return [*lines, *dots]

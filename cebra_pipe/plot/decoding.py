"""Figure 1: the held-out decoded trace against truth, and each method's error beside the baselines."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from ..data.table import Table
from .drawn import NONE, class_text, distinct, pick, repeated
from .plane import HEIGHT, draw_plane, entitle
from .plane import legend as legend_of_paths
from .style import (
    COLORS,
    DARK,
    GREY,
    figure,
    letter,
    literal,
    measured,
    message,
    probability,
    rounded,
    styled,
    whole_ticks,
    wrapped,
)

# What a bar is of; classes of a trace have the other colours, so that none means two things in one figure.
KINDS = {"condition": COLORS[2], "control": GREY, "baseline": DARK}
NAMED = {"condition": "decoded from an embedding", "control": "from a control's embedding", "baseline": "baseline"}
CLASSES = tuple(shade for shade in COLORS if shade not in KINDS.values())
ACROSS = 2  # panels of errors beside a trace; a third would leave the trace no width
LABEL, LONG = 30, 30  # letters in a line: of a panel's title, a method
METRICS = {
    **{"median_abs_error": "median absolute error", "median_distance": "median distance to the true point"},
    "balanced_accuracy": "balanced accuracy",
}


@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """A trace or path for each recording, and beside it a panel of errors for each label and point, two in a line."""
    parts = {name: pick(drawn, recording=name) for name in distinct(drawn["recording"])}
    labels = list(dict.fromkeys(k for part in parts.values() for k in _order(part))) or [""]
    lines = [labels[i : i + ACROSS] for i in range(0, len(labels), ACROSS)]
    heights = [max(_height(part), _least(part) / len(lines)) for part in parts.values() for _ in lines]
    fig = figure(sum(heights) + 0.8)
    widths = [3.0, *([1.45] * len(lines[0]))]
    grid = fig.add_gridspec(len(heights), len(widths), width_ratios=widths, height_ratios=heights)
    ends = {label: _end(pick(drawn, panel="error", label=label)) for label in labels}
    panels = []
    for row, part in zip(range(0, len(heights), len(lines)), parts.values(), strict=True):
        panels += [_draw_left(fig, grid[row : row + len(lines), 0], part)]
        for i, beside in enumerate(lines):
            filled = [label for label in beside if len(pick(part, panel="error", label=label))]
            for column, label in enumerate(beside, 1):
                panels += [fig.add_subplot(grid[row + i, column])]
                draw_errors(panels[-1], pick(part, panel="error", label=label), label in filled[:1], ends[label])
    for i, ax in enumerate(panels):
        letter(ax, i)
    fig.suptitle(
        literal(f"{title}: decoding of held-out data" if title else "Decoding of held-out data"), fontweight="bold"
    )
    fig.legend(handles=_legend(drawn), loc="outside lower center", ncols=4)
    return fig


def _order(part: Table) -> list[str]:
    """The labels and points with errors: the one that is drawn first."""
    traced = distinct(part.where(np.isin(part["panel"], ("trace", "plane")))["label"])
    labels = distinct(pick(part, panel="error")["label"])
    return sorted(labels, key=lambda name: name not in traced)


def _height(part: Table) -> float:
    """Inches of a line of panels of errors: each method has a line, or as many as its name takes."""
    names = distinct(pick(part, panel="error")["series"])
    deepest = max([1 + wrapped(name, LONG).count("\n") for name in names], default=1)
    return max(1.6, 0.52 + (0.045 + 0.11 * deepest) * len(names))


def _end(errors: Table) -> float:
    """The right end of an axis that all recordings share, so that they compare."""
    values = np.concatenate([errors["score"], errors["chance"], errors["high"]])
    return 1.04 * float(np.nanmax(values, initial=0.0)) or 1.0


def _least(part: Table) -> float:
    """Inches that what is drawn at the left takes at least."""
    return HEIGHT if len(pick(part, panel="plane")) else 0.0


def _draw_left(fig: Figure, place: SubplotSpec, part: Table) -> Axes:
    """The path of a point, or the trace of a label; its first panel."""
    if len(pick(part, panel="plane")):
        return draw_plane(fig, place, part)
    ax = fig.add_subplot(place)
    draw_trace(ax, part)
    return ax


def draw_trace(ax: Axes, part: Table) -> None:
    """Truth as a line, decoded samples as dots; both in the colour of their class where there is one."""
    trace = pick(part, panel="trace")
    if not len(trace):
        absent = distinct(pick(part, panel="absent")["note"])
        message(ax, f"{part['title'][0]}: {absent[0] if absent else 'nothing decoded'}")
        return
    for run in _runs(trace):
        ax.plot(
            trace["x"][run],
            trace["truth"][run],
            color=_shade(trace["true_class"][run][0]),
            lw=1.6,
            alpha=0.55,
            solid_capstyle="butt",
        )
    colors = [_shade(c) for c in trace["decoded_class"]]
    ax.scatter(trace["x"], trace["decoded"], s=2.2, c=colors, linewidths=0, rasterized=True, zorder=3)
    for x in trace["x"][1:][np.diff(trace["trial"]) != 0]:
        ax.axvline(x, color=GREY, lw=0.5, ls=(0, (2, 2)), zorder=0)
    ax.set_xlim(0, trace["x"][-1] if len(trace) > 1 else 1)
    ax.set_xlabel("time in the shown test samples, closed up (s)")
    ax.set_ylabel(measured(trace["label"][0], trace["unit"][0]))
    whole_ticks(ax.yaxis, trace["truth"])
    entitle(ax, trace)


def _runs(trace: Table) -> list[np.ndarray]:
    """Stretches of samples that follow each other in one trial and class; a jump of half the range ends one."""
    half = 0.5 * max(float(np.ptp(trace["truth"])), 1e-12)
    cut = (np.diff(trace["trial"]) != 0) | (np.diff(trace["true_class"]) != 0)
    cut |= (np.diff(trace["sample"]) != 1) | (np.abs(np.diff(trace["truth"])) > half)
    return np.split(np.arange(len(trace)), np.flatnonzero(cut) + 1)


def _shade(group: int) -> str:
    return DARK if group == NONE else CLASSES[int(group) % len(CLASSES)]


def draw_errors(ax: Axes, part: Table, names: bool = True, end: float | None = None) -> None:
    """One line a method: mean as a bar, seeds as dots and folds as diamonds with their ranges, p at the right."""
    means = pick(part, what="mean")
    if not len(means):
        message(ax, "no label decoded")
        return
    for y, series in enumerate(distinct(means["series"])):
        _draw_method(ax, y, pick(part, series=series))
    metric, unit, label = means["metric"][0], means["unit"][0], means["label"][0]
    ax.set_ylim(len(means) - 0.4, -0.6)
    shown = [literal(wrapped(series, LONG)) for series in means["series"]]
    ax.set_yticks(range(len(means)), shown if names else [""] * len(means))
    ax.set_xlabel(measured(METRICS.get(metric, metric), unit))
    ax.set_title(literal(wrapped(label, LABEL)), loc="left", pad=11)  # above the heads of the columns
    _draw_levels(ax, means)
    low, high = ax.get_xlim()
    ax.set_xlim(min(0.0, low), end or high)


def _draw_method(ax: Axes, y: int, mine: Table) -> None:
    mean = pick(mine, what="mean")
    shade = KINDS[mean["kind"][0]]
    for what, marker, dy in (("seed", "o", -0.17), ("fold", "D", 0.17)):
        spread = pick(mine, what=what)["score"]
        if len(spread) > 1:
            ax.plot([spread.min(), spread.max()], [y + dy] * 2, color=shade, lw=0.7)
            ax.plot(spread, np.full(len(spread), y + dy), marker, color=shade, ms=2.6 if marker == "o" else 2.3, mew=0)
    ax.plot([mean["low"][0], mean["high"][0]], [y, y], color=shade, lw=4, alpha=0.35, solid_capstyle="butt")
    ax.plot(mean["score"], [y], "|", color=shade, ms=9, mew=1.8)
    p = "no p" if mean["null_n"][0] <= 0 else probability(mean["p"][0], int(mean["null_n"][0]))
    score = rounded(mean["score"][0])
    ax.annotate(
        score or "none",
        (1, y),
        (2, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=6,
    )
    ax.annotate(
        p, (1, y), (30, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=6
    )


def _draw_levels(ax: Axes, means: Table) -> None:
    """Chance and quantisation floor as lines, and the heads of the columns at the right."""
    ax.axvline(_chance(means), color=DARK, lw=0.6, ls=(0, (4, 2)), zorder=0)
    floor = means["floor"][np.isfinite(means["floor"])]
    if len(floor) and floor[0] > 0:
        ax.axvline(floor[0], color=DARK, lw=0.6, ls=(0, (1, 1)), zorder=0)
    for text, dx in (("mean", 2), ("p", 30)):
        ax.annotate(
            text, (1, 1), (dx, 2), xycoords="axes fraction", textcoords="offset points", fontsize=6, fontstyle="italic"
        )


def _chance(means: Table) -> float:
    """The best constant on the scored labels: a control's own labels are shifted, and its constant is another."""
    known = means.where(np.isfinite(means["chance"]))
    # Baselines are scored on the very samples of the row "best constant"; other conditions may have longer windows.
    of_kinds = (pick(known, kind=kind)["chance"] for kind in ("baseline", "condition", "control"))
    return float(next((chance.mean() for chance in of_kinds if len(chance)), np.nan))


def _legend(drawn: Table) -> list[Line2D]:
    trace = pick(drawn, panel="trace")
    classes = sorted(set(distinct(trace["true_class"])) | set(distinct(trace["decoded_class"])))
    name = (distinct(trace["class_label"]) or ["class"])[0]
    codes = np.concatenate([trace["true_class"], trace["decoded_class"]])
    called = np.concatenate([trace["true_name"], trace["decoded_name"]])
    texts = {c: class_text(name, c, called[codes == c]) for c in classes}
    groups = [Line2D([], [], color=_shade(c), lw=3, label=literal(texts[c])) for c in classes]
    spread = {what: repeated(pick(drawn, what=what), "recording", "label", "series") for what in ("seed", "fold")}
    known = {name: bool(np.isfinite(drawn[name]).any()) for name in ("low", "chance")}
    # Whether it is in the figure, and what stands for it.
    entries = [
        (len(trace), {"lw": 1.6, "alpha": 0.55, "label": "truth"}),
        (len(trace), {"ls": "", "marker": "o", "ms": 2, "label": "decoded (kNN on the embedding)"}),
        (
            len(pick(drawn, what="mean")),
            {"ls": "", "marker": "|", "ms": 8, "mew": 1.6, "label": "mean over folds and seeds"},
        ),
        (known["low"], {"lw": 4, "alpha": 0.35, "label": "95 % over test trials"}),
        (spread["seed"], {"marker": "o", "ms": 2.6, "lw": 0.7, "label": "seeds: optimiser's spread (not n)"}),
        (spread["fold"], {"marker": "D", "ms": 2.3, "lw": 0.7, "label": "folds: split's spread (not n)"}),
        (known["chance"], {"lw": 0.6, "ls": (0, (4, 2)), "label": "chance (best constant)"}),
        (np.nanmax(drawn["floor"], initial=0.0) > 0, {"lw": 0.6, "ls": (0, (1, 1)), "label": "quantisation floor"}),
    ]
    lines = [Line2D([], [], color=DARK, **look) for there, look in entries if there]
    kinds = set(distinct(pick(drawn, what="mean")["kind"]))
    groups += [Line2D([], [], color=shade, lw=3, label=NAMED[kind]) for kind, shade in KINDS.items() if kind in kinds]
    paths = legend_of_paths() if len(pick(drawn, panel="plane")) else []
    return [*paths, *lines[: 2 if len(trace) else 0], *groups, *lines[2 if len(trace) else 0 :]]

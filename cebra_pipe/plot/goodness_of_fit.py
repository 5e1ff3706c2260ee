"""Figure 3: bits of each part beside chance, ceiling and controls, in panels within which they compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..data.table import Table
from .drawn import distinct, number, pick, repeated, stack
from .files import Source
from .shown import OWN_TRIAL, Condition, Study
from .style import DARK, GREY, LIGHT, PARTS, figure, letter, literal, message, styled

COLUMNS = {
    "panel": str,  # what all of it shares: objective, positives, labels, similarity, temperature, dimension
    "series": str,
    "kind": str,  # condition | control
    "unit": str,
    "session": str,
    "title": str,
    "fold": int,
    "seed": int,
    "part": str,
    "bits": float,
    "loss": float,  # nats
    "chance": float,  # nats
    "ceiling": float,  # bits
    "draws": int,
}
# part -> (marker, its face, place within the line, what it is)
MARKS = {
    "train": ("s", "white", -0.27, "train (in-sample)"),
    "train_subsample": ("s", None, -0.09, "train, as many samples as valid (in-sample)"),
    "valid": ("^", None, 0.09, "valid (used for choices)"),
    "test": ("o", None, 0.27, "test (held out)"),
}
ACROSS = 2
LINE = 0.19  # inches a line


# ---- what is drawn ---------------------------------------------------------------------------------------------------
def rows(study: Study, sources: Sequence[Source]) -> Table:
    """The scores of every fit after its last step."""
    return stack(COLUMNS, _told_apart([each for source in sources for each in _fit(study, source)]))


Block = tuple[dict, dict[str, str]]  # columns, and what else decides whether bits compare


def _told_apart(blocks: list[Block]) -> list[dict]:
    """Blocks whose panel names, beside what all do, that in which fits differ that would share it."""
    kinds: dict[tuple[str, str], set[str]] = {}
    for block, beside in blocks:
        for name, text in beside.items():
            kinds.setdefault((block["panel"], name), set()).add(text)
    return [
        {**block, "panel": ", ".join([panel, *(t for name, t in beside.items() if len(kinds[panel, name]) > 1)])}
        for block, beside in blocks
        for panel in [block["panel"]]
    ]


def _fit(study: Study, source: Source) -> list[Block]:
    table = pick(source.read(), kind="score")
    blocks: list[Block] = []
    for objective in distinct(table["objective"]):
        mine = pick(table, objective=objective)
        columns = {
            "panel": comparable(source.condition, objective, mine["temperature"]),
            "series": source.condition.text,
            "kind": "control" if source.condition.control else "condition",
            "unit": source.unit,
            "title": np.array([_title(study, s) for s in mine["session"]], object),
            "fold": source.fold,
            "seed": source.seed,
            **{name: mine[name] for name in ("session", "part", "bits", "loss", "chance", "ceiling", "draws")},
        }
        blocks.append((columns, beside(source.condition, objective)))
    return blocks


def _title(study: Study, session: str) -> str:
    return "pooled over recordings" if session == "pooled" else study.recordings.get(session, session)


def comparable(condition: Condition, objective: str, temperature: np.ndarray) -> str:
    """What two fits must share for their bits to compare; a learned temperature is a fit's own."""
    time = objective == "time"
    positives = "time" if time else f"{condition.positives} of {' + '.join(sorted(condition.labels))}"
    fixed = np.allclose(temperature, condition.temperature, rtol=1e-5)
    tau = f"τ = {number(condition.temperature)}" if fixed else f"τ learned by {condition.name}"
    own = f"{OWN_TRIAL}\n" if condition.takes_own_trial(objective) else ""
    return f"positives: {positives}\n{own}{condition.similarity}, {tau}, {condition.dimension}-D"


def beside(condition: Condition, objective: str) -> dict[str, str]:
    """What more they must share: it makes other positives of the same kind, or other samples to score on."""
    found = {"windows": f"windows {condition.windows} borders", "window": f"windows of {condition.window}"}
    if objective == "time" or condition.positives == "time_delta":
        found["offset"] = f"offset {condition.time_offset} s"
    if objective != "time":
        named = sorted(zip(condition.labels, condition.weights, strict=False))
        found["weights"] = ", ".join(f"{number(weight)} × {label}" for label, weight in named)
    if objective != "time" and condition.positives == "delta_normal":
        found["delta"] = f"delta {condition.delta}"
    return found


# ---- the drawing -----------------------------------------------------------------------------------------------------
@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One panel a group that compares; in it one band a recording, one line a condition."""
    panels = distinct(drawn["panel"])
    layout = [_lines(pick(drawn, panel=panel)) for panel in panels]
    across = min(max(len(panels), 1), ACROSS)
    deep = [max(len(lines) for lines in layout[i : i + across]) for i in range(0, len(layout), across)] or [6]
    fig = figure(sum(LINE * n + 0.75 for n in deep) + 0.8)
    grid = fig.add_gridspec(len(deep), across, height_ratios=[LINE * n + 0.4 for n in deep])
    for i, (panel, lines) in enumerate(zip(panels, layout, strict=True)):
        ax = fig.add_subplot(grid[i // across, i % across])
        draw_panel(ax, pick(drawn, panel=panel), lines, deep[i // across])
        ax.set_title(literal(panel), loc="left")
        letter(ax, i)
    if not panels:
        message(fig.add_subplot(grid[0, :]), "no fit in this study")
    fig.suptitle(literal(f"{title}: goodness of fit" if title else "Goodness of fit"), fontweight="bold")
    fig.legend(handles=_legend(drawn), loc="outside lower center", ncols=4)
    return fig


def _lines(mine: Table) -> list[tuple[str, str]]:
    """(recording, series) line by line from the top; a line with an empty series is the recording's heading."""
    lines: list[tuple[str, str]] = []
    titles = sorted(distinct(mine["title"]), key=lambda t: t == "pooled over recordings")
    for title in titles:
        series = distinct(pick(mine, title=title)["series"])
        controls = set(distinct(pick(mine, kind="control")["series"]))
        lines += [(title, ""), *((title, s) for s in sorted(series, key=lambda s: s in controls))]
    return lines


def draw_panel(ax: Axes, mine: Table, lines: list[tuple[str, str]], deep: int | None = None) -> None:
    for y, (title, series) in enumerate(lines):
        if series:
            _draw_line(ax, y, pick(mine, title=title, series=series))
        else:
            ax.axhline(y - 0.5, color=LIGHT, lw=0.6, zorder=0)
    ax.axvline(0, color=DARK, lw=0.8, zorder=0)
    _draw_ceiling(ax, mine)
    ax.set_ylim((deep or len(lines)) - 0.4, -0.6)
    ax.set_yticks(range(len(lines)), [literal(series or title) for title, series in lines])
    for text, (_, series) in zip(ax.get_yticklabels(), lines, strict=True):
        text.set_fontweight("normal" if series else "bold")
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("goodness of fit (bits); 0 = chance")


def _draw_line(ax: Axes, y: int, fits: Table) -> None:
    control = fits["kind"][0] == "control"
    for part, (marker, face, dy, _) in MARKS.items():
        bits = pick(fits, part=part)["bits"]
        shade = GREY if control else PARTS[part]
        if len(bits):
            ax.plot([bits.min(), bits.max()], [y + dy] * 2, color=shade, lw=0.6, zorder=2)
            ax.plot(bits, np.full(len(bits), y + dy), marker, color=shade, mfc=face or shade, ms=3, mew=0.7, zorder=3)


def _draw_ceiling(ax: Axes, mine: Table) -> None:
    ceilings = np.unique(mine["ceiling"][np.isfinite(mine["ceiling"])].round(3))
    for ceiling in ceilings:
        ax.axvline(ceiling, color=DARK, lw=0.8, ls=(0, (4, 2)), zorder=0)
    if len(ceilings):
        ax.annotate(
            f"ceiling {number(ceilings[-1], 3)}",
            (ceilings[-1], 0),
            (-2, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right",
            rotation=90,
            fontsize=6,
        )


def _legend(drawn: Table) -> list[Line2D]:
    marks = [
        Line2D([], [], ls="", marker=marker, color=PARTS[part], mfc=face or PARTS[part], ms=4, label=text)
        for part, (marker, face, _, text) in MARKS.items()
        if (drawn["part"] == part).any()
    ]
    grey = (
        [Line2D([], [], ls="", marker="o", color=GREY, ms=4, label="the same parts of a control: the null")]
        if (drawn["kind"] == "control").any()
        else []
    )
    chance = Line2D([], [], color=DARK, lw=0.8, label="chance: a constant embedding")
    ceiling = Line2D([], [], color=DARK, lw=0.8, ls=(0, (4, 2)), label="ceiling of this setting")
    spread = Line2D([], [], color=DARK, lw=0.6, marker="o", ms=2, label="range over seeds and folds (not n)")
    known, several = np.isfinite(drawn["ceiling"]).any(), repeated(drawn, "panel", "title", "series", "part")
    return [*marks, *grey, chance, *([ceiling] if known else []), *([spread] if several else [])]

"""Figure 6: the loss over training, batch and valid, beside chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..data.table import Table
from .drawn import distinct, pick, stack
from .files import Source
from .shown import Study
from .style import COLORS, DARK, GREY, figure, letter, literal, message, styled

COLUMNS = {
    "series": str,
    "kind": str,  # condition | control
    "objective": str,
    "unit": str,
    "session": str,
    "title": str,
    "fold": int,
    "seed": int,
    "part": str,  # train: mean batch loss since the last row | valid
    "step": int,
    "loss": float,  # nats
    "chance": float,  # nats
}
OBJECTIVES = {"labels": "label objective", "time": "time objective"}
ACROSS = 3


def rows(study: Study, sources: Sequence[Source]) -> Table:
    """The losses over steps of every fit."""
    return stack(COLUMNS, [_fit(study, source) for source in sources])


def _fit(study: Study, source: Source) -> dict:
    table = pick(source.read(), kind="step")
    return {
        "series": source.condition.text,
        "kind": "control" if source.condition.control else "condition",
        "unit": source.unit,
        "title": np.array([study.recordings.get(s, s) for s in table["session"]], object),
        "fold": source.fold,
        "seed": source.seed,
        **{name: table[name] for name in ("objective", "session", "part", "step", "loss", "chance")},
    }


@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One panel a condition and objective, one colour a recording."""
    panels = list(dict.fromkeys(zip(drawn["series"], drawn["objective"], strict=True)))
    across = min(max(len(panels), 1), ACROSS)
    deep = -(-max(len(panels), 1) // across)
    fig = figure(1.95 * deep + 0.7)
    axes = fig.subplots(deep, across, squeeze=False).ravel()
    titles = [t for t in distinct(drawn["title"]) if t != "pooled"]
    for i, (ax, (series, objective)) in enumerate(zip(axes, panels, strict=False)):
        mine = pick(drawn, series=series, objective=objective)
        draw_panel(ax, mine, titles)
        ax.set_title(literal(f"{series}\n{OBJECTIVES.get(objective, objective)}{_chance(mine)}"), loc="left")
        letter(ax, i)
        if i % across == 0:
            ax.set_ylabel("InfoNCE loss (nats)")
    _share_heights(axes, [pick(drawn, series=series, objective=objective) for series, objective in panels])
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    if not panels:
        message(axes[0], "no fit in this study")
    fig.suptitle(literal(f"{title}: losses" if title else "Losses"), fontweight="bold")
    fig.legend(handles=_legend(drawn, titles), loc="outside lower center", ncols=6)
    return fig


def _share_heights(axes: Sequence[Axes], panels: Sequence[Table]) -> None:
    """One range of losses for all panels of one chance level, so that their heights compare."""
    chances = [round(float(np.max(mine["chance"])), 6) for mine in panels]
    for chance in set(chances):
        alike = [ax for ax, own in zip(axes, chances, strict=False) if own == chance]
        low, high = zip(*(ax.get_ylim() for ax in alike), strict=True)
        for ax in alike:
            ax.set_ylim(min(low), max(high))


def draw_panel(ax: Axes, mine: Table, titles: list[str]) -> None:
    grey = bool((mine["kind"] == "control").all())
    for session in distinct(mine["session"]):
        for unit in distinct(pick(mine, session=session)["unit"]):
            for fold in distinct(mine["fold"]):
                for seed in distinct(mine["seed"]):
                    _draw_fit(
                        ax,
                        pick(mine, session=session, unit=unit, fold=fold, seed=seed),
                        _shade(session, mine, titles, grey),
                    )
    for chance in np.unique(mine["chance"].round(6)):
        ax.axhline(chance, color=DARK, lw=0.7, ls=(0, (4, 2)), zorder=1)
    ax.set_xlabel("step")
    ax.margins(x=0.02, y=0.08)


def _chance(mine: Table) -> str:
    """The dashed lines' heights; told above the panel, where no loss lies.

    A score has as many negatives in every fit, a step as many as its batch size says.
    """
    told = {part: _levels(pick(mine, part=part)["chance"]) for part in distinct(mine["part"])}
    if len(set(told.values())) < 2:
        return f", chance {_levels(mine['chance'])} nats"
    return f"\nchance of {', '.join(f'{part} {levels}' for part, levels in sorted(told.items()))} nats"


def _levels(chance: np.ndarray) -> str:
    return " and ".join(f"{level:.3g}" for level in np.unique(chance.round(6)))


def _draw_fit(ax: Axes, fit: Table, shade: str) -> None:
    if not len(fit):
        return
    train, valid = pick(fit, part="train"), pick(fit, part="valid")
    ax.plot(train["step"], train["loss"], color=shade, lw=0.6, alpha=0.75, zorder=2)
    ax.plot(valid["step"], valid["loss"], "o", color=shade, ms=2.3, mfc="white", mew=0.7, zorder=3)


def _shade(session: str, mine: Table, titles: list[str], grey: bool) -> str:
    if grey:
        return GREY
    if session == "pooled":
        return "#000000"
    return COLORS[titles.index(pick(mine, session=session)["title"][0]) % len(COLORS)]


def _legend(drawn: Table, titles: list[str]) -> list[Line2D]:
    coloured = set(distinct(pick(drawn, kind="condition")["title"]))
    sessions = [
        Line2D([], [], color=COLORS[i % len(COLORS)], lw=2, label=literal(t))
        for i, t in enumerate(titles)
        if t in coloured
    ]
    pooled = (
        [Line2D([], [], color="#000000", lw=2, label="pooled over recordings")]
        if (drawn["session"] == "pooled").any()
        else []
    )
    grey = (
        [Line2D([], [], color=GREY, lw=2, label="control, all recordings")]
        if (drawn["kind"] == "control").any()
        else []
    )
    valid = (drawn["part"] == "valid").any()
    return [
        *sessions,
        *pooled,
        *grey,
        Line2D([], [], color=DARK, lw=0.7, label="train batches (in-sample)"),
        *([Line2D([], [], color=DARK, ls="", marker="o", mfc="white", ms=3, mew=0.7, label="valid")] if valid else []),
        Line2D([], [], color=DARK, lw=0.7, ls=(0, (4, 2)), label="chance, ln(negatives)"),
    ]

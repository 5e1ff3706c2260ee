"""Figure 5: the data: raster, laps with the split drawn on them, place fields, and the numbers of each recording."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch

from ..data.table import Table
from .drawn import distinct, pick
from .style import GREY, PARTS, figure, letter, literal, measured, message, styled, whole_ticks

KEYS = 0.5  # inches below all for what colours mean
GREYS, ORDERED = "Greys", "neuron (sorted)"
NAMES = {"train": "train", "valid": "valid", "test": "test", "gap": "gap (in no part)"}


@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One row a recording, its numbers above it."""
    names = distinct(drawn["recording"])
    fig = figure(2.05 * len(names) + 0.2 + KEYS)
    fig.suptitle(literal(f"{title}: data" if title else "Data"), fontweight="bold")
    fields = [distinct(pick(drawn, recording=n, what="field")["part"]) for n in names]
    wide = max([len(f) for f in fields] + [1])
    heights = [*([2.05] * len(names)), KEYS]
    *grid, keys = fig.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for i, (name, classes, sub) in enumerate(zip(names, fields, grid, strict=True)):
        mine = pick(drawn, recording=name)
        axes = sub.subplots(1, 2 + wide, width_ratios=[1.6, 2.2, *([0.95] * wide)])
        sub.suptitle(literal(_heading(mine)), x=0.012, ha="left", fontsize=7)
        draw_raster(axes[0], mine)
        draw_laps(axes[1], mine)
        for j, ax in enumerate(axes[2:]):
            draw_fields(ax, mine, classes[j] if j < len(classes) else None, named=j == 0)
        for j, ax in enumerate(axes):
            if ax.axison or not len(pick(mine, what="notes on field")):
                letter(ax, (2 + wide) * i + j, dx=-10, dy=4)
    _draw_keys(keys, drawn)
    return fig


def _draw_keys(place: SubFigure, drawn: Table) -> None:
    """What the colours of the parts and the greys of the fields mean."""
    there = set(pick(drawn, what="lap")["part"])
    patches = [Patch(color=PARTS[part], label=text) for part, text in NAMES.items() if part in there]
    place.legend(handles=patches, loc="center left", bbox_to_anchor=(0.2, 0.5), ncols=4)
    if any(drawn["what"] == "field"):
        ax = place.add_axes((0.72, 0.6, 0.24, 0.18))
        place.colorbar(ScalarMappable(Normalize(0, 1), GREYS), cax=ax, orientation="horizontal", ticks=[0, 0.5, 1])
        ax.set_xlabel("fields: share of the neuron's peak", labelpad=1)


def _heading(mine: Table) -> str:
    said = pick(mine, what="numbers")
    notes = [pick(mine, what=what)["note"].tolist() for what in ("notes on cells", "notes on field")]
    more = "; ".join(note for each in notes for note in each)
    return f"{said['title'][0]}: {said['note'][0]}" + f"\n{more}" * bool(more)


def draw_raster(ax: Axes, mine: Table) -> None:
    spikes, activity, said = (pick(mine, what=what) for what in ("spike", "activity", "notes on raster"))
    if len(activity):
        _draw_cells(ax, activity, said, vmin=min(0.0, float(activity["value"].min())), vmax=said["value"][0])
    else:
        size = float(np.clip(90 / said["count"][0], 0.4, 3))
        ax.scatter(spikes["x"], spikes["row"], s=size, marker="|", linewidths=0.6, color="black", rasterized=True)
    for x in pick(mine, what="border")["x"]:
        ax.axvline(x, color=GREY, lw=0.5, ls=(0, (2, 2)))
    ax.set_title(literal(said["note"][0]), loc="left", fontsize=6.5)
    ax.set_xlabel("recorded time (s)")
    ax.set_ylabel(ORDERED if len(pick(mine, what="notes on field")) else "neuron")
    _span(ax, said)


def _draw_cells(ax: Axes, cells: Table, said: Table, **shades: float) -> None:
    """Cells of neurons and time or label in grey; those that have no row are 0."""
    low, high, wide, count, deep = (said[name][0] for name in ("low", "high", "wide", "count", "deep"))
    across, lines = round((high - low) / wide), -(-count // deep)
    across += across * wide < high - low - 1e-6 * wide
    image = np.zeros((lines, across))
    # A cell's place is kept with seven digits: half a cell makes sure that it falls into its own.
    image[(cells["row"] - 1) // deep, ((cells["x"] - low) / wide + 0.5).astype(int)] = cells["value"]
    extent = (low, low + across * wide, 0.5, lines * deep + 0.5)
    ax.imshow(image, aspect="auto", cmap=GREYS, origin="lower", extent=extent, interpolation="nearest", **shades)


def _span(ax: Axes, said: Table) -> None:
    """The whole axis, and neurons from 1 at the top to the last."""
    count = int(said["count"][0])
    ax.set(xlim=(said["low"][0], said["high"][0]), ylim=(count + 0.5, 0.5))
    ax.set_yticks([1, count] if count > 1 else [1])


def draw_laps(ax: Axes, mine: Table) -> None:
    laps, said = pick(mine, what="lap"), pick(mine, what="notes on lap")
    for run in _runs(laps):
        ax.plot(
            laps["x"][run],
            laps["y"][run],
            "-" if len(run) > 1 else ".",
            ms=0.8,
            lw=0.8,
            color=PARTS[laps["part"][run[0]]],
            rasterized=True,
        )
    ax.set_title(literal(said["note"][0]), loc="left", fontsize=6.5)
    ax.set_xlabel("recorded time, gaps closed (s)")
    ax.set_ylabel(measured(said["label"][0], said["unit"][0]))
    whole_ticks(ax.yaxis, laps["y"])
    ax.margins(x=0.01)


def _runs(laps: Table) -> list[np.ndarray]:
    """Stretches of samples within one trial and part; a jump of half the range, as of a circle, ends one."""
    trial, part = laps["trial"], laps["part"]
    jump = np.abs(np.diff(laps["y"])) > 0.5 * np.ptp(laps["y"])
    cuts = np.flatnonzero((np.diff(trial) != 0) | (part[1:] != part[:-1]) | jump) + 1
    return [run for run in np.split(np.arange(len(laps)), cuts) if len(run)]


def draw_fields(ax: Axes, mine: Table, part: str | None, named: bool = True) -> None:
    said, field = pick(mine, what="notes on field"), pick(mine, what="field", part=part)
    if part is None and len(said):
        ax.set_axis_off()
        return
    if part is None or not len(field):
        message(ax, "no continuous label:\nno place fields")
        return
    _draw_cells(ax, field, said, vmin=0, vmax=1)
    ax.set_title(literal(part), loc="left", fontsize=6.5)
    ax.set_xlabel(measured(said["label"][0], said["unit"][0]))
    ax.set_ylabel(ORDERED if named else "")
    _span(ax, said)

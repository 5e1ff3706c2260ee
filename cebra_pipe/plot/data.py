"""Figure 5: the data: raster, laps with the split drawn on them, place fields, and the numbers of each recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..data.recording import Recording
from ..data.table import Table
from .drawn import distinct, pick, stack
from .numbers import about, counted, sentence
from .shown import Study
from .style import GREY, PARTS, figure, letter, literal, measured, message, styled, whole_ticks

COLUMNS = {
    "what": str,  # numbers | notes on | spike | activity | border | lap | field
    "recording": str,
    "title": str,
    "x": float,  # seconds with gaps closed; centre of a bin of the label for a field
    "y": float,  # value of the label for a lap
    "neuron": int,  # column of the recording
    "row": int,  # its place in the raster or map
    "value": float,  # spikes in a bin, activity; share of the neuron's peak for a field
    "part": str,
    "class": int,
    "trial": int,
    "label": str,
    "unit": str,
    "note": str,
}
LAPS, RASTER, TRACE, BINS, CLASSES = 4, 800, 8000, 40, 2  # trials and samples at most of a raster, points of a trace


# ---- what is drawn ---------------------------------------------------------------------------------------------------
def rows(study: Study, recordings: Mapping[str, Recording], splits: Mapping[str, Table]) -> Table:
    """Raster, laps, fields and numbers of every recording."""
    blocks: list[dict] = []
    for name, recording in recordings.items():
        head = {"recording": name}
        title = study.recordings[name]
        found = [{"what": "numbers", "title": title, "note": sentence(about(recording, splits[name]))}]
        found += [*_raster(recording, study), *_laps(recording, splits[name], study), *_fields(recording, study)]
        blocks += [{**head, **block} for block in found]
    return stack(COLUMNS, blocks)


def _raster(recording: Recording, study: Study) -> Iterator[dict]:
    """The first trials, neurons in the order of their peaks where there is a label to order by."""
    trials = np.unique(recording.trial)[:LAPS]
    shown = np.flatnonzero(np.isin(recording.trial, trials))[:RASTER]
    neural, place = recording.neural[shown], _places(recording, study)
    note = f"first {len(trials)} trials" + (f", {len(shown)} samples" if len(shown) == RASTER else "")
    yield {"what": "notes on raster", "note": note}
    if counted(recording):
        time, neuron = np.nonzero(neural)
        yield {
            "what": "spike",
            "x": time / recording.rate,
            "neuron": neuron,
            "row": place[neuron],
            "value": neural[time, neuron],
        }
    else:
        time, neuron = np.indices(neural.shape).reshape(2, -1)
        yield {
            "what": "activity",
            "x": time / recording.rate,
            "neuron": neuron,
            "row": place[neuron],
            "value": neural.ravel(),
        }
    yield {"what": "border", "x": (np.flatnonzero(np.diff(recording.trial[shown])) + 1) / recording.rate}


def _places(recording: Recording, study: Study) -> np.ndarray:
    """(neuron,) the line of each neuron in the raster: by peak over all samples, else as they come."""
    label, _ = study.colors(recording)
    count = recording.neural.shape[1]
    if label is None:
        return np.arange(count)
    rates = rate_map(recording, label, np.ones(len(recording), bool))
    return np.argsort(np.argsort(_peak(rates), kind="stable"), kind="stable")


def _laps(recording: Recording, split: Table, study: Study) -> Iterator[dict]:
    """The label over recorded time with each sample's part; trials alone where there is no label."""
    continuous, discrete = study.colors(recording)
    label = continuous or discrete
    folds = sorted(name for name in split.columns if name.startswith("fold"))
    every = -(-len(recording) // TRACE)
    shown = np.arange(0, len(recording), every)
    note = f"fold 0 of {len(folds)}" + (f", 1 of every {every} samples" if every > 1 else "")
    values = recording.labels[label].values if label else recording.trial
    unit = recording.labels[label].unit if label else ""
    yield {"what": "notes on lap", "label": label or "trial", "unit": unit, "note": note}
    yield {
        "what": "lap",
        "x": shown / recording.rate,
        "y": np.asarray(values, float)[shown],
        "part": split["fold0"][shown],
        "trial": recording.trial[shown],
    }


def rate_map(recording: Recording, label: str, mask: np.ndarray, edges: np.ndarray | None = None) -> np.ndarray:
    """(neuron, bin) mean activity a second in bins of a continuous label; NaN where no sample lies."""
    values = recording.labels[label].values
    edges = bin_edges(values) if edges is None else edges
    where = np.clip(np.searchsorted(edges, values[mask], side="right") - 1, 0, len(edges) - 2)
    occupancy = np.bincount(where, minlength=len(edges) - 1).astype(float)
    total = np.zeros((len(edges) - 1, recording.neural.shape[1]))
    np.add.at(total, where, recording.neural[mask].astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / occupancy[:, None]
    return (mean * (recording.rate if counted(recording) else 1.0)).T


def bin_edges(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def _peak(rates: np.ndarray) -> np.ndarray:
    """(neuron,) the bin of the largest rate."""
    return np.where(np.isfinite(rates), rates, -np.inf).argmax(axis=1)


def _fields(recording: Recording, study: Study) -> Iterator[dict]:
    """Rate maps by class, drawn from even trials and sorted by the peak in odd ones.

    Noise that is sorted by its own peaks makes a diagonal too.
    """
    label, discrete = study.colors(recording)
    if label is None:
        return
    classes = recording.labels[discrete].values if discrete else np.zeros(len(recording), int)
    groups = np.unique(classes)[:CLASSES]
    odd, even, note = _halves(recording, classes, groups)
    yield {"what": "notes on field", "label": label, "unit": recording.labels[label].unit, "note": note}
    edges = bin_edges(recording.labels[label].values)
    maps = [rate_map(recording, label, even & (classes == g), edges) for g in groups]
    with np.errstate(invalid="ignore", divide="ignore"):
        top = np.nanmax(np.where(np.isfinite(np.concatenate(maps, 1)), np.concatenate(maps, 1), 0), axis=1)[:, None]
        maps = [np.where(top > 0, rates / top, 0 * rates) for rates in maps]
    for group, rates in zip(groups, maps, strict=True):
        order = np.argsort(_peak(rate_map(recording, label, odd & (classes == group), edges)), kind="stable")
        row, bins = np.indices(rates.shape).reshape(2, -1)
        yield {
            "what": "field",
            "class": group if discrete else 0,
            "x": (0.5 * (edges[1:] + edges[:-1]))[bins],
            "neuron": order[row],
            "row": row,
            "value": rates[order].ravel(),
            "part": f"{discrete} {group}" if discrete else "all samples",
        }


def _halves(recording: Recording, classes: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    """Samples of every other trial of each class, twice; all samples for both where a class has one trial."""
    odd = np.zeros(len(recording), bool)
    for group in groups:
        trials = np.unique(recording.trial[classes == group])
        if len(trials) < 2:
            return (
                np.ones(len(recording), bool),
                np.ones(len(recording), bool),
                "fields sorted on the samples they show",
            )
        odd |= (classes == group) & np.isin(recording.trial, trials[::2])
    return odd, ~odd, "fields sorted by their peak in odd trials, drawn from even ones"


# ---- the drawing -----------------------------------------------------------------------------------------------------
@styled
def draw(drawn: Table, title: str = "") -> Figure:
    """One row a recording, its numbers above it."""
    names = distinct(drawn["recording"])
    fig = figure(2.05 * len(names) + 0.6)
    fig.suptitle(literal(f"{title}: data" if title else "Data"), fontweight="bold")
    fields = [distinct(pick(drawn, recording=n, what="field")["part"]) for n in names]
    wide = max([len(f) for f in fields] + [1])
    grid = fig.subfigures(len(names), 1, squeeze=False)[:, 0]
    for i, (name, classes, sub) in enumerate(zip(names, fields, grid, strict=True)):
        mine = pick(drawn, recording=name)
        axes = sub.subplots(1, 2 + wide, width_ratios=[1.6, 2.2, *([0.85] * wide)])
        sub.suptitle(literal(_heading(mine)), x=0.012, ha="left", fontsize=7)
        draw_raster(axes[0], mine)
        draw_laps(axes[1], mine)
        for j, ax in enumerate(axes[2:]):
            draw_fields(ax, mine, classes[j] if j < len(classes) else None)
        for j, ax in enumerate(axes):
            if ax.axison or not len(pick(mine, what="notes on field")):
                letter(ax, (2 + wide) * i + j, dx=-10, dy=4)
    fig.legend(handles=[Patch(color=PARTS[p], label=t) for p, t in _PARTS.items()], loc="outside lower center", ncols=4)
    return fig


def _heading(mine: Table) -> str:
    said, fields = pick(mine, what="numbers"), pick(mine, what="notes on field")
    return f"{said['title'][0]}: {said['note'][0]}" + (f"\n{fields['note'][0]}" if len(fields) else "")


_PARTS = {"train": "train", "valid": "valid", "test": "test", "gap": "gap (in no part)"}


def draw_raster(ax: Axes, mine: Table) -> None:
    spikes, activity = pick(mine, what="spike"), pick(mine, what="activity")
    if len(activity):
        image = np.full((int(activity["row"].max()) + 1, len(np.unique(activity["x"]))), np.nan)
        image[activity["row"], np.searchsorted(np.unique(activity["x"]), activity["x"])] = activity["value"]
        ax.imshow(
            image, aspect="auto", cmap="Greys", origin="lower", extent=(0, activity["x"].max(), -0.5, len(image) - 0.5)
        )
    else:
        size = float(np.clip(90 / max(int(spikes["row"].max(initial=0)) + 1, 1), 0.4, 3))
        ax.scatter(spikes["x"], spikes["row"], s=size, marker="|", linewidths=0.6, color="black", rasterized=True)
    for x in pick(mine, what="border")["x"]:
        ax.axvline(x, color=GREY, lw=0.5, ls=(0, (2, 2)))
    ax.set_title(literal(pick(mine, what="notes on raster")["note"][0]), loc="left", fontsize=6.5)
    ax.set_xlabel("recorded time (s)")
    ax.set_ylabel("neuron")
    whole_ticks(ax.yaxis, np.zeros(1))
    ax.margins(x=0.01, y=0.02)


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
    """Stretches of samples within one trial and part."""
    trial, part = laps["trial"], laps["part"]
    cuts = np.flatnonzero((np.diff(trial) != 0) | (part[1:] != part[:-1])) + 1
    return [run for run in np.split(np.arange(len(laps)), cuts) if len(run)]


def draw_fields(ax: Axes, mine: Table, part: str | None) -> None:
    said, field = pick(mine, what="notes on field"), pick(mine, what="field", part=part)
    if part is None and len(said):
        ax.set_axis_off()
        return
    if part is None or not len(field):
        message(ax, "no continuous label:\nno place fields")
        return
    centres = np.unique(field["x"])
    image = np.full((int(field["row"].max()) + 1, len(centres)), np.nan)
    image[field["row"], np.searchsorted(centres, field["x"])] = field["value"]
    half = (centres[-1] - centres[0]) / max(len(centres) - 1, 1) / 2
    extent = (centres[0] - half, centres[-1] + half, len(image) - 0.5, -0.5)
    ax.imshow(image, aspect="auto", cmap="Greys", vmin=0, vmax=1, extent=extent, interpolation="nearest")
    ax.set_title(literal(part), loc="left", fontsize=6.5)
    ax.set_xlabel(measured(said["label"][0], said["unit"][0]))
    ax.set_yticks([0, len(image) - 1], ["1", str(len(image))])

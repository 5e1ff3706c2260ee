"""What the data figure shows: raster, laps with the split, fields and numbers, at the resolution of the picture.

A recording may hold more than its panels have dots to show: neurons and samples are then drawn in cells of several, and
a cell that is 0 has no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..data.recording import Recording
from ..data.table import Table
from .drawn import NONE, number, stack
from .numbers import about, counted, sentence, several
from .shown import Study

COLUMNS = {
    "what": str,  # numbers | notes on | spike | activity | border | lap | field
    "recording": str,
    "title": str,
    "x": float,  # seconds with gaps closed, or the label: where a cell begins
    "y": float,  # value of the label for a lap
    "neuron": int,  # column of the recording, empty where a cell is of several
    "row": int,  # its place in the raster or map from 1, of several the first
    "value": float,  # spikes in a bin, activity; share of the neuron's peak for a field; in notes what is black
    "low": float,  # where the axis of a raster or map begins
    "high": float,
    "wide": float,  # a cell along it
    "count": int,  # neurons
    "deep": int,  # neurons of a cell
    "part": str,
    "class": int,
    "trial": int,
    "label": str,
    "unit": str,
    "note": str,
}
LAPS, RASTER, BINS, CLASSES = 4, 800, 40, 4  # trials and samples at most of a raster, bins and classes of fields
CELLS = 160, 400  # lines and columns that a panel can show, at 300 dots an inch
TRACE = 3000  # points of a trace
BLACK = 0.95  # quantile of the activity above 0 from which a raster is black: one large event would pale all others


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


# ---- raster ----------------------------------------------------------------------------------------------------------
def _raster(recording: Recording, study: Study) -> Iterator[dict]:
    """The first trials, neurons in the order of their peaks where there is a label to order by."""
    trials = np.unique(recording.trial)[:LAPS]
    shown = np.flatnonzero(np.isin(recording.trial, trials))[:RASTER]
    neural, order = recording.neural[shown].T, _order(recording, study)
    axis = {"low": 0.0, "high": len(shown) / recording.rate, "count": len(order)}
    if counted(recording):
        row, time = np.nonzero(neural[order])
        values, said = neural[order[row], time], {"wide": 1 / recording.rate, "deep": 1}
        cells = {"what": "spike", "x": time / recording.rate, "neuron": order[row], "row": row + 1, "value": values}
    else:
        cells, said = _activity(neural[order], order, recording.rate)
        yield {"what": "notes on cells", "note": said.pop("note")}
    yield {"what": "notes on raster", "note": _shown(recording.trial, shown), **axis, **said}
    yield cells
    yield {"what": "border", "x": (np.flatnonzero(np.diff(recording.trial[shown])) + 1) / recording.rate}


def _shown(trial: np.ndarray, shown: np.ndarray) -> str:
    """Which samples of a recording's first trials these are."""
    trials, samples = np.unique(trial[shown]), f"first {len(shown)} samples"
    cut = np.isin(trial, trials).sum() > len(shown)
    if cut and len(trials) > 1:
        return f"{samples}, last of {len(trials)} trials cut"
    if cut:
        return f"{samples} of the first trial" if np.ptp(trial) else samples
    return "first trial" if len(trials) == 1 else f"first {len(trials)} trials"


def _activity(neural: np.ndarray, order: np.ndarray, rate: float) -> tuple[dict, dict]:
    """The largest value of each cell of (neuron, sample), and what is said of the cells."""
    deep, wide = (-(-length // most) for length, most in zip(neural.shape, CELLS, strict=True))
    largest = np.maximum.reduceat(neural, np.arange(0, neural.shape[0], deep), axis=0)
    largest = np.maximum.reduceat(largest, np.arange(0, neural.shape[1], wide), axis=1)
    row, time = np.nonzero(largest)
    values = largest[row, time]
    black = float(np.quantile(values[values > 0], BLACK)) if (values > 0).any() else np.nan
    neuron = order[row] if deep == 1 else NONE
    cells = {"what": "activity", "x": wide * time / rate, "neuron": neuron, "row": deep * row + 1, "value": values}
    of = f"largest of {several(deep, 'neuron')} × {several(wide, 'sample')}" if deep * wide > 1 else "activity"
    note = f"raster: {of}" + f", black from {number(black, 2)} on" * (black == black)
    return cells, {"wide": wide / rate, "deep": deep, "value": black, "note": note}


def _order(recording: Recording, study: Study) -> np.ndarray:
    """(neuron,) the neurons by the bin of their peak over all samples, else as they come."""
    label, _ = study.colors(recording)
    if label is None:
        return np.arange(recording.neural.shape[1])
    return np.argsort(_peak(rate_map(recording, label, np.ones(len(recording), bool))), kind="stable")


# ---- laps ------------------------------------------------------------------------------------------------------------
def _laps(recording: Recording, split: Table, study: Study) -> Iterator[dict]:
    """The label over recorded time with each sample's part; trials alone where there is no label."""
    continuous, discrete = study.colors(recording)
    label = continuous or discrete
    folds = sum(name.startswith("fold") for name in split.columns)
    every = -(-len(recording) // TRACE)
    shown = np.arange(0, len(recording), every)
    note = ("split" if folds == 1 else f"split of fold 0, {folds} folds") + (
        f", 1 of {every} samples drawn" * (every > 1)
    )
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


# ---- fields ----------------------------------------------------------------------------------------------------------
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

    Noise that is sorted by its own peaks makes a diagonal too. A cell of several neurons is their mean.
    """
    label, discrete = study.colors(recording)
    if label is None:
        return
    classes = recording.labels[discrete].values if discrete else np.zeros(len(recording), int)
    every = np.unique(classes)
    groups = every[:CLASSES]
    odd, even, sorting = _halves(recording, classes, groups)
    edges = bin_edges(recording.labels[label].values)
    deep = -(-recording.neural.shape[1] // CELLS[0])
    cells = f", mean of {deep} neurons" * (deep > 1)
    some = f"first {len(groups)} of {len(every)} classes of {discrete}, " * (len(every) > len(groups))
    note = f"fields: {some}share of the peak{cells}, {sorting}"
    about = {"label": label, "unit": recording.labels[label].unit}
    axis = {"low": edges[0], "high": edges[-1], "wide": edges[1] - edges[0]}
    yield {"what": "notes on field", **about, **axis, "count": recording.neural.shape[1], "deep": deep, "note": note}
    maps = _shares([rate_map(recording, label, even & (classes == g), edges) for g in groups])
    for group, rates in zip(groups, maps, strict=True):
        order = np.argsort(_peak(rate_map(recording, label, odd & (classes == group), edges)), kind="stable")
        first = np.arange(0, len(order), deep)
        lines = np.add.reduceat(rates[order], first, axis=0) / np.diff([*first, len(order)])[:, None]
        row, bins = np.nonzero(lines.round(3))
        yield {
            "what": "field",
            "class": group if discrete else 0,
            "x": edges[bins],
            "neuron": order[row] if deep == 1 else NONE,
            "row": deep * row + 1,
            "value": lines[row, bins].round(3),
            "part": f"{discrete} {recording.labels[discrete].named(group)}" if discrete else "all samples",
        }


def _shares(maps: list[np.ndarray]) -> list[np.ndarray]:
    """(neuron, bin) rates as shares of each neuron's largest over all maps; 0 where no sample lies."""
    maps = [np.nan_to_num(rates) for rates in maps]
    top = np.concatenate(maps, axis=1).max(axis=1, keepdims=True)
    return [np.divide(rates, top, out=np.zeros_like(rates), where=top > 0) for rates in maps]


def _halves(recording: Recording, classes: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    """Samples of every other trial of each class, twice; all samples for both where a class has one trial."""
    odd = np.zeros(len(recording), bool)
    for group in groups:
        trials = np.unique(recording.trial[classes == group])
        if len(trials) < 2:
            every = np.ones(len(recording), bool)
            return every, every, "sorted on the samples they show"
        odd |= (classes == group) & np.isin(recording.trial, trials[::2])
    return odd, ~odd, "sorted by peak in odd trials, drawn from even ones"

"""Poisson naive Bayes: labels one by one with the classes beside them, a point on the grid of all its coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from . import decoders
from .points import Point
from .tasks import Candidates, Predictions, Task

JOINT_CLASSES = 32  # classes of discrete labels that naive Bayes decodes together with a continuous label, at most
CELLS = 10_000  # of the grid of a point, at most: 100 × 100
BLOCK = 8_000_000  # probabilities held at a time
NEGATIVE = "neural data below 0 have no Poisson likelihood"


def unsuited(task: Task, name: str) -> str:
    """Why naive Bayes does not decode a label or point; empty where it does."""
    if task.neural.min() < 0:
        return NEGATIVE
    axes = len(task.members(name))
    many = f"{task.bins}^{axes} cells are too many for naive Bayes: at most {CELLS}, fewer decode.bins"
    return many if axes > 1 and task.bins**axes > CELLS else ""


def naive_bayes(task: Task) -> Predictions:
    """Poisson naive Bayes on summed counts, of the labels and points that it suits."""
    wanted = [name for name in task.targets if not unsuited(task, name)]
    if not wanted:
        return {}
    train = task.training
    values = decoders.quasi_counts(task.neural, train)
    counts = decoders.summed_counts(values, task.recording.epoch, task.width)
    found = {name: _of_point(task, task.target(name), values, counts) for name in wanted if name in task.points}
    return found | _of_labels(task, values, counts)


# ---- points ----------------------------------------------------------------------------------------------------------
def _of_point(task: Task, point: Point, values: np.ndarray, counts: decoders.Counts) -> Candidates:
    """The most probable cell of the grid of its coordinates, occupancy as prior (Zhang et al. 1998, J Neurophysiol 79).

    A cell stands for the mean of the training samples in it.
    """
    bins, places = decoders.place_grid(point.values, task.bins, task.training)
    query, made = task.samples.query, []
    step = max(1, BLOCK // len(places))
    for bandwidth in decoders.BANDWIDTHS:
        rates, occupied = decoders.tuning(values, bins, task.training, bandwidth)
        pieces = [query[i : i + step] for i in range(0, len(query), step)]
        cells = [decoders.log_posterior(rates, occupied, counts, piece).argmax(axis=1) for piece in pieces]
        made.append(places[np.concatenate(cells)])
    notes = tuple(f"bandwidth {b:g} bins" for b in decoders.BANDWIDTHS)
    return Candidates(np.stack(made), (-1,) * len(made), notes)


# ---- labels ----------------------------------------------------------------------------------------------------------
def _of_labels(task: Task, values: np.ndarray, counts: decoders.Counts) -> dict[str, Candidates]:
    found: dict[str, Candidates] = {}
    for continuous, discrete in _grids(task):
        bins = decoders.grid(
            task.label(continuous) if continuous else None,
            [task.label(d) for d in discrete],
            task.bins,
            task.training,
        )
        names = [continuous, *discrete]  # one an axis of the grid
        wanted = {n: (axis, _values_of(task, n, bins)) for axis, n in enumerate(names) if n and n not in found}
        found |= _over_bandwidths(task, values, counts, bins, wanted)
    return found


def _grids(task: Task) -> Iterator[tuple[str | None, tuple[str, ...]]]:
    """Continuous labels one by one, each with the discrete ones that are few enough; the other discrete ones alone."""
    continuous = [n for n in task.labels if not task.label(n).discrete]
    joint, size = [], 1
    for name in (n for n in task.labels if task.label(n).discrete):
        classes = len(np.unique(task.label(name).values))
        if size * classes <= JOINT_CLASSES:
            joint.append(name)
            size *= classes
        else:
            yield None, (name,)
    for name in continuous or [None] * bool(joint):
        yield name, tuple(joint)


def _values_of(task: Task, name: str, bins: decoders.Grid) -> np.ndarray:
    """The label's value for each index along its axis: a class, or the mean of the training samples in the bin."""
    label, train = task.label(name), task.training
    if label.discrete:
        return np.unique(label.values[train])
    column = np.unravel_index(bins.cell, bins.shape)[0][train]
    values = label.values[train] % label.period if label.period else label.values[train]
    count = np.bincount(column, minlength=bins.shape[0])
    edges = decoders.edges(label, task.bins, train)
    centre = (edges[1:] + edges[:-1]) / 2
    return np.where(count > 0, np.bincount(column, values, bins.shape[0]) / np.maximum(count, 1), centre)


def _over_bandwidths(
    task: Task,
    values: np.ndarray,
    counts: decoders.Counts,
    bins: decoders.Grid,
    wanted: Mapping[str, tuple[int, np.ndarray]],
) -> dict[str, Candidates]:
    bandwidths = decoders.BANDWIDTHS if bins.shape[0] > 1 else (0.0,)
    made: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    for bandwidth in bandwidths:
        rates, occupied = decoders.tuning(values, bins, task.training, bandwidth)
        probability = decoders.posterior(rates, occupied, counts, task.samples.query)
        for name, (axis, choices) in wanted.items():
            made[name].append(choices[decoders.most_probable(probability, bins, axis)])
    notes = tuple(f"bandwidth {b:g} bins" if bins.shape[0] > 1 else "" for b in bandwidths)
    return {name: Candidates(np.stack(rows), (-1,) * len(rows), notes) for name, rows in made.items()}

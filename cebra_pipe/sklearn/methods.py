"""Methods that decode a label, all on the same samples: candidates, the choice on valid, the score on test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..data.recording import Label, Recording
from . import decoders
from .neighbours import nearest, vote
from .nulls import METRICS, Metric, distance

JOINT_CLASSES = 32  # classes of discrete labels that naive Bayes decodes together with a continuous label, at most


@dataclass(frozen=True)
class Samples:
    """Indices of the samples that all methods share; none of the first three is padded."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    padded: np.ndarray  # of the test part
    inside: np.ndarray  # (time,) bool: samples that are not padded, the time that labels are shifted in

    @property
    def query(self) -> np.ndarray:
        return np.concatenate([self.valid, self.test, self.padded])

    @property
    def parts(self) -> tuple[slice, slice, slice]:
        """Where valid, test and padded test samples lie in `query`."""
        valid, test = len(self.valid), len(self.valid) + len(self.test)
        return slice(0, valid), slice(valid, test), slice(test, test + len(self.padded))


@dataclass(frozen=True)
class Task:
    """One fold of one recording."""

    recording: Recording
    labels: tuple[str, ...]
    samples: Samples
    units: np.ndarray  # neurons that the training part keeps
    ks: tuple[int, ...]
    bins: int
    width: int  # samples that naive Bayes sums
    offset: tuple[int, int]
    dimension: int

    def label(self, name: str) -> Label:
        return self.recording.labels[name]

    @property
    def neural(self) -> np.ndarray:
        return self.recording.neural[:, self.units]

    @property
    def training(self) -> np.ndarray:
        """(time,) bool"""
        mask = np.zeros(len(self.recording), bool)
        mask[self.samples.train] = True
        return mask


@dataclass(frozen=True)
class Candidates:
    """Predictions of one label under each choice that the valid part decides on."""

    values: np.ndarray  # (candidate, query); where a method has nothing to say of padded samples: shorter
    k: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Decoded:
    """The chosen candidate of one label and its scores."""

    metric: Metric
    test: np.ndarray  # (test,) predictions
    padded: np.ndarray | None  # (padded,) predictions
    valid_score: float
    score: float
    score_with_padded: float
    k: int
    note: str


Predictions = Mapping[str, Candidates]


# ---- candidates ------------------------------------------------------------------------------------------------------
def embedding(task: Task, points: np.ndarray, metric: str) -> Predictions:
    """Nearest neighbours on the embedding (time, dimension)."""
    points = np.asarray(points, np.float64)
    return _neighbours(task, points[task.samples.train], points[task.samples.query], (metric,))


def window_features(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Flattened windows (train, feature) and (valid and test, feature)."""
    unpadded = task.samples.query[: task.samples.parts[1].stop]
    return tuple(decoders.windows(task.neural, index, *task.offset) for index in (task.samples.train, unpadded))


def window_knn(task: Task) -> Predictions:
    """Nearest neighbours on the windows that the encoder reads; valid chooses the distance, too."""
    return _neighbours(task, *window_features(task), ("cosine", "euclidean"))


def pca(task: Task) -> Predictions:
    """Nearest neighbours on as many principal components of these windows as the embedding has dimensions."""
    train, query = window_features(task)
    components = decoders.principal_components(train, task.dimension)
    return _neighbours(task, components(train), components(query), ("cosine", "euclidean"))


def constant(task: Task) -> Predictions:
    """One value for all samples."""
    value = {name: decoders.constant(task.label(name), task.training) for name in task.labels}
    size = len(task.samples.query)
    return {name: Candidates(np.full((1, size), v), (-1,), ("",)) for name, v in value.items()}


def naive_bayes(task: Task) -> Predictions:
    """Poisson naive Bayes on summed counts; empty where neural data are negative, which has no Poisson likelihood."""
    if task.neural.min() < 0:
        return {}
    train = task.training
    values = decoders.quasi_counts(task.neural, train)
    counts = decoders.summed_counts(values, task.recording.epoch, task.width)
    found: dict[str, Candidates] = {}
    for continuous, discrete in _grids(task):
        bins = decoders.grid(
            task.label(continuous) if continuous else None, [task.label(d) for d in discrete], task.bins, train
        )
        names = [continuous, *discrete]  # one a axis of the grid
        wanted = {n: (axis, _values_of(task, n, bins, train)) for axis, n in enumerate(names) if n and n not in found}
        found |= _over_bandwidths(task, values, counts, bins, wanted)
    return found


def _neighbours(task: Task, train: np.ndarray, query: np.ndarray, metrics: tuple[str, ...]) -> Predictions:
    near = [nearest(train, query, max(task.ks), metric) for metric in metrics]
    notes = [metric if len(metrics) > 1 else "" for metric in metrics for _ in task.ks]

    def of(name: str) -> np.ndarray:
        label = task.label(name)
        return np.concatenate([vote(label, label.values[task.samples.train], n, task.ks) for n in near])

    return {name: Candidates(of(name), task.ks * len(metrics), tuple(notes)) for name in task.labels}


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


def _values_of(task: Task, name: str, bins: decoders.Grid, train: np.ndarray) -> np.ndarray:
    """The label's value for each index along its axis: a class, or the mean of the training samples in the bin."""
    label = task.label(name)
    if label.discrete:
        return np.unique(label.values[train])
    column = np.unravel_index(bins.cell, bins.shape)[0][train]
    values = label.values[train] % label.period if label.period else label.values[train]
    count = np.bincount(column, minlength=bins.shape[0])
    centre = (bins.edges[1:] + bins.edges[:-1]) / 2
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


BASELINES: Mapping[str, Callable[[Task], Predictions]] = {
    "window_knn": window_knn,
    "naive_bayes": naive_bayes,
    "pca": pca,
    "constant": constant,
}


# ---- choice and score ------------------------------------------------------------------------------------------------
def decode(task: Task, name: str, candidates: Candidates) -> Decoded:
    """The candidate with the best score on valid (the first of equal ones), scored once on test."""
    label = task.label(name)
    return choose(label, label.values[task.samples.query], task.samples.parts, candidates)


def choose(label: Label, truth: np.ndarray, parts: tuple[slice, slice, slice], candidates: Candidates) -> Decoded:
    """The same for a label's values `truth` (query,), of which `parts` are valid, test and padded test samples."""
    (valid, test, padded), metric = parts, METRICS[label.kind]
    scores = [float(metric.score(truth[valid], row[valid], label.period)) for row in candidates.values]
    best = int(np.argmax(metric.sign * np.asarray(scores)))
    row = candidates.values[best]
    whole = row.shape[0] == len(truth)
    return Decoded(
        metric=metric,
        test=row[test],
        padded=row[padded] if whole else None,
        valid_score=scores[best],
        score=float(metric.score(truth[test], row[test], label.period)),
        score_with_padded=float(metric.score(truth[test.start :], row[test.start :], label.period))
        if whole
        else np.nan,
        k=candidates.k[best],
        note=candidates.notes[best],
    )


def quantisation_floor(label: Label) -> float:
    """The median error of rounding alone: a quarter of the step between distinct values; NaN from 100 values on."""
    distinct = np.unique(label.values)
    if label.discrete or not 1 < len(distinct) < 100:
        return float("nan")
    return float(np.median(distance(distinct[1:], distinct[:-1], label.period)) / 4)

"""Bins of labels that recordings share, and the mean of an embedding in each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.recording import Label
from ..data.words import add_clashes
from ..errors import Problem, Problems, UserError, did_you_mean
from .points import NO_POINTS, ONE_CONTINUOUS, Points, members_of, misfit

FEWEST_BINS = 3  # common bins below which two data sets do not overlap
NO_BIN = -1  # of a sample whose class is not among those of the bins


@dataclass(frozen=True)
class Span:
    """Equal bins of a continuous label."""

    name: str
    low: float
    width: float
    count: int
    period: float | None

    def index(self, values: np.ndarray) -> np.ndarray:
        """(time,) int64; the largest value lies in the last bin, angles go round the circle."""
        inside = np.mod(values, self.period) if self.period else values - self.low
        return np.clip((inside / self.width).astype(np.int64), 0, self.count - 1)


@dataclass(frozen=True)
class Bins:
    """Bins of one continuous label, or of each coordinate of a point, times classes; equal for all recordings.

    Values beyond those that span the bins lie in the outermost ones; a class that is not among theirs has no bin.
    """

    spans: tuple[Span, ...]
    classes: Mapping[str, tuple[int, ...]]

    def __len__(self) -> int:
        return math.prod([*(span.count for span in self.spans), *map(len, self.classes.values())])

    def index(self, labels: Mapping[str, Label]) -> np.ndarray:
        """(time,) int64 bin of each sample; -1 where there is none."""
        index = np.zeros(len(next(iter(labels.values())).values), np.int64)
        for span in self.spans:
            index = index * span.count + span.index(labels[span.name].values)
        for name, known in self.classes.items():
            place = np.minimum(np.searchsorted(known, labels[name].values), len(known) - 1)
            outside = (index < 0) | (np.asarray(known)[place] != labels[name].values)
            index = np.where(outside, NO_BIN, index * len(known) + place)
        return index


def common_bins(
    labels: Mapping[str, Mapping[str, Label]], names: Sequence[str], count: int, points: Points = NO_POINTS
) -> Bins:
    """The bins that `names` span over the labels of all recordings (recording -> label -> values).

    A name may be that of a point, whose bins are a grid: `count` along each of its coordinates.
    Labels of samples that are scored have no say in what they are scored by: give those of training samples (`chosen`).
    """
    _check(labels, names, points)
    first, members = next(iter(labels.values())), members_of(names, points)
    spans = [_span(name, [of[name] for of in labels.values()], count) for name in members if not first[name].discrete]
    discrete = [name for name in members if first[name].discrete]
    classes = {name: np.unique(np.concatenate([of[name].values for of in labels.values()])) for name in discrete}
    return Bins(tuple(spans), {name: tuple(found.tolist()) for name, found in classes.items()})


def chosen(labels: Mapping[str, Label], samples: np.ndarray) -> dict[str, Label]:
    """The labels of some samples, by index or mask."""
    return {name: replace(label, values=label.values[samples]) for name, label in labels.items()}


def _span(name: str, labels: list[Label], count: int) -> Span:
    period = labels[0].period
    if period:
        return Span(name, 0.0, period / count, count, period)
    low, high = min(label.values.min() for label in labels), max(label.values.max() for label in labels)
    if not high > low:
        raise UserError(Problem(f"labels.{name}", "a label that varies", f"{low:g} all along", "Name another label."))
    return Span(name, float(low), float((high - low) / count), count, None)


def _check(labels: Mapping[str, Mapping[str, Label]], names: Sequence[str], points: Points) -> None:
    members = members_of(names, points)
    problems = Problems()
    if not names:
        problems.add("labels", "labels to bin by", "none", "Name a continuous label, discrete ones, or both.")
    for recording, known in labels.items():
        for name in members:
            if name not in known:
                problems.add(f"labels of {recording}", repr(name), "no such label", did_you_mean(name, known))
    problems.raise_any()
    (first, one), *others = labels.items()
    for recording, known in others:
        for name in members:
            here, there = _about(known[name]), _about(one[name])
            if here != there:
                expected = f"{there} as in {first}"
                problems.add(
                    f"label {name} of {recording}",
                    expected,
                    here,
                    "State kind, unit and period alike, scaled to one unit.",
                )
    add_clashes(labels, members, "", problems)
    for name in (name for name in names if name in points):
        if told := misfit({member: one[member] for member in points[name]}):
            problems.add(f"point {name}", "continuous labels of one unit without period", told)
    continuous = [name for name in names if name in points or not one[name].discrete]
    if len(continuous) > 1:
        problems.add("labels", ONE_CONTINUOUS, ", ".join(continuous), "Leave all but one out.")
    problems.raise_any()


def _about(label: Label) -> str:
    unit = f"in {label.unit}" if label.unit else "without unit"
    return f"{label.kind} {unit}" + (f", period {label.period:g}" if label.period else "")


def bin_means(
    embedding: np.ndarray, bin_index: np.ndarray, n_bins: int, minimum: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """(bin, dim) mean of the samples (sample, dim) of each bin, NaN below `minimum` of them; (bin,) their number."""
    sums, counts = bin_sums(embedding, bin_index, n_bins)
    enough = counts >= max(minimum, 1)
    return np.where(enough[:, None], sums / np.maximum(counts, 1)[:, None], np.nan), counts


def bin_sums(embedding: np.ndarray, bin_index: np.ndarray, n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """(bin, dim) sum and (bin,) number of the samples (sample, dim) in each bin."""
    sums = [np.bincount(bin_index, weights=column, minlength=n_bins) for column in np.asarray(embedding).T]
    return np.stack(sums, axis=1), np.bincount(bin_index, minlength=n_bins)


def unit_rows(means: np.ndarray) -> np.ndarray:
    """(…, bin, dim) rows of length 1; NaN for a mean of zero, which has no direction."""
    length = np.sqrt((means**2).sum(axis=-1, keepdims=True))
    return np.divide(means, length, out=np.full(means.shape, np.nan), where=length > 0)

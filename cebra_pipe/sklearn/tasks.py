"""What is decoded, on which samples, and what comes of it: the values that decoders take and give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..data.recording import Label, Recording
from .nulls import Metric
from .points import Target, target


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
    points: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> the labels that are its coordinates

    @property
    def targets(self) -> tuple[str, ...]:
        """What is decoded: points, then labels."""
        return (*self.points, *self.labels)

    def members(self, name: str) -> tuple[str, ...]:
        """The labels of a point; a label alone."""
        return self.points.get(name, (name,))

    def label(self, name: str) -> Label:
        return self.recording.labels[name]

    def target(self, name: str) -> Target:
        return target(self.recording.labels, self.points, name)

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
    """Predictions of one label or point under each choice that the valid part decides on."""

    # (candidate, query), of a point (candidate, query, axis); shorter where a method says nothing of padded samples
    values: np.ndarray
    k: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Decoded:
    """The chosen candidate of one label or point and its scores."""

    metric: Metric
    test: np.ndarray  # (test,) predictions, of a point (test, axis)
    padded: np.ndarray | None  # the same of padded samples
    valid_score: float
    score: float
    score_with_padded: float
    k: int
    note: str


Predictions = Mapping[str, Candidates]

"""Scores of decoded labels, and their null: the truth shifted around the recording while the predictions stay.

A circular shift keeps the autocorrelation of label and prediction and breaks their tie, so its p holds for slow
signals; permuted labels do not, and a score of permuted data gets none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..data.shifts import shifted
from .points import Target

SMALLEST_NULL = 19  # draws below which no p is given: 1 / (1 + 19) = 0.05
CHUNK = 4_000_000  # values of shifted truth held at a time
NO_P_CONTROLS: Mapping[str, str] = {
    "permute_labels": "destroys autocorrelation, no p",
    "permute_neural": "destroys autocorrelation, no p",
    "trial_shuffle": "asks for trial-specific coding, no p",
}
# Notes of labels without a null by circular shifts: none carries the label away from itself, or each only renames the
# phase of one that repeats, which scores that equal the truth's when it is a whole period, and which a refit learns.
TOO_SLOW = "label too slow for circular shifts"
PERIODIC = "label repeats, shifts are no null, no p"
# control -> notes of a label of which its refits are no null. Shifted apart, neurons that repeat with a label still do.
NO_REFITS: Mapping[str, tuple[str, ...]] = {"circular_shift": (PERIODIC, TOO_SLOW), "neuron_shift": (PERIODIC,)}
NO_P_METHODS: Mapping[str, str] = {"constant": "reads no neural data, no p"}


def why_no_p(control: str | None, method: str) -> str:
    """Why a decoded score has no p, whatever its null; empty where it may have one.

    A permuted recording has lost the autocorrelation that the shifts are to keep; shuffled trials keep the label, so
    that decoding them is no evidence of chance; and a constant is the same whatever the neurons do.
    """
    return NO_P_CONTROLS.get(control or "", "") or NO_P_METHODS.get(method, "")


@dataclass(frozen=True)
class Metric:
    """How predictions (sample,) are scored against one or many truths (…, sample); of points (sample, axis)."""

    name: str
    score: Callable[[np.ndarray, np.ndarray, float | None], np.ndarray]
    sign: int  # +1 where more is better, -1 where less is
    error: Callable[[np.ndarray, np.ndarray, float | None], np.ndarray] | None = None  # of each sample; score: median

    def at_least_as_good(self, scores: np.ndarray, score: float) -> np.ndarray:
        return self.sign * scores >= self.sign * score


def distance(a: np.ndarray, b: np.ndarray, period: float | None) -> np.ndarray:
    """|a - b|, along the circle where there is a period."""
    if period is None:
        return np.abs(a - b)
    return np.abs((a - b + period / 2) % period - period / 2)


def median_abs_error(truth: np.ndarray, predicted: np.ndarray, period: float | None = None) -> np.ndarray:
    """(…) median over the last axis of the absolute error, in the label's unit."""
    return np.median(distance(truth, predicted, period), axis=-1)


def apart(a: np.ndarray, b: np.ndarray, period: float | None = None) -> np.ndarray:
    """(…) Euclidean distance of points (…, axis); none of their coordinates is circular."""
    return np.linalg.norm(a - b, axis=-1)


def median_distance(truth: np.ndarray, predicted: np.ndarray, period: float | None = None) -> np.ndarray:
    """(…) median over samples of the distance of points (…, sample, axis), in the unit of their coordinates."""
    return np.median(apart(truth, predicted), axis=-1)


def balanced_accuracy(truth: np.ndarray, predicted: np.ndarray, period: float | None = None) -> np.ndarray:
    """(…) mean over the classes in each truth of the share that was predicted right."""
    classes, code = np.unique(truth, return_inverse=True)
    code = code.reshape(-1, truth.shape[-1])  # (row, sample)
    rows, width = len(code), len(classes)
    flat = (code + width * np.arange(rows)[:, None]).ravel()
    hit = (classes[code] == predicted).ravel()
    count = np.bincount(flat, minlength=rows * width).reshape(rows, width)
    right = np.bincount(flat[hit], minlength=rows * width).reshape(rows, width)
    recall = np.where(count > 0, right / np.maximum(count, 1), 0.0)
    return (recall.sum(axis=1) / (count > 0).sum(axis=1)).reshape(truth.shape[:-1])


METRICS: Mapping[str, Metric] = {
    "continuous": Metric("median_abs_error", median_abs_error, -1, distance),
    "discrete": Metric("balanced_accuracy", balanced_accuracy, +1),
    "point": Metric("median_distance", median_distance, -1, apart),
}


def null_scores(
    metric: Metric, label: Target, inside: np.ndarray, samples: np.ndarray, predicted: np.ndarray, shifts: np.ndarray
) -> np.ndarray:
    """(draw,) scores of fixed predictions (sample,) against the label (time,) under each shift of the samples `inside`.

    A point (time, axis) is shifted as a whole. samples: (sample,) numbers of the predicted samples, all of them inside.
    """
    places = np.searchsorted(inside, samples)
    rows = max(1, CHUNK // max(predicted.size, 1))
    pieces = [shifts[i : i + rows] for i in range(0, len(shifts), rows)]
    truths = (label.values[shifted(inside, places, piece)] for piece in pieces)
    scores = [metric.score(truth, predicted, label.period) for truth in truths]
    return np.concatenate(scores) if scores else np.zeros(0)


def p_value(metric: Metric, score: float, null: np.ndarray) -> float:
    """(1 + #{null at least as good}) / (1 + n), ties counted; NaN where n is below 19."""
    if len(null) < SMALLEST_NULL or not np.isfinite(score):
        return float("nan")
    return float((1 + metric.at_least_as_good(null, score).sum()) / (1 + len(null)))

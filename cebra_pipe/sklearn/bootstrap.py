"""The spread of a score over test trials: trials drawn with replacement, the same ones for all that is compared."""

from __future__ import annotations

import hashlib

import numpy as np

from ..data.recording import Recording
from ..streams import generator
from .nulls import METRICS
from .points import Target

DRAWS = 999
FEWEST = 5  # trials, or animals, from which an interval is given
LEVEL = 95  # per cent
CHUNK = 4_000_000  # weights held at a time


def samples_key(recording: Recording, test: np.ndarray) -> str:
    """16 characters that name the samples scored: scores compare, and share their draws, where these are equal."""
    hashed = hashlib.sha256()
    for values in (test, recording.trial[test], recording.time[test]):
        hashed.update(np.ascontiguousarray(values, np.float64).tobytes())  # whatever the type that holds them
    return hashed.hexdigest()[:16]


def trial_draws(recording: Recording, test: np.ndarray, study_seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(draw, trial) how often each draw holds each test trial, and (sample,) the trial of each test sample.

    No draws below five trials. The draws follow from the samples alone, so that conditions are paired trial by trial.
    """
    trials, owner = np.unique(recording.trial[test], return_inverse=True)
    if len(trials) < FEWEST:
        return np.zeros((0, len(trials)), np.int64), owner
    stream = generator("bootstrap", study_seed, samples_key(recording, test))
    return stream.multinomial(len(trials), np.full(len(trials), 1 / len(trials)), DRAWS), owner


def resampled_scores(
    label: Target, truth: np.ndarray, predicted: np.ndarray, draws: np.ndarray, owner: np.ndarray
) -> np.ndarray:
    """(draw,) the score of each draw of trials: median absolute error or distance, or balanced accuracy."""
    if label.discrete:
        return _balanced(truth, predicted, draws, owner)
    error = METRICS[label.kind].error(truth, predicted, label.period)
    order = np.argsort(error, kind="stable")
    rows = max(1, CHUNK // max(len(error), 1))
    pieces = [_medians(error[order], draws[i : i + rows][:, owner[order]]) for i in range(0, len(draws), rows)]
    return np.concatenate(pieces) if pieces else np.zeros(0)


def _medians(rising: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(draw,) medians of rising values (sample,), each as often as its whole-number weight (draw, sample) says."""
    reached = np.cumsum(weights, axis=1)
    total = reached[:, -1]
    middle = [(reached > place[:, None]).argmax(axis=1) for place in ((total - 1) // 2, total // 2)]
    return (rising[middle[0]] + rising[middle[1]]) / 2


def _balanced(truth: np.ndarray, predicted: np.ndarray, draws: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """(draw,) mean over the classes of the share that was predicted right; NaN for a draw of trials that lack a class.

    Over the classes that are left a constant would score 0 or 1, where it has 0.5 in all other draws.
    """
    code = np.unique(truth, return_inverse=True)[1].reshape(-1)
    shape = (draws.shape[1], code.max(initial=0) + 1)
    there, right = np.zeros(shape), np.zeros(shape)  # (trial, class)
    np.add.at(there, (owner, code), 1)
    np.add.at(right, (owner, code), truth == predicted)
    count, hits = draws @ there, draws @ right
    shares = np.divide(hits, count, out=np.full(count.shape, np.nan), where=count > 0)
    return shares.mean(axis=1)


def student(values: np.ndarray) -> tuple[float, float]:
    """Student's interval of the mean of independent values (n,); NaN below two of them."""
    if len(values) < 2:
        return float("nan"), float("nan")
    from scipy.special import stdtrit  # scipy.stats would cost every table most of a second

    half = stdtrit(len(values) - 1, (1 + LEVEL / 100) / 2) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def interval(scores: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of the draws that have a score; NaN where half of them or more have none."""
    known = np.isfinite(scores)
    if 2 * known.sum() <= len(scores):
        return float("nan"), float("nan")
    low, high = np.percentile(scores[known], [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)

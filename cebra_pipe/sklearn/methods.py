"""Methods that decode labels and points on the same samples: candidates, the choice on valid, the score on test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from . import decoders
from .bayes import naive_bayes
from .neighbours import nearest, vote
from .nulls import METRICS
from .points import Target
from .tasks import Candidates, Decoded, Predictions, Task


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
    value = {name: decoders.constant(task.target(name), task.training) for name in task.targets}
    size = len(task.samples.query)
    return {name: Candidates(np.tile(v, (1, size, *[1] * np.ndim(v))), (-1,), ("",)) for name, v in value.items()}


def _neighbours(task: Task, train: np.ndarray, query: np.ndarray, metrics: tuple[str, ...]) -> Predictions:
    near = [nearest(train, query, max(task.ks), metric) for metric in metrics]
    notes = [metric if len(metrics) > 1 else "" for metric in metrics for _ in task.ks]

    def of(name: str) -> np.ndarray:
        label = task.target(name)
        return np.concatenate([vote(label, label.values[task.samples.train], n, task.ks) for n in near])

    return {name: Candidates(of(name), task.ks * len(metrics), tuple(notes)) for name in task.targets}


BASELINES: Mapping[str, Callable[[Task], Predictions]] = {
    "window_knn": window_knn,
    "naive_bayes": naive_bayes,
    "pca": pca,
    "constant": constant,
}


# ---- choice and score ------------------------------------------------------------------------------------------------
def decode(task: Task, name: str, candidates: Candidates) -> Decoded:
    """The candidate with the best score on valid (the first of equal ones), scored once on test."""
    label = task.target(name)
    return choose(label, label.values[task.samples.query], task.samples.parts, candidates)


def choose(label: Target, truth: np.ndarray, parts: tuple[slice, slice, slice], candidates: Candidates) -> Decoded:
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

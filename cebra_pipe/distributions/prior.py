"""References and negatives: where they are drawn from, session by session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Prior = Callable[[Sequence[np.ndarray], int, int, np.random.Generator], np.ndarray]


def uniform(centres: Sequence[np.ndarray], steps: int, batch: int, stream: np.random.Generator) -> np.ndarray:
    """(step, session, batch) flat indices: `batch` draws from every session, whatever its length."""
    return np.stack([c[stream.integers(0, len(c), (steps, batch))] for c in centres], axis=1)


def everything(centres: Sequence[np.ndarray], steps: int, batch: int, stream: np.random.Generator) -> np.ndarray:
    """(step, 1, centre) every centre of a single session, in order: full-batch training."""
    (only,) = centres
    return np.broadcast_to(only, (steps, 1, len(only)))


@dataclass(frozen=True, eq=False)
class ClassUniform:
    """Every class that a session has is drawn equally often, and so is every sample of a class."""

    classes: np.ndarray  # (sample,) of the flat index

    def __call__(self, centres, steps, batch, stream):
        return np.stack([self._of_session(c, (steps, batch), stream) for c in centres], axis=1)

    def _of_session(self, centres: np.ndarray, shape: tuple[int, int], stream: np.random.Generator) -> np.ndarray:
        order = np.argsort(self.classes[centres], kind="stable")
        _, start, count = np.unique(self.classes[centres][order], return_index=True, return_counts=True)
        drawn = stream.integers(0, len(count), shape)
        inside = np.minimum((stream.random(shape) * count[drawn]).astype(np.int64), count[drawn] - 1)
        return centres[order[start[drawn] + inside]]


def deal(classes: np.ndarray, present: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    """(step, n) a session for each query (step, n), independent of the one that the query is from.

    present: (class, session) bool. Where every session has every class, each session gets the same number of queries
    of a step; elsewhere a query's session is uniform among those that have its class.
    """
    sessions = present.shape[1]
    if sessions > 1 and present.all() and classes.shape[1] % sessions == 0:
        return np.argsort(stream.random(classes.shape), axis=1) % sessions
    number = present.sum(axis=1)
    order = np.argsort(~present, axis=1, kind="stable")  # sessions that have the class come first
    return order[classes, stream.integers(0, number[classes])]

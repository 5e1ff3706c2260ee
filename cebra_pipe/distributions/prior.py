"""References and negatives: uniform over the centres of each session."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def uniform(centres: Sequence[np.ndarray], steps: int, batch: int, stream: np.random.Generator) -> np.ndarray:
    """(step, session, batch) flat indices: `batch` draws from every session, whatever its length."""
    return np.stack([c[stream.integers(0, len(c), (steps, batch))] for c in centres], axis=1)


def deal(classes: np.ndarray, present: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    """(n,) a session for each query, uniform among those that have its class: present (class, session) bool."""
    number = present.sum(axis=1)
    order = np.argsort(~present, axis=1, kind="stable")  # sessions that have the class come first
    return order[classes, stream.integers(0, number[classes])]

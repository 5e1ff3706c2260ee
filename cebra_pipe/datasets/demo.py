"""Noise in the shapes of data: to try code on, with nothing in it to find."""

from __future__ import annotations

import numpy as np

from ..streams import generator

SAMPLES, CLASSES = 1000, 10
NEURONS, LABELS = 4, 3  # of one session
SESSIONS, SHARED = (3, 4, 5), 5  # neurons of several sessions, and labels that they share


def noise(seed: int, session: int, columns: int, what: str) -> np.ndarray:
    """(sample, column) standard normal."""
    return generator("demo", seed, session, what).standard_normal((SAMPLES, columns), dtype=np.float32)


def classes(seed: int, session: int) -> np.ndarray:
    """(sample,) whole numbers below `CLASSES`."""
    return generator("demo", seed, session, "classes").integers(0, CLASSES, SAMPLES)

"""Slow truths: plain loops written from the definitions, which the fast code must agree with."""

from __future__ import annotations

import math

import numpy as np


def infonce_loop(reference, positive, negative, temperature, similarity) -> tuple[float, float, float]:
    """(total, align, uniform) by the definition, pair by pair."""

    def phi(x, y):
        if similarity == "cosine":
            return sum(a * b for a, b in zip(x, y, strict=True)) / temperature
        return -sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / temperature

    align = uniform = 0.0
    for x, y in zip(reference, positive, strict=True):
        align -= phi(x, y) / len(reference)
        uniform += math.log(sum(math.exp(phi(x, z)) for z in negative)) / len(reference)
    return align + uniform, align, uniform


def nearest_set(rows: np.ndarray, query: np.ndarray, allowed: np.ndarray | None = None) -> set[int]:
    """All rows (by number) that are equally near to `query`, nearest of those allowed."""
    distance = [math.dist(row, query) for row in rows]
    candidates = [i for i in range(len(rows)) if allowed is None or allowed[i]]
    if not candidates:
        return set()
    least, span = min(distance[i] for i in candidates), float(np.ptp(rows, axis=0).max())
    return {i for i in candidates if distance[i] <= least + 1e-12 * (least + span)}


def windows_loop(mask: np.ndarray, epoch: np.ndarray, before: int, after: int) -> list[int]:
    """Samples whose whole window lies in the mask and in one epoch."""
    found = []
    for t in range(len(mask)):
        around = range(t - before, t + after)
        if all(0 <= i < len(mask) and mask[i] and epoch[i] == epoch[t] for i in around):
            found.append(t)
    return found

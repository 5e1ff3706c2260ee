"""Linear maps between embeddings, many at a time, and how much they explain."""

from __future__ import annotations

import numpy as np

RANK = 1e-12  # share of the largest eigenvalue below which a direction of the source counts as absent
CONSTANT = 1e-12  # relative spread below which a target does not vary


def linear_map_r2(
    source: np.ndarray,
    target: np.ndarray,
    source_test: np.ndarray | None = None,
    target_test: np.ndarray | None = None,
    pooled: bool = False,
) -> np.ndarray:
    """(…) R² of the least squares map with intercept from `source` to `target` (…, row, dim); `pooled` as `r_squared`.

    Fitted on these rows and scored on the test rows, on the same ones where there are none. Rows with a NaN in source
    or target are left out.
    """
    if source_test is None or target_test is None:
        source_test, target_test = source, target
    used = complete(source) & complete(target)
    from_mean, to_mean = _mean(source, used), _mean(target, used)
    slope = _slope(_centred(source, from_mean, used), _centred(target, to_mean, used))
    predicted = np.einsum("...ri,...ij->...rj", source_test - from_mean, slope) + to_mean
    return r_squared(target_test, predicted, pooled)


def r_squared(target: np.ndarray, predicted: np.ndarray, pooled: bool = False) -> np.ndarray:
    """(…) 1 - residual / total about the mean of `target` (…, row, dim); NaN below two rows.

    pooled: residual and total are sums over dimensions, so that turning the target changes nothing; else the mean of
    the dimensions' own, in which one of little variance weighs as much as any other. What does not vary, a dimension or
    all of them, leaves nothing to explain and counts as 0.
    """
    used = complete(target) & complete(predicted)
    residual = np.where(used[..., None], target - predicted, 0.0)
    centred = _centred(target, _mean(target, used), used)
    total, left = (centred**2).sum(axis=-2), (residual**2).sum(axis=-2)
    largest = np.where(used[..., None], np.abs(target), 0.0).max(axis=-2)
    varies = total > used.sum(axis=-1)[..., None] * (CONSTANT * largest) ** 2
    if pooled:
        total, left, varies = (each.sum(axis=-1, keepdims=True) for each in (total, left, varies))
    score = np.where(varies, 1 - left / np.where(varies, total, 1.0), 0.0).mean(axis=-1)
    return np.where(used.sum(axis=-1) >= 2, score, np.nan)


def complete(rows: np.ndarray) -> np.ndarray:
    """(…, row) bool: no NaN in the row (…, row, dim)."""
    return np.isfinite(rows).all(axis=-1)


def _mean(rows: np.ndarray, used: np.ndarray) -> np.ndarray:
    """(…, 1, dim) mean over the used rows, 0 where there are none."""
    total = np.where(used[..., None], rows, 0.0).sum(axis=-2, keepdims=True)
    return total / np.maximum(used.sum(axis=-1), 1)[..., None, None]


def _centred(rows: np.ndarray, mean: np.ndarray, used: np.ndarray) -> np.ndarray:
    return np.where(used[..., None], rows - mean, 0.0)


def _slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(…, dim, dim) least squares solution of x slope = y, the smallest one where x lacks directions.

    By the normal equations with equal column lengths and one step of refinement; einsum does not go through BLAS, so
    the bytes do not depend on the number of threads.
    """
    length = np.sqrt((x**2).sum(axis=-2, keepdims=True))
    scaled = np.divide(x, length, out=np.zeros_like(x), where=length > 0)
    inverse = np.linalg.pinv(np.einsum("...ri,...rj->...ij", scaled, scaled), rcond=RANK, hermitian=True)
    slope = _solve(inverse, scaled, y)
    slope = slope + _solve(inverse, scaled, y - np.einsum("...ri,...ij->...rj", scaled, slope))
    return slope / np.where(length > 0, length, 1.0).swapaxes(-1, -2)


def _solve(inverse: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.einsum("...ij,...jk->...ik", inverse, np.einsum("...ri,...rk->...ik", x, y))

"""Numbers of which some are not known, which is NaN in tables: means of those that are, or of all or none."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np


def or_nan(value: object) -> float:
    """A number that a file holds; NaN for None."""
    return np.nan if value is None else float(value)


def mean(values: Iterable[float]) -> float:
    """Of the known ones; NaN where there are none."""
    known = [v for v in values if v == v]
    return float(np.mean(known, dtype=float)) if known else np.nan


def of_all(values: Iterable[float]) -> float:
    """The mean over folds and seeds; NaN where one of them has none.

    The mean of the others would be of other samples than what stands beside it: other methods, or nulls.
    """
    every = np.fromiter(values, float)
    return float(np.mean(every)) if len(every) and np.isfinite(every).all() else np.nan


def ranges(by_seed: Collection[float], by_fold: Collection[float]) -> dict[str, object]:
    """Columns of a table: how many, lowest, highest, of seeds the median too, which published scores are told by.

    A spread, never an n; no range of fewer than two. Where one is not known, neither range nor median, as the mean
    beside has none there: those of the others would leave out just the seeds that failed.
    """
    row: dict[str, object] = {}
    for what, values in (("seeds", by_seed), ("folds", by_fold)):
        several = len(values) > 1 and _all_known(values)
        ends = (float(min(values)), float(max(values))) if several else (np.nan, np.nan)
        row |= {what: len(values), f"{what}_low": ends[0], f"{what}_high": ends[1]}
    return row | {"seeds_median": float(np.median([*by_seed])) if by_seed and _all_known(by_seed) else np.nan}


def _all_known(values: Iterable[float]) -> bool:
    return all(v == v for v in values)

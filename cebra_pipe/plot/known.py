"""Numbers of which some are not known, which is NaN in tables: means and ranges of those that are."""

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


def ranges(by_seed: Collection[float], by_fold: Collection[float]) -> dict[str, object]:
    """Columns of a table: how many, lowest, highest, of seeds the median too, which published scores are told by.

    A spread, never an n; no range where fewer than two are known.
    """
    row: dict[str, object] = {}
    for what, values in (("seeds", by_seed), ("folds", by_fold)):
        known = [float(v) for v in values if v == v]
        ends = (min(known), max(known)) if len(known) > 1 else (np.nan, np.nan)
        row |= {what: len(values), f"{what}_low": ends[0], f"{what}_high": ends[1]}
    known = [float(v) for v in by_seed if v == v]
    return row | {"seeds_median": float(np.median(known)) if known else np.nan}

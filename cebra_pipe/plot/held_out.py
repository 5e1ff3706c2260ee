"""Held-out goodness of fit of fits that differ in fold and seed, from their histories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..data.table import Table
from .drawn import pick
from .files import Source
from .known import of_all

Fits = Mapping[tuple[int, int], float]  # (fold, seed) -> a score


def held_out_bits(fits: Iterable[tuple[Source, Table]]) -> dict[tuple[str, str], Fits]:
    """(session, objective) -> the bits on the test part of each fit; a session is a recording, or `pooled`."""
    found: dict[tuple[str, str], dict[tuple[int, int], float]] = {}
    for source, history in fits:
        for row in pick(history, kind="score", part="test").rows():
            found.setdefault((row["session"], row["objective"]), {})[source.fold, source.seed] = row["bits"]
    return found


def by_fold_and_seed(values: Fits) -> tuple[dict[int, float], dict[int, float]]:
    """Means over seeds by fold, and over folds by seed: spreads of the split and of the optimiser; NaN where one is."""
    folds, seeds = (sorted({each[i] for each in values}) for i in (0, 1))
    return (
        {fold: of_all(value for (f, _), value in values.items() if f == fold) for fold in folds},
        {seed: of_all(value for (_, s), value in values.items() if s == seed) for seed in seeds},
    )

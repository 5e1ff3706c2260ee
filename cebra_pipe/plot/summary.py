"""Decoding scores over folds and seeds: one summary per recording, method and label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..data.table import Table
from ..sklearn.bootstrap import interval
from ..sklearn.nulls import METRICS, SMALLEST_NULL, p_value, why_no_p
from .drawn import distinct, pick
from .known import mean, of_all

SIGNED = {metric.name: metric for metric in METRICS.values()}
METHODS = {
    "embedding": "kNN on the embedding",
    "window_knn": "kNN on raw windows",
    "naive_bayes": "naive Bayes",
    "pca": "kNN on PCA",
    "constant": "best constant",
}


def shown_unit(unit: str, metric: str) -> tuple[float, str]:
    """Factor and unit in which tables and figures give a score: errors of labels in metres are in centimetres."""
    return (100.0, "cm") if unit == "m" and SIGNED[metric].error else (1.0, unit)


@dataclass(frozen=True)
class Score:
    """One method on one label or point of one recording."""

    recording: str
    method: str
    label: str
    metric: str
    unit: str  # as shown
    label_unit: str  # as the label has it
    mean: float  # over folds and seeds
    by_seed: dict[int, float]  # mean over folds: the optimiser's spread
    by_fold: dict[int, float]  # mean over seeds: the split's spread
    chance: float
    floor: float
    null_median: float
    null_n: int
    null_effective: float
    p: float
    n_test: int  # samples, over all folds
    n_padded: int
    n_trials: int  # of the test part, over all folds
    draws: np.ndarray  # (draw,) of test trials: means over folds and seeds, paired by trial where `samples` are equal
    low: float  # the middle 95 % of these draws
    high: float
    samples: tuple[str, ...]  # names the test samples of each fold
    with_padded: float
    no_p: str  # why there is none, whatever the null
    note: str


def scores(table: Table, control: str | None = None) -> Iterator[Score]:
    """The summaries of a table of decode, in its order; `control` is that of its condition."""
    for recording in distinct(table["recording"]):
        mine = pick(table, recording=recording)
        for method in distinct(mine["method"]):
            for label in distinct(mine["label"]):
                rows = pick(mine, method=method, label=label)
                if len(rows):
                    yield _score(rows, why_no_p(control, method))


def remarks(score: Score) -> str:
    """What is to be said of a score and its null, each once: why there is no p, what its rows note."""
    few = "n too small for p" if 0 < score.null_n < SMALLEST_NULL else ""
    return "; ".join(text for text in dict.fromkeys((score.no_p or few, *score.note.split("; "))) if text)


def _score(rows: Table, no_p: str) -> Score:
    first = {name: rows[name][0] for name in ("recording", "method", "label", "metric", "unit")}
    n, p = probability_of(rows)
    draws = _mean_draws(rows)
    scale, shown = shown_unit(first["unit"], first["metric"])
    return Score(
        **first | {"unit": shown, "label_unit": first["unit"]},
        mean=scale * of_all(rows["score"]),
        by_seed=_means(rows, "seed", scale),
        by_fold=_means(rows, "fold", scale),
        chance=scale * mean(rows["chance"]),
        floor=scale * mean(rows["floor"]),
        null_median=scale * of_all(rows["null_median"]),
        null_n=n,
        null_effective=float(np.nanmin(rows["null_effective"]))
        if np.isfinite(rows["null_effective"]).any()
        else np.nan,
        p=np.nan if no_p else p,
        n_test=_over_folds(rows, "n_test"),
        n_padded=_over_folds(rows, "n_padded"),
        n_trials=_over_folds(rows, "n_trials"),
        draws=scale * draws,
        low=scale * interval(draws)[0],
        high=scale * interval(draws)[1],
        samples=tuple(sorted({f"{fold} {key}" for fold, key in zip(rows["fold"], rows["samples"], strict=True)})),
        with_padded=scale * of_all(rows["score_with_padded"]),
        no_p=no_p,
        note="; ".join(distinct(rows["note"])),
    )


def _mean_draws(rows: Table) -> np.ndarray:
    """(draw,) means over folds and seeds; none where a fold has too few trials."""
    sizes = {len(draws) for draws in rows["draws"]}
    return np.mean(np.stack(rows["draws"]), axis=0) if len(sizes) == 1 else np.zeros(0)


def _means(rows: Table, name: str, scale: float) -> dict[int, float]:
    # Baselines have no seed: theirs is -1.
    return {int(v): scale * of_all(rows["score"][rows[name] == v]) for v in np.unique(rows[name]) if v >= 0}


def _over_folds(rows: Table, name: str) -> int:
    """The sum over folds of a count that seeds share."""
    return int(sum(rows[name][rows["fold"] == fold].max() for fold in np.unique(rows["fold"])))


def probability_of(rows: Table) -> tuple[int, float]:
    """(n, p) of rows that differ in fold and seed: null draws are averaged over them as the real value is.

    Draw i is the same shift in all of them. Where rows hold different numbers of draws they cannot be averaged: the
    largest p and the smallest n stand for all.
    """
    sizes = {len(draws) for draws in rows["null"]}
    smallest = min(sizes)
    if smallest < SMALLEST_NULL:
        return smallest, np.nan
    if len(sizes) > 1:
        return smallest, float(np.nanmax(rows["p"]))
    null = np.mean(np.stack(rows["null"]), axis=0)  # (draw,)
    metric = SIGNED[rows["metric"][0]]
    # Means of equal scores may differ in the last digit: ties are to count.
    return smallest, p_value(metric, float(rows["score"].mean()) - metric.sign * 1e-12, null)

"""What the figure and the table of recordings that were left out show: scores by share of the adaptation's data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..data.table import Table
from .drawn import distinct, pick, stack
from .files import Source
from .shown import Study
from .summary import Score, scores

COLUMNS = {
    "series": str,
    "recording": str,  # the one that was left out
    "title": str,
    "label": str,
    "metric": str,
    "unit": str,
    "method": str,
    "what": str,  # mean | seed (mean over folds) | fold (mean over seeds)
    "share": float,  # of the training part
    "samples": float,  # of adapt: mean over folds
    "score": float,
    "low": float,  # 2.5 % over draws of test trials
    "high": float,  # 97.5 %
}
# What was learned from the other recordings, and what from the share of the one that was left out.
METHODS = {
    "transfer": "others' model adapted to the share, others' decoder",
    "within": "others' model adapted to the share, decoder of the share",
    "scratch": "model and decoder of the share alone (from scratch)",
    "naive_bayes": "naive Bayes on the share's neural data",
    "constant": "best constant of the share",
}


def read(source: Source) -> Iterator[tuple[float, float, float, Score]]:
    """(share, samples of adapt, fewest common bins, score) of each share, method and label."""
    table = source.read()
    for share in sorted(distinct(table["share"])):
        rows = pick(table, share=share)
        bins = rows["common_bins"][rows["common_bins"] >= 0]
        fewest = float(bins.min()) if len(bins) else np.nan
        for score in scores(rows, source.condition.control):
            yield share, float(rows["n_adapt"].mean()), fewest, score


def rows(study: Study, sources: Sequence[Source]) -> Table:
    """The scores of every recording that was left out, by share."""
    return stack(
        COLUMNS,
        [
            {**_named(study, source, score), "share": share, "samples": samples, **values}
            for source in sources
            for share, samples, _, score in read(source)
            for values in _values(score)
        ],
    )


def _named(study: Study, source: Source, score: Score) -> dict:
    told = {name: getattr(score, name) for name in ("recording", "label", "metric", "unit", "method")}
    return told | {"series": source.condition.text, "title": study.recordings.get(score.recording, score.recording)}


def _values(score: Score) -> Iterator[dict]:
    yield {"what": "mean", "score": score.mean, "low": score.low, "high": score.high}
    for what, spread in (("seed", score.by_seed), ("fold", score.by_fold)):
        if len(spread) > 1:
            yield from ({"what": what, "score": value} for value in spread.values())

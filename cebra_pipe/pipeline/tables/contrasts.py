"""Rows of the tables `differences` (methods and conditions paired by test trial) and `population` (over animals)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from ...plot.files import Source
from ...plot.shown import Study
from ...plot.summary import METHODS, Score, scores
from ...sklearn.bootstrap import FEWEST, interval, student

Row = dict[str, object]
Found = tuple[Source, Score]


def read(sources: Sequence[Source]) -> list[Found]:
    """Every score of the conditions that are no control."""
    real = [source for source in sources if not source.condition.control]
    return [(source, score) for source in real for score in scores(source.read())]


def differences(study: Study, sources: Sequence[Source]) -> Iterator[Row]:
    """One row per recording, label and pair: each embedding with each other one, and with the baselines beside it."""
    found = read(sources)
    for name in study.recordings:
        mine = [pair for pair in found if pair[1].recording == name]
        for label in dict.fromkeys(score.label for _, score in mine):
            same = [(source, score) for source, score in mine if score.label == label]
            for one, other in combinations(same, 2):
                if _are_compared(one, other):
                    yield _difference(study, one, other)


def _are_compared(one: Found, other: Found) -> bool:
    methods = {one[1].method, other[1].method}
    beside = (one[0].condition.name, one[0].unit) == (other[0].condition.name, other[0].unit)
    return methods == {"embedding"} or (beside and "embedding" in methods and "constant" not in methods)


def _difference(study: Study, one: Found, other: Found) -> Row:
    """one - other in the metric's unit, with the interval of the draws of trials that both share."""
    (a, first), (b, second) = one, other
    equal = first.samples == second.samples
    paired = equal and len(first.draws) and len(first.draws) == len(second.draws)
    low, high = interval(first.draws - second.draws if paired else np.zeros(0))
    note = "" if paired else f"fewer than {FEWEST} test trials" if equal else "other test samples: not compared"
    return {
        "recording": first.recording,
        "title": study.recordings[first.recording],
        "label": first.label,
        "metric": first.metric,
        "unit": first.unit,
        "condition": a.condition.name,
        "unit_of_fit": a.unit,
        "method": first.method,
        "method_title": METHODS.get(first.method, first.method),
        "other_condition": b.condition.name,
        "other_unit_of_fit": b.unit,
        "other_method": second.method,
        "other_method_title": METHODS.get(second.method, second.method),
        "in_sample": "no",
        "difference": first.mean - second.mean if equal else np.nan,
        "low": low,  # 2.5 %
        "high": high,  # 97.5 %
        "trials": first.n_trials,
        "note": note,
    }


def population(study: Study, sources: Sequence[Source], same: Mapping[str, str]) -> Iterator[Row]:
    """One row per condition, method and label: the mean over recordings, with an interval from five on.

    same: recording -> what is to be said where others hold its neural data too; there is then no interval.
    """
    groups: dict[tuple, list[Found]] = {}
    for source, score in read(sources):
        key = (source.condition.name, score.method, score.label, score.metric, score.unit)
        groups.setdefault(key, []).append((source, score))
    for (_, method, label, metric, unit), mine in groups.items():
        values = np.array([score.mean for _, score in mine if np.isfinite(score.mean)])
        twins = "; ".join(dict.fromkeys(same[s.recording] for _, s in mine if s.recording in same))
        low, high = (np.nan, np.nan) if twins else _over_animals(values)
        yield {
            "condition": mine[0][0].condition.name,
            "condition_title": mine[0][0].condition.text,
            "method": method,
            "method_title": METHODS.get(method, method),
            "label": label,
            "metric": metric,
            "unit": unit,
            "in_sample": "no",
            "recordings": len(values),
            "mean": float(values.mean()) if len(values) else np.nan,
            "lowest": float(values.min()) if len(values) else np.nan,
            "highest": float(values.max()) if len(values) else np.nan,
            "low": low,
            "high": high,
            "note": "; ".join(filter(None, (f"{twins}: they are no two animals" * bool(twins), _of_few(len(values))))),
        }


def _of_few(number: int) -> str:
    if number == 1:
        return "one recording: its own score, no mean"
    return "" if number >= FEWEST else f"fewer than {FEWEST} recordings: description only"


def _over_animals(values: np.ndarray) -> tuple[float, float]:
    """Student's interval of the mean over animals; NaN below five of them."""
    return student(values) if len(values) >= FEWEST else (float("nan"), float("nan"))

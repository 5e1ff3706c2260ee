"""Scores against the amount of data they were fitted to, minutes or neurons: from files to tables and figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from ..data.table import Table
from ..sklearn.bootstrap import interval
from .drawn import stack
from .files import Source
from .gains import Curve, Found, Key, Point, judge
from .held_out import by_fold_and_seed, held_out_bits
from .known import mean, of_all, ranges
from .shown import Study
from .summary import Score, scores


# ---- from files ------------------------------------------------------------------------------------------------------
def curves(
    study: Study,
    histories: Iterable[Source],
    decoded: Iterable[Source],
    portion_histories: Iterable[Source],
    portion_scores: Iterable[Source],
) -> Iterator[Curve]:
    """Of every condition with fits to less data: each score of each recording, by minutes and by neurons."""
    fits, tables = _grouped([*histories, *portion_histories]), _grouped([*decoded, *portion_scores])
    for condition in (k for k in study.conditions if k.portions):
        for unit, members in condition.units.items():
            ladders: dict[str, list[tuple[float, str]]] = {}
            for name, one in condition.portions.items():
                if one.unit == unit:
                    ladders.setdefault(one.of, []).append((one.share, name))
            steps = {name: _step(members, fits.get((condition.name, name), []), tables.get((condition.name, name), []))
                     for name in (unit, *(name for ladder in ladders.values() for _, name in ladder))}  # fmt: skip
            for key in steps[unit][0]:
                for of, ladder in ladders.items():
                    names = [*sorted(ladder), (1.0, unit)]
                    yield Curve(condition, unit, key, of, [_point(key, share, *steps[name]) for share, name in names])


def _grouped(sources: Iterable[Source]) -> dict[tuple[str, str], list[Source]]:
    found: dict[tuple[str, str], list[Source]] = {}
    for source in sources:
        found.setdefault((source.condition.name, source.unit), []).append(source)
    return found


Amounts = dict[str, tuple[float, float]]  # recording -> minutes, neurons


def _step(
    members: Sequence[str], fits: Sequence[Source], decoded: Sequence[Source]
) -> tuple[dict[Key, Found], Amounts]:
    """Every score of a unit, and how much data its fits learned from: means over folds and seeds."""
    tables = [(source, source.read()) for source in fits]
    given = {name: [table.meta["learned_from"][name] for _, table in tables] for name in members}
    amounts = {
        name: tuple(mean(each[of] for each in mine) for of in ("minutes", "neurons")) for name, mine in given.items()
    }
    found = dict(_bits(members, tables))
    for source in decoded:
        every = list(scores(source.read()))
        bayes = {(s.recording, s.label): s.mean for s in every if s.method == "naive_bayes"}
        for s in (s for s in every if s.method == "embedding"):
            found[s.recording, "decoding", s.label] = _of_score(s, bayes.get((s.recording, s.label), np.nan))
    return found, amounts


def _bits(members: Sequence[str], tables: Sequence[tuple[Source, Table]]) -> Iterator[tuple[Key, Found]]:
    for (session, objective), values in held_out_bits(tables).items():
        if session in members:
            by_fold, by_seed = by_fold_and_seed(values)
            spread = by_seed, by_fold, np.zeros(0), ()
            yield (session, "bits", objective), Found("bits", "bits", of_all(values.values()), 0.0, *spread)


def _of_score(score: Score, naive_bayes: float) -> Found:
    spread = score.by_seed, score.by_fold, score.draws, score.samples
    return Found(score.metric, score.unit, score.mean, score.chance, *spread, naive_bayes)


def _point(key: Key, share: float, found: Mapping[Key, Found], amounts: Amounts) -> Point:
    return Point(share, *amounts[key[0]], found[key])


# ---- rows ------------------------------------------------------------------------------------------------------------
def rows(study: Study, found: Iterable[Curve]) -> Iterator[dict[str, object]]:
    """The table `enough_data`: one row an amount of data, with what the whole curve says."""
    for curve in found:
        (recording, score, label), judged = curve.key, judge(curve)
        about = {"condition": curve.condition.name, "condition_title": curve.condition.text, "unit_of_fit": curve.unit}
        about |= {"recording": recording, "title": study.recordings[recording], "score": score, "label": label}
        about |= {"metric": curve.whole.metric, "unit": curve.whole.unit, "of": curve.of}
        for point in curve.points:
            low, high = interval(point.found.draws)
            yield {
                **about,
                "share": point.share,
                "minutes": point.minutes,
                "neurons": point.neurons,
                "in_sample": "no",
                "real": point.found.real,
                "low": low,  # 2.5 % over draws of test trials
                "high": high,  # 97.5 %
                **ranges(point.found.by_seed.values(), point.found.by_fold.values()),
                "chance": point.found.chance,
                "naive_bayes": point.found.naive_bayes,
                "gain": judged.gain,
                "gain_low": judged.low,
                "gain_high": judged.high,
                "tolerance": judged.tolerance,
                "verdict": judged.words,
            }


COLUMNS = {
    "series": str,
    "title": str,  # of the recording
    "unit_of_fit": str,
    "score": str,  # bits | decoding
    "label": str,
    "metric": str,
    "unit": str,
    "of": str,  # minutes | neurons
    "share": float,
    "amount": float,  # minutes of the training part, or neurons
    "what": str,  # mean | seed (mean over folds) | naive_bayes (same data) | chance
    "value": float,
    "low": float,  # 2.5 % over draws of test trials
    "high": float,  # 97.5 %
    "verdict": str,
}


def drawn(study: Study, found: Iterable[Curve]) -> Table:
    """What the figure `enough_data` shows."""
    return stack(COLUMNS, [block for curve in found for block in _blocks(study, curve)])


def _blocks(study: Study, curve: Curve) -> Iterator[dict[str, object]]:
    (recording, score, label), verdict = curve.key, judge(curve).verdict
    about = {"series": curve.condition.text, "title": study.recordings[recording], "unit_of_fit": curve.unit}
    about |= {"score": score, "label": label, "metric": curve.whole.metric, "unit": curve.whole.unit, "of": curve.of}
    for point in curve.points:
        placed = {**about, "share": point.share, "amount": getattr(point, curve.of), "verdict": verdict}
        low, high = interval(point.found.draws)
        yield {**placed, "what": "mean", "value": point.found.real, "low": low, "high": high}
        yield {**placed, "what": "chance", "value": point.found.chance}
        if score == "decoding":
            yield {**placed, "what": "naive_bayes", "value": point.found.naive_bayes}
        if len(point.found.by_seed) > 1:
            yield from ({**placed, "what": "seed", "value": value} for value in point.found.by_seed.values())

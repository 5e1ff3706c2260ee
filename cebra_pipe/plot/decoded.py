"""What figure 1 draws: decoded traces of some test trials, and the errors of all methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..data.recording import Recording
from ..data.table import Table
from .drawn import pick, stack
from .files import Source
from .paths import COLUMNS as PATHS
from .paths import path, points_of
from .shown import Study
from .summary import METHODS, Score, scores

COLUMNS = {
    "panel": str,  # trace | plane | error | absent
    "recording": str,
    "title": str,
    "series": str,  # condition or baseline
    "kind": str,  # condition | control | baseline
    "label": str,  # or point
    "metric": str,
    "unit": str,
    "fold": int,
    "seed": int,
    "trial": int,
    "sample": int,
    "x": float,  # trace: seconds of shown test samples, laps closed up; plane: seconds from a stretch's beginning
    "truth": float,
    "decoded": float,
    **PATHS,
    "class_label": str,
    "true_class": int,
    "decoded_class": int,
    "true_name": str,  # of the class, where classes have names
    "decoded_name": str,
    "what": str,  # error: mean | seed (mean over folds) | fold (mean over seeds)
    "score": float,
    "low": float,  # 95 % over test trials
    "high": float,
    "chance": float,
    "floor": float,
    "p": float,
    "null_n": int,
    "note": str,
}
LONGEST = 1500  # samples of a trace: more cannot be told apart on a page


def rows(
    study: Study, recordings: Mapping[str, Recording], scored: Sequence[Source], traced: Sequence[Source]
) -> Table:
    """All that the figure draws, from the files of decode."""
    blocks: list[dict] = []
    read = [(source, list(scores(source.read(), source.condition.control))) for source in scored]
    for name, recording in recordings.items():
        about = {"recording": name, "title": study.recordings[name]}
        main = study.main(name)
        traces = [s for s in traced if main and (s.condition, s.unit) == main]
        found = [*_trace(study, recording, name, traces), *_errors(name, read, main)]
        blocks += [{**about, **block} for block in found]
    return stack(COLUMNS, blocks)


def _trace(study: Study, recording: Recording, name: str, traced: list[Source]) -> Iterator[dict]:
    continuous, discrete = study.colors(recording)
    table = pick(traced[0].read(), recording=name, method="embedding") if traced else None
    columns = table.columns if table is not None else {}
    if (points := points_of(columns)) and len(table):
        yield _plane(table, points, recording, traced[0], study.laps)
        return
    label = next((n for n in (continuous, discrete) if n and f"true.{n}" in columns), None)
    if label is None or not len(table):
        yield {
            "panel": "absent",
            "note": "no decoded label" if recording.labels else "this recording has no label to decode",
        }
        return
    table, first = _first(table)
    kept, note = _laps(table, study.laps)
    yield {
        "panel": "trace",
        "series": traced[0].condition.text,
        "kind": "condition",
        "label": label,
        "unit": recording.labels[label].unit,
        **first,
        "trial": kept["trial"],
        "sample": kept["sample"],
        "x": np.arange(len(kept)) / recording.rate,
        "truth": kept[f"true.{label}"],
        "decoded": kept[f"predicted.{label}"],
        "note": note,
        **_classes(kept, recording, discrete if label == continuous else None),
    }


def _plane(table: Table, points: Mapping[str, list[str]], recording: Recording, traced: Source, laps: int) -> dict:
    """The path of the first point, in place of a trace."""
    (point, axes), (table, first) = next(iter(points.items())), _first(table)
    about = {"panel": "plane", "series": traced.condition.text, "kind": "condition", "label": point}
    about |= {"unit": recording.labels[axes[0]].unit, **first}
    return about | path(table, point, axes, recording.rate, laps)


def _first(table: Table) -> tuple[Table, dict[str, int]]:
    """The rows of the first fold and seed, and which these are."""
    first = {name: int(table[name].min()) for name in ("fold", "seed")}
    return pick(table, **first), first


def _classes(table: Table, recording: Recording, discrete: str | None) -> dict:
    if discrete is None or f"true.{discrete}" not in table.columns:
        return {}
    true, decoded = (table[f"{what}.{discrete}"].astype(int) for what in ("true", "predicted"))
    names = np.array(recording.labels[discrete].classes, dtype=object)
    named = {"true_name": names[true], "decoded_name": names[decoded]} if len(names) else {}
    return {"class_label": discrete, "true_class": true, "decoded_class": decoded, **named}


def _laps(table: Table, laps: int) -> tuple[Table, str]:
    """Samples of some test trials, evenly spread over all of them, without padded samples; and what was left out."""
    trials = np.unique(table["trial"])
    chosen = trials[np.unique(np.linspace(0, len(trials) - 1, min(laps, len(trials))).round().astype(int))]
    mine = table.where(np.isin(table["trial"], chosen))
    padded = int(mine["padded"].sum())
    mine = mine.where(~mine["padded"])
    shown = f"{len(chosen)} of {len(trials)} test trials, evenly spread" if len(trials) > 1 else "test samples in order"
    note = f"{shown}; {padded} padded samples left out"
    if len(mine) > LONGEST:
        note += f"; first {LONGEST} of {len(mine)} samples"
        mine = mine.where(np.arange(len(mine)) < LONGEST)
    return mine, note


def _errors(name: str, read: Sequence[tuple[Source, list[Score]]], main: tuple | None) -> Iterator[dict]:
    """The errors of every condition, then of the baselines of the main one: same windows, same samples."""
    mine = [(source, score) for source, found in read for score in found if score.recording == name]
    for source, score in mine:
        if score.method == "embedding":
            kind = "control" if source.condition.control else "condition"
            yield from _points(source.condition.text, kind, score)
    for method, text in METHODS.items():
        for source, score in mine:
            if score.method == method != "embedding" and (source.condition, source.unit) == main:
                yield from _points(text, "baseline", score)


def _points(series: str, kind: str, score: Score) -> Iterator[dict]:
    shared = {
        "panel": "error",
        "series": series,
        "kind": kind,
        "label": score.label,
        "metric": score.metric,
        "unit": score.unit,
        "chance": score.chance,
        "floor": score.floor,
    }
    p = {"p": np.nan, "null_n": 0} if score.no_p else {"p": score.p, "null_n": score.null_n}
    mean = {"what": "mean", "score": score.mean, "low": score.low, "high": score.high}
    yield {**shared, **p, **mean, "note": score.no_p or score.note}
    for what, spread in (("seed", score.by_seed), ("fold", score.by_fold)):
        yield {**shared, "what": what, what: list(spread), "score": np.array(list(spread.values()))}

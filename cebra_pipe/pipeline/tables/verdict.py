"""Rows of the table `verdict`: for each held-out score what speaks for it, and what to know before it is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ...data.table import Table, read_table
from ...plot.drawn import pick
from ...plot.files import Source, histories, of_units, transfers
from ...plot.held_out import by_fold_and_seed, held_out_bits
from ...plot.judged import COLUMNS
from ...plot.known import mean, of_all, or_nan, ranges
from ...plot.named import comparisons, named, splits
from ...plot.shown import OWN_TRIAL, Condition, Study
from ...plot.summary import METHODS, SIGNED, Score, scores
from ..jobs.job import Job
from . import enough, tested
from . import new_recordings as new
from .against import (
    beside,
    beside_value,
    named_in_config,
    of_refit,
    of_shifts,
    refit_of,
    rivals_of,
    stricter,
    without,
)
from .endings import ending, temperature_of
from .noted import all_loaded, concerning, points_of
from .spread import collapse, first_padded, left_out, nearness, widths
from .worded import behind_in, compared, judged, sides

NOT_RUN = "not run"  # of enough_data
ALPHA = 0.05  # where the study names no primary tests
Row = dict[str, object]


@dataclass(frozen=True, eq=False)
class Files:
    """What the table is made from."""

    study: Study
    tests: Mapping
    scores: Sequence[Source]
    histories: Sequence[Source]
    embeddings: Sequence[Source]
    splits: Mapping[str, Table]
    loaded: Mapping[str, Row]  # recording -> the share of its samples that loading left out, and its notes
    consistency: Sequence[tuple[Mapping[str, str], Mapping]]  # comparison, summary of its held-out map
    transfers: Sequence[Source]
    adapted: new.Adapted
    enough: Mapping[tuple, str]  # (condition, unit, (recording, score, label)) -> whether there is enough data

    @cached_property
    def refits(self) -> list[Row]:
        return [row for row in tested.rows(self.study, self.tests, self.scores, self.histories)]

    @property
    def alpha(self) -> float:
        return self.tests["alpha"] or ALPHA

    def of(self, sources: Sequence[Source], condition: Condition, unit: str) -> list[Source]:
        return [s for s in sources if (s.condition.name, s.unit) == (condition.name, unit)]


def files(job: Job, study: Study) -> Files:
    """Of a job of the stage tables or figures."""
    scored, embedded = (
        of_units(study, job.files(role), stage) for role, stage in (("scores", "decode"), ("embeddings", "transform"))
    )
    return Files(
        study,
        job.spec["tests"],
        scored,
        histories(study, job.files("histories")),
        embedded,
        splits(study, job.files("splits")),
        all_loaded(named(study, job.files("recordings"), "recordings")),
        [(entry, _held_out(path)) for entry, path in comparisons(study, job.files("consistency"))],
        transfers(study, job.files("transfer")),
        new.adapted(study, job),
        enough.cells(enough.curves(job, study)),
    )


def _held_out(path: Path) -> Mapping:
    meta = read_table(path, stage="consistency").meta
    return {**((meta.get("summary") or {}).get("held_out") or {}), "doubts": meta.get("doubts") or []}


def rows(files: Files) -> Iterator[Row]:
    """One row per condition, recording and held-out score; controls have none: they are the null of others."""
    for row in _rows(files):
        whole = {"ceiling_bits": np.nan} | row  # bits alone have one
        yield {name: whole[name] for name in COLUMNS}


def _rows(files: Files) -> Iterator[Row]:
    for condition in (k for k in files.study.conditions if not k.control):
        for unit, members in condition.units.items():
            yield from _unit(files, condition, unit, members)
    for source in (s for s in files.transfers if not s.condition.control):
        points = points_of([source])
        for row in new.rows(source, files.adapted, files.splits, files.alpha):
            named = {"title": f"{files.study.recordings[row['recording']]}, left out", "enough_data": NOT_RUN}
            yield row | named | concerning(files.loaded[row["recording"]], source.condition, row["label"], points)
    for entry, summary in files.consistency:
        condition = next((k for k in files.study.conditions if k.name == entry["condition"]), None)
        if condition and not condition.control:
            yield _compared(files, condition, entry, summary)


def _unit(files: Files, condition: Condition, unit: str, members: Sequence[str]) -> Iterator[Row]:
    fits = [(source, source.read()) for source in files.of(files.histories, condition, unit)]
    ended, temperature = ending([table for _, table in fits]), temperature_of([table for _, table in fits])
    embedding = files.of(files.embeddings, condition, unit)[0].read()
    spread = widths(embedding, files.splits, condition.similarity, temperature)
    sources = files.of(files.scores, condition, unit)
    decoded, points = [source.read() for source in sources], points_of(sources)
    for name in members:
        found = [*_bits(files, condition, unit, name, fits)]
        found += [row for table in decoded for row in _decoded(files, condition, unit, pick(table, recording=name))]
        about = {"condition": condition.name, "condition_title": condition.text, "unit_of_fit": unit}
        about |= {"recording": name, "title": files.study.recordings[name]}
        shares = left_out(first_padded(embedding, name), files.splits[name]) | nearness(files.splits[name])
        for row in found:
            cell = files.enough.get((condition.name, unit, (name, row["score"], row["label"])), NOT_RUN)
            told = concerning(files.loaded[name], condition, row["label"], points)
            yield {**about, **row, **ended, **collapse(spread[name]), **shares, **told, "enough_data": cell}


# ---- goodness of fit -------------------------------------------------------------------------------------------------
def _bits(
    files: Files, condition: Condition, unit: str, name: str, fits: Sequence[tuple[Source, Table]]
) -> Iterator[Row]:
    """One row an objective: the mean over folds and seeds, or of the first seed where refits are set against it."""
    found = {objective: values for (session, objective), values in held_out_bits(fits).items() if session == name}
    for objective, values in found.items():
        by_fold, by_seed = by_fold_and_seed(values)
        all_of_it = of_all(values.values())
        real = {"score": "bits", "label": objective, "metric": "bits", "unit": "bits"}
        real |= {"in_sample": "no", "real": all_of_it, "low": np.nan, "high": np.nan}
        real["ceiling_bits"] = mean(v for _, fit in fits for v in _ceilings(fit, name, objective))
        refit = refit_of(files.refits, (condition.name, unit, name), "bits", objective)
        null = of_refit(refit) if refit else without("no control of this condition", np.nan)
        rivals = {"a constant embedding": ((real | null)["real"], 0.0)}
        told = sides(None, null if refit else None, rivals, files.alpha, sign=1)
        told |= ranges(by_seed.values(), by_fold.values())
        if condition.takes_own_trial(objective):
            told["in_words"] = "; ".join(filter(None, (told["in_words"], OWN_TRIAL)))
        yield judged(real | null | told | beside(None), files.alpha, sign=1)


def _ceilings(history: Table, name: str, objective: str) -> np.ndarray:
    return pick(history, kind="score", part="test", session=name, objective=objective)["ceiling"]


# ---- decoding --------------------------------------------------------------------------------------------------------
def _decoded(files: Files, condition: Condition, unit: str, table: Table) -> Iterator[Row]:
    """One row a label: kNN on the embedding, against shifts at scoring and its refits; the stricter of them counts."""
    mine = list(scores(table))
    for score in (s for s in mine if s.method == "embedding"):
        sign = SIGNED[score.metric].sign
        found = refit_of(files.refits, (condition.name, unit, score.recording), "decoding", score.label)
        decoder, refit = of_shifts(score), of_refit(found) if found else None
        null = stricter(decoder, refit)
        real = {"score": "decoding", "label": score.label, "metric": score.metric, "unit": score.unit}
        shown = _of_first_seed(table, score.label) if null is refit else score
        best, rivals = rivals_of(shown, mine, METHODS, METHODS)
        real |= {"in_sample": "no", "real": shown.mean, "low": shown.low, "high": shown.high}
        nulls = _beside(decoder, refit, null, shown, len(score.by_seed))
        told = sides(*nulls, rivals, files.alpha, sign, *behind_in(shown))
        told |= ranges(score.by_seed.values(), score.by_fold.values()) | best
        yield judged(real | null | named_in_config(refit) | told, files.alpha, sign)


def _beside(decoder: Row, refit: Row | None, null: Row, shown: Score, seeds: int) -> tuple[Row, Row | None]:
    """Both nulls beside the value that the row shows: of several seeds one has its p of another."""
    if refit is None or seeds < 2:
        return decoder, refit
    if null is refit:
        return beside_value(decoder, shown.mean, shown.null_median, "all seeds"), refit
    return decoder, beside_value(refit, shown.mean, refit["null_median"], "the first seed")


def _of_first_seed(table: Table, label: str) -> Score:
    """What refits are set against, as in `tested`: each of their draws is one fit of each fold."""
    mine = pick(table, method="embedding", label=label)
    (found,) = scores(mine.where(mine["seed"] == mine["seed"][np.isfinite(mine["score"])].min()))
    return found


# ---- consistency -----------------------------------------------------------------------------------------------------
def _compared(files: Files, condition: Condition, entry: Mapping[str, str], summary: Mapping) -> Row:
    """One row a comparison: the mean of the held-out map over pairs."""
    null, real = np.asarray(summary.get("null") or [], float), or_nan(summary.get("mean"))
    median = float(np.median(null)) if len(null) else np.nan
    about = {"condition": condition.name, "condition_title": condition.text, "unit_of_fit": "", "recording": ""}
    about |= {"title": entry.get("title") or entry["name"], "score": "consistency", "label": entry["name"]}
    about |= {"metric": "R²", "unit": "", "in_sample": "no", "real": real, "low": np.nan, "high": np.nan}
    tried = {"null": "shifts of every recording", "effect": real - median, "p": or_nan(summary.get("p"))}
    tried |= {"null_n": len(null), "why_no_p": summary.get("note") or ""}
    fits = [s.read() for unit in condition.units for s in files.of(files.histories, condition, unit)]
    nowhere = dict.fromkeys(("gap_share", "padded_share", "dropped_share", "apart_s"), np.nan) | {
        "too_near": "",
        "doubts": "; ".join(summary["doubts"]),
    }
    null_of = without(summary.get("note") or "no null", median) | (tried if len(null) else {})
    spread = collapse([w for unit in condition.units for w in _widths(files, condition, unit, fits)])
    told = ranges([], []) | sides(None, None, {}, files.alpha, sign=1) | compared([null_of], {}, files.alpha, sign=1)
    row = judged(about | null_of | told | beside(None), files.alpha, sign=1)
    return {**row, **ending(fits), **spread, **nowhere, "enough_data": NOT_RUN}


def _widths(files: Files, condition: Condition, unit: str, fits: Sequence[Table]) -> list:
    embedding = files.of(files.embeddings, condition, unit)[0].read()
    found = widths(embedding, files.splits, condition.similarity, temperature_of(fits))
    return [each for mine in found.values() for each in mine]

"""Stage `tables`: the numbers behind the figures as csv, and the same unrounded with their provenance as json."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from ...data.alike import shared_neural
from ...data.seal import rows_digest
from ...data.table import Table, read_meta, read_table, replacing
from ...errors import Problem, UserError, did_you_mean
from ...plot import curves, transferred
from ...plot.drawn import distinct, number, pick
from ...plot.files import Source, histories, of_units, transfers
from ...plot.known import mean, of_all, or_nan, ranges
from ...plot.named import comparisons, named, recordings, splits
from ...plot.numbers import about
from ...plot.shown import Study
from ...plot.summary import METHODS, Score, remarks, scores
from ..jobs.job import Job, say
from ..tables import contrasts, enough, tested, verdict

DIGITS = 4
Row = dict[str, object]


# ---- decoding --------------------------------------------------------------------------------------------------------
def _decoding(job: Job, study: Study) -> Iterator[Row]:
    """One row per recording, condition, method and label."""
    sources = of_units(study, job.files("scores"), "decode")
    found = [(source, score) for source in sources for score in scores(source.read(), source.condition.control)]
    for name in study.recordings:
        yield from (_decoded(study, source, score) for source, score in found if score.recording == name)


def _decoded(study: Study, source: Source, score: Score) -> Row:
    return {
        "recording": score.recording,
        "title": study.recordings[score.recording],
        "condition": source.condition.name,
        "condition_title": source.condition.text,
        "unit_of_fit": source.unit,
        "method": score.method,
        "method_title": METHODS.get(score.method, score.method),
        "label": score.label,
        "metric": score.metric,
        "unit": score.unit,
        "label_unit": score.label_unit,
        "in_sample": "no",
        "score": score.mean,
        "low": score.low,  # 2.5 % over draws of test trials
        "high": score.high,  # 97.5 %
        "trials": score.n_trials,
        **ranges(score.by_seed.values(), score.by_fold.values()),
        "chance": score.chance,
        "floor": score.floor,
        "null_median": score.null_median,
        "effect": score.mean - score.null_median,
        "p": score.p,
        "null_n": score.null_n,
        "null_effective": score.null_effective,
        "n_test": score.n_test,
        "n_padded": score.n_padded,
        "score_with_padded": score.with_padded,
        "note": remarks(score),
    }


# ---- goodness of fit -------------------------------------------------------------------------------------------------
def _goodness_of_fit(job: Job, study: Study) -> Iterator[Row]:
    """One row per condition, unit, session, objective and part: the mean over folds and seeds."""
    groups: dict[tuple, list[tuple[Source, Row]]] = {}
    for source in histories(study, job.files("histories")):
        for row in pick(source.read(), kind="score").rows():
            key = (source.condition.name, source.unit, row["session"], row["objective"], row["part"])
            groups.setdefault(key, []).append((source, row))
    yield from (_fitted(study, rows) for rows in groups.values())


def _fitted(study: Study, rows: list[tuple[Source, Row]]) -> Row:
    (source, first), condition = rows[0], rows[0][0].condition
    by = {name: _by(rows, name) for name in ("seed", "fold")}
    return {
        "condition": condition.name,
        "condition_title": condition.text,
        "unit_of_fit": source.unit,
        "session": first["session"],
        "title": study.recordings.get(first["session"], first["session"]),
        "objective": first["objective"],
        "positives": "time" if first["objective"] == "time" else condition.positives,
        "own_trial": "yes" if condition.takes_own_trial(first["objective"]) else "no",  # yes: bits are higher by it
        "similarity": condition.similarity,
        "temperature": mean(r["temperature"] for _, r in rows),
        "dimension": condition.dimension,
        "part": first["part"],
        "in_sample": "yes" if str(first["part"]).startswith("train") else "no",
        "loss_nats": of_all(r["loss"] for _, r in rows),
        "bits": of_all(r["bits"] for _, r in rows),
        **ranges(by["seed"], by["fold"]),
        "chance_nats": mean(r["chance"] for _, r in rows),
        "ceiling_bits": mean(r["ceiling"] for _, r in rows),
        "draws": int(first["draws"]),
    }


def _by(rows: list[tuple[Source, Row]], name: str) -> list[float]:
    values = sorted({getattr(source, name) for source, _ in rows})
    return [of_all(r["bits"] for source, r in rows if getattr(source, name) == v) for v in values]


# ---- consistency -----------------------------------------------------------------------------------------------------
def _consistency(job: Job, study: Study) -> Iterator[Row]:
    """One row per comparison and definition."""
    for entry, path in comparisons(study, job.files("consistency")):
        table = read_table(path, stage="consistency")
        for definition, summary in (table.meta.get("summary") or {}).items():
            told = "; ".join(table.meta.get("doubts") or [])
            yield _compared(entry, definition, summary, pick(table, definition=definition)) | {"doubts": told}


def _compared(entry: Mapping[str, str], definition: str, summary: Mapping, rows: Table) -> Row:
    null = np.asarray(summary.get("null") or [], float)
    low, high = np.percentile(null, [2.5, 97.5]) if len(null) else (np.nan, np.nan)
    draws = int(summary.get("null_n") or 0)
    return {
        "comparison": entry["name"],
        "title": entry.get("title") or entry["name"],
        "condition": entry.get("condition", ""),
        "between": entry.get("between", ""),
        "definition": definition,
        "in_sample": "no" if definition == "held_out" else "yes",
        "mean_r2": or_nan(summary.get("mean")),
        "mean_r2_with_padded": or_nan(summary.get("mean_with_padded")),
        "pairs": int(summary.get("pairs") or 0),
        "null_mean": float(null.mean()) if len(null) else np.nan,
        "null_low": low,  # 2.5 %
        "null_high": high,  # 97.5 %
        "null_n": draws,
        "null_effective": or_nan(summary.get("null_effective")),
        "p": or_nan(summary.get("p")),
        "coverage": mean(rows["coverage"]),
        "recordings": len(set(distinct(rows["from"])) | set(distinct(rows["to"]))),
        "note": summary.get("note") or "",
    }


# ---- recordings ------------------------------------------------------------------------------------------------------
def _recordings(job: Job, study: Study) -> Iterator[Row]:
    """One row per recording."""
    parts = splits(study, job.files("splits"))
    for name, recording in recordings(study, job.files("recordings")).items():
        row = about(recording, parts[name])
        yield {"recording": name, "title": study.recordings[name], **row, "counts": "yes" if row["counts"] else "no"}


# ---- between conditions and over animals -----------------------------------------------------------------------------
def _differences(job: Job, study: Study) -> Iterator[Row]:
    """One row per recording, label and pair of conditions or methods."""
    yield from contrasts.differences(study, of_units(study, job.files("scores"), "decode"))


def _population(job: Job, study: Study) -> Iterator[Row]:
    """One row per condition, method and label."""
    metas = {name: read_meta(path) for name, path in named(study, job.files("recordings"), "recordings").items()}
    same = shared_neural({name: meta["recording"] for name, meta in metas.items()})
    yield from contrasts.population(study, of_units(study, job.files("scores"), "decode"), same)


# ---- tests -----------------------------------------------------------------------------------------------------------
def _tests(job: Job, study: Study) -> Iterator[Row]:
    """One row per score, recording and pair of condition and control."""
    sources = of_units(study, job.files("scores"), "decode"), histories(study, job.files("histories"))
    yield from tested.rows(study, job.spec["tests"], *sources)


# ---- verdict ---------------------------------------------------------------------------------------------------------
def _verdict(job: Job, study: Study) -> Iterator[Row]:
    """One row per condition, recording and held-out score."""
    yield from verdict.rows(verdict.files(job, study))


# ---- recordings that were left out -----------------------------------------------------------------------------------
def _transfer(job: Job, study: Study) -> Iterator[Row]:
    """One row per condition, recording that was left out, share of its training part, method and label."""
    for source in transfers(study, job.files("transfer")):
        for share, samples, bins, score in transferred.read(source):
            row = _decoded(study, source, score)
            title = transferred.METHODS[score.method]
            yield row | {"method_title": title, "share": share, "n_adapt": samples, "common_bins": bins}


# ---- amounts of data -------------------------------------------------------------------------------------------------
def _enough_data(job: Job, study: Study) -> Iterator[Row]:
    """One row per condition, recording, score and amount of data."""
    yield from curves.rows(study, enough.curves(job, study))


TABLES: Mapping[str, Callable[[Job, Study], Iterator[Row]]] = {
    "verdict": _verdict,
    "recordings": _recordings,
    "decoding": _decoding,
    "goodness_of_fit": _goodness_of_fit,
    "consistency": _consistency,
    "tests": _tests,
    "differences": _differences,
    "population": _population,
    "transfer": _transfer,
    "enough_data": _enough_data,
}


def run(job: Job) -> None:
    """Write the table; nothing is written unless all of it could be made."""
    name = str(job.spec.get("table"))
    if name not in TABLES:
        raise UserError(Problem("table", "a known table", repr(name), did_you_mean(name, TABLES)))
    rows = list(TABLES[name](job, Study.of(job.spec)))
    shown = as_csv(rows).encode()
    whole = as_json(rows, job.provenance({"csv": hashlib.sha256(shown).hexdigest()})).encode()
    for kind, content in (("csv", shown), ("json", whole)):  # the witness last
        with replacing(job.outputs[kind]) as temporary:
            temporary.write_bytes(content)
    say(f"table {name}: {len(rows)} rows")


def as_csv(rows: list[Row]) -> str:
    """A header and a line a row; numbers with four significant digits, counts whole, empty where there is no value."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["empty"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: number(v, DIGITS) if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    return text.getvalue()


def as_json(rows: list[Row], provenance: Mapping[str, object]) -> str:
    """The rows as they are, with where they come from."""
    plain = [{k: None if isinstance(v, float) and v != v else v for k, v in row.items()} for row in rows]
    plain = json.loads(json.dumps(plain, ensure_ascii=False, allow_nan=False, default=float))
    held = {"provenance": {**provenance, "rows": rows_digest(plain)}, "rows": plain}
    return json.dumps(held, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False) + "\n"

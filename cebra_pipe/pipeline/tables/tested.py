"""Rows of the table `tests`: real fits against fits to shifted data, and the family of primary tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...data.table import Table
from ...plot.drawn import distinct, pick
from ...plot.files import Source
from ...plot.held_out import held_out_bits
from ...plot.shown import Study
from ...plot.summary import METHODS, SIGNED, shown_unit
from ...sklearn.families import by_maximum, holm
from ...sklearn.nulls import NO_P_METHODS, NO_REFITS, SMALLEST_NULL

Row = dict[str, object]
Fits = dict[tuple[str, str, tuple], dict[tuple[int, int], float]]  # (condition, unit, score) -> (fold, seed) -> value


@dataclass(frozen=True, eq=False)
class Tested:
    """One score of one recording with the draws of its null, more being better."""

    about: Row
    label: str  # bits, or the label that is decoded
    real: float
    null: np.ndarray  # (draw,)
    sign: int
    note: str

    @property
    def p(self) -> float:
        if self.note or not np.isfinite(self.real):
            return float("nan")
        return float((1 + (self.null >= self.real).sum()) / (1 + len(self.null)))


def rows(study: Study, tests: Mapping, scores: Sequence[Source], histories: Sequence[Source]) -> Iterator[Row]:
    """One row for each score, recording and pair of condition and control; primary tests with their corrected p."""
    found = [(entry, test) for entry in tests["pairs"] for test in _pair(study, entry, scores, histories)]
    family = [test for entry, test in found if _is_primary(study, entry, test)]
    corrected = dict(zip(map(id, family), _corrected(family, tests["shared"]), strict=True))
    for _, test in found:
        primary = id(test) in corrected
        yield {
            **test.about,
            "in_sample": "no",
            "real": test.sign * test.real,
            "null_median": test.sign * float(np.median(test.null)) if len(test.null) else np.nan,
            "effect": test.sign * (test.real - float(np.median(test.null))) if len(test.null) else np.nan,
            "p": test.p,
            "null_n": len(test.null),
            "primary": "yes" if primary else "no",
            "correction": ("maximum" if tests["shared"] else "Holm") if primary else "",
            "p_corrected": corrected.get(id(test), np.nan),
            "alpha": tests["alpha"] if primary else np.nan,
            "note": test.note,
        }


def _is_primary(study: Study, entry: Mapping, test: Tested) -> bool:
    """Of bits those of a recording, not pooled, and of a hybrid's two objectives that of the labels."""
    if test.label not in entry["primary"] or test.about["recording"] not in study.recordings:
        return False
    hybrid = next(k.hybrid for k in study.conditions if k.name == entry["condition"])
    of_labels = test.label == "bits" and not (hybrid and test.about["label"] == "time")
    return test.about["method"] == "embedding" or of_labels


def _corrected(family: Sequence[Tested], shared: bool) -> np.ndarray:
    """(test,) over the tests that have a p; NaN in the others."""
    p = np.array([test.p for test in family])
    held = [test for test in family if test.p == test.p]
    if held and shared:
        p[p == p] = by_maximum(np.array([test.real for test in held]), np.stack([test.null for test in held]))
    elif held:
        p[p == p] = holm(p[p == p])
    return p


def _pair(study: Study, entry: Mapping, scores: Sequence[Source], histories: Sequence[Source]) -> Iterator[Tested]:
    names = (entry["condition"], entry["control"])
    mine = [[s for s in sources if s.condition.name in names] for sources in (scores, histories)]
    reasons = NO_REFITS.get(entry["kind"], ())
    decoded, about, unlike = _decoding(mine[0], reasons)
    fitted = _fitted(mine[1], entry["condition"], reasons)
    yield from _tests(study, entry, *_bits(mine[1], entry), lambda unit, key: _of_bits(fitted, unit, key[0], study))
    if "decoding" in entry["scores"]:
        yield from _tests(study, entry, decoded, about, lambda unit, key: unlike.get((unit, key[0], key[2]), ""))


def _tests(study: Study, entry: Mapping, fits: Fits, about: Mapping, why_none: Callable) -> Iterator[Tested]:
    """The real value is that of the first seed, since each draw is one fit of each fold as well."""
    for (condition, unit, key), values in fits.items():
        draws = fits.get((entry["control"], unit, key), {})
        if condition != entry["condition"] or not draws:
            continue
        recording, method, label = key
        sign = about[key].get("sign", 1)
        null = np.array([_over_folds(draws, seed) for seed in sorted({seed for _, seed in draws})]) * sign
        named = {"condition": condition, "control": entry["control"], "unit_of_fit": unit, "recording": recording}
        named |= {"title": study.recordings.get(recording, recording), "score": "decoding" if method else "bits"}
        named |= {"method": method, "method_title": METHODS.get(method, ""), "label": label}
        named |= {name: about[key][name] for name in ("metric", "unit")}
        real = sign * _over_folds(values, min(seed for _, seed in values))
        few = "n too small for p" if len(null) < SMALLEST_NULL else ""
        lost = "" if np.isfinite([real, *null]).all() else "a fit has no finite score, no p"
        note = why_none(unit, key) or few or lost
        yield Tested(named, label if method else "bits", real, null, sign, note)


def _over_folds(values: Mapping[tuple[int, int], float], seed: int) -> float:
    return float(np.mean([value for (_, s), value in values.items() if s == seed]))


def _bits(histories: Sequence[Source], entry: Mapping) -> tuple[Fits, dict]:
    """Held-out bits; under shifted labels only those of the label objective, which alone reads them."""
    groups: dict[tuple[str, str], list[tuple[Source, Table]]] = {}
    for source in histories:
        groups.setdefault((source.condition.name, source.unit), []).append((source, source.read()))
    fits = {
        (*group, (session, "", objective)): values
        for group, tables in groups.items()
        for (session, objective), values in held_out_bits(tables).items()
        if (entry["kind"], objective) != ("circular_shift", "time")
    }
    return fits, {key: {"metric": "bits", "unit": "bits"} for *_, key in fits}


def _decoding(scores: Sequence[Source], reasons: Sequence[str]) -> tuple[Fits, dict, dict]:
    """Scores of every method that reads neural data, and for which of the reasons labels have no null."""
    fits, about, unlike = {}, {}, {}
    for source in scores:
        for row in _scored(source.read()):
            key = (row["recording"], row["method"], row["label"])
            scale, unit = shown_unit(row["unit"], row["metric"])
            about[key] = {"metric": row["metric"], "unit": unit, "sign": SIGNED[row["metric"]].sign}
            mine = fits.setdefault((source.condition.name, source.unit, key), {})
            mine[row["fold"], row["seed"]] = scale * row["score"]
            if why := next((each for each in reasons if each in row["note"]), ""):
                unlike[source.unit, row["recording"], row["label"]] = why
    return fits, about, unlike


def _scored(table: Table) -> Iterator[Row]:
    for method in (m for m in distinct(table["method"]) if m not in NO_P_METHODS):
        yield from (row for row in pick(table, method=method).rows() if np.isfinite(row["score"]))


def _fitted(histories: Sequence[Source], condition: str, reasons: Sequence[str]) -> dict[tuple[str, str], str]:
    """(unit, recording) -> for which of the reasons a label that was fitted has no null, decoded or not."""
    return {
        (source.unit, name): why
        for source in histories
        if source.condition.name == condition
        for name, labels in source.read([]).meta["without_null"].items()
        for why in labels.values()
        if why in reasons
    }


def _of_bits(fitted: Mapping[tuple[str, str], str], unit: str, recording: str, study: Study) -> str:
    """Of bits in one recording, or pooled over those of its unit."""
    names = {recording} if recording in study.recordings else set(study.recordings)
    return next((why for (u, name), why in fitted.items() if u == unit and name in names), "")

"""Rows of decoded scores with their nulls, and the decoded traces: what a decoding leaves as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.parts import content
from ..data.shifts import Shifts, circular_shifts
from ..data.table import Table
from ..streams import generator
from .bayes import unsuited
from .bootstrap import interval, resampled_scores, samples_key, trial_draws
from .nulls import METRICS, PERIODIC, SMALLEST_NULL, TOO_SLOW, null_scores, p_value, why_no_p
from .points import quantisation_floor
from .tasks import Decoded, Task

TRACED = ("embedding", "naive_bayes", "window_knn")
SCORES: Mapping[str, object] = {
    **{"recording": str, "fold": np.int16, "seed": np.int32, "method": str, "label": str, "metric": str, "unit": str},
    **dict.fromkeys(("score", "valid_score", "chance", "floor"), np.float64),
    **dict.fromkeys(("k", "n_train", "n_valid", "n_test", "n_padded"), np.int32),
    **{"score_with_padded": np.float64, "null": list, "null_median": np.float64, "null_n": np.int32},
    **{"null_effective": np.float64, "p": np.float64, "note": str},
    **{"low": np.float64, "high": np.float64, "n_trials": np.int32, "draws": list, "samples": str},
}
# A method that says nothing of a label or point; its note says why.
UNDECODED = {
    **dict.fromkeys(("score", "valid_score", "score_with_padded", "null_median", "null_effective", "p"), np.nan),
    **{"low": np.nan, "high": np.nan, "draws": ()},
    **{"k": -1, "null": (), "null_n": 0},
}


@dataclass(frozen=True)
class Result:
    """One method on one task: what becomes of each label and point; nothing where the method does not apply."""

    method: str
    fold: int
    seed: int
    decoded: Mapping[str, Decoded]


def label_shifts(task: Task, name: str, draws: int, study_seed: int) -> Shifts:
    """The circular shifts of one label or point: a function of the recording's labels, time and the seed.

    The coordinates of a point are shifted together. None where the label, or one of them, repeats or is too slow.
    """
    stream = generator("shift", study_seed, content(task.recording, neural=False))
    inside = np.flatnonzero(task.samples.inside)
    moved = {member: task.label(member) for member in task.members(name)}
    found = circular_shifts(moved, task.recording.rate, inside, stream)
    return found.none() if found.periodic or found.slow else found.first(draws)


def score_rows(
    recording: str, task: Task, results: Sequence[Result], draws: int, study_seed: int, control: str | None = None
) -> Iterator[dict]:
    """One row of SCORES for each result and label or point; all methods share its shifts."""
    (chance,) = (result.decoded for result in results if result.method == "constant")
    shifts = {name: label_shifts(task, name, draws, study_seed) for name in task.targets}
    trials, owner = trial_draws(task.recording, task.samples.test, study_seed)
    scored_on = {"n_trials": trials.shape[1], "samples": samples_key(task.recording, task.samples.test)}
    for result in results:
        named = {"recording": recording, "fold": result.fold, "seed": result.seed, "method": result.method}
        for name in task.targets:
            decoded = result.decoded.get(name)
            no_p = why_no_p(control, result.method)
            scored = (
                _scored(task, name, decoded, shifts[name], draws, no_p)
                if decoded
                else UNDECODED | {"note": unsuited(task, name)}
            )
            spread = _spread(task, name, decoded, trials, owner) if decoded else {}
            yield named | _of_label(task, name) | {"chance": chance[name].score} | scored_on | scored | spread


def _of_label(task: Task, name: str) -> dict:
    label, samples = task.target(name), task.samples
    return {
        "label": name,
        "metric": METRICS[label.kind].name,
        "unit": label.unit,
        "floor": quantisation_floor(label),
        "n_train": len(samples.train),
        "n_valid": len(samples.valid),
        "n_test": len(samples.test),
        "n_padded": len(samples.padded),
    }


def _scored(task: Task, name: str, decoded: Decoded, shifts: Shifts, draws: int, no_p: str) -> dict:
    label, samples = task.target(name), task.samples
    metric = METRICS[label.kind]
    null = null_scores(metric, label, np.flatnonzero(samples.inside), samples.test, decoded.test, shifts.values)
    return {
        "score": decoded.score,
        "valid_score": decoded.valid_score,
        "score_with_padded": decoded.score_with_padded,
        "k": decoded.k,
        "null": null,
        "null_median": float(np.median(null)) if len(null) else np.nan,
        "null_n": len(null),
        "null_effective": shifts.effective,
        "p": np.nan if no_p else p_value(metric, decoded.score, null),
        "note": "; ".join(filter(None, (decoded.note, no_p, null_note(shifts, draws)))),
    }


def _spread(task: Task, name: str, decoded: Decoded, trials: np.ndarray, owner: np.ndarray) -> dict:
    """The score over draws of test trials, and their middle 95 %."""
    label = task.target(name)
    draws = resampled_scores(label, label.values[task.samples.test], decoded.test, trials, owner)
    low, high = interval(draws)
    return {"draws": draws, "low": low, "high": high}


def null_note(shifts: Shifts, wanted: int) -> str:
    """What a reader must know of a null that is smaller than it should be."""
    if shifts.periodic or shifts.slow:
        return PERIODIC if shifts.periodic else TOO_SLOW
    if not wanted:
        return "no null"
    drawn = len(shifts.values)
    few = f"only {drawn} shifts keep away from none" if drawn < wanted else ""
    return "; ".join(filter(None, (few, "n too small for p" if drawn < SMALLEST_NULL else "")))


def trace(recording: str, task: Task, result: Result) -> dict[str, np.ndarray]:
    """Columns of the test samples in the order of time: truth and prediction, NaN where the method gives none.

    Those of a point are `true.{point}.{label}` and `predicted.{point}.{label}`.
    """
    samples = task.samples
    index = np.concatenate([samples.test, samples.padded])
    order = np.argsort(index)
    size, about = len(index), {"recording": recording, "method": result.method}
    columns = {name: np.full(size, value, dtype=object) for name, value in about.items()}
    columns |= {"fold": np.full(size, result.fold, np.int16), "seed": np.full(size, result.seed, np.int32)}
    columns |= {"sample": index[order].astype(np.int32), "time": task.recording.time[index[order]]}
    columns |= {"trial": task.recording.trial[index[order]], "padded": (order >= len(samples.test))}
    for name in task.targets:
        true = task.target(name).values[index[order]].astype(np.float64)
        predicted = _predicted(result.decoded.get(name), samples.test, true.shape)[order]
        for what, values in (("true", true), ("predicted", predicted)):
            axes = zip(task.points[name], values.T, strict=True) if name in task.points else ()
            columns |= {f"{what}.{name}.{axis}": each for axis, each in axes} or {f"{what}.{name}": values}
    return columns


def _predicted(decoded: Decoded | None, test: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Of test, then of padded samples."""
    values = np.full(shape, np.nan)
    if decoded is not None:
        values[: len(test)] = decoded.test
        if decoded.padded is not None:
            values[len(test) :] = decoded.padded
    return values


def joined(traces: Sequence[Mapping[str, np.ndarray]]) -> Table:
    """Traces below each other."""
    return Table({name: np.concatenate([one[name] for one in traces]) for name in traces[0]})

"""The smallest p that the nulls of a config can reach, and of which labels there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from ..data.recording import Recording
from ..sklearn.nulls import PERIODIC, SMALLEST_NULL
from .config import refit
from .config.condition import TrainingConfig
from .config.points import decoded as decoded_of
from .config.study import Resolved
from .jobs.controlled import without_null


def lines(study: Resolved, recordings: Mapping[str, Recording]) -> Iterator[str]:
    """What `check` tells of each null of the study."""
    why = _looked_at(recordings, study.config.decode.points or {})
    yield from _decoder(study, why)
    for name, comparison in study.comparisons.items():
        if comparison.between == "recordings" and comparison.shifts < SMALLEST_NULL:
            yield f"warning: comparisons.{name}: {comparison.shifts} shifts are too few for p"
    yield from refit.lines(study, _refitted(study, why))


Why = Callable[[TrainingConfig, str, str], str]  # of a condition, recording and score; empty where there is a null


def _looked_at(recordings: Mapping[str, Recording], points: Mapping[str, Sequence[str]]) -> Why:
    """Why shifts of a label, or of one of a point, are no null, each looked at once for all conditions alike."""

    @cache
    def why(recording: str, name: str, **windows: object) -> str:
        members = points.get(name, [name])
        found = without_null(windows, members, recordings[recording])
        reasons = [found[member] for member in members if member in found]
        return max(reasons, key=lambda reason: reason == PERIODIC, default="")  # as a decoding notes it

    return lambda training, recording, label: why(
        recording, label, model=training.model, causal=training.causal, windows=training.windows
    )


def _decoder(study: Resolved, why: Why) -> Iterator[str]:
    n, decoded = study.config.decode.shifts, {}  # label -> (recording, condition) -> why there is no null
    for k in (k for k in study.conditions.values() if not k.control):
        for members in k.units.values():
            for label in decoded_of(study, members):
                told = {(name, k.name): why(k.training, name, label) for name in members}
                decoded.setdefault(label, {}).update(told)
    if not decoded:
        return
    some = [label for label, of in decoded.items() if not all(of.values())]
    few = " (too few for p)" if n < SMALLEST_NULL else ""
    told = f"smallest p {1 / (n + 1):.2g}{few}, of {', '.join(some)}" if some else "no p"
    yield f"decoder null: {n} shifts, {told}"
    for label, of in decoded.items():
        for reason in dict.fromkeys(filter(None, of.values())):
            yield f"  {label} in {', '.join(_places(of, reason))}: {reason}"


def _places(of: Mapping[tuple[str, str], str], reason: str) -> Iterator[str]:
    """Recordings that a reason holds in, with the conditions where it does not hold for all: their windows differ."""
    for recording in dict.fromkeys(name for name, _ in of):
        mine = {condition: text == reason for (name, condition), text in of.items() if name == recording}
        some = "" if all(mine.values()) else f" ({', '.join(condition for condition, holds in mine.items() if holds)})"
        if any(mine.values()):
            yield f"{recording}{some}"


def _refitted(study: Resolved, why: Why) -> refit.Found:
    """Of the conditions of primary tests: labels of which shifts are no null, fitted or decoded."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for pair, test in refit.primary(study):
        for name in pair.real.recordings:
            labels = dict.fromkeys([*pair.real.labels, *(score for score in test.scores if score != "bits")])
            told = {label: why(pair.real.training, name, label) for label in labels}
            found.setdefault((pair.real.name, name), {}).update({label: text for label, text in told.items() if text})
    return found

"""Recordings of a study that hold the same neural data: numbers between them would be those of one recording."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from ..data.recording import Recording
from ..data.sources import sources
from ..errors import Problems
from .config.study import Resolved

REMEDY = "Mend the file or the columns of one, or name `recordings` in the condition and leave one out."


def check_twins(study: Resolved, recordings: Mapping[str, Recording], problems: Problems) -> Iterator[str]:
    """A problem for each model and comparison that holds two of the same, and a line for those that meet in none."""
    for twins in _alike(recordings):
        found = f"the same neural data in {' and '.join(_named(study, name) for name in twins)}"
        places = [*_models(study, twins), *_comparisons(study, twins)]
        for place in places:
            problems.add(place, "each recording once", found, REMEDY)
        if not places:
            yield f"{found}: they are no two recordings"


def _alike(recordings: Mapping[str, Recording]) -> list[list[str]]:
    groups: dict[tuple, list[str]] = {}
    for name, recording in recordings.items():
        neural = np.ascontiguousarray(recording.neural)
        groups.setdefault((neural.shape, hashlib.sha256(neural.tobytes()).digest()), []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def _named(study: Resolved, name: str) -> str:
    entry = study.config.recordings[name]
    return f"{name} ({', '.join(sources(entry)) or f'simulate seed {entry.simulate.seed}'})"


def _models(study: Resolved, twins: list[str]) -> Iterator[str]:
    for name, condition in study.conditions.items():
        for unit, members in condition.units.items():
            if len(set(twins) & set(members)) > 1:
                yield f"conditions.{name}.units.{unit}"


def _comparisons(study: Resolved, twins: list[str]) -> Iterator[str]:
    for name, comparison in study.comparisons.items():
        compared = study.conditions[comparison.condition].recordings
        if comparison.between == "recordings" and len(set(twins) & set(compared)) > 1:
            yield f"comparisons.{name}"

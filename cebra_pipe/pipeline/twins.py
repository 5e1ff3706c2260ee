"""Recordings of a study that hold the same neural data: numbers between them would be those of one recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..data.alike import REMEDY, imprint, twins
from ..data.recording import Recording
from ..data.sources import sources
from ..errors import Problems
from .config.study import Resolved
from .planning.plan import Plan


def check_twins(plan: Plan, recordings: Mapping[str, Recording], problems: Problems) -> Iterator[str]:
    """A problem for each pair that meets in a model or a comparison, and a line for those that meet in none."""
    study = plan.study
    for pair in twins({name: imprint(one.neural, one.time) for name, one in recordings.items()}):
        found = pair.told([_named(study, name) for name in pair.names])
        places = [*_models(study, pair.names), *_comparisons(study, pair.names)]
        if places:
            where = ", ".join(f"recordings.{name}" for name in pair.names)
            problems.add(where, "each recording once", f"{found}, which meet in {', '.join(places)}", REMEDY)
        else:
            turned = [name for name in plan.aligned if set(pair.names) <= set(study.conditions[name].recordings)]
            aligned = f", but aligned as two in {', '.join(turned)}" * bool(turned)
            yield f"{found}: they are no two recordings{aligned}"


def _named(study: Resolved, name: str) -> str:
    entry = study.config.recordings[name]
    return f"{name} ({', '.join(sources(entry)) or f'simulate seed {entry.simulate.seed}'})"


def _models(study: Resolved, same: tuple[str, str]) -> Iterator[str]:
    for name, condition in study.conditions.items():
        for unit, members in condition.units.items():
            if len(set(same) & set(members)) > 1:
                yield f"conditions.{name}.units.{unit}"


def _comparisons(study: Resolved, same: tuple[str, str]) -> Iterator[str]:
    for name, comparison in study.comparisons.items():
        compared = study.conditions[comparison.condition].recordings
        if comparison.between == "recordings" and len(set(same) & set(compared)) > 1:
            named = name in (study.config.comparisons or {})  # else it is one that follows from the conditions
            yield (
                f"comparisons.{name}"
                if named
                else f"the comparison of the recordings of conditions.{comparison.condition}"
            )

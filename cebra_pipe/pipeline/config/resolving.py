"""How what a config leaves open is filled in: conditions from the defaults and the recordings, comparisons."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from ...errors import Problems, did_you_mean
from . import options as c
from .binned import has_bins
from .condition import DefaultsConfig, TrainingConfig
from .study import Condition, Resolved


def condition(study: c.Study, name: str, problems: Problems, where: str) -> Condition:
    given = study.conditions[name]
    shared, own = (
        {key: getattr(source, key) for key in DefaultsConfig.model_fields if key in source.model_fields_set}
        for source in (study.defaults, given)
    )
    options = {"together": False, **shared, **own}
    together = options.pop("together")
    recordings = tuple(given.recordings or study.recordings)
    for recording in recordings:
        if recording not in study.recordings:
            problems.add(
                f"{where}: conditions.{name}.recordings",
                "a recording of this study",
                repr(recording),
                did_you_mean(recording, study.recordings),
            )
    _each_once(recordings, f"{where}: conditions.{name}.recordings", problems)
    recordings = tuple(dict.fromkeys(r for r in recordings if r in study.recordings))
    return Condition(
        name=name,
        title=given.title or name,
        training=TrainingConfig(**options),
        labels=given.labels,
        positives=given.positives or _positives(study, given.labels, recordings),
        hybrid=given.hybrid,
        units=_units(given.units, recordings, study, f"{where}: conditions.{name}.units", problems),
        seeds=tuple(sorted(given.seeds)),  # their order says nothing; the first one is the smallest
        control=given.control,
        leave_one_out=given.leave_one_out,
        enough_data=given.enough_data,
        together=together,
    )


def _positives(study: c.Study, labels: Mapping[str, float], recordings: tuple[str, ...]) -> str:
    """Where nothing is said: time without labels, discrete for classes alone, time_delta else."""
    if not labels:
        return "time"
    infos = Resolved(study, {}, {}).labels(recordings[0]) if recordings else {}
    kinds = {infos[name].kind for name in labels if name in infos}
    return "discrete" if kinds == {"discrete"} else "time_delta"


def _units(
    given: Any, recordings: tuple[str, ...], study: c.Study, where: str, problems: Problems
) -> dict[str, tuple[str, ...]]:
    if given == "each":
        return {name: (name,) for name in recordings}
    if given == "joint":
        return {"joint": recordings}
    if not given or not all(given.values()):
        problems.add(where, "groups that have recordings", str(given), "Name recordings, or use each or joint.")
    for unit, members in given.items():
        if unit in study.recordings or c.RESERVED.fullmatch(unit):
            problems.add(
                where,
                "a name that is no recording and none of joint, pooled, without_…, minutes…_of_… or neurons…_of_…",
                repr(unit),
                "Rename the group.",
            )
        _each_once(members, f"{where}.{unit}", problems)
        for member in members:
            if member not in recordings:
                problems.add(
                    f"{where}.{unit}", "recordings of this condition", repr(member), did_you_mean(member, recordings)
                )
    _each_in_one(given, where, problems)
    return {unit: tuple(name for name in members if name in recordings) for unit, members in given.items()}


def _each_in_one(given: Mapping[str, Sequence[str]], where: str, problems: Problems) -> None:
    """What is aligned, compared and drawn names a recording by its condition: there is one model of it in each."""
    owners: dict[str, list[str]] = {}
    for unit, members in given.items():
        for member in dict.fromkeys(members):
            owners.setdefault(member, []).append(unit)
    for member, units in owners.items():
        if len(units) > 1:
            remedy = "Make a condition of each group (like: this one, other units)."
            problems.add(where, "each recording in one group", f"{member!r} in {' and '.join(units)}", remedy)


def _each_once(names: Sequence[str], where: str, problems: Problems) -> None:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        problems.add(where, "each recording once", f"{', '.join(map(repr, twice))} twice", "Remove one.")


def comparisons(study: Resolved) -> dict[str, c.ComparisonConfig]:
    """Those that make sense: between recordings where labels give bins, between runs of two seeds but for controls."""
    made: dict[str, c.ComparisonConfig] = {}
    for name, condition in study.conditions.items():
        several = len(condition.recordings) > 1 and len(study.rates(condition.recordings)) < 2
        if several and has_bins(study, None, condition.recordings):
            made[_free(f"{name[:29]}_recordings", made)] = c.ComparisonConfig(condition=name)
        if len(condition.seeds) > 1 and condition.control is None:  # a control's seeds are draws of a null
            made[_free(f"{name[:35]}_runs", made)] = c.ComparisonConfig(condition=name, between="runs")
    return made


def _free(name: str, taken: Container[str]) -> str:
    """`name`, or with a number where a long name was cut to another's."""
    found = (f"{name[: 40 - len(ending)]}{ending}" for ending in ("", *(f"_{i}" for i in range(2, 10_000))))
    return next(one for one in found if one not in taken)

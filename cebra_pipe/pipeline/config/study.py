"""A study with nothing left open: its conditions, their units, and what the labels of its recordings are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import options as c
from .condition import TrainingConfig
from .trial_numbers import trial_numbers


@dataclass(frozen=True)
class LabelInfo:
    """What the config says of a label, before any file is read."""

    kind: str
    unit: str
    period: float | None = None

    def __str__(self) -> str:
        around = f", period {self.period:g}" if self.period else ""
        return f"{self.kind} {self.unit or 'without unit'}{around}"


LEFT_OUT = "without_"  # and the recording: the unit of the others


def left_out(unit: str) -> str:
    """The recording that a unit of the others is without."""
    return unit.removeprefix(LEFT_OUT)


@dataclass(frozen=True)
class Portion:
    """Part of the data of a unit, to which a fit of its own is made."""

    unit: str
    of: str  # minutes | neurons
    share: float

    @property
    def name(self) -> str:
        """The unit of that fit. Its share is a part of the name: another share is another fit, not a changed one."""
        return f"{self.of}{round(100 * self.share)}_of_{self.unit}"


SIMULATED_RATE = 40.0  # samples per second
SIMULATED = {  # environment -> labels
    "track": {"position": LabelInfo("continuous", "m"), "direction": LabelInfo("discrete", "")},
    "open_field": {axis: LabelInfo("continuous", "m") for axis in "xy"},
}


@dataclass(frozen=True)
class Condition:
    """One condition with nothing left open."""

    name: str
    title: str
    training: TrainingConfig
    labels: Mapping[str, float]
    positives: str
    hybrid: bool
    units: Mapping[str, tuple[str, ...]]  # what is trained together: unit -> recordings
    seeds: tuple[int, ...]
    control: str | None
    leave_one_out: c.LeaveOneOutConfig | None = None
    enough_data: c.EnoughDataConfig | None = None
    together: bool = False

    @property
    def apart(self) -> str:
        """Why its seeds are no batch of models, whatever is asked for; empty where they can be one."""
        if self.control:
            return f"control: {self.control}"
        return f"seeds {list(self.seeds)}" if len(self.seeds) < 2 else ""

    def batched(self, unit: str) -> bool:
        """Whether the seeds of a unit are trained as one batch of models: those of a portion differ in their data."""
        return self.together and not self.apart and unit not in self.portions

    @property
    def without(self) -> dict[str, tuple[str, ...]]:
        """Unit -> the recordings that stay, where each recording is left out of its unit in turn."""
        units = self.units.values() if self.leave_one_out else ()
        return {f"{LEFT_OUT}{one}": tuple(n for n in unit if n != one) for unit in units for one in unit}

    @property
    def portions(self) -> dict[str, Portion]:
        """Unit of less data -> what it is of."""
        given = self.enough_data
        every = [(u, of, s) for u in self.units for of in given.of for s in sorted(given.shares)] if given else []
        return {one.name: one for one in (Portion(*each) for each in every)}

    @property
    def smallest(self) -> set[str]:
        """Of the portions of each unit and kind the one of the smallest share."""
        least: dict[tuple[str, str], str] = {}
        for name, one in self.portions.items():
            least.setdefault((one.unit, one.of), name)
        return set(least.values())

    @property
    def fitted(self) -> dict[str, tuple[str, ...]]:
        """Everything that a model is fitted to: units, units without a recording, and portions of units."""
        return {**self.units, **self.without, **{name: self.units[one.unit] for name, one in self.portions.items()}}

    @property
    def recordings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for members in self.units.values() for name in members))


@dataclass(frozen=True)
class Resolved:
    """The whole study, ready to be turned into jobs."""

    config: c.Study
    conditions: Mapping[str, Condition]
    comparisons: Mapping[str, c.ComparisonConfig]

    @property
    def folds(self) -> int:
        split = self.config.split
        return split.folds if split.scheme in c.FOLDED else 1

    def labels(self, recording: str) -> Mapping[str, LabelInfo]:
        """Labels of a recording as the config states them."""
        entry = self.config.recordings[recording]
        if entry.simulate:
            return SIMULATED[entry.simulate.environment]
        return {name: LabelInfo(label.kind, label.unit, label.period) for name, label in entry.labels.items()}

    def rates(self, recordings: tuple[str, ...]) -> set[float]:
        """The rates that the config states; a rate that follows from time stamps is not among them."""
        entries = [self.config.recordings[name] for name in recordings if name in self.config.recordings]
        return {entry.rate or SIMULATED_RATE for entry in entries if entry.rate or entry.simulate}

    def without_trial_numbers(self, labels: Iterable[str], recordings: Sequence[str]) -> list[str]:
        """Those of some labels that are no trial's number in any of the recordings."""
        numbers = trial_numbers(self.config.recordings, recordings)
        return [name for name in labels if name not in numbers]

    def usual_labels(self, recordings: tuple[str, ...]) -> list[str]:
        """The first continuous and the first discrete one of the labels that all share; trials' numbers are none."""
        shared = shared_labels(self, recordings)
        usual = self.without_trial_numbers(shared, recordings)
        first = {kind: next((n for n in usual if shared[n].kind == kind), None) for kind in ("continuous", "discrete")}
        return [name for name in first.values() if name]


def shared_labels(study: Resolved, recordings: tuple[str, ...]) -> dict[str, LabelInfo]:
    """Labels that every one of the recordings has, in the order of the first."""
    first, *others = [study.labels(name) for name in recordings]
    return {name: info for name, info in first.items() if all(other.get(name) == info for other in others)}


def unlike(study: Resolved, name: str, recordings: tuple[str, ...]) -> str:
    """What the recordings that have a label state of it, where that differs; empty where they agree."""
    found: dict[LabelInfo, list[str]] = {}
    for recording in recordings:
        if info := study.labels(recording).get(name):
            found.setdefault(info, []).append(recording)
    told = (f"{info} in {', '.join(names)}" for info, names in found.items())
    return "; ".join(told) if len(found) > 1 else ""


def decoded_labels(study: Resolved, recordings: tuple[str, ...]) -> list[str]:
    """The labels that are decoded: those of the config, else all that the recordings share but numbers of trials."""
    shared = shared_labels(study, recordings)
    asked = study.config.decode.labels or study.without_trial_numbers(shared, recordings)
    return [name for name in asked if name in shared]

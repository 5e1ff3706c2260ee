"""What figures and tables show: the recordings, conditions and comparisons of a study, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..data.recording import Recording

# What a figure calls each control.
CONTROLS = {
    "circular_shift": "circular shift (control)",
    "neuron_shift": "neurons shifted (control)",
    "trial_shuffle": "trials shuffled (control)",
    "permute_labels": "labels permuted (control)",
    "permute_neural": "neural permuted (control)",
}
# What is said of bits wherever a condition has `own_trial`: near in time is alike, whatever the label.
OWN_TRIAL = "scored on the own trial too, bits are higher"


@dataclass(frozen=True)
class Portion:
    """A fit to less data of a unit."""

    unit: str
    of: str  # minutes | neurons
    share: float


@dataclass(frozen=True)
class Condition:
    """What figures say of a condition."""

    name: str
    title: str = ""
    labels: tuple[str, ...] = ()
    positives: str = "time"
    hybrid: bool = False
    control: str | None = None
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # unit -> its recordings
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # unit without a recording -> the others
    portions: Mapping[str, Portion] = field(default_factory=dict)  # unit of less data -> what it is of
    seeds: tuple[int, ...] = ()
    temperature: float = 1.0
    similarity: str = "cosine"
    dimension: int = 3
    windows: str = "within"
    window: int = 0  # samples
    weights: tuple[float, ...] = ()  # of the labels
    time_offset: float | None = None  # seconds
    delta: float | None = None  # standard deviation of delta_normal
    own_trial: bool = False  # whether scores take positives of the reference's own trial
    alias: str = ""  # its name in figures where the usual one would fit another condition too

    @property
    def text(self) -> str:
        """Its name in a figure: a control says that it is one, whatever its title."""
        if self.alias:
            return self.alias
        name = CONTROLS.get(self.control, f"{self.control} (control)") if self.control else self.title or self.name
        return f"{name}, windows across borders" if self.windows == "across" else name

    def takes_own_trial(self, objective: str) -> bool:
        """Whether positives near their reference make bits of an objective higher; those in time are near by design."""
        return self.own_trial and objective != "time"

    def units_of(self, recording: str) -> list[str]:
        return [unit for unit, members in self.units.items() if recording in members]


@dataclass(frozen=True)
class Study:
    """What a figure or table is about."""

    recordings: Mapping[str, str]  # name -> title
    conditions: tuple[Condition, ...]
    comparisons: tuple[Mapping[str, str], ...] = ()  # name, title, condition, between
    continuous: str | None = None  # the label that is drawn as position
    discrete: str | None = None  # the label that is drawn as direction
    title: str = ""
    laps: int = 8

    @classmethod
    def of(cls, spec: Mapping) -> Study:
        """The study of a spec of the stages figures and tables."""
        color = spec.get("color") or {}
        return cls(
            {str(e["name"]): str(e.get("title") or e["name"]) for e in entries(spec.get("recordings", {}))},
            _told_apart([_with_portions(condition_of(e), spec) for e in entries(spec.get("conditions", {}))]),
            tuple(entries(spec.get("comparisons", {}))),
            color.get("continuous"),
            color.get("discrete"),
            spec.get("title", ""),
            spec.get("laps", 8),
        )

    def main(self, recording: str) -> tuple[Condition, str] | None:
        """The condition and unit that stand for a recording: no control, labels, not hybrid, fitted to it alone."""
        fits = [(k, unit) for k in self.conditions if not k.control for unit in k.units_of(recording)]
        return min(fits, key=lambda fit: (not fit[0].labels, fit[0].hybrid, len(fit[0].units[fit[1]])), default=None)

    def control(self, recording: str, main: Condition) -> tuple[Condition, str] | None:
        """The control of `main`: circularly shifted where there is one, with the same labels."""
        fits = [(k, unit) for k in self.conditions if k.control for unit in k.units_of(recording)]
        fits = [fit for fit in fits if set(fit[0].labels) == set(main.labels)]
        return min(fits, key=lambda fit: (fit[0].control != "circular_shift", len(fit[0].units[fit[1]])), default=None)

    def colors(self, recording: Recording) -> tuple[str | None, str | None]:
        """The continuous and the discrete label that colour a recording: the study's, else its first of that kind."""
        return tuple(
            _label(recording, name, kind)
            for name, kind in ((self.continuous, "continuous"), (self.discrete, "discrete"))
        )


def entries(named: Mapping | Sequence) -> list[dict]:
    """[{"name": …}] of a list of such, of {name: {…}}, or of {name: title}."""
    if not isinstance(named, Mapping):
        return [dict(entry) for entry in named]
    return [
        {"name": name, **(value if isinstance(value, Mapping) else {"title": value})} for name, value in named.items()
    ]


def condition_of(entry: Mapping) -> Condition:
    known = {name: entry[name] for name in Condition.__dataclass_fields__ if name in entry}
    lists = {name: tuple(entry.get(name) or ()) for name in ("labels", "seeds", "weights")}
    units = {
        name: {str(e["name"]): tuple(e["recordings"]) for e in _units(entry.get(name, {}))}
        for name in ("units", "without")
    }
    return Condition(**known | lists | units)


def _with_portions(condition: Condition, spec: Mapping) -> Condition:
    mine = [e for e in spec.get("portions") or () if e["condition"] == condition.name]
    return replace(condition, portions={e["name"]: Portion(e["unit"], e["of"], e["share"]) for e in mine})


def _units(units: Mapping | Sequence) -> list[dict]:
    if isinstance(units, Mapping):
        return [{"name": name, "recordings": members} for name, members in units.items()]
    return [dict(entry) for entry in units]


def _told_apart(conditions: list[Condition]) -> tuple[Condition, ...]:
    """The conditions; those that a figure would call the same carry their own title or name as well."""
    texts = [k.text for k in conditions]
    return tuple(replace(k, alias=_alias(k)) if texts.count(k.text) > 1 else k for k in conditions)


def _alias(condition: Condition) -> str:
    own = condition.title or condition.name
    return f"{condition.text}: {own}" if condition.control else f"{own} [{condition.name}]"


def _label(recording: Recording, name: str | None, kind: str) -> str | None:
    same = [n for n, label in recording.labels.items() if label.kind == kind]
    return name if name in same else next(iter(same), None)

"""What figures and tables show: the conditions of a study, and which file belongs to which of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..data.recording import Recording
from ..data.table import Table, read_meta, read_table
from ..errors import Problem, UserError

# What a figure calls each control; only a shift keeps the autocorrelation that a p needs.
CONTROLS = {
    "circular_shift": "circular shift (control)",
    "neuron_shift": "neurons shifted (control)",
    "trial_shuffle": "trials shuffled (control)",
    "permute_labels": "labels permuted (control)",
    "permute_neural": "neural permuted (control)",
}
NO_P = {
    "permute_labels": "destroys autocorrelation, no p",
    "permute_neural": "destroys autocorrelation, no p",
    "trial_shuffle": "asks for trial-specific coding, no p",
}


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
    seeds: tuple[int, ...] = ()
    temperature: float = 1.0
    similarity: str = "cosine"
    dimension: int = 3
    windows: str = "within"
    alias: str = ""  # its name in figures where the usual one would fit another condition too

    @property
    def text(self) -> str:
        """Its name in a figure: a control says that it is one, whatever its title."""
        if self.alias:
            return self.alias
        name = CONTROLS.get(self.control, f"{self.control} (control)") if self.control else self.title or self.name
        return f"{name}, windows across borders" if self.windows == "across" else name

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
            _told_apart([condition_of(e) for e in entries(spec.get("conditions", {}))]),
            tuple(entries(spec.get("comparisons", {}))),
            color.get("continuous"),
            color.get("discrete"),
            spec.get("title", ""),
            spec.get("laps", 8),
        )

    def main(self, recording: str) -> tuple[Condition, str] | None:
        """The condition and unit that stand for a recording: no control, with labels, not hybrid, fitted to it alone."""
        fits = [(k, unit) for k in self.conditions if not k.control for unit in k.units_of(recording)]
        return min(fits, key=lambda fit: (not fit[0].labels, fit[0].hybrid, len(fit[0].units[fit[1]])), default=None)

    def control(self, recording: str, main: Condition) -> tuple[Condition, str] | None:
        """The control of `main`: circularly shifted where there is one, with the same labels."""
        fits = [(k, unit) for k in self.conditions if k.control for unit in k.units_of(recording)]
        fits = [fit for fit in fits if set(fit[0].labels) == set(main.labels)]
        return min(fits, key=lambda fit: (fit[0].control != "circular_shift", len(fit[0].units[fit[1]])), default=None)

    def colors(self, recording: Recording) -> tuple[str | None, str | None]:
        """The continuous and the discrete label that colour a recording: the study's, else its first of that kind."""
        return tuple(_label(recording, name, kind) for name, kind in ((self.continuous, "continuous"), (self.discrete, "discrete")))


def entries(named: Mapping | Sequence) -> list[dict]:
    """[{"name": …}] of a list of such, of {name: {…}}, or of {name: title}."""
    if not isinstance(named, Mapping):
        return [dict(entry) for entry in named]
    return [{"name": name, **(value if isinstance(value, Mapping) else {"title": value})} for name, value in named.items()]


def condition_of(entry: Mapping) -> Condition:
    known = {name: entry[name] for name in Condition.__dataclass_fields__ if name in entry}
    units = {str(e["name"]): tuple(e["recordings"]) for e in _units(entry.get("units", {}))}
    return Condition(**{**known, "labels": tuple(entry.get("labels") or ()), "units": units, "seeds": tuple(entry.get("seeds", ()))})


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


@dataclass(frozen=True)
class Source:
    """A file of one condition and unit."""

    condition: Condition
    unit: str
    path: Path
    fold: int = 0
    seed: int = 0

    def read(self, columns: list[str] | None = None) -> Table:
        return read_table(self.path, columns)


def of_units(study: Study, paths: Sequence[Path], stage: str) -> list[Source]:
    """The files of decode or transform by condition and unit: conditions in the study's order, units by their sessions.

    Conditions whose recordings share no label have no decoding, so a condition may be without files.
    """
    left = [(path, _sessions(path, stage)) for path in paths]
    found: list[Source] = []
    for condition in study.conditions:
        matched = _match(condition, left)
        found += matched
        left = left[len(matched) :]
    if left:
        raise _stranger(left[0][0], left[0][1], study)
    return found


def _match(condition: Condition, files: list[tuple[Path, tuple[str, ...]]]) -> list[Source]:
    """The leading files, one a unit, if their sessions are the condition's units."""
    units = dict(condition.units)
    made = []
    for path, sessions in files[: len(units)]:
        unit = next((name for name, members in units.items() if tuple(members) == sessions), None)
        if unit is None:
            return []
        del units[unit]
        made.append(Source(condition, unit, path))
    return [] if units else made


def histories(study: Study, paths: Sequence[Path]) -> list[Source]:
    """The histories by condition, unit, fold and seed; fold and seed are those that each fit's spec names."""
    ordered = _in_order(study, paths)
    made = []
    for condition, path in ordered:
        spec = _spec(path, "fit")
        sessions = tuple(spec["sessions"])
        unit = next((name for name, members in condition.units.items() if tuple(members) == sessions), None)
        if unit is None or int(spec["seed"]) not in condition.seeds or spec.get("control") != condition.control:
            raise _stranger(path, sessions, study)
        made.append(Source(condition, unit, path, int(spec["fold"]), int(spec["seed"])))
    return made


def _in_order(study: Study, paths: Sequence[Path]) -> Iterator[tuple[Condition, Path]]:
    """Each file with its condition: every condition has folds × units × seeds of them."""
    sizes = [len(k.units) * len(k.seeds) for k in study.conditions]
    folds, odd = divmod(len(paths), max(sum(sizes), 1))
    if odd or not folds:
        raise UserError(Problem("--input histories", f"a multiple of {sum(sizes)} files (condition, unit, fold, seed)", str(len(paths)), "Give the files as the rule does."))
    owners = [k for k, size in zip(study.conditions, sizes, strict=True) for _ in range(size * folds)]
    yield from zip(owners, paths, strict=True)


def recordings(study: Study, paths: Sequence[Path]) -> dict[str, Recording]:
    """The recordings by name: by the file's name where all files are named so, else in the study's order."""
    return {name: Recording.read(path) for name, path in _named(study, paths, "recordings").items()}


def splits(study: Study, paths: Sequence[Path]) -> dict[str, Table]:
    return {name: read_table(path, stage="split") for name, path in _named(study, paths, "splits").items()}


def _named(study: Study, paths: Sequence[Path], role: str) -> dict[str, Path]:
    if len(paths) != len(study.recordings):
        expected = f"{len(study.recordings)} files, one a recording ({', '.join(study.recordings)})"
        raise UserError(Problem(f"--input {role}", expected, str(len(paths)), "Give the files as the rule does."))
    stems = {Path(path).stem: Path(path) for path in paths}
    if set(stems) == set(study.recordings):
        return {name: stems[name] for name in study.recordings}
    return dict(zip(study.recordings, map(Path, paths), strict=True))


def _spec(path: Path, stage: str) -> dict:
    meta = read_meta(path)
    if meta.get("stage") != stage:
        raise UserError(Problem(str(path), f"the output of {stage}", f"one of {meta.get('stage')!r}", "Give the file of that stage."))
    return meta["spec"]


def _sessions(path: Path, stage: str) -> tuple[str, ...]:
    return tuple(_spec(path, stage)["sessions"])


def _stranger(path: Path, sessions: tuple[str, ...], study: Study) -> UserError:
    known = "; ".join(f"{k.name}: {', '.join(k.units)}" for k in study.conditions)
    return UserError(Problem(str(path), f"a file of the conditions and units of the spec ({known})", f"one of the recordings {', '.join(sessions)}", "Give the files in the order of the spec, as the rule does."))

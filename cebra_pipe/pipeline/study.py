"""A study resolved: every default filled in, every name checked, before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from ..errors import Problem, Problems, UserError, did_you_mean
from ..models.table import MODELS
from . import config as c


@dataclass(frozen=True)
class LabelInfo:
    """What the config says of a label, before any file is read."""

    kind: str
    unit: str
    period: float | None = None


SIMULATED = {"position": LabelInfo("continuous", "m"), "direction": LabelInfo("discrete", "")}


@dataclass(frozen=True)
class Condition:
    """One condition with nothing left open."""

    name: str
    title: str
    training: c.TrainingConfig
    labels: Mapping[str, float]
    positives: str
    hybrid: bool
    units: Mapping[str, tuple[str, ...]]  # what is trained together: unit -> recordings
    seeds: tuple[int, ...]
    control: str | None

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
        return split.folds if split.scheme == "folds" else 1

    def labels(self, recording: str) -> Mapping[str, LabelInfo]:
        """Labels of a recording as the config states them."""
        entry = self.config.recordings[recording]
        if entry.simulate:
            return SIMULATED
        return {name: LabelInfo(label.kind, label.unit, label.period) for name, label in entry.labels.items()}

    def rates(self, recordings: tuple[str, ...]) -> set[float]:
        """The rates that the config states; a rate that follows from time stamps is not among them."""
        given = (self.config.recordings[name].rate for name in recordings if name in self.config.recordings)
        return {rate for rate in given if rate}

    def has_bins(self, given: list[str] | None, recordings: tuple[str, ...]) -> bool:
        """Whether there is a continuous label to bin by: the classes of a discrete one alone may be too few."""
        infos = shared_labels(self, recordings)
        return any(infos[n].kind == "continuous" for n in self.bin_labels(given, recordings) if n in infos)

    def bin_labels(self, given: list[str] | None, recordings: tuple[str, ...]) -> list[str]:
        """The labels that span the bins: those given, else the first continuous and the first discrete one of all."""
        if given is not None:
            return given
        shared = shared_labels(self, recordings)
        first = {
            kind: next((n for n, info in shared.items() if info.kind == kind), None)
            for kind in ("continuous", "discrete")
        }
        return [name for name in first.values() if name]


def shared_labels(study: Resolved, recordings: tuple[str, ...]) -> dict[str, LabelInfo]:
    """Labels that every one of the recordings has, in the order of the first."""
    first, *others = [study.labels(name) for name in recordings]
    return {name: info for name, info in first.items() if all(name in other for other in others)}


# ---- reading ---------------------------------------------------------------------------------------------------------
class _Loader(yaml.SafeLoader):
    """YAML 1.1 with the numbers people write: 1e-3 is a number, a key given twice an error."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                where = f"{key_node.start_mark.name}, line {key_node.start_mark.line + 1}"
                raise UserError(Problem(where, "each key once", f"{key!r} twice", "Remove or rename one."))
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def read_yaml(path: Path) -> dict:
    """The mapping in a YAML file."""
    try:
        with open(path, encoding="utf-8") as file:
            data = yaml.load(file, _Loader)
    except FileNotFoundError:
        raise UserError(Problem(str(path), "a config file", "no such file", "Give the path of a YAML file.")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(Problem(str(path), "a readable text file", str(error))) from None
    except yaml.YAMLError as error:
        raise UserError(Problem(str(path), "valid YAML", " ".join(str(error).split()))) from None
    if not isinstance(data, dict):
        raise UserError(Problem(str(path), "a mapping with `study`, `recordings`, `conditions`", type(data).__name__))
    return data


def read_study(path: Path) -> Resolved:
    """The study of a config file."""
    return resolve(read_yaml(path), str(path))


def resolve(raw: Mapping[str, Any], where: str = "config") -> Resolved:
    """The study of a config mapping; one UserError with all problems where something is wrong."""
    problems = Problems()
    raw = {**raw, "conditions": _inherit(raw, where, problems)}
    try:
        study = c.Study.model_validate(raw)
    except ValidationError as error:
        problems.extend(_problem(where, e) for e in error.errors())
    problems.raise_any()
    conditions = {name: _condition(study, name, problems, where) for name in study.conditions}
    resolved = Resolved(study, conditions, {})
    _check(resolved, where, problems)
    problems.raise_any()
    comparisons = study.comparisons if study.comparisons is not None else dict(_comparisons(resolved))
    resolved = Resolved(study, conditions, comparisons)
    _check_comparisons(resolved, where, problems)
    problems.raise_any()
    return resolved


def _inherit(raw: Mapping[str, Any], where: str, problems: Problems) -> Any:
    """Conditions with `like` filled in, as raw mappings, so that what a user wrote stays told apart from defaults."""
    conditions = raw.get("conditions")
    if not isinstance(conditions, Mapping):
        return conditions

    def full(name: str, chain: tuple[str, ...]) -> dict:
        own = conditions[name]
        parent = own.get("like") if isinstance(own, Mapping) else None
        if parent is None:
            return own
        if parent not in conditions or parent in chain:
            found = f"{parent!r}" if parent not in chain else f"the circle {' > '.join((*chain, parent))}"
            problems.add(
                f"{where}: conditions.{name}.like",
                "the name of another condition",
                found,
                did_you_mean(parent, set(conditions) - {name}),
            )
            return own
        base = full(parent, (*chain, name))
        return {**base, **own, "title": own.get("title", "")} if isinstance(base, Mapping) else own

    return {name: full(name, (name,)) for name in conditions}


def _problem(where: str, error: Mapping[str, Any]) -> Problem:
    """One of pydantic's errors in our words."""
    loc = [str(part) for part in error["loc"] if part != "[key]" and not str(part).startswith("function-")]
    place, kind, given = ".".join(loc), error["type"], error["input"]
    if kind == "extra_forbidden":
        known = fields_at(c.Study, [str(part) for part in error["loc"][:-1]])
        return Problem(f"{where}: {place}", "a known option", f"{loc[-1]!r}", did_you_mean(loc[-1], known))
    if kind == "missing":
        return Problem(f"{where}: {place}", "a value", "nothing", "Add this key.")
    message = error["msg"].removeprefix("Value error, ")
    found = repr(given) if not isinstance(given, dict | list) or len(repr(given)) < 60 else type(given).__name__
    return Problem(f"{where}: {place or 'top level'}", message[:1].lower() + message[1:], found)


def fields_at(model: type[BaseModel], loc: list[str]) -> list[str]:
    """Names of the options at a place of the config, for the did-you-mean."""
    for part in loc:
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        inner = list(models_in(field.annotation)) if field else []
        if inner:
            model = inner[0]
    return [f.alias or name for name, f in model.model_fields.items()]


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The config models inside a type such as dict[Name, Annotated[LabelConfig, …]] | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from models_in(inner)


# ---- resolving -------------------------------------------------------------------------------------------------------
def _condition(study: c.Study, name: str, problems: Problems, where: str) -> Condition:
    given = study.conditions[name]
    own = {key: getattr(given, key) for key in c.TrainingConfig.model_fields if key in given.model_fields_set}
    shared = {key: getattr(study.defaults, key) for key in study.defaults.model_fields_set}
    training = c.TrainingConfig(**{**shared, **own})
    recordings = tuple(given.recordings or study.recordings)
    for recording in recordings:
        if recording not in study.recordings:
            problems.add(
                f"{where}: conditions.{name}.recordings",
                "a recording of this study",
                repr(recording),
                did_you_mean(recording, study.recordings),
            )
    recordings = tuple(r for r in recordings if r in study.recordings)
    return Condition(
        name=name,
        title=given.title or name,
        training=training,
        labels=given.labels,
        positives=given.positives or _positives(study, given.labels, recordings),
        hybrid=given.hybrid,
        units=_units(given.units, recordings, f"{where}: conditions.{name}.units", problems),
        seeds=tuple(given.seeds),
        control=given.control,
    )


def _positives(study: c.Study, labels: Mapping[str, float], recordings: tuple[str, ...]) -> str:
    """Where nothing is said: time without labels, discrete for classes alone, time_delta else."""
    if not labels:
        return "time"
    infos = Resolved(study, {}, {}).labels(recordings[0]) if recordings else {}
    kinds = {infos[name].kind for name in labels if name in infos}
    return "discrete" if kinds == {"discrete"} else "time_delta"


def _units(given: Any, recordings: tuple[str, ...], where: str, problems: Problems) -> dict[str, tuple[str, ...]]:
    if given == "each":
        return {name: (name,) for name in recordings}
    if given == "joint":
        return {"joint": recordings}
    for unit, members in given.items():
        if unit in recordings or unit in c.RESERVED or unit.startswith("without_"):
            problems.add(
                where, "a name that is no recording and not joint or without_…", repr(unit), "Rename the group."
            )
        for member in members:
            if member not in recordings:
                problems.add(
                    f"{where}.{unit}", "recordings of this condition", repr(member), did_you_mean(member, recordings)
                )
    return {unit: tuple(members) for unit, members in given.items()}


def _comparisons(study: Resolved) -> Iterator[tuple[str, c.ComparisonConfig]]:
    """Those that make sense: between recordings where labels give bins, between runs where there are two seeds."""
    for name, condition in study.conditions.items():
        several = len(condition.recordings) > 1 and len(study.rates(condition.recordings)) < 2
        if several and study.has_bins(None, condition.recordings):
            yield f"{name}_recordings"[:40], c.ComparisonConfig(condition=name)
        if len(condition.seeds) > 1:
            yield f"{name}_runs"[:40], c.ComparisonConfig(condition=name, between="runs")


# ---- checks ----------------------------------------------------------------------------------------------------------
LABEL_CONTROLS = ("circular_shift", "permute_labels", "trial_shuffle")

# option -> (when it has an effect, what it needs)
EFFECTS = {
    "delta": (lambda k: k.positives == "delta_normal", "positives: delta_normal"),
    "time_offset": (
        lambda k: k.positives in ("time", "time_delta") or k.hybrid,
        "positives: time or time_delta, or hybrid",
    ),
    "minimum_temperature": (lambda k: k.training.learn_temperature, "learn_temperature: true"),
    "labels": (
        lambda k: k.positives != "time" or not k.labels,
        "positives other than time (hybrid adds time to labels)",
    ),
}


def _check(study: Resolved, where: str, problems: Problems) -> None:
    config = study.config
    for name, condition in study.conditions.items():
        _check_condition(study, condition, f"{where}: conditions.{name}", problems)
        given = config.conditions[name].model_fields_set
        for option, (has_effect, needs) in EFFECTS.items():
            if option in given and not has_effect(condition):
                problems.add(
                    f"{where}: conditions.{name}.{option}",
                    needs,
                    f"positives: {condition.positives}",
                    "It has no effect here: remove it.",
                )
    for option in config.defaults.model_fields_set & set(EFFECTS):
        if not any(EFFECTS[option][0](condition) for condition in study.conditions.values()):
            problems.add(
                f"{where}: defaults.{option}",
                EFFECTS[option][1],
                "no condition with that",
                "It has no effect: remove it.",
            )
    for label in config.decode.labels or []:
        if not any(label in study.labels(recording) for recording in config.recordings):
            problems.add(
                f"{where}: decode.labels",
                "a label of a recording",
                repr(label),
                did_you_mean(label, _all_labels(study)),
            )
    if config.align.reference is not None and config.align.reference not in config.recordings:
        problems.add(
            f"{where}: align.reference",
            "a recording",
            repr(config.align.reference),
            did_you_mean(config.align.reference, config.recordings),
        )
    _check_bins(study, config.align, tuple(config.recordings), f"{where}: align.labels", problems)
    if config.split.stratify:
        _check_stratify(study, where, problems)


def _all_labels(study: Resolved) -> list[str]:
    return sorted({label for recording in study.config.recordings for label in study.labels(recording)})


def _check_stratify(study: Resolved, where: str, problems: Problems) -> None:
    for recording in study.config.recordings:
        info = study.labels(recording).get(study.config.split.stratify)
        if info is None or info.kind != "discrete":
            found = "no such label" if info is None else "a continuous label"
            problems.add(
                f"{where}: split.stratify",
                f"a discrete label of recording {recording!r}",
                f"{study.config.split.stratify!r}: {found}",
                "Name a label with kind: discrete.",
            )


def _check_condition(study: Resolved, k: Condition, where: str, problems: Problems) -> None:
    if k.training.model not in MODELS:
        problems.add(
            f"{where}.model", "a known architecture", repr(k.training.model), did_you_mean(k.training.model, MODELS)
        )
    if k.positives != "time" and not k.labels:
        problems.add(
            f"{where}.labels", f"labels for positives: {k.positives}", "none", "Name labels, or use positives: time."
        )
    if k.hybrid and (not k.labels or k.positives == "time"):
        problems.add(
            f"{where}.hybrid",
            "labels and positives other than time",
            f"positives: {k.positives}",
            "hybrid adds a time objective to that of the labels.",
        )
    if k.positives == "delta_normal" and k.training.delta is None:
        problems.add(f"{where}.delta", "the standard deviation of delta_normal", "nothing", "Add delta.")
    if k.control in LABEL_CONTROLS and not k.labels:
        problems.add(
            f"{where}.control",
            "a control of the neural data (neuron_shift)",
            repr(k.control),
            "A time condition uses no labels: this control has no effect.",
        )
    if len(set(k.seeds)) < len(k.seeds):
        problems.add(f"{where}.seeds", "each seed once", str(list(k.seeds)))
    minimum = k.training.minimum_temperature
    if minimum is not None and minimum > k.training.temperature:
        problems.add(
            f"{where}.minimum_temperature", f"at most the starting temperature {k.training.temperature}", str(minimum)
        )
    for recording in k.recordings:
        infos = study.labels(recording)
        for label in k.labels:
            if label not in infos:
                problems.add(
                    f"{where}.labels",
                    f"a label of recording {recording!r}",
                    repr(label),
                    did_you_mean(label, infos) if infos else "It has none.",
                )
        kinds = {infos[label].kind for label in k.labels if label in infos}
        if k.positives == "discrete" and "continuous" in kinds:
            problems.add(
                f"{where}.labels",
                "discrete labels alone for positives: discrete",
                "a continuous label",
                "Use time_delta, which keeps to the class of discrete labels.",
            )
        if k.positives in ("time_delta", "delta_normal") and kinds == {"discrete"}:
            problems.add(
                f"{where}.positives",
                "discrete for classes alone",
                k.positives,
                "Add a continuous label, or use positives: discrete.",
            )
    for label, weight in k.labels.items():
        if not weight > 0:
            problems.add(f"{where}.labels.{label}", "a weight above 0", str(weight), "Leave the label out instead.")
    for unit, members in k.units.items():
        rates = study.rates(members)
        if len(rates) > 1:
            problems.add(
                f"{where}.units.{unit}",
                "recordings of one rate in one model",
                f"rates {sorted(rates)} Hz",
                "Resample, or group recordings of one rate.",
            )


def _check_bins(
    study: Resolved, bins: c.BinsConfig, recordings: tuple[str, ...], where: str, problems: Problems
) -> None:
    for recording in recordings:
        infos = study.labels(recording)
        names = study.bin_labels(bins.labels, recordings)
        for label in names:
            if label not in infos:
                problems.add(
                    where,
                    f"a label of recording {recording!r}",
                    repr(label),
                    did_you_mean(label, infos) if infos else "It has none.",
                )
        continuous = [label for label in names if label in infos and infos[label].kind == "continuous"]
        if len(continuous) > 1:
            problems.add(
                where,
                "at most one continuous label",
                str(continuous),
                "Bins span one continuous label and any discrete ones.",
            )


def _check_comparisons(study: Resolved, where: str, problems: Problems) -> None:
    for name, comparison in study.comparisons.items():
        place, condition = f"{where}: comparisons.{name}", study.conditions.get(comparison.condition)
        if condition is None:
            problems.add(
                f"{place}.condition",
                "a condition of this study",
                repr(comparison.condition),
                did_you_mean(comparison.condition, study.conditions),
            )
            continue
        if comparison.between == "runs":
            if len(condition.seeds) < 2:
                problems.add(
                    f"{place}.between",
                    "a condition with at least two seeds",
                    f"seeds {list(condition.seeds)}",
                    "Add seeds, or compare between recordings.",
                )
            idle = sorted({"shifts", "labels", "bins", "minimum"} & comparison.model_fields_set)
            if idle:
                problems.add(
                    f"{place}.{idle[0]}", "between: recordings", "between: runs", "It has no effect here: remove it."
                )
            continue
        if len(condition.recordings) < 2:
            problems.add(
                f"{place}.between", "a condition with at least two recordings", str(list(condition.recordings))
            )
            continue
        _check_bins(study, comparison, condition.recordings, f"{place}.labels", problems)
        if not study.bin_labels(comparison.labels, condition.recordings):
            problems.add(f"{place}.labels", "labels to bin by", "none that all recordings share")
        rates = {study.config.recordings[m].rate for m in condition.recordings if study.config.recordings[m].rate}
        if len(rates) > 1:
            problems.add(
                f"{place}",
                "recordings of one rate",
                f"rates {sorted(rates)} Hz",
                "Name `recordings` of one rate in a condition of its own.",
            )

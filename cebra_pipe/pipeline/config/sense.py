"""Whether a study makes sense: names that exist, options that have an effect, recordings that go together."""

from __future__ import annotations

from ...errors import Problems, did_you_mean
from ...models.table import MODELS
from . import options as c
from .points import check_points
from .study import Condition, Resolved, unlike

LABEL_CONTROLS = ("circular_shift", "permute_labels", "trial_shuffle")

# option -> (when it has an effect, what it needs)
EFFECTS = {
    "delta": (lambda k: k.positives == "delta_normal", "positives: delta_normal"),
    "time_offset": (
        lambda k: k.positives in ("time", "time_delta") or k.hybrid,
        "positives: time or time_delta, or hybrid",
    ),
    "minimum_temperature": (lambda k: k.training.learn_temperature, "learn_temperature: true"),
    "own_trial": (lambda k: k.positives != "time", "positives other than time"),
    "hidden_units": (
        lambda k: k.training.model not in MODELS or MODELS[k.training.model].free,
        "a model whose layers are not of fixed width",
    ),
    "causal": (
        lambda k: k.training.model not in MODELS or len(MODELS[k.training.model].offset) > 1,
        "a model whose window is longer than one sample",
    ),
    "labels": (
        lambda k: k.positives != "time" or not k.labels,
        "positives other than time (hybrid adds time to labels)",
    ),
}


def check(study: Resolved, where: str, problems: Problems) -> None:
    config = study.config
    for name in filter(c.RESERVED.fullmatch, config.recordings):
        expected = "a name other than joint, pooled, without_… and …_of_…, which the chain gives"
        problems.add(f"{where}: recordings.{name}", expected, repr(name), "Rename the recording.")
    for name, condition in study.conditions.items():
        _check_condition(study, condition, f"{where}: conditions.{name}", problems)
        given = config.conditions[name].model_fields_set
        for option, (has_effect, needs) in EFFECTS.items():
            if option in given and not has_effect(condition):
                problems.add(
                    f"{where}: conditions.{name}.{option}",
                    needs,
                    f"positives: {condition.positives}, model: {condition.training.model}",
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
    check_points(study, where, problems)
    if config.align.reference is not None and config.align.reference not in config.recordings:
        problems.add(
            f"{where}: align.reference",
            "a recording",
            repr(config.align.reference),
            did_you_mean(config.align.reference, config.recordings),
        )
    _check_idle(study, where, problems)
    _check_bins(study, config.align, tuple(config.recordings), f"{where}: align.labels", problems)
    if config.split.stratify:
        _check_stratify(study, where, problems)


def _check_idle(study: Resolved, where: str, problems: Problems) -> None:
    """Whole sections without effect."""
    config, conditions = study.config, study.conditions.values()
    several = any(len(k.recordings) > 1 and (k.leave_one_out or not k.control) for k in conditions)
    table = {
        "align": (several, config.align.model_fields_set, "a condition over several recordings"),
        "decode": (bool(_all_labels(study)), config.decode.model_fields_set, "recordings that have labels"),
        "figures.laps": (
            "decoding" in config.figures.figures, config.figures.model_fields_set & {"laps"}, "the figure decoding"
        ),
    }  # fmt: skip
    for option, (effect, given, needs) in table.items():
        if given and not effect:
            problems.add(f"{where}: {option}", needs, "none", "It has no effect: remove it.")


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
    elif unfit := MODELS[k.training.model].unfit:
        problems.add(f"{where}.model", "a model that a study can train", f"{k.training.model}: {unfit}", "Use another.")
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
    if k.training.similarity == "cosine" and k.training.model in MODELS and not MODELS[k.training.model].normalize:
        remedy = "Use similarity: euclidean, or the model without -mse."
        problems.add(f"{where}.similarity", "euclidean for a model without normalisation", "cosine", remedy)
    minimum = k.training.minimum_temperature
    if k.training.learn_temperature and minimum is None and k.training.temperature < 0.1:
        remedy = "Raise it, or set minimum_temperature."
        problems.add(f"{where}.temperature", "at least 0.1, the minimum", str(k.training.temperature), remedy)
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
        for label in k.labels:
            if told := unlike(study, label, members):
                expected = f"one kind, unit and period in all recordings of {unit}"
                remedy = "Bring them to one: scale: 0.01 of a label turns cm into m. Or group recordings that agree."
                problems.add(f"{where}.labels.{label}", expected, told, remedy)
        if k.training.batch_size == "full" and len(members) > 1:
            remedy = "Set a number, 512 for instance, or units: each."
            problems.add(f"{where}.batch_size", "a number for a model of several recordings", "full", remedy)
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
        for label in names:
            if told := unlike(study, label, recordings):
                remedy = "Bring them to one (`scale` and `unit` of a label), or name recordings that agree."
                problems.add(where, f"one kind, unit and period of {label} in all recordings", told, remedy)
        if len(continuous) > 1:
            problems.add(
                where,
                "at most one continuous label",
                str(continuous),
                "Bins span one continuous label and any discrete ones.",
            )


def check_comparisons(study: Resolved, where: str, problems: Problems) -> None:
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

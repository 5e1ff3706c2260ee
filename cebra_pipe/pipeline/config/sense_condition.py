"""Whether one condition makes sense: its options beside each other, its labels, what it trains together."""

from __future__ import annotations

from ...errors import Problems, did_you_mean
from ...models.table import MODELS
from .study import Condition, Resolved, unlike

LABEL_CONTROLS = ("circular_shift", "permute_labels", "trial_shuffle")


def check_condition(study: Resolved, k: Condition, where: str, problems: Problems) -> None:
    """Adds what is wrong with the condition `k`, which stands at `where` of the config."""
    _check_options(k, where, problems)
    _check_labels(study, k, where, problems)
    _check_units(study, k, where, problems)


def _check_options(k: Condition, where: str, problems: Problems) -> None:
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


def _check_labels(study: Resolved, k: Condition, where: str, problems: Problems) -> None:
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


def _check_units(study: Resolved, k: Condition, where: str, problems: Problems) -> None:
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

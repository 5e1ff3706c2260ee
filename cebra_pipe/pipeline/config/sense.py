"""Whether a study makes sense: names that exist, options that have an effect, recordings that go together."""

from __future__ import annotations

from ...errors import Problems, did_you_mean
from . import options as c
from .binned import aligned
from .compared import check_binning
from .effects import EFFECTS
from .points import check_points
from .sense_condition import check_condition
from .study import Resolved
from .titles import check_titles


def check(study: Resolved, where: str, problems: Problems) -> None:
    config = study.config
    for name in filter(c.RESERVED.fullmatch, config.recordings):
        expected = "a name other than joint, pooled, without_… and …_of_…, which the chain gives"
        problems.add(f"{where}: recordings.{name}", expected, repr(name), "Rename the recording.")
    for name, entry in config.recordings.items():
        if "bits" in entry.labels:
            expected = "a name other than bits, which primary_tests and tables call the held-out goodness of fit by"
            problems.add(f"{where}: recordings.{name}.labels.bits", expected, "'bits'", "Rename the label.")
    for name, condition in study.conditions.items():
        check_condition(study, condition, f"{where}: conditions.{name}", problems)
        given = config.conditions[name].model_fields_set
        for option, (has_effect, needs) in EFFECTS.items():
            if option in given and not has_effect(condition):
                problems.add(
                    f"{where}: conditions.{name}.{option}",
                    needs,
                    f"positives: {condition.positives}, model: {condition.training.model}",
                    "It has no effect here: remove it.",
                )
    for option in (option for option in EFFECTS if option in config.defaults.model_fields_set):
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
    check_titles(config, where, problems)
    _check_idle(study, where, problems)
    known = len(problems)
    check_binning(study, config.align, tuple(config.recordings), f"{where}: align.labels", problems)
    if len(problems) == known:  # what is wrong with the labels is told alone
        _check_align(study, where, problems)
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


def _check_align(study: Resolved, where: str, problems: Problems) -> None:
    """Options of align where conditions of several recordings share nothing to bin by, or none has the reference."""
    given, turned = study.config.align, [study.conditions[name] for name in aligned(study)]
    several = any(len(k.recordings) > 1 and not k.control for k in study.conditions.values())
    left_out = any(k.leave_one_out and k.leave_one_out.alignment != "none" for k in study.conditions.values())
    if given.model_fields_set and several and not turned and not left_out:
        expected = "recordings of a condition, of one rate, that share a continuous label or a point to bin by"
        problems.add(f"{where}: align", expected, "none", "It has no effect: remove it, or mend align.labels.")
    known = given.reference in study.config.recordings
    if turned and known and not any(given.reference in k.recordings for k in turned):
        expected = "a recording of a condition that is aligned"
        problems.add(f"{where}: align.reference", expected, repr(given.reference), "It has no effect: remove it.")


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

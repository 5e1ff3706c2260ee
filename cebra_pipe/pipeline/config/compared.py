"""Whether recordings and runs can be set side by side: labels that span bins in all of them, one rate, two of each."""

from __future__ import annotations

from ...errors import Problems, did_you_mean
from . import options as c
from .study import Resolved, unlike


def check_binning(
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
        check_binning(study, comparison, condition.recordings, f"{place}.labels", problems)
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

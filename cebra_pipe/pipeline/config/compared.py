"""Whether recordings and runs can be set side by side: labels that span bins in all of them, one rate, two of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...errors import Problems, did_you_mean
from ...sklearn.points import ONE_CONTINUOUS, members_of
from . import options as c
from .binned import bin_labels
from .study import Resolved, unlike

MOST = 10_000  # bins of a grid


def check_binning(
    study: Resolved, bins: c.BinsConfig, recordings: tuple[str, ...], where: str, problems: Problems
) -> None:
    """Labels and points that all recordings have, alike; one of them continuous."""
    points, names = study.config.decode.points or {}, bin_labels(study, bins.labels, recordings)
    for recording in recordings:
        infos = study.labels(recording)
        for label in (label for label in members_of(names, points) if label not in infos):
            remedy = did_you_mean(label, [*infos, *points]) if infos else "It has none."
            problems.add(where, f"a label of recording {recording!r}, or a point", repr(label), remedy)
    for label in members_of(names, points):
        if told := unlike(study, label, recordings):
            remedy = "Bring them to one (`scale` and `unit` of a label), or name recordings that agree."
            problems.add(where, f"one kind, unit and period of {label} in all recordings", told, remedy)
    along = bins.bins or 0
    if grid := [points[name] for name in names if name in points and along ** len(points[name]) > MOST]:
        found, least = f"{along} along each of {', '.join(grid[0])}", int(MOST ** (1 / len(grid[0])) + 1e-9)
        problems.add(where, f"at most {MOST:,} bins in all", found, f"At most `bins: {least}`.")
    infos = {name: info for recording in recordings for name, info in study.labels(recording).items()}
    continuous = [n for n in names if n in points or (n in infos and infos[n].kind == "continuous")]
    if len(continuous) > 1:
        problems.add(where, ONE_CONTINUOUS, str(continuous), _instead(continuous, points))


def _instead(continuous: Sequence[str], points: Mapping[str, Sequence[str]]) -> str:
    """What to name for several continuous labels."""
    for point, members in points.items():
        if {*continuous} <= {point, *members}:
            return f"Name the point alone: {point}."
    if any(name in points for name in continuous):
        return "Name one of them."
    named = f"decode: {{points: {{position: [{', '.join(continuous)}]}}}}"
    return f"Name one of them; where they are coordinates of one place, make a point of them ({named}) and name that."


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
        if not bin_labels(study, comparison.labels, condition.recordings):
            problems.add(f"{place}.labels", "labels to bin by", "none that all recordings share")
        rates = {study.config.recordings[m].rate for m in condition.recordings if study.config.recordings[m].rate}
        if len(rates) > 1:
            problems.add(
                f"{place}",
                "recordings of one rate",
                f"rates {sorted(rates)} Hz",
                "Name `recordings` of one rate in a condition of its own.",
            )

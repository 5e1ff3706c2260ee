"""Labels that are decoded as one point: which there are, what is wrong with them, and which may have been meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...errors import Problems, did_you_mean
from ...sklearn.points import Stated, misfit
from .study import LabelInfo, Resolved, decoded_labels, shared_labels

AXES = ("x", "y", "z")
NAMED = ("position", "point", "place")  # what a point of x and y may be called


def decoded_points(study: Resolved, recordings: tuple[str, ...]) -> dict[str, list[str]]:
    """The points of the config whose labels all of the recordings have, alike."""
    shared = shared_labels(study, recordings)
    given = study.config.decode.points or {}
    return {name: members for name, members in given.items() if all(member in shared for member in members)}


def decoded(study: Resolved, recordings: tuple[str, ...]) -> list[str]:
    """All that is decoded of recordings: points and labels."""
    return [*decoded_points(study, recordings), *decoded_labels(study, recordings)]


def check_points(study: Resolved, where: str, problems: Problems) -> None:
    """Labels that exist, are coordinates of one point, and of no other; names that no label has."""
    given = study.config.decode.points or {}
    every = {name: study.labels(name) for name in study.config.recordings}
    labels = sorted({label for mine in every.values() for label in mine})
    owners: dict[str, str] = {}
    for name, members in given.items():
        place = f"{where}: decode.points.{name}"
        if name in (*labels, "bits"):
            problems.add(place, "a name that no label has, nor bits", repr(name), "Rename the point.")
        for member in dict.fromkeys(members):
            if owners.setdefault(member, name) != name:
                found = f"{member!r} in {owners[member]} and {name}"
                problems.add(place, "each label in one point", found, "Remove it from one of them.")
        if len(members) not in (2, 3):
            problems.add(place, "two or three labels", str(members), "A label alone is decoded as it is: no point.")
        if len(set(members)) < len(members):
            problems.add(place, "each label once", str(members))
        _check_members(name, members, every, place, problems)


def _check_members(
    name: str, members: Sequence[str], every: Mapping[str, Mapping[str, LabelInfo]], place: str, problems: Problems
) -> None:
    known = dict.fromkeys(label for mine in every.values() for label in mine)
    if missing := [member for member in members if member not in known]:
        for member in missing:
            problems.add(place, "a label of a recording", repr(member), did_you_mean(member, known))
        return
    having = {recording: mine for recording, mine in every.items() if all(member in mine for member in members)}
    if not having:
        remedy = "It would be decoded nowhere: remove it."
        problems.add(place, f"a recording that has {' and '.join(members)}", "none", remedy)
    add_misfits(members, having, place, problems)


def add_misfits(
    members: Sequence[str], labels: Mapping[str, Mapping[str, Stated]], place: str, problems: Problems
) -> None:
    """A problem for each recording (name -> label -> what is said of it) whose labels are no coordinates of a point."""
    for recording, mine in labels.items():
        if told := misfit({member: mine[member] for member in members}):
            expected = f"continuous labels of one unit without `period` in recording {recording!r}"
            remedy = "Bring them to one unit (`unit`, `scale` of a label), or leave the point out."
            problems.add(place, expected, told, remedy)


# ---- what may have been meant ----------------------------------------------------------------------------------------
def proposals(study: Resolved) -> Iterator[str]:
    """A line for each x and y that are decoded one by one, though they may be coordinates of one point."""
    found: dict[str, list[str]] = {}
    for recording in study.config.recordings:
        for text in _proposed(study, recording):
            found.setdefault(text, []).append(recording)
    for text, names in found.items():
        yield f"{', '.join(names)}: {text}"


def _proposed(study: Resolved, recording: str) -> Iterator[str]:
    """x, y (and z), or names that begin alike and end in _x, _y: decoded, in no point yet, and fit to be one."""
    config, mine = study.config.decode, study.labels(recording)
    taken = {member for members in (config.points or {}).values() for member in members}
    free = [label for label in mine if label not in taken and label in (config.labels or mine)]
    for begin in (label[:-1] for label in free if label == "x" or label.endswith("_x")):
        members = [f"{begin}{axis}" for axis in AXES if f"{begin}{axis}" in free]
        if len(members) > 1 and not misfit({member: mine[member] for member in members}):
            name = next(each for each in (begin.rstrip("_"), *NAMED) if each and each not in mine)
            listed = f"{', '.join(members[:-1])} and {members[-1]}"
            more = ", and align and comparisons bin by it" if len(study.config.recordings) > 1 else ""
            point = f"decode.points: {{{name}: [{', '.join(members)}]}}"
            yield f"{listed} are decoded one by one; {point} scores the distance to the true point as well{more}"

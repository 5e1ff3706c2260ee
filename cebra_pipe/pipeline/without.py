"""Fits to less: leaving one recording out at a time, and portions of units; whether they make sense in a condition."""

from __future__ import annotations

from ..errors import Problems, did_you_mean
from .study import Condition, Resolved, decoded_labels, unlike


def check_left_out(study: Resolved, k: Condition, where: str, problems: Problems) -> None:
    """Units of several recordings, labels that bring them together, labels to decode and to align by."""
    given, place = k.leave_one_out, f"{where}.leave_one_out"
    if given is None:
        return
    small = [unit for unit, members in k.units.items() if len(members) < 2]
    if small:
        remedy = "Use units: joint, or groups of several."
        problems.add(place, "units of two recordings or more", f"one in {', '.join(small)}", remedy)
    if k.positives == "time":
        remedy = "Name labels: a time objective does not bring recordings together."
        problems.add(place, "positives from labels", "positives: time", remedy)
    if len(set(given.shares)) < len(given.shares):
        problems.add(f"{place}.shares", "each share once", str(given.shares), "Remove one.")
    if given.base is not None and given.base not in k.recordings:
        remedy = did_you_mean(given.base, k.recordings)
        problems.add(f"{place}.base", "a recording of this condition", repr(given.base), remedy)
    for unit, members in k.units.items():
        if not decoded_labels(study, members):
            problems.add(place, f"a label to decode that all recordings of {unit} have", "none", "Mend decode.labels.")
        alike = not any(unlike(study, name, members) for name in k.labels)  # told by itself where they are not
        if alike and given.alignment == "rotation" and not study.has_bins(study.config.align.labels, members):
            remedy = "Name align.labels, or set alignment: none."
            problems.add(f"{place}.alignment", f"a continuous label in {unit} to align by", "none", remedy)


def check_portions(k: Condition, where: str, problems: Problems) -> None:
    """Shares that are told apart by whole per cents, of a condition that has a verdict."""
    given, place = k.enough_data, f"{where}.enough_data"
    if given is None:
        return
    if k.control:
        remedy = "Ask for it in the condition that is controlled."
        problems.add(place, "a condition without control: a control is the null of others", k.control, remedy)
    for option in ("of", "shares"):
        if len(set(values := getattr(given, option))) < len(values):
            problems.add(f"{place}.{option}", "each once", str(values), "Remove one.")
    if odd := [share for share in given.shares if abs(100 * share - round(100 * share)) > 1e-6]:
        problems.add(f"{place}.shares", "whole per cents, which name the fits", ", ".join(map(str, odd)), "Round them.")

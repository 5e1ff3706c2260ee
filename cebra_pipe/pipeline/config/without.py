"""Fits to less: leaving one recording out at a time, and portions of units; whether they make sense in a condition."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from ...data.portions import LARGEST
from ...data.shares import size
from ...errors import Problems, did_you_mean
from .binned import has_bins
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
        if alike and given.alignment == "rotation" and not has_bins(study, study.config.align.labels, members):
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
    if min(given.shares) > LARGEST:
        expected = f"one of {LARGEST:g} or less: the verdict asks what the last doubling of the data gave"
        problems.add(f"{place}.shares", expected, ", ".join(map(str, given.shares)), f"Add {LARGEST:g}.")


def check_sizes(k: Condition, recording: str, totals: Mapping[str, int], problems: Problems) -> None:
    """Portions that differ from each other and from all of a recording; totals: minutes (samples of train), neurons."""
    for of in k.enough_data.of if k.enough_data else ():
        total, shares = totals[of], sorted(k.enough_data.shares)
        left = [size(share, total) for share in shares]
        if all(less < more for less, more in pairwise([*left, total])):
            continue
        what = "neurons" if of == "neurons" else "samples of train"
        found = ", ".join(f"{share:g}: {number}" for share, number in zip(shares, left, strict=True))
        expected = f"shares that leave different numbers of {recording}'s {total} {what}, and never all"
        remedy = f"Remove shares, or {of} from enough_data.of."
        problems.add(f"conditions.{k.name}.enough_data.shares", expected, found, remedy)

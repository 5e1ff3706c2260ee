"""What the values of a label say of its period: one in another unit, or one that is missing."""

from __future__ import annotations

import re

import numpy as np

from ..errors import Problems

LEAST, MOST = 1 / 20, 1.5  # periods that values span, below and above which the period is doubted
TURNS = {360.0: "360", 2 * np.pi: "6.2832"}  # in degrees and in radians, as a config says it
WHOLE = 0.9, 1.001  # shares of a turn that a wrapped angle spans
NAMED = re.compile(r"(^|_)(angle|azimuth|heading|hd|head_direction|orientation|phase|theta|yaw)(_|\d|$)")


def check_period(values: np.ndarray, period: float, clock: np.ndarray, where: str, problems: Problems) -> None:
    """A problem where the period cannot be in the unit of the values (time,).

    An angle that was unwrapped spans many periods in small steps, and is one. What spans many of them and also moves by
    more than one between two samples is in another unit, as degrees with a period of 2π are. Where values lie within a
    twentieth of a circle, a label without a period is the same label.

    clock: (time,) seconds; steps over gaps do not count.
    """
    known = np.isfinite(values)
    if known.sum() < 2 or not (span := np.ptp(values[known])):
        return
    found = f"values from {values[known].min():.4g} to {values[known].max():.4g}"
    expected = f"values that go round a period of {period:.6g}"
    step = _largest_step(values[known], clock[known])
    if span < LEAST * period:
        remedy = "Give the period in the label's unit (6.2832 for radians), or leave it out: it has no effect here."
        problems.add(where, expected, found, remedy)
    elif span > MOST * period and step > MOST * period:
        remedy = "Give the period in the label's unit (360 for degrees), or scale the values."
        problems.add(where, expected, f"{found}, with steps of {step:.4g} between samples", remedy)


def _largest_step(values: np.ndarray, clock: np.ndarray) -> float:
    seconds = np.diff(clock)
    return float(np.abs(np.diff(values))[seconds <= 1.5 * np.median(seconds)].max(initial=0.0))


def doubt(name: str, values: np.ndarray, period: float | None) -> str:
    """What is to be said of a label that spans more periods than one, as unwrapped angles do; else empty."""
    known = values[np.isfinite(values)]
    if period is None or not len(known) or np.ptp(known) <= MOST * period:
        return ""
    turns = np.ptp(known) / period
    return f"{name} spans {turns:.3g} of its periods of {period:.6g}: an unwrapped angle, or a period in another unit"


def proposal(name: str, values: np.ndarray, epoch: np.ndarray) -> str:
    """Why a label without a period (time,) looks like an angle, and the period that it would have; else empty."""
    low, high = float(values.min()), float(values.max())
    for turn, written in TURNS.items():
        share = (high - low) / turn
        if low < -turn / 2 * WHOLE[1] or high > turn * WHOLE[1] or share > WHOLE[1]:
            continue
        jumps = int((np.abs(np.diff(values))[np.diff(epoch) == 0] > turn / 2).sum())
        if share >= WHOLE[0] and jumps > 1:
            told = f"spans {high - low:.4g} and jumps from end to end {jumps} times, as an angle does"
            return f"{told}: if it is one, add period: {written}"
        if share >= 0.5 and NAMED.search(name):
            return f"is named as an angle is: if it goes round, add period: {written}"
    return ""

"""What the values of a label say of its period: one in another unit, or one that is missing."""

from __future__ import annotations

import re

import numpy as np

from ..errors import Problems

MOST = 1.5  # periods that values span, above which the period is doubted
TURNS = {360.0: "360", 2 * np.pi: "6.2832"}  # in degrees and in radians, as a config says it
WHOLE = 0.9, 1.001  # shares of a turn that a wrapped angle spans
MOST_OF_IT = 0.8  # share of a turn between the 1st and 99th percentile of an angle that goes round
NEAR = 0.01  # by which a period that is meant to be 360 or 2π is off
NAMED = re.compile(r"(^|_)(angle|azimuth|heading|hd|head_direction|orientation|phase|theta|yaw)(_|\d|$)")


def check_period(values: np.ndarray, period: float, clock: np.ndarray, where: str, problems: Problems) -> None:
    """A problem where the values (time,) are in degrees and the period in radians, or the other way round.

    Only what looks like the other unit is refused. A narrow angle, an axial one (headings with a period of 180), one
    that was unwrapped trial by trial, a stray value and a phase that turns more than once between two samples are all
    taken: what spans many of its periods is doubted instead (`doubt`).

    clock: (time,) seconds; steps over gaps do not count.
    """
    known = np.isfinite(values)
    if known.sum() < 2:
        return
    angle = values[known]
    found = f"values from {angle.min():.4g} to {angle.max():.4g}"
    expected = f"values that go round a period of {period:.6g}"
    if _near(period, 2 * np.pi) and _in_degrees(angle, clock[known]):
        remedy = "Give the period in the label's unit (360 for degrees), or scale the values (0.0174533)."
        problems.add(where, expected, f"{found} that jump from end to end as degrees do", remedy)
    elif (_near(period, 360.0) or _near(period, 180.0)) and _in_radians(angle, period):
        remedy = "Give the period in the label's unit (6.2832 for radians), or scale the values (57.2958)."
        problems.add(where, expected, f"{found}, as radians have", remedy)


def _near(period: float, turn: float) -> bool:
    return abs(period - turn) <= NEAR * turn


def _in_degrees(angle: np.ndarray, clock: np.ndarray) -> bool:
    """Whether values fill a circle of 360 and jump over half of it more than once, as wrapped degrees do.

    Percentiles, since one stray value is no unit. In radians this would be an unwrapped angle of about 50 turns that
    returns again and again; degrees that never pass their border are left to the doubt.
    """
    low, high = np.percentile(angle, [1, 99])
    seconds = np.diff(clock)
    jumps = (np.abs(np.diff(angle)) > 180) & (seconds <= 1.5 * np.median(seconds))
    fills = MOST_OF_IT * 360 <= high - low <= 360 * WHOLE[1]
    return bool(fills and max(-low, high) <= 360 * WHOLE[1] and jumps.sum() > 1)


def _in_radians(angle: np.ndarray, period: float) -> bool:
    """Whether all values lie within a circle of radians to either side, and spread over more than half a period."""
    return bool(np.abs(angle).max() <= 2 * np.pi * WHOLE[1] and np.ptp(angle) > np.radians(period) / 2)


def doubt(name: str, values: np.ndarray, period: float | None) -> str:
    """What is to be said of a label that spans more periods than one, as unwrapped and axial angles do; else empty."""
    known = values[np.isfinite(values)]
    if period is None or not len(known) or np.ptp(known) <= MOST * period:
        return ""
    turns = np.ptp(known) / period
    told = "an unwrapped or axial angle, stray values, or a period in another unit"
    return f"{name} spans {turns:.3g} of its periods of {period:.6g}: {told}"


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

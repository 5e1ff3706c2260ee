"""Time stamps: their step and gaps, and bringing a variable from its own clock to that of the samples."""

from __future__ import annotations

import numpy as np

from ..errors import Problem, UserError

AGREE = 0.01  # share by which a given rate and the time stamps may differ
TOLERANCE = 5e-7  # seconds: time stamps are sums of floats


def check_rising(time: np.ndarray, where: str) -> None:
    """A UserError unless the time stamps are finite and each is later than the one before."""
    bad = np.flatnonzero(~np.isfinite(time))
    if len(bad):
        raise UserError(
            Problem(
                where,
                "finite time stamps",
                f"{len(bad)} NaN or infinite, the first in row {bad[0]}",
                "Remove these rows.",
            )
        )
    back = np.flatnonzero(np.diff(time) <= 0)
    if len(back):
        row = back[0] + 1
        found = f"{time[row]:.9g} after {time[row - 1]:.9g} in row {row} ({len(back)} such rows)"
        raise UserError(
            Problem(where, "rising time stamps", found, "Sort the rows by time and remove those that repeat.")
        )
    if len(time) < 2:
        raise UserError(Problem(where, "at least two time stamps", str(len(time))))


def step_of(time: np.ndarray) -> float:
    """Seconds from sample to sample: the mean of the steps near the median one, which undoes rounded time stamps."""
    steps = np.diff(time)
    median = np.median(steps)
    near = steps[np.abs(steps - median) <= 0.6 * median]
    return float(near.mean())


def rate_of(time: np.ndarray, rate: float | None, where: str, name: str) -> float:
    """Samples per second, given or from the time stamps; an error where the two disagree or stamps are irregular."""
    step = step_of(time)
    if rate is not None:
        if abs(step * rate - 1) > AGREE:
            found = f"time stamps with a median step of {step:.6g} s, which is {1 / step:.6g} per second ({where})"
            remedy = "Time stamps are in seconds: correct one of the two. Without spike times `rate` may be left out."
            raise UserError(Problem(f"recordings.{name}.rate and time", f"rate {rate:g} in both", found, remedy))
        return float(rate)
    regular = np.mean(np.abs(np.diff(time) / step - 1) <= 0.5)
    if regular < 0.8:
        found = f"{1 - regular:.0%} of the steps differ from {step:.4g} s by more than half"
        raise UserError(
            Problem(where, "a regular clock", found, "Resample the recording, or give `rate` instead of `time`.")
        )
    return float(f"{1 / step:.9g}")


def gap_limit(largest_gap: float, rate: float) -> float:
    """Seconds above which a step is a gap: a slow recording's own step is none."""
    return max(largest_gap, 1.5 / rate)


def resample(values: np.ndarray, clock: np.ndarray, time: np.ndarray, how: str, period: float | None) -> np.ndarray:
    """`values` (clock,) at `time` (time,); NaN outside the clock's range, as nothing is known there."""
    found = {"nearest": _nearest, "linear": _linear}[how](values, clock, time, period)
    outside = (time < clock[0] - TOLERANCE) | (time > clock[-1] + TOLERANCE)
    return np.where(outside, np.nan, found)


def _nearest(values: np.ndarray, clock: np.ndarray, time: np.ndarray, period: float | None) -> np.ndarray:
    """The value whose stamp is nearest, the earlier of two that are equally near."""
    right = np.clip(np.searchsorted(clock, time), 1, len(clock) - 1)
    earlier = time - clock[right - 1] <= clock[right] - time
    return values[right - earlier].astype(np.float64)


def _linear(values: np.ndarray, clock: np.ndarray, time: np.ndarray, period: float | None) -> np.ndarray:
    if period is None:
        return np.interp(time, clock, values)
    # The shorter way round between two stamps. NaN stays where it is: unwrapping would spread it to the end.
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(time), np.nan)
    turned = np.full(len(values), np.nan)
    turned[known] = np.unwrap(values[known], period=period)
    lowest = 0.0 if values[known].min() >= 0 else -period / 2
    return (np.interp(time, clock, turned) - lowest) % period + lowest


def missing(values: np.ndarray, clock: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(row,) rows of `values` (clock,) that are no numbers, among those that samples at `time` (time,) lie beside."""
    right = np.searchsorted(clock, time)
    beside = np.unique(np.clip([right - 1, right, right + 1], 0, len(clock) - 1))
    return beside[~np.isfinite(values[beside])]


def holes(clock: np.ndarray, time: np.ndarray, largest_gap: float) -> np.ndarray:
    """(time,) whether a sample lies inside a hole of the clock, where a line would invent values."""
    limit = max(largest_gap, 1.5 * step_of(clock)) + TOLERANCE
    right = np.clip(np.searchsorted(clock, time), 1, len(clock) - 1)
    inside = (time > clock[right - 1] + TOLERANCE) & (time < clock[right] - TOLERANCE)
    return inside & (clock[right] - clock[right - 1] > limit)


def difference(values: np.ndarray, period: float | None) -> np.ndarray:
    """Changes from sample to sample; along the circle where there is a period."""
    change = np.diff(values)
    return change if period is None else (change + period / 2) % period - period / 2

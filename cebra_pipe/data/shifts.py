"""Circular shifts of labels against neural data: which there are, and which label each of them brings to a sample.

The decoder null, the refit null (`control: circular_shift`) and the null of consistency all draw from here. Time is
stitched: samples laid end to end, the end joined to the start. Where labels move against parts that stay (decoder and
refit null) these are the samples whose windows lie in their epoch. The others lie at the ends of trials, where labels
have values of their own, and no score counts them: with them in the shifted labels but not in the true ones even a
constant would beat its null. Where parts and padding move with the labels (consistency) they are all samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .parts import autocorrelation, coordinates, decay
from .recording import Label

AWAY = 5  # autocorrelation times that a circular shift keeps from no shift at all
# Correlation with itself some time later above which a label repeats: laps of an animal that runs as it likes stay
# below 0.7 (rats, mice, and simulated ones down to half a minute), repeats of a film reach 1, laps paced to 2 % 0.92.
# Laps out of step take from a class in proportion, from a position by the square: where the one is at 0.9, a direction
# of the same laps is at 0.77. Few laps are alike by chance as well, and both labels are then refused about as often.
ALIKE = {"continuous": 0.9, "discrete": 0.77}


@dataclass(frozen=True, eq=False)
class Shifts:
    """Circular shifts of labels that move together, in samples of stitched time."""

    values: np.ndarray  # (shift,) each once, in random order
    effective: float  # of all that are admitted, how many are independent: usable time over autocorrelation time
    slow: Mapping[str, float]  # labels too slow for any shift -> five of their autocorrelation times, in seconds
    periodic: Mapping[str, float]  # labels that repeat, for which shifts are no null -> after how many seconds

    def first(self, count: int) -> Shifts:
        return replace(self, values=self.values[:count])

    def none(self) -> Shifts:
        """No shift, where those there are would be no null."""
        return replace(self, values=self.values[:0], effective=0.0)


@dataclass(frozen=True)
class Pace:
    """How a label goes with time, in samples."""

    memory: float  # until its autocorrelation falls to 1/e
    period: int  # after which it is again what it was, over and over; 0 where it never is


def pace(label: Label) -> Pace:
    """Memory and period of a label's values, laid end to end.

    A label repeats where its correlation with itself (over the samples that the lag leaves in common) is above ALIKE
    after one period and, in the median, after each of its multiples: laps of about equal duration fall out of step, and
    most of their shifts are a null. It takes three periods: two stretches may be alike by chance.
    """
    curve, level = autocorrelation(coordinates(label)), ALIKE[label.kind]
    length, memory = len(curve), decay(curve)
    common = curve * length / np.arange(length, 0, -1)  # (lag,)
    alike = _nearest(memory) + np.flatnonzero(common[_nearest(memory) : length // 3 + 1] > level)
    if not len(alike):
        return Pace(memory, 0)
    first = np.split(alike, np.flatnonzero(np.diff(alike) > 1) + 1)[0]
    period = int(first[common[first].argmax()])
    multiples = range(period, length - period + 1, period)
    returns = [common[lag - period // 4 : lag + period // 4 + 1].max() for lag in multiples]
    return Pace(memory, period if np.median(returns) > level else 0)


def unshifted(label: Label, inside: np.ndarray) -> str:
    """Why shifts over the samples `inside` (n,) are no null of a label: repeats | slow; empty where they are."""
    found = pace(replace(label, values=label.values[inside]))
    return "repeats" if found.period else "slow" * (2 * _nearest(found.memory) > len(inside))


def _nearest(memory: float) -> int:
    """The shortest shift that carries a label away from itself."""
    return max(1, int(np.ceil(AWAY * memory)))


def circular_shifts(
    labels: Mapping[str, Label], rate: float, inside: np.ndarray, stream: np.random.Generator
) -> Shifts:
    """Every shift that carries the labels five autocorrelation times or more away from none, in random order.

    inside: (n,) sample numbers of the stitched time. The slowest label sets the pace; one too slow for any shift
    (classes recorded one after the other) does not, and is named. None are admitted where all are too slow. Labels that
    repeat are shifted as the others are, and named. Equal streams give labels of one recording the same shifts as far
    as their own bounds admit them.
    """
    length = len(inside)
    paces = {name: pace(replace(label, values=label.values[inside])) for name, label in sorted(labels.items())}
    nearest = {name: _nearest(each.memory) for name, each in paces.items()}
    paced = [name for name, samples in nearest.items() if 2 * samples <= length]
    slow = {name: nearest[name] / rate for name in nearest if name not in paced}
    periodic = {name: each.period / rate for name, each in paces.items() if each.period}
    if not paced:
        return Shifts(np.zeros(0, np.int64), 0.0, slow, periodic)
    bound, order = max(nearest[name] for name in paced), stream.permutation(length)
    admitted = order[(order >= bound) & (order <= length - bound)]
    effective = len(admitted) / max(1.0, *(paces[name].memory for name in paced))
    return Shifts(admitted, effective, slow, periodic)


def shifted(inside: np.ndarray, places: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """(shift, place) the sample whose label each shift brings to `places`, positions in the stitched time `inside`."""
    return inside[(places[None] - shifts[:, None]) % len(inside)]


def source(inside: np.ndarray, shift: int, length: int) -> np.ndarray:
    """(time,) the sample whose label a shift brings to each of all `length` samples.

    Outside the stitched time, where labels are read only for their changes, they run on from the nearest sample inside.
    """
    own, time = shifted(inside, np.arange(len(inside)), np.array([shift]))[0], np.arange(length)
    after = np.minimum(np.searchsorted(inside, time), len(inside) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(inside[after] - time) <= np.abs(inside[before] - time), after, before)
    return (own[nearest] + time - inside[nearest]) % length

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

from .parts import autocorrelation_time, coordinates
from .recording import Label

AWAY = 5  # autocorrelation times that a circular shift keeps from no shift at all


@dataclass(frozen=True, eq=False)
class Shifts:
    """Circular shifts of labels that move together, in samples of stitched time."""

    values: np.ndarray  # (shift,) each once, in random order
    effective: float  # of all that are admitted, how many are independent: usable time over autocorrelation time
    slow: Mapping[str, float]  # labels too slow for any shift -> five of their autocorrelation times, in seconds

    def first(self, count: int) -> Shifts:
        return replace(self, values=self.values[:count])


def circular_shifts(
    labels: Mapping[str, Label], rate: float, inside: np.ndarray, stream: np.random.Generator
) -> Shifts:
    """Every shift that carries the labels five autocorrelation times or more away from none, in random order.

    inside: (n,) sample numbers of the stitched time. The slowest label sets the pace; one too slow for any shift
    (classes recorded one after the other) does not, and is named. None are admitted where all are too slow. Equal
    streams give labels of one recording the same shifts as far as their own bounds admit them.
    """
    length = len(inside)
    memory = {name: _memory(label, rate, inside) for name, label in labels.items()}
    nearest = {name: max(1, int(np.ceil(AWAY * samples))) for name, samples in memory.items()}
    paced = [name for name, samples in nearest.items() if 2 * samples <= length]
    slow = {name: nearest[name] / rate for name in sorted(nearest) if name not in paced}
    if not paced:
        return Shifts(np.zeros(0, np.int64), 0.0, slow)
    bound, order = max(nearest[name] for name in paced), stream.permutation(length)
    admitted = order[(order >= bound) & (order <= length - bound)]
    effective = len(admitted) / max(1.0, *(memory[name] for name in paced))
    return Shifts(admitted, effective, slow)


def _memory(label: Label, rate: float, inside: np.ndarray) -> float:
    """The label's autocorrelation time in samples."""
    return autocorrelation_time(coordinates(replace(label, values=label.values[inside])), rate) * rate


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

"""Portions of a recording: fewer minutes of its training part, or fewer of its neurons, all else as it is.

What a score loses with less data says whether more of it is likely to help.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Problem, UserError
from ..streams import generator
from .parts import content
from .recording import Recording
from .shares import adapt_part, share_masks, size

LARGEST = 0.5  # the share that a verdict compares all the data with, or the next below it


@dataclass(frozen=True, eq=False)
class Portion:
    """What is left of a recording."""

    units: np.ndarray  # (kept neuron,) indices, rising
    part: np.ndarray  # (time,) str: train, valid, test, gap

    def of(self, recording: Recording) -> Recording:
        """The recording with the neurons that are left."""
        if len(self.units) == recording.neural.shape[1]:
            return recording
        neurons = tuple(recording.neurons[unit] for unit in self.units)
        return replace(recording, neural=recording.neural[:, self.units], neurons=neurons)


def portion(
    given: Mapping | None, recording: Recording, part: np.ndarray, study_seed: int, fold: int, seed: int
) -> Portion:
    """What `given` leaves of a recording, as it is before any control, and of its part (time,).

    given: `of` (minutes, neurons) and `share`; of minutes also `stratify` (the discrete label whose classes come in
    equal proportions, or None) and `across` (whether stretches cross epoch borders). Nothing: all of it.
    The order in which minutes or neurons are taken follows from the study's seed, the recording's content, fold and
    seed and not from the share: a smaller portion lies inside every larger one. A UserError where nothing is left out.
    """
    units = np.arange(recording.neural.shape[1])
    if not given:
        return Portion(units, part)
    stream = generator("portion", given["of"], study_seed, content(recording), fold, seed)
    if given["of"] == "neurons":
        number = _less(given, len(units))
        return Portion(np.sort(stream.permutation(units)[:number]), part)
    stratify = given["stratify"]
    classes = recording.labels[stratify].values if stratify else np.zeros(len(recording), np.int64)
    epoch = np.zeros_like(recording.epoch) if given["across"] else recording.epoch
    _less(given, int((part == "train").sum()))
    (kept,) = share_masks(part == "train", epoch, classes, [given["share"]], stream)
    return Portion(units, adapt_part(part, kept))


def _less(given: Mapping, number: int) -> int:
    """How many are left of `number`; a portion of all of them would be the whole fit again, and no score could rise."""
    if (left := size(given["share"], number)) < number:
        return left
    what = "neurons" if given["of"] == "neurons" else "samples of train"
    found = f"{given['share']:g} of {number} {what}, which is {left}"
    remedy = f"Remove it from enough_data.shares, or {given['of']} from enough_data.of."
    raise UserError(Problem("enough_data.shares", "a share that leaves some out", found, remedy))

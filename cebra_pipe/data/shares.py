"""Shares of a part: how much a recording needs, by samples that lie inside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .parts import segments


def share_masks(
    mask: np.ndarray, epoch: np.ndarray, classes: np.ndarray, shares: Sequence[float], stream: np.random.Generator
) -> list[np.ndarray]:
    """(time,) bool for each share of the samples in `mask`: whole stretches in random order, the last one cut.

    A smaller share lies inside every larger one. `classes` (time,) come in equal proportions: a share of a tenth holds
    about a tenth of the stretches of each class, by the class that most of a stretch's samples have.
    """
    stretches = segments(mask, epoch)
    ordered = stretches[spread_order([_most(classes[begin:end]) for begin, end in stretches], stream)]
    samples = np.concatenate([np.arange(begin, end) for begin, end in ordered])
    wanted = [size(share, len(samples)) for share in shares]
    return [np.isin(np.arange(len(mask)), samples[:number]) for number in wanted]


def size(share: float, number: int) -> int:
    """How many of `number` a share is: the nearest whole number, and at least one."""
    return max(1, round(share * number))


def adapt_part(part: np.ndarray, adapt: np.ndarray) -> np.ndarray:
    """(time,) the parts of a split, of whose train the samples in `adapt` (time,) bool are left; the others are gap."""
    return np.where((part == "train") & ~adapt, "gap", part)


def spread_order(classes: Sequence[int], stream: np.random.Generator) -> np.ndarray:
    """(item,) a random order in which each class is spread evenly, so that every beginning holds all of them alike."""
    place, classes = np.zeros(len(classes)), np.asarray(classes)
    for one in np.unique(classes):
        mine = np.flatnonzero(classes == one)
        place[stream.permutation(mine)] = (np.arange(len(mine)) + stream.random()) / len(mine)
    return np.argsort(place, kind="stable")


def _most(values: np.ndarray) -> int:
    found, counts = np.unique(values, return_counts=True)
    return found[counts.argmax()]

"""From recordings and their parts to what the engine reads; all that learns from data learns from the training part."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.datatypes import Offset
from ..data.parts import keep_units, segments, windows_inside
from ..data.recording import Recording
from ..errors import Problems

PARTS = ("train", "valid", "test")


@dataclass(frozen=True, eq=False)
class Scaling:
    """Which neurons an encoder reads, and in what scale."""

    units: np.ndarray  # (kept neuron,) indices
    moments: tuple[np.ndarray, np.ndarray] | None  # (kept neuron,) mean and standard deviation, where z-scored

    def __call__(self, neural: np.ndarray) -> np.ndarray:
        """(time, neuron) -> (time, kept neuron) float32"""
        kept = neural[:, self.units]
        if self.moments is None:
            return np.ascontiguousarray(kept, np.float32)
        mean, deviation = self.moments
        return np.ascontiguousarray((kept - mean) / deviation, np.float32)


def scaling_of(recording: Recording, train: np.ndarray, normalize: str) -> Scaling:
    """Neurons above the minimum rate on train (time,) bool; with `zscore` their mean and deviation there."""
    units = keep_units(recording.neural, train, recording.rate, recording.minimum_rate)
    if normalize == "none":
        return Scaling(units, None)
    seen = recording.neural[np.ix_(train, units)].astype(np.float64)
    deviation = seen.std(axis=0)
    return Scaling(units, (seen.mean(axis=0), np.where(deviation > 0, deviation, 1.0)))


def epochs(recording: Recording, across: bool) -> np.ndarray:
    """(time,) epochs that windows stay inside; a single one where they may cross."""
    return np.zeros_like(recording.epoch) if across else recording.epoch


def check_sessions(names: Sequence[str], recordings: Sequence[Recording], offset: Offset, across: bool) -> None:
    """A UserError where rates differ, or where a recording has no stretch as long as the window."""
    problems, rates = Problems(), {}
    for name, recording in zip(names, recordings, strict=True):
        rates.setdefault(recording.rate, name)
        found = segments(np.ones(len(recording), bool), epochs(recording, across))
        longest = int(np.diff(found, axis=1).max(initial=0))
        if longest < len(offset):
            remedy = "Use a model with a shorter window, or leave the recording out."
            problems.add(
                f"recording {name}",
                f"an epoch of at least {len(offset)} samples, the window",
                f"at most {longest}",
                remedy,
            )
    if len(rates) > 1:
        told = ", ".join(f"{name} {rate:g} Hz" for rate, name in rates.items())
        problems.add("recordings of one model", "one sampling rate", told, "Resample, or fit them apart.")
    problems.raise_any()


def check_gap(name: str, recording: Recording, part: np.ndarray, offset: Offset, across: bool) -> None:
    """A UserError where windows of different parts overlap: their centres lie nearer than a window inside an epoch.

    Windows across epochs overlap at every border of parts that is also one of epochs; that is told, not refused.
    """
    index = np.flatnonzero(windows_inside(epochs(recording, across), *offset) & np.isin(part, PARTS))
    near = (np.diff(index) < len(offset)) & (part[index][1:] != part[index][:-1])
    crossing = near & (np.diff(recording.epoch[index]) != 0)
    if crossing.any():
        told = f"{name}: windows: across lets windows of different parts overlap at {int(crossing.sum())} epoch borders"
        print(told, file=sys.stderr, flush=True)
    near &= ~crossing
    problems = Problems()
    if near.any():
        at = int(np.flatnonzero(near)[np.diff(index)[near].argmin()])
        first, last = index[at], index[at + 1]
        found = f"{last - first} samples: from {first} ({part[first]}) to {last} ({part[last]})"
        remedy = f"Set split.gap to {len(offset) / recording.rate:g} s or more."
        problems.add(
            f"split of {name}", f"{len(offset)} samples (the window) between centres of different parts", found, remedy
        )
    problems.raise_any()


def check_parts(
    names: Sequence[str], part: str, fold: int, counts: Sequence[int], longest: Sequence[int], window: int
) -> None:
    """A UserError where a part of a session keeps fewer than two centres."""
    problems = Problems()
    for name, count, most in zip(names, counts, longest, strict=True):
        if count < 2:
            found = f"{count} windows; the longest stretch inside an epoch has {most} samples"
            remedy = f"It needs more samples: raise split.{part}, lower split.gap, or use a shorter window."
            problems.add(
                f"part {part} of {name}, fold {fold}", f"at least 2 windows of {window} samples", found, remedy
            )
    problems.raise_any()

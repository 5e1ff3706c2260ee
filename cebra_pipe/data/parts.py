"""What several stages ask of a split and of a recording's time: parts, windows, segments, units, autocorrelation."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.fft import irfft, rfft  # scipy's would cost each job a quarter of a second to import

from ..errors import Problem, UserError, did_you_mean
from .recording import Label, Recording
from .table import Table, read_table


def read_split(path: Path) -> Table:
    """The split of a recording: columns `sample`, `epoch`, `fold0`, `fold1`, …"""
    return read_table(path, stage="split")


def check_length(name: str, recording: Recording, split: Table) -> None:
    """A UserError where the split is not of the recording."""
    if len(split) != len(recording):
        expected, found = f"{len(recording)} samples as in the recording", f"{len(split)}, of another version of it"
        raise UserError(Problem(f"split of {name}", expected, found, "Run split again."))


def folds_of(split: Table) -> list[int]:
    """The numbers of the split's folds, rising."""
    return sorted(int(name[4:]) for name in split.columns if name.startswith("fold"))


def part_of(split: Table, fold: int) -> np.ndarray:
    """(time,) str: train, valid, test or gap."""
    if f"fold{fold}" not in split.columns:
        known = [f"fold{f}" for f in folds_of(split)]
        raise UserError(Problem("split", "a fold of the split", f"fold{fold}", did_you_mean(f"fold{fold}", known)))
    return split[f"fold{fold}"]


def windows_inside(epoch: np.ndarray, before: int, after: int) -> np.ndarray:
    """(time,) bool: the window from t - before to t + after - 1 lies in the epoch of t."""
    index = np.arange(len(epoch))
    first, last = index - before, index + after - 1
    inside = (first >= 0) & (last < len(epoch))
    # Epochs only rise, so equal ends mean one epoch all along.
    return inside & (epoch[np.maximum(first, 0)] == epoch[np.minimum(last, len(epoch) - 1)])


def segments(mask: np.ndarray, epoch: np.ndarray) -> np.ndarray:
    """(segment, 2) start and stop of the runs of consecutive samples that are in `mask` and in one epoch."""
    index = np.flatnonzero(mask)
    if not len(index):
        return np.zeros((0, 2), np.int64)
    broken = (np.diff(index) > 1) | (np.diff(epoch[index]) != 0)
    start = index[np.concatenate([[True], broken])]
    stop = index[np.concatenate([broken, [True]])] + 1
    return np.stack([start, stop], axis=1)


def keep_units(neural: np.ndarray, train: np.ndarray, rate: float, minimum_rate: float) -> np.ndarray:
    """Indices of the neurons whose mean over the training samples, per second, reaches `minimum_rate`."""
    if minimum_rate <= 0:
        return np.arange(neural.shape[1])
    per_second = neural[train].mean(axis=0, dtype=np.float64) * rate
    kept = np.flatnonzero(per_second >= minimum_rate)
    if not len(kept):
        found = f"the highest at {per_second.max():.3g}"
        raise UserError(Problem("select.minimum_rate", f"a neuron at {minimum_rate:g} per second", found, "Lower it."))
    return kept


def coordinates(label: Label) -> np.ndarray:
    """(time, d): the label where distances mean something: classes as indicators (bool), angles as points."""
    if label.discrete:
        return label.values[:, None] == np.unique(label.values)
    if label.period:
        angle = label.values * (2 * np.pi / label.period)
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(label.values, np.float64)[:, None]


def autocorrelation(values: np.ndarray) -> np.ndarray:
    """(lag,) autocorrelation of (time,) or (time, d) values: mean over the columns that vary, zeros where none does."""
    length = len(values)
    size = fast_length(2 * length)  # padded to twice the length: no wrap-around
    curve, columns = np.zeros(length), 0
    for each in np.reshape(values, (length, -1)).T:  # one by one: indicators of many classes would not fit as floats
        column = each.astype(np.float64)
        column -= column.mean()
        power = np.dot(column, column)
        if power > 1e-12:
            curve += irfft(np.abs(rfft(column, size)) ** 2, size)[: len(column)] / power
            columns += 1
    return curve / max(columns, 1)


def fast_length(least: int) -> int:
    """The smallest number from `least` on that is a product of 2s, 3s and 5s: Fourier transforms of it are quick."""
    odd = (3**a * 5**b for a in range(least.bit_length()) for b in range(least.bit_length()))
    return min(number << max(0, -(-least // number) - 1).bit_length() for number in odd)


def autocorrelation_time(values: np.ndarray, rate: float) -> float:
    """Seconds of stitched time until the autocorrelation first falls to 1/e, linear between lags; 0 for a constant."""
    return decay(autocorrelation(values)) / rate


def decay(curve: np.ndarray) -> float:
    """Samples until an autocorrelation (lag,) falls to 1/e."""
    below = np.flatnonzero(curve <= np.exp(-1))
    if not len(below):
        return float(len(curve))
    lag = int(below[0])
    if lag == 0:
        return 0.0
    return float(lag - 1 + (curve[lag - 1] - np.exp(-1)) / (curve[lag - 1] - curve[lag]))


def content(recording: Recording, neural: bool = True) -> str:
    """16 characters that name the recording's samples (its labels alone without `neural`), whatever it is called."""
    hashed = hashlib.sha256(f"{recording.rate!r}".encode())
    for name, label in sorted(recording.labels.items()):
        hashed.update(f"{name} {label.kind} {label.period!r}".encode())
        hashed.update(np.ascontiguousarray(label.values).tobytes())
    for values in (recording.time, recording.epoch, recording.trial) + ((recording.neural,) if neural else ()):
        hashed.update(np.ascontiguousarray(values).tobytes())
    return hashed.hexdigest()[:16]

"""Recordings that hold the same neural data: a number between two of them would be that of one with itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..errors import Problem, UserError, counted

REMEDY = "Mend the file or the columns of one, or name `recordings` in the condition and leave one out."
ROWS = 65536  # samples that are looked at together
DISTINCT = 10  # samples of different activity that two cuts of one recording share at least


def neural_digest(neural: np.ndarray) -> str:
    """What names neural data (time, neuron) by their values, in whatever type a file has them."""
    hashed = hashlib.sha256(f"{neural.shape}".encode())
    for first in range(0, len(neural), ROWS):
        rows = neural[first : first + ROWS].astype(np.float64) + 0.0  # -0 is 0
        hashed.update(np.ascontiguousarray(rows).tobytes())
    return hashed.hexdigest()


@dataclass(frozen=True, eq=False)
class Imprint:
    """What tells whether two recordings share samples, in little memory."""

    time: np.ndarray  # (time,) seconds, rising
    rows: np.ndarray  # (time,) uint64, a hash of the neural data of each sample

    def shared(self, other: Imprint) -> int:
        """How many samples two recordings have in common: all, at whatever times, or those at the same times.

        Samples at the same times count where every one of them is the same in both, as in two cuts of one recording.
        """
        if np.array_equal(self.rows, other.rows):
            return len(self.rows)
        common, mine, its = np.intersect1d(self.time, other.time, assume_unique=True, return_indices=True)
        equal = np.array_equal(self.rows[mine], other.rows[its])
        return len(common) if equal and len(np.unique(self.rows[mine])) >= DISTINCT else 0


def imprint(neural: np.ndarray, time: np.ndarray) -> Imprint:
    """Of neural data (time, neuron) by their values, in whatever type a file has them, at time (time,) seconds."""
    rows = np.empty(len(neural), np.uint64)
    for first in range(0, len(neural), ROWS):
        values = neural[first : first + ROWS].astype(np.float64) + 0.0  # -0 is 0
        rows[first : first + ROWS] = _mixed(values.view(np.uint64)).sum(axis=1, dtype=np.uint64)
    return Imprint(np.asarray(time, np.float64), rows)


def _mixed(bits: np.ndarray) -> np.ndarray:
    """Numbers (row, column) as hashes that depend on their column (the finaliser of splitmix64, Steele et al. 2014)."""
    column = np.arange(1, bits.shape[1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = bits + column
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@dataclass(frozen=True)
class Twins:
    """Recordings that are one, or overlapping cuts of one."""

    names: tuple[str, str]
    samples: int  # that both hold
    whole: bool

    def told(self, called: Sequence[str]) -> str:
        """What is found, of recordings that are called so."""
        what = "the same neural data" if self.whole else f"{counted(self.samples, 'sample')} of the same neural data"
        return f"{what} in {' and '.join(called)}"


def twins(imprints: Mapping[str, Imprint]) -> list[Twins]:
    """Every pair that shares samples. imprints: name -> that of the recording."""
    found = []
    for (one, mine), (other, its) in combinations(imprints.items(), 2):
        if samples := mine.shared(its):
            found.append(Twins((one, other), samples, samples == len(mine.rows) == len(its.rows)))
    return found


def refuse_twins(imprints: Mapping[str, Imprint], where: str) -> None:
    """A UserError where what is fitted or compared together holds the same samples twice."""
    problems = [Problem(where, "each recording once", found.told(found.names), REMEDY) for found in twins(imprints)]
    if problems:
        raise UserError(*problems)


def shared_neural(recordings: Mapping[str, Mapping]) -> dict[str, str]:
    """Name -> what is to be said of a recording that others hold too. recordings: name -> what its file says of it."""
    groups: dict[str, list[str]] = {}
    for name, meta in recordings.items():
        if "neural_digest" in meta:
            groups.setdefault(meta["neural_digest"], []).append(name)
    same = (names for names in groups.values() if len(names) > 1)
    return {name: f"the same neural data in {' and '.join(names)}" for names in same for name in names}

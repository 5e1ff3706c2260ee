"""Four rats on a linear track, CA1: the recordings of Schneider, Lee and Mathis 2023 (Fig. 1 and 2).

Spike counts in bins of 25 ms while the rat runs, with its position on 1.6 m and its direction, as two flags. From
Grosmark and Buzsáki 2016 (CRCNS hc-11, doi 10.6080/K0862DC5). The files are not part of this package.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.load import load_data
from ..errors import Problem, UserError, did_you_mean
from .folder import Source

FOLDER = "rat_hippocampus"
ORIGIN = "the CEBRA project's data sets (recordings: CRCNS hc-11, doi 10.6080/K0862DC5)"
HOST = "https://cebra.fra1.digitaloceanspaces.com/data"  # of the method's authors
CHECKSUMS = {  # md5 of the file, and of what is fetched
    "achilles": ("c52f9b55cbc23c66d57f3842214058b8", "5d7b243e07b24c387e5412cd5ff46f0b"),
    "buddy": ("36341322907708c466871bf04bc133c2", "339290585be2188f48a176f05aaf5df6"),
    "cicero": ("a83b02dbdc884fdd7e53df362499d42f", "f262a87d2e59f164cb404cd410015f3a"),
    "gatsby": ("2b889da48178b3155011c12555342813", "564e431c19e55db2286a9d64c86a94c4"),
}


def _source(rat: str) -> Source:
    name, (md5, packed) = f"{FOLDER}/{rat}.jl", CHECKSUMS[rat]
    return Source((name, f"{FOLDER}/{rat}.npz"), ORIGIN, md5, f"{HOST}/{name}.gz", packed)


RATS = {rat: _source(rat) for rat in CHECKSUMS}
FOLDS = 3
FEWEST = 2 * FOLDS * FOLDS  # round trips, so that each block has one for test and one for valid
PARTS = ("train", "valid", "test")


@dataclass(frozen=True, eq=False)
class Recorded:
    """One rat, with its labels as published."""

    spikes: np.ndarray  # (time, neuron) counts in 25 ms
    position: np.ndarray  # (time, 3) position in m, 1 where it runs right, 1 where it runs left
    lap: np.ndarray  # (time,) runs in one direction, from 0

    def at(self, samples: np.ndarray) -> Recorded:
        """These samples alone."""
        return Recorded(self.spikes[samples], self.position[samples], self.lap[samples])

    def with_labels(self, position: np.ndarray) -> Recorded:
        """The same recording under other labels."""
        return Recorded(self.spikes, position, self.lap)


def read_rat(name: str, fetch: bool = True) -> Recorded:
    """The recording of one rat, from the folder of the data sets; fetched into it where `fetch` allows it.

    Raises:
        UserError: no such rat, or a file without these arrays.
        MissingFile: (a UserError and FileNotFoundError) the file is not there and `fetch` is False, or it does not
            come; the message says where to put it.
    """
    if name not in RATS:
        raise UserError(Problem("rat", "one of the four", repr(name), did_you_mean(name, RATS)))
    path = RATS[name].find(fetch)
    spikes, position = load_data(path, "spikes"), load_data(path, "position")
    if spikes.ndim != 2 or position.shape != (len(spikes), 3):
        found = f"shapes {spikes.shape} and {position.shape}"
        raise UserError(Problem(str(path), "spikes (time, neuron) and position (time, 3)", found, "Get the file anew."))
    return Recorded(spikes, position, laps(position[:, 1]))


def laps(direction: np.ndarray) -> np.ndarray:
    """(time,) number of the run, from 0; a new one begins with the first sample in the other direction."""
    return np.concatenate([[0], np.cumsum(np.diff(direction) != 0)])


def shuffled(position: np.ndarray, seed: int) -> np.ndarray:
    """The labels with their rows permuted, neural data left alone: a control that destroys autocorrelation, no null."""
    return position[np.random.default_rng(seed).permutation(len(position))]


def part_samples(lap: np.ndarray, fold: int, part: str) -> np.ndarray:
    """Numbers of the samples of one part of a fold, in order."""
    if part not in PARTS:
        raise UserError(Problem("split", ", ".join(map(repr, PARTS)), repr(part), did_you_mean(part, PARTS)))
    trial = lap // 2  # there and back
    return np.flatnonzero(trial_parts(trial[-1] + 1, fold)[trial] == PARTS.index(part))


def trial_parts(trials: int, fold: int) -> np.ndarray:
    """(trial,) rank in `PARTS`: the published nested split, by whole trials.

    In each third of the trials one of three blocks is held out; its first half is test, its second valid.
    """
    if fold not in range(FOLDS):
        raise UserError(Problem("split_no", f"0 to {FOLDS - 1}", repr(fold)))
    if trials < FEWEST:
        raise UserError(Problem("split", f"{FEWEST} round trips or more", str(trials), "Take a longer recording."))
    held = [np.array_split(third, FOLDS)[fold] for third in np.array_split(np.arange(trials), FOLDS)]
    ranks = np.full(trials, PARTS.index("train"))
    for block in held:
        half = (len(block) + 1) // 2
        ranks[block[:half]], ranks[block[half:]] = PARTS.index("test"), PARTS.index("valid")
    return ranks

"""How long neural data and labels remember themselves, and whether parts lie far enough apart for that."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from .parts import autocorrelation_time, coordinates
from .recording import Recording

SMOOTHING = 0.25  # s
ENOUGH = 2  # autocorrelation times between samples of different parts


def memory_times(recording: Recording, scheme: str) -> dict[str, float]:
    """What it is of -> autocorrelation time in seconds of stitched time.

    Where `scheme` leaves trials whole, labels that never change within one are left out: their memory is that of the
    trials, which no gap between them undoes.
    """
    neural = smoothed(recording)
    times = {
        "summed activity": autocorrelation_time(neural.sum(axis=1), recording.rate),
        "single neurons": autocorrelation_time(neural, recording.rate),
    }
    return times | {
        f"label {name}": autocorrelation_time(coordinates(label), recording.rate)
        for name, label in sorted(recording.labels.items())
        if scheme == "blocks" or changes_within(label.values, recording.trial)
    }


def changes_within(values: np.ndarray, trial: np.ndarray) -> bool:
    """Whether values (time,) change between two neighbouring samples of one trial."""
    return bool(((np.diff(values) != 0) & (np.diff(trial) == 0)).any())


def smoothed(recording: Recording) -> np.ndarray:
    """(time, neuron) means over 250 ms: the counting noise of single bins would hide the autocorrelation of rates."""
    width = max(1, round(SMOOTHING * recording.rate))
    padded = np.pad(recording.neural.astype(np.float64), ((width // 2 + 1, (width - 1) // 2), (0, 0)), mode="edge")
    total = np.cumsum(padded, axis=0, out=padded)
    return (total[width:] - total[:-width]) / width


def apart(time: np.ndarray, parts: Sequence[np.ndarray]) -> float:
    """Seconds of recorded time between the nearest samples of different parts in any fold; inf where all are of one.

    time (time,), parts (time,) str each: train, valid, test or gap. Where rests were cut out between trials this is
    more than the gap that was asked for.
    """
    nearest = np.inf
    for part in parts:
        kept = np.flatnonzero(part != "gap")
        border = np.flatnonzero(part[kept][1:] != part[kept][:-1])
        nearest = min(nearest, (time[kept[border + 1]] - time[kept[border]]).min(initial=np.inf))
    return float(nearest)


def too_near(seconds: float, times: Mapping[str, float]) -> dict[str, float]:
    """Of which memories parts that are `seconds` apart are not independent -> how far apart they would have to be."""
    return {name: ENOUGH * time for name, time in times.items() if seconds < ENOUGH * time}


def near_lines(seconds: float, times: Mapping[str, float]) -> Iterator[str]:
    """One sentence that names all of them, the longest first; none where parts are far enough apart."""
    found = sorted(too_near(seconds, times).items(), key=lambda each: -each[1])
    if found:
        of = ", ".join(f"{name} ({needed:.2f} s)" for name, needed in found)
        told = f"parts come within {seconds:.3g} s of each other, below two autocorrelation times of {of}"
        helps = f"a split.gap of {math.ceil(10 * found[0][1]) / 10:g} s would do"
        yield f"{told}: they are not independent in {'it' if len(found) == 1 else 'these'}; {helps}"

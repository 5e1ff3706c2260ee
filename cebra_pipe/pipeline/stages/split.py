"""Stage split: the part of each sample, once per recording and for all conditions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...data.parts import autocorrelation_time, coordinates
from ...data.recording import Recording
from ...data.split import GAP, NAMES, PARTS, Cut, split
from ...data.table import Table
from ...errors import Problem, UserError
from ..job import Job, say

SMOOTHING = 0.25  # s


def run(job: Job) -> None:
    """Writes sample, epoch and one column of parts a fold."""
    path, scheme = job.input("recording"), job.spec["split"]
    recording = Recording.read(path)
    cuts = _split(path, recording, scheme)
    columns = {"sample": np.arange(len(recording), dtype=np.int32), "epoch": recording.epoch}
    job.write("split", Table(columns | {f"fold{fold}": cut.names() for fold, cut in enumerate(cuts)}))
    for fold, cut in enumerate(cuts):
        say(f"fold{fold}: {_shares(cut)}")
    for line in memory_lines(recording, scheme["gap"]):
        say(line)


def _split(path: Path, recording: Recording, scheme: dict) -> list[Cut]:
    try:
        return split(recording, scheme)
    except UserError as error:
        named = [Problem(f"{path.stem}: {p.where}", p.expected, p.found, p.remedy) for p in error.problems]
        raise UserError(*named) from None


def _shares(cut: Cut) -> str:
    """Samples and shares of each part, and what the gap took from whom."""
    count = np.bincount(cut.part, minlength=len(NAMES))
    taken = [f"{int((cut.whole[cut.part == GAP] == rank).sum())} of {name}" for rank, name in enumerate(PARTS)]
    listed = ", ".join(f"{name} {n} ({100 * n / len(cut.part):.1f} %)" for name, n in zip(NAMES, count, strict=True))
    return f"{listed}; the gap took {', '.join(taken)}"


def memory_lines(recording: Recording, gap: float) -> list[str]:
    """The autocorrelation times, and a warning for each that the gap does not cover twice."""
    neural = smoothed(recording)
    times = {
        "population rate": autocorrelation_time(neural.sum(axis=1), recording.rate),
        "mean over neurons": autocorrelation_time(neural, recording.rate),
    }
    times |= {
        f"label {name}": autocorrelation_time(coordinates(label), recording.rate)
        for name, label in sorted(recording.labels.items())
    }
    lines = ["autocorrelation times: " + ", ".join(f"{name} {time:.2f} s" for name, time in times.items())]
    return lines + [
        f"warning: gap {gap:g} s is below two autocorrelation times of {name} ({2 * time:.2f} s): "
        "parts are not independent in it"
        for name, time in times.items()
        if gap < 2 * time
    ]


def smoothed(recording: Recording) -> np.ndarray:
    """(time, neuron) means over 250 ms: the counting noise of single bins would hide the autocorrelation of rates."""
    width = max(1, round(SMOOTHING * recording.rate))
    padded = np.pad(recording.neural.astype(np.float64), ((width // 2 + 1, (width - 1) // 2), (0, 0)), mode="edge")
    total = np.cumsum(padded, axis=0, out=padded)
    return (total[width:] - total[:-width]) / width

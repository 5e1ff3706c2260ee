"""Stage split: the part of each sample, once per recording and for all conditions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...data.memory import apart, memory_times, near_lines
from ...data.recording import Recording
from ...data.split import GAP, NAMES, PARTS, Cut, split
from ...data.table import Table
from ...errors import Problem, UserError
from ..jobs.job import Job, say


def run(job: Job) -> None:
    """Writes sample, epoch and one column of parts a fold; autocorrelation times beside what is between parts."""
    path, scheme = job.input("recording"), job.spec["split"]
    recording = Recording.read(path)
    for line in dict.fromkeys(recording.notes.get("overlap", {}).values()):  # before mistakes that may follow from it
        say(f"warning: {line}")
    cuts = _split(path, recording, scheme)
    times, parts = memory_times(recording, scheme["scheme"]), [cut.names() for cut in cuts]
    columns = {"sample": np.arange(len(recording), dtype=np.int32), "epoch": recording.epoch}
    columns |= {f"fold{fold}": part for fold, part in enumerate(parts)}
    about = {"memory": times, "apart": (seconds := apart(recording.time, parts))}
    job.write("split", Table(columns, about))
    for fold, cut in enumerate(cuts):
        say(f"fold{fold}: {_shares(cut)}")
    say("autocorrelation times: " + ", ".join(f"{name} {time:.2f} s" for name, time in times.items()))
    for line in near_lines(seconds, times):
        say(f"warning: {line}")


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

"""Stage simulate: the recording of one simulated rat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...datasets.simulated import simulate
from ..jobs.job import Job, say


def run(job: Job) -> None:
    """Writes the recording that the seed and the sizes of the spec determine."""
    recording = replace(simulate(**job.spec["simulate"]), minimum_rate=job.spec["minimum_rate"])
    job.write("recording", recording.columns())
    empty = (recording.neural == 0).mean()
    rates = recording.neural.mean(axis=0) * recording.rate
    say(
        f"{len(recording)} samples × {recording.neural.shape[1]} neurons at {recording.rate:g} Hz, "
        f"{recording.trial[-1] + 1} trials, {100 * empty:.1f} % empty bins, median rate {np.median(rates):.2f} Hz"
    )

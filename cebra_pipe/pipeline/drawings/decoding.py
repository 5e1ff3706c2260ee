"""Held-out traces and scores."""

from __future__ import annotations

from ...data.table import Table
from ...plot import decoded
from ...plot.decoding import draw as draw
from ...plot.files import of_units
from ...plot.named import recordings
from ...plot.shown import Study
from ..jobs.job import Job


def rows(job: Job, study: Study) -> Table:
    scores, traces = (of_units(study, job.files(role), "decode") for role in ("scores", "traces"))
    return decoded.rows(study, recordings(study, job.files("recordings")), scores, traces)

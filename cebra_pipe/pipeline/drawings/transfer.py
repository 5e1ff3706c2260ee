"""Recordings that were left out."""

from __future__ import annotations

from ...data.table import Table
from ...plot import transferred
from ...plot.files import transfers
from ...plot.shown import Study
from ...plot.transfer import draw as draw
from ..jobs.job import Job


def rows(job: Job, study: Study) -> Table:
    return transferred.rows(study, transfers(study, job.files("transfer")))

"""Consistency between recordings and between runs."""

from __future__ import annotations

from ...data.table import Table
from ...plot import compared
from ...plot.consistency import draw as draw
from ...plot.shown import Study
from ..jobs.job import Job


def rows(job: Job, study: Study) -> Table:
    return compared.rows(study, job.files("consistency"))

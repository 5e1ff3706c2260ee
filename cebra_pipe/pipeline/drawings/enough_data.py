"""Scores against the amount of data."""

from __future__ import annotations

from ...data.table import Table
from ...plot.curves import drawn
from ...plot.enough_data import draw as draw
from ...plot.shown import Study
from ..jobs.job import Job
from ..tables import enough


def rows(job: Job, study: Study) -> Table:
    return drawn(study, enough.curves(job, study))

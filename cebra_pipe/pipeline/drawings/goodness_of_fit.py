"""Bits of every fit beside chance and ceiling."""

from __future__ import annotations

from ...data.table import Table
from ...plot import goodness_of_fit
from ...plot.files import histories
from ...plot.goodness_of_fit import draw as draw
from ...plot.shown import Study
from ..jobs.job import Job


def rows(job: Job, study: Study) -> Table:
    return goodness_of_fit.rows(study, histories(study, job.files("histories")))

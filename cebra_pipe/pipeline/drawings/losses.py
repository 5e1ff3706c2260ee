"""Losses over the steps of every fit."""

from __future__ import annotations

from ...data.table import Table
from ...plot import losses
from ...plot.files import histories
from ...plot.losses import draw as draw
from ...plot.shown import Study
from ..jobs.job import Job


def rows(job: Job, study: Study) -> Table:
    return losses.rows(study, histories(study, job.files("histories")))

"""The recordings themselves."""

from __future__ import annotations

from ...data.table import Table
from ...plot import recorded
from ...plot.data import draw as draw
from ...plot.named import recordings, splits
from ...plot.shown import Study
from ..jobs.job import Job


def rows(job: Job, study: Study) -> Table:
    return recorded.rows(study, recordings(study, job.files("recordings")), splits(study, job.files("splits")))

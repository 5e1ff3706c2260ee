"""What each held-out score is worth: the rows of the table of that name."""

from __future__ import annotations

from ...data.table import Table
from ...plot.drawn import stack
from ...plot.judged import COLUMNS
from ...plot.shown import Study
from ...plot.verdict import draw as draw
from ..jobs.job import Job
from ..tables import verdict


def rows(job: Job, study: Study) -> Table:
    return stack(COLUMNS, verdict.rows(verdict.files(job, study)))

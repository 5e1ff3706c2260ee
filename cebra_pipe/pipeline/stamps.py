"""What makes a rerun certain: artifacts are compared with what the config asks for, and by their own word.

Snakemake decides by its notes and by times. It drops the notes of a job that failed and puts the earlier result back
with the time of now, so that this result would pass as current; and without notes (a deleted folder, results from
elsewhere) it sees no change of config or code at all. So each job has a stamp, a small file with its spec and code that
is an input of its rule, and an artifact that is not what its job would make is given a time before its stamp's. Its
content stays.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..data.table import replacing
from ..errors import Problem, UserError
from . import provenance
from .plan import Plan, Planned
from .status import code, is_running, reasons


def write_stamps(plan: Plan) -> None:
    """Bring the stamps of all jobs up to date, and the times of artifacts that are not."""
    jobs = list(plan.jobs())
    try:
        for job in jobs:
            _stamp(job)
        for job in jobs:
            if _outdated(job):
                _age(job.outputs.values(), os.stat(job.stamp).st_mtime)
    except OSError as error:
        found = f"{error.strerror} ({error.filename})"
        raise UserError(
            Problem("results", "a folder to read and write", found, "Mend `results` or its permissions.")
        ) from None


def _stamp(job: Planned) -> None:
    stamp, text = Path(job.stamp), f"{code(job.stage)}\n{job.spec}\n"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != text:
        with replacing(stamp) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _outdated(job: Planned) -> bool:
    """Whether an artifact is there and is not what the job would make."""
    try:
        about = provenance.told_by(job.outputs.values())
    except UserError:  # damaged
        return True
    return about is not None and any(reasons(job, about))


def _age(paths: Iterable[str], stamped: float) -> None:
    """Times before `stamped`, so that Snakemake makes the files again."""
    for path in paths:
        if os.path.exists(path) and os.stat(path).st_mtime >= stamped and not is_running(path):
            os.utime(path, (stamped - 1, stamped - 1))

"""What makes a rerun certain: artifacts are compared with what the config asks for, and by their own word.

Snakemake decides by its notes and by times. When a job fails it puts the earlier result back, with the time of now, and
notes it as made with the new parameters: the next run would take it for current. And without notes (a deleted folder,
results from elsewhere) it sees no change of config or code at all. So each job has a stamp, a small file that is an
input of its rule: its spec and code, and a line that changes whenever the artifact that lies there is not what the job
would make.
"""

from __future__ import annotations

import time
from pathlib import Path

from ..data.table import replacing
from ..errors import Problem, UserError
from . import provenance
from .plan import Plan, Planned
from .status import code, is_running, reasons


def write_stamps(plan: Plan) -> None:
    """Bring the stamps of all jobs up to date."""
    try:
        for job in plan.jobs():
            _stamp(job)
    except OSError as error:
        found = f"{error.strerror} ({error.filename})"
        remedy = "Mend `results` or its permissions."
        raise UserError(Problem("results", "a folder to read and write", found, remedy)) from None


def _stamp(job: Planned) -> None:
    stamp, wanted = Path(job.stamp), f"{code(job.stage)}\n{job.spec}\n"
    if not stamp.exists() or not stamp.read_text(encoding="utf-8").startswith(wanted):
        _write(stamp, wanted)
    elif _outdated(job):
        _write(stamp, f"{wanted}again {time.time_ns()}\n")


def _outdated(job: Planned) -> bool:
    """Whether an artifact lies there that is not what the job would make."""
    if any(map(is_running, job.outputs.values())):
        return False
    try:
        about = provenance.told_by(job.outputs.values())
    except UserError:  # damaged
        return True
    return about is not None and any(reasons(job, about))


def _write(stamp: Path, text: str) -> None:
    with replacing(stamp) as temporary:
        temporary.write_text(text, encoding="utf-8")

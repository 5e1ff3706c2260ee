"""Which jobs are run: those whose artifact is, by its own word, not what they would make, and what reads them.

Snakemake decides by times and by its notes of the last run. Both forget: a failed job's earlier result is put back with
the time of now and noted as made with the new parameters; a copied tree has neither times nor notes; and a config that
was edited and put back is current again, whatever was planned or tried in between. An artifact does not forget: it
holds its spec, code and inputs by content. So the plan is compared with the artifacts, and Snakemake told the answer by
the one trigger that needs no notes: a file that every job reads, newer than the outputs of those that are outdated and
of no age for the others. Nothing is written where nothing is run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ...data.table import replacing
from ...errors import Problem, UserError
from ..jobs import provenance
from ..jobs.fingerprint import sources
from ..jobs.locks import is_running
from ..jobs.roles import WITNESS
from ..jobs.seen import forgotten, look, remember
from ..planning.plan import Plan, Planned
from .status import reasons

OUTDATED = "outdated"  # an output is damaged or not what the job would make
SETTLED = "settled"  # its outputs are what it would make, and so are those of all jobs above it
OPEN = "open"  # Snakemake decides: nothing is there yet, it is being written, or a job above is to be run
FLAG = os.path.join(".snakemake", "newer_than_all_results")  # beside Snakemake's notes: no result of a study
STEP = 1_000_000  # ns by which it is newer than the newest: no more, or new results would be older
AHEAD = 3600 * 10**9  # ns by which the clock of a file server may be ahead; a later date is a wrong one


def standing(plan: Plan, forced: Collection[str] = ()) -> dict[str, str]:
    """What each job is, by the name of its file of arguments.

    Jobs of `forced` stages and outputs are open, and so is what reads them: Snakemake is to remake that too.
    """
    found: dict[str, str] = {}
    made: dict[str, str] = {}  # artifact -> what its job is
    with _told(plan.root):
        for job in plan.jobs():
            above = {made[path] for paths in job.inputs.values() for path in paths if path in made}
            own = OPEN if {job.stage, *job.outputs.values()} & set(forced) else _own(job)
            found[job.arguments] = OPEN if own == SETTLED and above - {SETTLED} else own
            made |= dict.fromkeys(job.outputs.values(), found[job.arguments])
    return found


def _own(job: Planned) -> str:
    """What a job is by its outputs alone."""
    there = [path for path in job.outputs.values() if os.path.exists(path)]
    if not there:
        return OPEN
    try:
        told = provenance.told_by(there)
    except UserError:  # damaged
        return OUTDATED
    whole = len(there) == len(job.outputs) and told
    if not whole or any(any(reasons(job, about)) for about in told.values()):
        return OUTDATED  # also while another job writes it, maybe of another config: this one waits for the lock
    if any(map(is_running, there)):
        return OPEN
    changed = provenance.edited(told, job.notes) or provenance.replaced(job.stage, job.outputs, told, job.notes)
    return OUTDATED if changed else SETTLED


@cache
def flag(plan: Plan | None) -> str:
    """The file that is newer than all results of `plan`, made anew; without a plan, made only where it is missing.

    Its content is another each time: Snakemake takes an input of equal content for unchanged, whatever its time. Its
    time is no later than need be, the clock of a file server being ahead: Snakemake refuses results older than inputs.
    """
    path, now = Path(FLAG), time.time_ns()
    if plan or not path.exists():
        made = [file for job in plan.jobs() for file in job.outputs.values()] if plan else []
        newest = max((_dated(file, now) for file in made if os.path.exists(file)), default=0)
        with replacing(path, sync=False) as temporary:
            temporary.write_text(f"Outdated results are remade because this file is newer ({now}).\n")
            os.utime(temporary, ns=(now, max(now, newest + STEP)))
    return FLAG


def _dated(file: str, now: int) -> int:
    """When the file was written; one from the future is dated now, or each new result would seem older than it."""
    written = os.stat(file).st_mtime_ns
    if written > now + AHEAD:
        os.utime(file, ns=(now, now))
        return now
    return written


def prepare(plan: Plan) -> None:
    """What the jobs of a run need: their arguments, and hashes so that no file is read again for one."""
    jobs = list(plan.jobs())
    with _told(plan.root):
        for job in jobs:
            _write(Path(job.arguments), "\n".join(arguments(plan, job)) + "\n")
        remember([look(path, plan.notes) for path in sorted(_hashed(jobs)) if os.path.isfile(path)], plan.notes)
        for path in leftovers(plan):
            path.unlink(missing_ok=True)


def arguments(plan: Plan, job: Planned) -> list[str]:
    """The options of a job, one a line of its file: a shell line has room for about two thousand names of files."""
    inputs = [text for role, paths in job.inputs.items() for text in ("--input", role, *paths)]
    outputs = [text for role, path in job.outputs.items() for text in ("--output", role, path)]
    record = plan.beside("records", job.stage, ".json").format(**job.wildcards)
    told = ["--spec", job.spec, "--code", job.code, "--sources", sources(), "--record", record, "--hashes", plan.notes]
    return [*told, *inputs, *outputs]


def leftovers(plan: Plan) -> list[Path]:
    """Arguments of jobs and hashes of files that the plan no longer names."""
    jobs = list(plan.jobs())
    known = {job.arguments for job in jobs}
    old = [path for path in sorted(Path(plan.root, ".jobs").rglob("*.args")) if str(path) not in known]
    return [*old, *forgotten(_hashed(jobs), plan.notes)]


def _hashed(jobs: list[Planned]) -> set[str]:
    """Files that are known by content: inputs, tables, and outputs that a witness stands for."""
    inputs = {path for job in jobs for paths in job.inputs.values() for path in paths}
    outputs = {path: job.stage for job in jobs for path in job.outputs.values()}
    return inputs | {path for path, stage in outputs.items() if stage in WITNESS or path.endswith(".parquet")}


def _write(path: Path, text: str) -> None:
    """Write where it says something else: a job that waits in a queue may read it now."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        with replacing(path, sync=False) as temporary:
            temporary.write_text(text, encoding="utf-8")


@contextmanager
def _told(where: str) -> Iterator[None]:
    """What the disk refuses, in one message."""
    try:
        yield
    except OSError as error:
        remedy = "Free space or permissions, then run snakemake again; earlier results are kept."
        raise UserError(
            Problem(error.filename or where, "to read and write there", str(error.strerror), remedy)
        ) from None

"""What is on disk against what the config asks for, told from the artifacts alone.

Works after Snakemake's own notes are lost, and for result trees that came from elsewhere.
"""

from __future__ import annotations

import argparse
import platform
import shlex
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ... import __version__
from ...data.table import changed
from ...errors import UserError
from ..config.changes import for_snakemake, read_changed
from ..jobs import provenance
from ..jobs.job import RECORDED, digest
from ..jobs.locks import is_running
from ..jobs.seen import look
from ..planning.plan import Plan, Planned, check_files
from . import claims, overview
from .environment import same

KINDS = (
    *("recordings", "splits", "fits", "embeddings", "adaptations", "transfer", "decoding", "aligned", "consistency"),
    *("figures", "tables"),
)
BESIDE = ("records", "logs", "benchmarks")  # follow the artifacts' names, without being artifacts
MENDED = ("missing", "damaged", "outdated")
SOUND = ("current", "other versions")


@dataclass(frozen=True)
class State:
    """One file and how it stands."""

    path: str
    state: str  # current, other versions, outdated, damaged, running, missing, foreign
    why: str = ""
    device: str = ""

    def __str__(self) -> str:
        return f"{self.state:15s} {self.path}" + (f"  ({self.why})" if self.why else "")


def states(plan: Plan) -> Iterator[State]:
    """Every file of the study, upstream first, then the files that it does not name."""
    for _, found in of_jobs(plan):
        yield from found
    yield from foreign(plan)


def of_jobs(plan: Plan) -> Iterator[tuple[Planned, list[State]]]:
    """Every job of the study with the states of its files, upstream first."""
    stale: set[str] = set()  # outputs that will be remade: what reads them is outdated too
    for job in plan.jobs():
        found = list(_states(job, stale))
        stale |= {s.path for s in found if s.state in MENDED}
        yield job, found


def _states(job: Planned, stale: set[str]) -> Iterator[State]:
    """The states of a job's outputs; those that hold no provenance share that of the one that vouches for them."""
    if any(map(is_running, job.outputs.values())):
        yield from (State(path, "running") for path in job.outputs.values())
        return
    told = {path: _state(job, path, stale) for path in job.outputs.values()}
    witness = told.get(provenance.witness(job.stage, job.outputs))
    other = _replaced(job, witness) if witness else set()
    for path, state in told.items():
        if path in other and state.state in ("", *SOUND):
            yield State(path, "damaged", f"not the one that was made with {Path(witness.path).name}", state.device)
        elif state.state:
            yield state
        elif witness.state in ("missing", "damaged"):
            yield State(path, "outdated", f"nothing tells of it: {Path(witness.path).name} is {witness.state}")
        else:
            yield State(path, witness.state, witness.why)


def _replaced(job: Planned, witness: State) -> set[str]:
    """Outputs that are not those which the witness names; none where it is of another job or cannot be read."""
    if witness.state not in SOUND:
        return set()
    return provenance.replaced(job.stage, job.outputs, provenance.told_by([witness.path]), job.notes)


def _state(job: Planned, path: str, stale: set[str]) -> State:
    """How one output stands by its own word; the state is empty where it has none."""
    if not Path(path).exists():
        return State(path, "missing")
    try:
        about = provenance.read(Path(path))
    except UserError as error:
        return State(path, "damaged", error.problems[0].found)
    if about is None:
        return State(path, "")
    if provenance.edited({path: about}, job.notes):
        return State(path, "damaged", changed(Path(path)).problems[0].found, about["device"])
    if why := list(reasons(job, about, stale)):
        return State(path, "outdated", ", ".join(why), about.get("device", ""))
    other = [f"{name} {v}" for name, v in about["versions"].items() if not same(versions().get(name, v), v)]
    return State(path, "other versions" if other else "current", ", ".join(other), about.get("device", ""))


def reasons(job: Planned, about: dict, stale: Collection[str] = ()) -> Iterator[str]:
    """Why an artifact that says `about` of itself is not what the job would make; nothing where it is."""
    if about["spec_hash"] != digest(job.spec):
        yield "config"
    if about["code"] != job.code:
        yield "code"
    if any(path in stale for paths in job.inputs.values() for path in paths):
        yield "upstream"
    elif about["inputs"] != {role: [digest_of(p, job.notes) for p in paths] for role, paths in job.inputs.items()}:
        yield "data"


def digest_of(path: str, notes: str) -> str:
    return look(path, notes).sha256 if Path(path).is_file() else ""


@cache
def versions() -> dict[str, str]:
    """The versions installed now, of what artifacts name."""

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return ""

    return {"python": platform.python_version(), "cebra_pipe": __version__} | {n: installed(n) for n in RECORDED}


def foreign(plan: Plan) -> Iterator[State]:
    """Files in the study's folder that the config does not name."""
    known = {path for job in plan.jobs() for path in job.outputs.values()}
    stems = {_stem(path, plan.root) for path in known}
    for kind in (*KINDS, *BESIDE):
        for path in sorted(Path(plan.root, kind).rglob("*")):
            named = str(path) in known if kind in KINDS else _stem(str(path), str(Path(plan.root, kind))) in stems
            if path.is_file() and not path.name.startswith(".") and not named:
                yield State(str(path), "foreign")


def _stem(path: str, root: str) -> str:
    inside = Path(path).relative_to(root)
    return str(inside.with_name(inside.name.split(".")[0]))


def commands(plan: Plan, found: list[State]) -> list[str]:
    """Shell commands that mend what is not current; what lies downstream follows by itself."""
    forced = [s.path for s in found if s.state in MENDED and "upstream" not in s.why.split(", ")]
    return [f"snakemake{{config}} --forcerun {shlex.join(forced)}"] if forced else []


def main(options: argparse.Namespace) -> int:
    """Print the states, of jobs or of files; exit 0 where all is current, 1 else."""
    plan = Plan(read_changed(options.config, options.changes))
    check_files(plan, str(options.config))
    jobs, beside = list(of_jobs(plan)), list(foreign(plan))
    found = [state for _, files in jobs for state in files] + beside
    if options.commands:
        config = for_snakemake(options.config, options.changes)
        print("\n".join(line.replace("{config}", config) for line in commands(plan, found)))
    else:
        for line in (*_listed(options, jobs, found), *_summed(plan, options, found)):
            print(line)
    return 0 if all(s.state in ("foreign", *SOUND) for s in found) else 1


def _listed(options: argparse.Namespace, jobs: list[tuple[Planned, list[State]]], found: list[State]) -> Iterator[str]:
    """A line a rule and condition; or a line a file, of those that are current if all are asked for."""
    if options.files or options.all:
        yield from (str(state) for state in found if options.all or state.state != "current")
        return
    yield from overview.lines(
        [overview.standing(job.stage, job.wildcards, ((s.state, s.why) for s in files)) for job, files in jobs]
    )


def _summed(plan: Plan, options: argparse.Namespace, found: list[State]) -> Iterator[str]:
    """How many files are in which state, and what is to be known of the whole folder."""
    counts = Counter(s.state for s in found)
    yield f"{plan.root}: " + ", ".join(f"{n} {state}" for state, n in sorted(counts.items()))
    if not options.files and not options.all and set(counts) != {"current"}:
        given = shlex.join([str(options.config), *(["--config", *options.changes] if options.changes else [])])
        yield f"Which: cebra-pipe status {given} --files"
    try:
        claims.check(plan, [options.config])
    except UserError as error:
        yield str(error)
    devices = sorted({s.device for s in found if s.device})
    if len(devices) > 1:
        yield f"Mixed devices: {', '.join(devices)}. Their numbers differ by rounding; refit for equal ones."

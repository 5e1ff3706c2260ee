"""Runs one stage: reads the command line's spec and files, holds the lock of its outputs, notes what it cost."""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import platform
import resource
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from ..data.table import replacing
from ..errors import Problem, Problems, UserError, did_you_mean
from .jobs.gpu_errors import gpu_errors
from .jobs.job import Job
from .jobs.locks import lock
from .jobs.packages import installed
from .jobs.roles import ROLES
from .jobs.seen import look, remember

SOME = ("figures", "tables")  # each reads some of the roles


def run(options: argparse.Namespace) -> int:
    """One stage from the parsed command line."""
    job = _job(options)
    print(f"{shlex.join(['cebra-pipe', *sys.argv[1:]])}", file=sys.stderr, flush=True)
    stage = _imported(job.stage)
    _check_code(options, job.spec)
    started, clock = time.time(), time.perf_counter()
    with lock(next(iter(job.outputs.values()))), _disk_errors(job), gpu_errors():
        stage.run(job)
    if options.hashes:
        with _notes(options.hashes, "hashes of the inputs"):
            remember(job.seen.values(), options.hashes)
    if options.record:
        with _notes(options.record, "what the job cost"):
            _record(options.record, started, time.perf_counter() - clock)
    return 0


def _imported(stage: str) -> ModuleType:
    """The module of a stage. Of what imports make, nothing is garbage: to look for it takes a tenth of their time."""
    gc.disable()
    try:
        return importlib.import_module(f".stages.{stage}", __package__)
    finally:
        gc.enable()


def _job(options: argparse.Namespace) -> Job:
    inputs_known, outputs_known = ROLES[options.verb]
    inputs = {role: [Path(f) for f in files] for role, *files in options.input}
    outputs = {role: Path(file) for role, file in options.output}
    problems = Problems()
    flags = (("--input", options.input, inputs_known), ("--output", options.output, outputs_known))
    for flag, given, known in flags:
        for role, number in Counter(role for role, *_ in given).items():
            if number > 1:
                remedy = "Remove one." if flag == "--output" else f"Write {flag} {role} FILE FILE."
                problems.add(f"{flag} {role}", "each role once", f"{number} times", remedy)
            if role not in known:
                problems.add(f"{flag} {role}", "a role of this stage", repr(role), did_you_mean(role, known))
    for role in () if options.verb in SOME else inputs_known:
        if not inputs.get(role):
            problems.add(f"--input {role}", "files", "none", f"Add --input {role} FILE.")
    for role in outputs_known:
        if role not in outputs:
            problems.add(f"--output {role}", "a file", "nothing", f"Add --output {role} FILE.")
    for files in inputs.values():
        for file in files:
            if not file.is_file():
                problems.add(str(file), "an input file", "no such file", "Run the stage that makes it first.")
    problems.raise_any()
    spec = _spec(options.spec, options.verb)
    code = options.code or _code(spec)
    seen = {file: look(file, options.hashes) for files in inputs.values() for file in files}
    return Job(options.verb, spec, inputs, outputs, code, options.gpus, seen=seen)


def _spec(text: str, verb: str) -> dict:
    try:
        spec = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            Problem("--spec", "JSON", str(error), "Copy it whole, in quotes, from the job's log.")
        ) from None
    if not isinstance(spec, dict) or spec.get("stage") != verb:
        raise UserError(
            Problem("--spec", f"a spec of stage {verb!r}", repr(spec.get("stage") if isinstance(spec, dict) else spec))
        )
    return spec


def _code(spec: dict) -> str:
    from .jobs.fingerprint import fingerprint

    return f"code:{fingerprint(spec['stage'], spec.get('figure', ''))}"


def _check_code(options: argparse.Namespace, spec: dict) -> None:
    """A UserError where the code that was planned is not the one that runs: the artifact would be labelled wrongly."""
    from .jobs.fingerprint import sources

    # Nearly always nothing was edited, which takes milliseconds to see; the fingerprint takes tenths of a second.
    if not options.code or options.sources == sources():
        return
    if (found := _code(spec)) != options.code:
        remedy = 'cebra_pipe was edited meanwhile: run snakemake again, or by hand with --code "" at the end.'
        raise UserError(Problem("--code", f"the code of the plan ({options.code})", f"another one ({found})", remedy))


@contextmanager
def _disk_errors(job: Job) -> Iterator[None]:
    """A full disk or a folder without permission is the user's to mend, and told so."""
    try:
        yield
    except OSError as error:
        if isinstance(error, UserError) or error.errno is None:
            raise
        where = error.filename or next(iter(job.outputs.values()))
        raise UserError(
            Problem(
                str(where),
                "to read and write there",
                error.strerror or str(error),
                "Free space or permissions, then run snakemake again; earlier results are kept.",
            )
        ) from error


@contextmanager
def _notes(where: Path, what: str) -> Iterator[None]:
    """Notes about a job whose outputs are written: what is refused here is told, and nothing is lost by it."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # of the disk, or of a GPU that does not answer
        why = getattr(error, "strerror", None) or error
        print(f"{where}: {what} could not be noted ({why}); the outputs are whole.", file=sys.stderr, flush=True)


def _record(path: Path, started: float, seconds: float) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    record = {
        "command": sys.argv[1:],
        "host": platform.node(),
        "processor": _processor(),
        **({"gpu": name} if (name := _gpu()) else {}),
        "packages": installed(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_memory_mb": round(_peak(usage) / 1e6),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n")


def _peak(usage: resource.struct_rusage) -> int:
    """Bytes of the largest resident set so far."""
    status = Path("/proc/self/status")
    told = dict(line.split(":", 1) for line in status.read_text().splitlines()) if status.exists() else {}
    if "VmHWM" in told:  # what rusage tells on Linux includes the process that started this one
        return 1024 * int(told["VmHWM"].split()[0])
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _processor() -> str:
    """The name of the processor, as the system gives it."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())


def _gpu() -> str:
    """The name of the GPU that the job used; empty where it used none."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name() if torch and torch.cuda.is_initialized() else ""

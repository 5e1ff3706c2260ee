"""Names what a study made, and prints its main numbers: those of this config as it stands, and no others."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import UserError, counted
from .boards import BOARDS
from .config.changes import for_snakemake, read_changed
from .disk import claims
from .disk.status import MENDED, SOUND, states
from .jobs.locks import is_under_way
from .planning.plan import Plan, check_files


def main(options: argparse.Namespace) -> int:
    """What is amiss, figures, tables, then held-out decoding, primary tests, paired differences, population, verdict.

    Tables that are not of this config, its code and its data are named without their numbers; exit 1 where a file is
    missing, damaged or outdated, or the folder another config's.
    """
    plan = Plan(read_changed(options.config, options.changes))
    check_files(plan, str(options.config))
    found = {s.path: s.state for s in states(plan)}
    amiss = [*_rivals(plan, options), *_running(plan, found), *_stale(found, options)]
    for line in (*amiss, *_files(plan, found)):
        print(line)
    for table in (name for name in BOARDS if name in plan.tables):
        path = plan.output("tables", "json", table=table)
        if found[path] in SOUND:
            rows = json.loads(Path(path).read_text(encoding="utf-8"))["rows"]
            print("".join(f"{line}\n" for line in BOARDS[table](rows)), end="")
    return 1 if amiss else 0


def _rivals(plan: Plan, options: argparse.Namespace) -> Iterator[str]:
    try:
        claims.check(plan, [options.config])
    except UserError as error:
        yield f"{error}\n"


def _running(plan: Plan, found: Mapping[str, str]) -> Iterator[str]:
    """That a run is under way, by the locks that it and its jobs hold."""
    number = sum(state == "running" for state in found.values())
    if number or is_under_way(plan.root):
        now = f": {counted(number, 'file')} being made now" if number else ""
        yield f"A run is under way{now}.\n"


def _stale(found: Mapping[str, str], options: argparse.Namespace) -> Iterator[str]:
    """How many files are to be made, and by what commands they are named and made."""
    if number := sum(state in MENDED for state in found.values()):
        given = shlex.join([str(options.config), *(["--config", *options.changes] if options.changes else [])])
        files = f"{counted(number, 'file')} {'is' if number == 1 else 'are'}"
        yield f"{files} missing, damaged or outdated (of another config, code or data); numbers of such are not shown."
        yield f"  which:  cebra-pipe status {given} --files"
        yield f"  remake: snakemake{for_snakemake(options.config, options.changes)}\n"


def _files(plan: Plan, found: Mapping[str, str]) -> Iterator[str]:
    """Figures and tables: those of this config one a line, then the others."""
    for stage, what in (("figures", "Figures"), ("tables", "Tables")):
        paths = [path for w in plan.instances(stage) for path in plan.outputs(stage, w).values()]
        yield f"{what}:"
        yield from (f"  {path}" for path in paths if found[path] in SOUND)
        for state in ("running", "outdated", "damaged", "missing"):
            if mine := sorted(path for path in paths if found[path] == state):
                yield f"  {'not made' if state == 'missing' else state}: {', '.join(mine)}"

"""Names what a study made, and prints its main numbers."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path

from .boards import BOARDS
from .changes import read_changed
from .plan import Plan, check_files
from .status import MENDED, states


def main(options: argparse.Namespace) -> int:
    """Figures, tables, then held-out decoding, primary tests, paired differences, the population and the verdict."""
    plan = Plan(read_changed(options.config, options.changes))
    check_files(plan, str(options.config))
    for stage, what in (("figures", "Figures"), ("tables", "Tables")):
        paths = [path for w in plan.instances(stage) for path in plan.outputs(stage, w).values()]
        there = [path for path in paths if Path(path).exists()]
        print(f"{what}:")
        for path in there:
            print(f"  {path}")
        if missing := sorted(set(paths) - set(there)):
            print(f"  not made: {', '.join(missing)}")
    for table in (name for name in BOARDS if name in plan.tables):
        path = Path(plan.output("tables", "json", table=table))
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
        print("".join(f"{line}\n" for line in BOARDS[table](rows)), end="")
    stale = [s for s in states(plan) if s.state in MENDED]
    if stale:
        given = shlex.join([str(options.config), *(["--config", *options.changes] if options.changes else [])])
        print(f"\n{len(stale)} files are missing, damaged or not of this config: cebra-pipe status {given}")
    return 0

"""Names what a study made, and prints its main numbers."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from .changes import read_changed
from .plan import Plan, check_files
from .status import MENDED, states

BASELINE = "baseline: "


def main(options: argparse.Namespace) -> int:
    """Figures, tables, then held-out decoding: conditions and baselines against recordings."""
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
    decoding = Path(plan.output("tables", "json", table="decoding")) if plan.tables else None
    if decoding and decoding.exists():
        rows = json.loads(decoding.read_text(encoding="utf-8"))["rows"]
        print("\n".join(board(rows)))
        print("\np is of the decoder null: circular shifts of the label against the decoded trace.")
        print("A control is fitted to and scored against its own transformed labels.")
    stale = [s for s in states(plan) if s.state in MENDED]
    if stale:
        given = shlex.join([str(options.config), *(["--config", *options.changes] if options.changes else [])])
        print(f"\n{len(stale)} files are missing, damaged or not of this config: cebra-pipe status {given}")
    return 0


def board(rows: list[Mapping]) -> Iterator[str]:
    """One small table a label: held-out score of each method (rows) in each recording (columns)."""
    recordings = list(dict.fromkeys(row["title"] for row in rows))
    for label, metric, unit in dict.fromkeys((r["label"], r["metric"], r["unit"]) for r in rows):
        scale, shown = (100, "cm") if unit == "m" else (1, unit)
        mine = [r for r in rows if (r["label"], r["metric"], r["unit"]) == (label, metric, unit)]
        named: dict[tuple[str, str], Mapping] = {}
        for (
            row
        ) in mine:  # the first condition's baselines: those of a control decode what the control made of the labels
            named.setdefault((name_of(row), row["title"]), row)
        yield f"\nHeld-out {label}, {metric.replace('_', ' ')}{f' ({shown})' if shown else ''}:"
        width = max(len(name) for name, _ in named)
        yield f"  {'':{width}s}" + "".join(f"{title:>16.15s}" for title in recordings)
        for name in sorted(dict.fromkeys(name for name, _ in named), key=lambda name: name.startswith(BASELINE)):
            cells = (cell(named.get((name, title)), scale) for title in recordings)
            yield f"  {name:{width}s}" + "".join(f"{text:>16s}" for text in cells)


def name_of(row: Mapping) -> str:
    """A condition by its title; a baseline, which every condition scores on its own samples, by its own."""
    return row["condition_title"] if row["method"] == "embedding" else f"{BASELINE}{row['method_title']}"


def cell(row: Mapping | None, scale: float) -> str:
    """Score and p of the decoder null."""
    if row is None or row["score"] is None:
        return "-"
    p = f" p={row['p']:.3f}" if row["p"] is not None and row["method"] != "constant" else ""
    return f"{scale * row['score']:.3g}{p}"

"""Whether the fits of a study ran long enough: each again with more steps, from the same start.

    python benchmarks/convergence.py config.yaml --steps 5000 --seeds 1

Needs the finished study. Prints a table in markdown: valid loss in nats at the end of the study's fit, at the end of
the longer one, and the lowest on the longer one's way (its own glances at the valid part, on fewer draws).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cebra_pipe.data.table import Table, read_table
from cebra_pipe.pipeline.config.reading import read_study
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.planning.plan import Plan, Planned
from cebra_pipe.pipeline.stages import fit

WITHIN = 0.05  # nats


def main() -> None:
    """Run the longer fits one after the other and print the table as it grows."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("config", type=Path)
    options.add_argument("--steps", type=int, default=5000)
    options.add_argument("--seeds", type=int, nargs="*", help="only these seeds")
    given = options.parse_args()
    plan = Plan(read_study(given.config))
    jobs = [j for j in plan.jobs() if j.stage == "fit" and (not given.seeds or int(j.wildcards["seed"]) in given.seeds)]
    columns = (
        "condition",
        "unit",
        "seed",
        "objective",
        "valid, study",
        f"valid, {given.steps} steps",
        "lowest",
        "difference",
    )
    print(f"| {' | '.join(columns)} | |")
    print("|---|---|---|---|---|---|---|---|---|")
    for job in jobs:
        for row in compare(job, given.steps):
            print(row, flush=True)


def compare(job: Planned, steps: int) -> Iterator[str]:
    """A line per objective."""
    spec = json.loads(job.spec)
    spec["training"]["steps"] = steps
    with tempfile.TemporaryDirectory() as folder:
        outputs = {"model": Path(folder, "model.pt"), "history": Path(folder, "history.parquet")}
        inputs = {role: [Path(p) for p in paths] for role, paths in job.inputs.items()}
        fit.run(Job("fit", spec, inputs, outputs))
        longer = read_table(outputs["history"])
    study = read_table(Path(job.outputs["history"]))
    w = job.wildcards
    for objective in dict.fromkeys(study["objective"]):
        mine, theirs, lowest = final(study, objective), final(longer, objective), on_the_way(longer, objective)
        told = "long enough" if mine - theirs <= WITHIN else "too short"
        yield (
            f"| {w['condition']} | {w['unit']} | {w['seed']} | {objective} | {mine:.3f} | {theirs:.3f} | "
            f"{lowest:.3f} | {mine - theirs:+.3f} | {told} |"
        )


def final(history: Table, objective: str) -> float:
    """The valid loss after the last step, of all recordings together."""
    rows = history.where(
        (history["kind"] == "score") & (history["part"] == "valid") & (history["objective"] == objective)
    )
    pooled = rows["session"] == "pooled"
    return float(rows["loss"][pooled if pooled.any() else slice(None)].mean())


def on_the_way(history: Table, objective: str) -> float:
    rows = history.where(
        (history["kind"] == "step") & (history["part"] == "valid") & (history["objective"] == objective)
    )
    return float(np.min(rows["loss"]))


if __name__ == "__main__":
    main()

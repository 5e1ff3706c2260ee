"""Runs fits in processes of their own and kills them with SIGKILL at random moments; see test_interrupted.py.

Called as `python -m tests.pipeline.killed FOLDER KIND MOMENTS`, prints what came of each moment as JSON. One process
imports torch and forks, so that a moment costs no import.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.stages import fit, fit_together
from cebra_pipe.solver import keeper
from tests.toys import fit_job, together_job, track

KINDS = {
    "single": ((0,), {}),
    "multi": ((0, 1), {"learn_temperature": True}),
    "hybrid": ((0,), {"hybrid": True}),
    "together": ((0,), {}),
}
STAGES = {"fit": fit.run, "fit_together": fit_together.run}
STEPS = 80


def job_of(folder: Path, kind: str) -> Job:
    seeds, changed = KINDS[kind]
    recordings = {f"rat{seed}": track(seed, neurons=20 + seed) for seed in seeds}
    return (together_job if kind == "together" else fit_job)(folder, recordings, steps=STEPS, batch_size=32, **changed)


def run(job: Job, log: Path, moment: float | None = None) -> float:
    """Fit in a child, killed `moment` seconds after its start; the seconds that it lived."""
    begun, child = time.perf_counter(), os.fork()
    if child == 0:
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        keeper.FIRST, keeper.SHARE = 0.0, float("inf")  # a checkpoint at every look
        STAGES[job.stage](job)
        os._exit(0)
    if moment is not None:
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert moment is not None or status == 0, log.read_text()
    return time.perf_counter() - begun


def bytes_of(job: Job) -> list[bytes]:
    return [path.read_bytes() for path in job.outputs.values()]


def main(folder: Path, kind: str, moments: int) -> list[dict]:
    """One line of figures for each kill that came before the fit's end."""
    job, log, told, stream = job_of(folder, kind), folder / "log", [], random.Random(f"{kind} {moments}")
    length = run(job, log)
    whole = bytes_of(job)
    while len(told) < moments:
        moment = stream.uniform(0.1, 1.0) * length
        shutil.rmtree(next(iter(job.outputs.values())).parent)
        run(job, log, moment)
        if all(path.exists() for path in job.outputs.values()):
            length *= 0.9  # the machine has become faster: the fit ended before its moment
            continue
        run(job, log)
        lines = [line for line in log.read_text().splitlines() if "goes on after step" in line]
        after = sum(int(line.split("after step ")[1].split(",")[0]) for line in lines)
        left = any("checkpoint" in path.name for path in folder.rglob("*"))
        told.append(
            {"moment": round(moment / length, 3), "after": after, "left": left, "equal": bytes_of(job) == whole}
        )
    return told


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))

"""cebra_pipe beside cebra 0.6.1: equal work, in turn, each measurement in a process of its own.

    make bench                      all cases, one thread
    make bench CASE=behavior,time   these
    make bench THREADS=1,all        each number of threads

Prints a table in markdown and writes results.json and ratios.png to benchmarks/out. A ratio is cebra's processor time
over cebra_pipe's, round by round; with more than one thread it is of the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from cases import CASES, OPTIONS, Case, write

HERE = Path(__file__).parent
PROGRAMS = ("cebra_pipe", "cebra")
LIMIT = 1800  # seconds that a measurement may take


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--case", default="", help=f"some of {', '.join(CASES)}")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--threads", default="1", help="numbers of threads, or all")
    options.add_argument("--out", type=Path, default=HERE / "out")
    given = options.parse_args()
    names = [name for name in given.case.split(",") if name] or list(CASES)
    if unknown := [name for name in names if name not in CASES]:
        options.error(f"--case: expected some of {', '.join(CASES)}, found {', '.join(unknown)}")
    given.out.mkdir(parents=True, exist_ok=True)
    rows = []
    print("| case | threads | at least | aim | ratio (range) | ms a step | over the floor | MB, ours and theirs |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        for threads in (os.cpu_count() if t == "all" else int(t) for t in given.threads.split(",")):
            rows.append(measure(name, CASES[name], min(given.rounds, CASES[name].rounds or given.rounds), threads))
            print(line(rows[-1]), flush=True)
            (given.out / "results.json").write_text(json.dumps(rows, indent=1) + "\n")
    draw(rows, given.out / "ratios.png")


def measure(name: str, case: Case, rounds: int, threads: int) -> dict:
    """All rounds of a case, the programs in turn, and the floor in the same run."""
    found: dict[str, list] = {program: [] for program in PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        data = write(case, Path(folder))
        floor = floor_of(case, data, threads)
        for turn in range(rounds):
            for program, steps in sorted(zip(PROGRAMS, case.steps, strict=True), reverse=bool(turn % 2)):
                if steps is not None:
                    job = [program, case.kind, str(data), json.dumps(OPTIONS | case.options), str(steps)]
                    found[program].append(run("worker.py", job, threads))
    clock = "cpu" if threads == 1 else "wall"
    pairs = zip(found["cebra"], found["cebra_pipe"], strict=False)
    ratios = [theirs[clock] / ours[clock] for theirs, ours in pairs if clock in theirs and clock in ours]
    return {
        "case": name, "title": case.title, "threads": threads, "at_least": case.at_least, "aim": case.aim,
        "ratios": ratios, "clock": clock, "floor": floor, "measured": found,
    }  # fmt: skip


def run(script: str, arguments: list[str], threads: int) -> dict:
    """What a script prints, and lines of its log; {"failed": …} where it ends otherwise, as where memory runs out."""
    environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))}
    command = [sys.executable, str(HERE / script), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"failed": f"more than {LIMIT} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"signal {-done.returncode}"])[-1]}
    log = [line for line in done.stderr.splitlines() if line.startswith("fit: ")]
    return {**json.loads(done.stdout), **({"log": log} if log else {})}


def floor_of(case: Case, data: Path, threads: int) -> dict | None:
    """The floor of a step of a fit."""
    if case.kind != "fit":
        return None
    with np.load(data) as arrays:
        sizes = ["x".join(map(str, arrays[name].shape)) for name in arrays.files if name.startswith("X")]
    objectives = 1 + bool(case.options.get("hybrid"))
    drawn = 512 * (2 * objectives + 1)  # objectives share their negatives
    return run("floor.py", [str(drawn), str(objectives), *sizes], threads)


def line(row: dict) -> str:
    """A row of the table."""
    ours, theirs = ([m for m in row["measured"][p] if "failed" not in m] for p in PROGRAMS)
    took = float(np.median([m[row["clock"]] for m in ours])) if ours else np.nan
    ratio = "not measured"
    if row["ratios"]:
        ratio = f"{np.median(row['ratios']):.1f} ({min(row['ratios']):.1f} to {max(row['ratios']):.1f})"
    elif failed := [m["failed"] for p in PROGRAMS for m in row["measured"][p] if "failed" in m]:
        ratio = f"failed: {failed[0]}"
    over = f"{took / row['floor']['dense']:.2f}" if row["floor"] and "dense" in row["floor"] else ""
    peaks = " and ".join(f"{max(m['peak'] for m in each) / 1e6:.0f}" for each in (ours, theirs) if each)
    return (
        f"| {row['title']} | {row['threads']} | {row['at_least']} | {row['aim']} | {ratio} | {1000 * took:.1f} | "
        f"{over} | {peaks} |"
    )


def draw(rows: list[dict], path: Path) -> None:
    """Ratios of all rounds, a line a case."""
    rows = [row for row in rows if row["ratios"]]
    if not rows:
        return
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 1.4 + 0.35 * len(rows)), layout="constrained")
    axes.axvline(1, color="0.8", lw=1, zorder=0)
    for i, row in enumerate(rows):
        axes.plot(row["ratios"], [i] * len(row["ratios"]), "o", color="0.6", ms=4, label="a round")
        axes.plot(np.median(row["ratios"]), i, "|", color="black", ms=14, mew=2, label="median")
        if row["at_least"].isdigit():
            axes.plot(float(row["at_least"]), i, ">", color="tab:red", ms=5, label="asked for")
    axes.set_yticks(range(len(rows)), [f"{row['title']}{threads(row['threads'])}" for row in rows])
    axes.set(xscale="log", xlabel="times as fast as cebra 0.6.1")
    least, most = axes.get_xlim()
    axes.set_xlim(min(0.8, least), max(12, most))
    marks = [mark for mark in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if mark <= axes.get_xlim()[1]]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_ylim(len(rows) - 0.5, -0.5)
    handles, names = axes.get_legend_handles_labels()
    kinds = dict(zip(names, handles, strict=True))
    figure.legend(kinds.values(), kinds, loc="outside upper right", ncols=3, frameon=False)
    figure.savefig(path, dpi=150)


def threads(number: int) -> str:
    return "" if number == 1 else f", {number} threads"


if __name__ == "__main__":
    main()

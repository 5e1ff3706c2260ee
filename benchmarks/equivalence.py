"""Whether a fit here ends where one of cebra 0.6.1 does: the rat Achilles, five modes, several seeds of each program.

    python benchmarks/equivalence.py                       all that is missing, then docs/equivalence.md
    python benchmarks/equivalence.py --run behavior time   these comparisons, printed alone

Each fit is a process of its own on one thread (embed.py). Its embeddings are kept in benchmarks/out/equivalence, so
that a run goes on where it was stopped; they are made anew where the code of a fit has changed. With all comparisons
the scores of all seeds are written to docs/equivalence.json and the table into docs/equivalence.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from compare import MEASURES, Verdict, scores, verdict  # noqa: E402
from embed import MODES, parts, version  # noqa: E402

DOCS = HERE.parent / "docs"
SUMMARY, PAGE = DOCS / "equivalence.json", DOCS / "equivalence.md"
OUT = HERE / "out" / "equivalence"
BEGIN, END = "<!-- table: written by benchmarks/equivalence.py -->", "<!-- end of the table -->"
STEPS = 2000
SEEDS = {"cebra_pipe": (1, 2, 3), "cebra": (1, 2, 3)}
CONTROL = "behavior, a quarter of the steps here"  # a comparison that has to fail
CONTROLS = {"behavior, half the steps here": 0.5, CONTROL: 0.25}  # how much less training is told apart
RUNS = {mode: (mode, 1.0) for mode in MODES} | {name: ("behavior", share) for name, share in CONTROLS.items()}
KNOWN: dict[tuple[str, str], str] = {}  # (run, measure) that differ, and why


def main() -> None:
    """Fit what is missing, print the table, and write it where it is whole."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--run", nargs="*", choices=RUNS, default=list(RUNS), metavar="RUN", help=", ".join(RUNS))
    options.add_argument("--steps", type=int, default=STEPS)
    options.add_argument("--out", type=Path, default=OUT, help="where embeddings are kept")
    given = options.parse_args()
    found = compared(given.run, given.steps, given.out)
    print(table(found))
    if set(given.run) == set(RUNS):
        write(found)


def compared(runs: Sequence[str] = tuple(RUNS), steps: int = STEPS, out: Path = OUT) -> dict:
    """`steps`, and `rows`: one for each run and measure, with the scores of all seeds."""
    data = recording(out)
    (_, train), (_, test) = parts(data)
    rows = []
    for run in runs:
        mode, share = RUNS[run]
        scored = {
            program: [scores(fitted(program, mode, seed, length, data, out), mode, train, test) for seed in seeds]
            for (program, seeds), length in zip(SEEDS.items(), (int(share * steps), steps), strict=True)
        }
        for measure in scored["cebra"][0]:
            ours, theirs = ([one[measure] for one in scored[program]] for program in SEEDS)
            rows.append({"run": run, "measure": measure, "cebra_pipe": ours, "cebra": theirs})
    return {"steps": steps, "rows": rows}


def recording(out: Path) -> Path:
    """The rat as one file for both programs. MissingFile, with where to put it, if it is not there."""
    from cebra_pipe.datasets.hippocampus import read_rat

    rat, path = read_rat("achilles", fetch=False), out / "achilles.npz"
    out.mkdir(parents=True, exist_ok=True)
    np.savez(path, spikes=rat.spikes, position=rat.position)
    return path


def fitted(program: str, mode: str, seed: int, steps: int, data: Path, out: Path) -> dict[str, np.ndarray]:
    """What embed.py writes; kept from an earlier run if the same code made it."""
    path = out / f"{program}_{mode}_{seed}_{steps}.npz"
    if not path.exists() or str(_read(path)["version"]) != current(program):
        environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")}
        job = [str(HERE / "embed.py"), program, mode, str(seed), str(steps), str(data), str(path)]
        subprocess.run([sys.executable, *job], check=True, env=environment)
    return _read(path)


current = cache(version)


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


def within(row: dict) -> bool:
    """Whether the programs agree in this row."""
    return _verdict(row).within


def _verdict(row: dict) -> Verdict:
    return verdict(row["cebra_pipe"], row["cebra"], MEASURES[row["measure"]].floor)


def table(found: dict) -> str:
    """The rows in markdown: all seeds, difference of the means with its 95 % interval, what is within seed noise."""
    columns = ("", "", "cebra_pipe, a value a seed", "cebra 0.6.1", "difference (95 %)", "seed noise", "")
    told = f"After {found['steps']:,} steps. {found.get('note', '')}".strip()
    lines = [told, "", f"| {' | '.join(columns)} |", "|---|---|---|---|---|---|---|"]
    return "\n".join([*lines, *map(_line, found["rows"])])


def _line(row: dict) -> str:
    found, measure = _verdict(row), MEASURES[row["measure"]]
    digits = 1 if measure.unit == "cm" else 3
    ours, theirs = (" ".join(f"{v:.{digits}f}" for v in row[program]) for program in SEEDS)
    name = row["measure"] if measure.unit == "share" else f"{row['measure']}, {measure.unit}"
    told = f"{found.difference:+.{digits}f} ± {found.half_width:.{digits}f}"
    verdict = "within" if found.within else f"**outside** {KNOWN.get((row['run'], row['measure']), '')}".strip()
    return f"| {row['run']} | {name} | {ours} | {theirs} | {told} | {found.allowed:.{digits}f} | {verdict} |"


def write(found: dict) -> None:
    """The scores to docs/equivalence.json, the table between its marks in docs/equivalence.md."""
    SUMMARY.write_text(json.dumps(found, indent=1) + "\n")
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()

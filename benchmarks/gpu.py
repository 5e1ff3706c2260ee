"""Steps a second on a CUDA device, beside cebra 0.6.1 on the same one.

    python benchmarks/gpu.py --case behavior,several
    python benchmarks/gpu.py --case seeds                            one rat, seeds trained as one batch of models
    python benchmarks/gpu.py --device cpu --steps 3,3 --rounds 1     a rehearsal without one

Not yet run on a device. Times are of the clock, of whole fits, which end when the device has done its work: the losses
of the last step are read. Recording a step costs about as much as a hundred of them, once a fit: hence so many. What
took the place of a recorded step, or of draws by the device, stands behind the row.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from bench import PROGRAMS, run
from cases import CASES, OPTIONS, SEED, write

SLOWER = ("launched one by one", "on the host")  # of lines of the log
SEEDS = (1, 4, 16)  # trained at once
TRAINING = {
    "model": "offset10-model", "causal": False, "output_dimension": 3, "hidden_units": 32, "similarity": "cosine",
    "temperature": 1.0, "learn_temperature": False, "time_offset": 0.25, "batch_size": 512, "learning_rate": 3e-4,
    "normalize": "none", "windows": "within", "threads": 1,
}  # fmt: skip


def main() -> None:
    """Print a line a case."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--case", default="behavior,time,hybrid,several,seeds")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--device", default="cuda")
    options.add_argument("--steps", default="10001,201", help="of cebra_pipe and of cebra")
    given = options.parse_args()
    if given.device != "cpu" and not torch.cuda.is_available():
        sys.exit("benchmarks/gpu.py: expected a CUDA device, found none. `make bench` measures on the CPU.")
    steps = dict(zip(PROGRAMS, map(int, given.steps.split(",")), strict=True))
    card = torch.cuda.get_device_name(given.device) if given.device != "cpu" else "a rehearsal on the CPU"
    print(f"{card}, torch {torch.__version__}, CUDA {torch.version.cuda}")
    names = given.case.split(",")
    print("\n| case | steps a second (range) | cebra | ratio |\n|---|---|---|---|")
    for name in (name for name in names if name != "seeds"):
        print(line(name, given.rounds, given.device, steps), flush=True)
    if "seeds" in names:
        print("\n| seeds at once | steps a second, of all models |\n|---|---|")
        for number in SEEDS:
            print(f"| {number} | {together(number, steps['cebra_pipe'], given.device):.0f} |", flush=True)


def line(name: str, rounds: int, device: str, steps: dict[str, int]) -> str:
    """Medians over rounds, the programs in turn; what a program says where it fails."""
    case, rates, failed = CASES[name], {program: [] for program in PROGRAMS}, []
    with tempfile.TemporaryDirectory() as folder:
        data = str(write(case, Path(folder)))
        for turn in range(rounds):
            for program in PROGRAMS[:: -1 if turn % 2 else 1]:
                job = json.dumps(OPTIONS | case.options | {"device": device})
                found = run("worker.py", [program, "fit", data, job, str(steps[program])], os.cpu_count())
                rates[program].append(np.nan if "failed" in found else 1 / found["wall"])
                failed += [f"; {program}: {found['failed']}"] if "failed" in found else []
                failed += [f"; {line}" for line in found.get("log", []) if any(words in line for words in SLOWER)]
    ours, theirs = (float(np.median(rates[program])) for program in PROGRAMS)
    span = f"{min(rates['cebra_pipe']):.0f} to {max(rates['cebra_pipe']):.0f}"
    told = "".join(dict.fromkeys(failed))
    return f"| {case.title} | {ours:.0f} ({span}) | {theirs:.1f} | {ours / theirs:.1f}{told} |"


def together(number: int, steps: int, device: str) -> float:
    """Steps a second of `number` seeds as one batch of models, summed over them; scores on the way included."""
    from cebra_pipe.datasets.rats import simulate
    from cebra_pipe.solver.device import settings
    from cebra_pipe.solver.task import Task
    from cebra_pipe.solver.together import fit_together

    rat = simulate(SEED, 120, 10_178, 0.5, 0.03)
    part = np.array(["train", "train", "train", "valid", "test"], dtype=object)[rat.epoch % 5]

    def took(steps: int) -> float:
        about = {"labels": {"position": 1.0, "direction": 1.0}, "positives": "time_delta", "hybrid": False}
        given = {"names": ("rat",), "recordings": (rat,), "parts": (part,), "contents": ("rat",), **about}
        training = {"training": TRAINING | {"steps": steps}, "fold": 0, "study_seed": SEED}
        begin = time.perf_counter()
        with settings(1):
            fit_together([Task(**given, **training, seed=seed) for seed in range(number)], device)
        return time.perf_counter() - begin

    took(1)
    once = took(1)
    return number * (steps - 1) / (took(steps) - once)


if __name__ == "__main__":
    main()

"""Steps a second on a CUDA device, beside cebra 0.6.1 on the same one.

    python benchmarks/gpu.py --case behavior,several

Not yet run on a device. Times are of the clock, of whole fits, which end when the device has done its work.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from bench import PROGRAMS, run
from cases import CASES, OPTIONS, write

STEPS = {"cebra_pipe": 2001, "cebra": 201}


def main() -> None:
    """Print a line a case."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--case", default="behavior,time,hybrid,several")
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    if not torch.cuda.is_available():
        sys.exit("benchmarks/gpu.py: expected a CUDA device, found none. `make bench` measures on the CPU.")
    print(f"{torch.cuda.get_device_name()}\n\n| case | steps a second | cebra | ratio |\n|---|---|---|---|")
    for name in given.case.split(","):
        print(line(name, given.rounds), flush=True)


def line(name: str, rounds: int) -> str:
    """Medians over rounds, the programs in turn."""
    case, rates = CASES[name], {program: [] for program in PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        data = str(write(case, Path(folder)))
        for turn in range(rounds):
            for program in PROGRAMS[:: -1 if turn % 2 else 1]:
                job = json.dumps(OPTIONS | case.options | {"device": "cuda"})
                found = run("worker.py", [program, "fit", data, job, str(STEPS[program])], os.cpu_count())
                rates[program].append(np.nan if "failed" in found else 1 / found["wall"])
    ours, theirs = (float(np.median(rates[program])) for program in PROGRAMS)
    return f"| {case.title} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.1f} |"


if __name__ == "__main__":
    main()

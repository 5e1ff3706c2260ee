"""What a job of each stage costs before it works: its imports beside those of the library that it cannot do without.

    python benchmarks/startup.py --rounds 5

Prints for each stage the processor time over that of a bare `python -c 'import …'` of the heaviest library that it
imports, and the slowest imports of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys

from cebra_pipe.cli import STAGES

TABLES = "import numpy, pyarrow.parquet"
BARE = {
    "torch": "import torch",
    "sklearn": "import sklearn.neighbors",
    "matplotlib": f"{TABLES}, matplotlib.figure, matplotlib.backends.backend_agg",
    "scipy": f"{TABLES}, scipy.spatial, scipy.ndimage",
    "pyarrow": TABLES,
    "": "pass",
}
SLOWEST = 4
KNOWN = {"torch", "scipy", "cebra_pipe"}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    print("| stage | beside | ratio | slowest imports of its own, ms |")
    print("|---|---|---|---|")
    for stage in STAGES:
        code = f"import cebra_pipe.pipeline.stages.{stage}"
        loaded = run(f"{code}; import sys; print(*sys.modules)")[0].split()
        beside = next(name for name in BARE if not name or name in loaded)
        both = [(run(code)[1], run(BARE[beside])[1]) for _ in range(rounds)]
        mine, bare = (min(each) for each in zip(*both, strict=True))
        print(f"| {stage} | {beside or 'python'} | {mine / bare:.2f} | {slowest(code)} |", flush=True)


def run(code: str, *flags: str) -> tuple[str, float, str]:
    """What Python prints, the seconds of processor that it takes, and its messages."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, *flags, "-W", "ignore", "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stderr


def slowest(code: str) -> str:
    """The modules that take longest, with what they import, torch and scikit-learn left out."""
    rows = [line.split("|") for line in run(code, "-X", "importtime")[2].splitlines() if line.count("|") == 2]
    found = {name.strip(): int(both) for _, both, name in rows[1:] if both.strip().isdigit()}
    tops = {name: took for name, took in found.items() if "." not in name and name not in KNOWN}
    ranked = sorted(tops.items(), key=lambda each: -each[1])[:SLOWEST]
    return ", ".join(f"{name} {took / 1000:.0f}" for name, took in ranked)


if __name__ == "__main__":
    main()

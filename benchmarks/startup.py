"""What a job of each stage costs before it works, beside a bare import of the library that it cannot do without.

    python benchmarks/startup.py --rounds 15

A job runs as the workflow's rules call it (`python -m cebra_pipe STAGE …`), from the command line to its record, with
empty inputs and a stage that does nothing. Prints for each stage the processor time over that of a bare
`python -c 'import …'` of the heaviest library that it imports, in turn: the median of the rounds and the middle half of
them, and the slowest imports on top of that.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import quantiles

from cebra_pipe.cli import STAGES
from cebra_pipe.pipeline.jobs.fingerprint import sources
from cebra_pipe.pipeline.jobs.roles import ROLES

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
# A job without its work: the stage that the command line finds is imported, as it would be, and does nothing.
JOB = """
import sys
sys.argv = {command!r}
from cebra_pipe.pipeline import runner
imported = runner._imported
def idle(stage):
    module = imported(stage)
    module.run = lambda job: None
    return module
runner._imported = idle
import cebra_pipe.__main__
"""


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args().rounds
    print("| stage | beside | ratio (middle half) | slowest imports on top, ms |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for stage in STAGES:
            code = JOB.format(command=command(stage, Path(folder)))
            loaded = run(f"import cebra_pipe.pipeline.stages.{stage}, sys; print(*sys.modules)")[0].split()
            beside = BARE[next(name for name in BARE if not name or name in loaded)]
            run(code), run(beside)  # byte code is written and files are in memory, as for all jobs but the first
            ratios = [run(code)[1] / run(beside)[1] for _ in range(rounds)]
            low, middle, high = quantiles(ratios, n=4, method="inclusive") if rounds > 1 else ratios * 3
            told = f"{middle:.2f} ({low:.2f} to {high:.2f})"
            print(f"| {stage} | {beside} | {told} | {slowest(beside, code)} |", flush=True)


def command(stage: str, folder: Path) -> list[str]:
    """The command line of a job whose inputs are empty files."""
    given = folder / "input"
    given.touch()
    inputs, outputs = ROLES[stage]
    options = [f"--input {role} {given}" for role in inputs] + [f"--output {role} {folder}/{role}" for role in outputs]
    planned = ["--code", "code:planned", "--sources", sources()]  # as the workflow gives them: nothing was edited
    record = ["--record", str(folder / "record.json"), "--hashes", str(folder / "hashes")]
    spec = ["--spec", f'{{"stage": "{stage}"}}']
    return ["cebra-pipe", stage, *spec, *" ".join(options).split(), *planned, *record]


def run(code: str, *flags: str) -> tuple[str, float, str]:
    """What Python prints, the seconds of processor that it takes, and its messages."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    there = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, *flags, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=there | {"OMP_NUM_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stderr


def slowest(beside: str, code: str) -> str:
    """The modules that the job imports beyond those of the library, longest first, each without what it imports."""
    known, mine = (imports(each) for each in (beside, f"{beside}\n{code}"))
    ranked = sorted(((took, name) for name, took in mine.items() if name not in known), reverse=True)
    return f"{sum(took for took, _ in ranked) / 1000:.0f} in all: " + ", ".join(
        f"{name} {took / 1000:.0f}" for took, name in ranked[:SLOWEST]
    )


def imports(code: str) -> dict[str, int]:
    """Microseconds of each module's own lines."""
    lines = run(code, "-X", "importtime")[2].splitlines()
    rows = [line.split("|") for line in lines if line.startswith("import time:")]
    return {name.strip(): int(own.rpartition(":")[2]) for own, _, name in rows[1:]}


if __name__ == "__main__":
    main()

"""Two workers on two cores: eight fits under `snakemake --cores 2` beside eight in a row under `--cores 1`.

    python benchmarks/workers.py --rounds 3

One recording, one condition, eight seeds; the recording and its split are made before. Workers that leave each other
alone take half the time of the clock and the same of the processor. Each run also tells how many cores other programs
took meanwhile: where that is more than a tenth or so, the clock says nothing and processor time alone is to be read.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
CORES = (1, 2)


def main() -> None:
    """Measure in turn, print a table, write workers.json."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--fits", type=int, default=8)
    options.add_argument("--steps", type=int, default=500)
    options.add_argument("--samples", type=int, default=10_178)
    options.add_argument("--neurons", type=int, default=120)
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    given = options.parse_args()
    found: dict[int, list[dict]] = {cores: [] for cores in CORES}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yaml")
        config.write_text(json.dumps(study(given.samples, given.neurons, given.steps, given.fits)))
        snakemake(config, 1, "split")
        print("| round | cores | clock, s | processor, s | cores that others took |")
        print("|---|---|---|---|---|")
        for turn in range(given.rounds):
            for cores in sorted(CORES, reverse=bool(turn % 2)):
                shutil.rmtree(Path(folder, "results", "workers", "fits"), ignore_errors=True)
                one = measured(config, cores, given.fits)
                found[cores].append(one)
                print(
                    f"| {turn + 1} | {cores} | {one['wall']:.1f} | {one['cpu']:.1f} | {one['others']:.2f} |", flush=True
                )
    alone, beside = (found[cores] for cores in CORES)
    clock, processor = (
        np.median([two[name] / one[name] for one, two in zip(alone, beside, strict=True)]) for name in ("wall", "cpu")
    )
    print(f"\nclock of two workers over half that of one: {2 * clock:.2f} (asked for: at most 1.1)")
    print(f"processor time of two workers over that of one: {processor:.2f}")
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "workers.json").write_text(json.dumps(found, indent=1) + "\n")


def study(samples: int, neurons: int, steps: int, fits: int) -> dict:
    """A config, which YAML reads as JSON."""
    return {
        "study": "workers",
        "recordings": {"rat": {"simulate": {"samples": samples, "neurons": neurons}}},
        "split": {"scheme": "trials", "stratify": "direction"},
        "defaults": {"steps": steps, "batch_size": 512},
        "conditions": {"behavior": {"labels": ["position", "direction"], "seeds": [*range(1, fits + 1)]}},
    }


def measured(config: Path, cores: int, fits: int) -> dict[str, float]:
    """Seconds of the clock and of the processor, and how many cores others took."""
    before, busy, begin = resource.getrusage(resource.RUSAGE_CHILDREN), busy_seconds(), time.perf_counter()
    snakemake(config, cores, "fit")
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begin
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    made = len(list(config.parent.glob("results/workers/fits/**/model.pt")))
    if made != fits:
        raise SystemExit(f"expected {fits} fits, found {made}")
    return {"wall": wall, "cpu": cpu, "others": max(0.0, busy_seconds() - busy - cpu) / wall}


def busy_seconds() -> float:
    """Seconds of all cores that any program took since the machine started; not a number where that is not told."""
    try:
        user, nice, system = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:4])
    except OSError:
        return float("nan")
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def snakemake(config: Path, cores: int, until: str) -> None:
    """Run the workflow in the config's folder until the jobs of one stage."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(config)]
    command += ["--directory", str(config.parent), "--cores", str(cores), "--until", until, "--quiet", "all"]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, env=environment, cwd=config.parent, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"snakemake --cores {cores} --until {until} ended with {done.returncode}:\n{done.stderr}")


if __name__ == "__main__":
    main()

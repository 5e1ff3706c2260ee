"""What a stage imports before it works: each job of a study pays for it."""

from __future__ import annotations

import subprocess
import sys

# In the order in which one process imports them, and what has to be missing still.
HEAVY = {"torch", "sklearn", "pandas", "h5py", "tables", "pynwb", "hdmf"}
HEAVY |= {"matplotlib", "scipy.stats", "scipy.signal", "scipy.fft"}
LIGHT = HEAVY | {"scipy", "pydantic", "importlib.metadata"}
STARTS = {
    "simulate": LIGHT,
    "split": LIGHT,
    "align": LIGHT,
    "consistency": LIGHT,
    "tables": LIGHT,
    "load": HEAVY | {"scipy", "pydantic"},
    "decode": HEAVY | {"scipy.sparse.linalg"},
}


def test_a_stage_starts_without_what_it_does_not_need():
    lines = [f"import cebra_pipe.pipeline.stages.{stage}; print(*sys.modules)" for stage in STARTS]
    code = "\n".join(["import sys, numpy, pyarrow.parquet; print(*sys.modules)", *lines])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    bare, *loaded = (set(line.split()) for line in done.stdout.splitlines())
    found = {stage: (mine - bare) & STARTS[stage] for stage, mine in zip(STARTS, loaded, strict=True)}
    assert found == {stage: set() for stage in STARTS}


def test_a_job_starts_without_what_plans_it():
    """From the command line to its record; a plan has checked its spec, and its code is that of the plan."""
    job = "import sys, cebra_pipe.cli, cebra_pipe.pipeline.runner; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", job], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & (LIGHT | {"numpy.testing", "cebra_pipe.pipeline.config"}) == set()

"""What a job asks of a machine: memory and minutes, from the config and, where they are there, from recordings."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

GPU_FILES = ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/dxg")  # NVIDIA on Linux, and under WSL

# stage -> (MB at the start, MB per recording that it holds); a rat of 10,000 samples takes far less
MEMORY = {
    "simulate": (500, 0),
    "load": (1500, 500),
    "split": (500, 100),
    "fit": (1500, 500),
    "fit_together": (1500, 500),
    "transform": (1500, 500),
    "adapt": (1500, 500),
    "transfer": (1500, 700),
    "decode": (1500, 700),
    "align": (700, 200),
    "consistency": (700, 200),
    "figures": (1000, 200),
    "tables": (500, 50),
}
# MB. Seeds together of a full batch are allowed for all pairs at once: 15,000 squared in float32, and their gradient; a
# single fit holds no such matrix.
FULL_PAIRS = 1500
STEP = 0.2  # seconds of a step and recording at the very most, of a usual batch and of a full one of `USUAL` samples
USUAL = 10_000
# Seconds of a pair in the loss of a full batch, twice those of 8,192 squared in 137 ms (docs/performance.md). Samples
# are all those of the recording, of which training has the larger part: half of the pairs or so.
PAIR = 4e-9
UNREAD = 20_000  # samples of a recording that is not made yet
MINUTES = {"fit": 10, "fit_together": 10, "adapt": 10}  # besides the steps; other stages take minutes at most


def use_checkout(folder: str) -> None:
    """Jobs run this checkout with this Python, also from an environment that is not activated.

    A conda environment of --software-deployment-method comes before it, and finds the same checkout.
    """
    first = {"PATH": os.path.dirname(sys.executable), "PYTHONPATH": folder}
    for name, place in first.items():
        os.environ[name] = os.pathsep.join([place, *filter(None, [os.environ.get(name)])])


def has_gpu() -> bool:
    """Whether this machine shows a GPU that torch can use, without importing it.

    Fits that ask for a GPU wait for each other, which those of a torch for the CPU alone have no reason to.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible not in ("", "-1") and any(map(os.path.exists, GPU_FILES)) and not _without_gpus()


def _without_gpus() -> bool:
    """Whether the torch that is installed here was built without them; no where none is, and jobs have their own."""
    found = importlib.util.find_spec("torch")
    try:
        text = Path(found.origin).with_name("version.py").read_text() if found and found.origin else ""
    except OSError:
        return False
    return all(re.search(rf"^{kind}\b.*= None$", text, re.MULTILINE) for kind in ("cuda", "hip"))


def memory(plan, stage: str, wildcards: Mapping[str, str], attempt: int) -> int:
    """MB of memory; a repeated job asks for more."""
    base, each = MEMORY[stage]
    each += FULL_PAIRS if stage == "fit_together" and _is_full(plan, wildcards) else 0
    return attempt * (base + each * _recordings(plan, stage, wildcards) * _seeds(plan, stage, wildcards))


def minutes(plan, stage: str, wildcards: Mapping[str, str], attempt: int) -> int:
    """Minutes of run time, rounded up: five steps a second and recording at the very least, fewer of full batches."""
    base = MINUTES.get(stage, 15)
    if stage not in MINUTES:
        return attempt * base
    condition = plan.study.conditions[wildcards["condition"]]
    if stage == "adapt":  # of one recording, and as often from scratch
        steps = 2 * len(condition.leave_one_out.shares) * condition.leave_one_out.steps
    else:
        steps = _recordings(plan, stage, wildcards) * condition.training.steps * _seeds(plan, stage, wildcards)
    return attempt * (base + math.ceil(round(steps * _seconds(plan, wildcards) / 60, 6)))


def _seconds(plan, wildcards: Mapping[str, str]) -> float:
    """Of a step; the loss of a full batch takes the square of its samples."""
    if not _is_full(plan, wildcards):
        return STEP
    (recording,) = plan.study.conditions[wildcards["condition"]].fitted[wildcards["unit"]]
    samples = _samples(plan.output("load", "recording", recording=recording))
    return STEP * max(1, samples / USUAL) + PAIR * samples**2


def _samples(path: str) -> int:
    """How many a recording has. A run asks anew before each job, when the file is there."""
    from pyarrow import parquet

    try:
        return parquet.read_metadata(path).num_rows
    except (OSError, ValueError):  # not made yet, or cut short: then it will be made anew
        return UNREAD


def _is_full(plan, wildcards: Mapping[str, str]) -> bool:
    return plan.study.conditions[wildcards["condition"]].training.batch_size == "full"


def _seeds(plan, stage: str, wildcards: Mapping[str, str]) -> int:
    """How many are trained in the job: a batch has the activations of each."""
    return len(plan.study.conditions[wildcards["condition"]].seeds) if stage == "fit_together" else 1


def _recordings(plan, stage: str, wildcards: Mapping[str, str]) -> int:
    if "unit" in dict(wildcards):
        return len(plan.study.conditions[wildcards["condition"]].fitted[wildcards["unit"]])
    return 1 if "recording" in dict(wildcards) else len(plan.study.config.recordings)

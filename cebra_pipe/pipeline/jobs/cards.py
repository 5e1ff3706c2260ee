"""On which device a job works; where a machine shows several GPUs, on one that the fewest other jobs work on."""

from __future__ import annotations

import fcntl
import itertools
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import torch

from ...solver.device import resolve
from .job import Job, say

HELD = []  # locks of this process on its GPU; the kernel frees them when it ends, however it ends


def on_device(job: Job) -> Job:
    """The job with its device: `cpu`, or `cuda`, whose current device is then a GPU that is free, if one is."""
    device = resolve(job.spec.get("device", "auto"), job.gpus)
    if device == "cuda":
        take_card()
    return job.with_device(device)


def take_card() -> None:
    """Makes one of several GPUs torch's current one: else the jobs of `--resources gpu=4` would all share the first."""
    number = torch.cuda.device_count()
    if number < 2:
        return
    names = [str(torch.cuda.get_device_properties(card).uuid) for card in range(number)]
    card, file = free_card(names, Path(tempfile.gettempdir(), f"cebra_pipe_gpus_{os.getuid()}"))
    HELD.append(file)
    torch.cuda.set_device(card)
    say(f"device: GPU {card} of {number} that are seen (from 0 on)")


def free_card(names: Sequence[str], folder: Path) -> tuple[int, TextIO]:
    """The first of the cards on which the fewest jobs are that hold locks in `folder`, and a lock on it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for jobs in itertools.count():
        for card, name in enumerate(names):
            if file := _locked(folder / f"{name}.{jobs}"):
                return card, file
    raise AssertionError("no end of numbers")


def _locked(path: Path) -> TextIO | None:
    """The file with a lock on it; None where another job has one."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file

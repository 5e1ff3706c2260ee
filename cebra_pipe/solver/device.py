"""Where a fit runs, and torch's settings while it runs."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..errors import Problem, UserError

# Set where a scheduler has given this job devices; a job of Slurm without any may see those of others all the same.
SCHEDULED = ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS", "SLURM_STEP_GPUS")


def resolve(wanted: str, gpus: int) -> str:
    """`cpu` or `cuda`: auto takes CUDA where torch sees it and this job was given a GPU, else the CPU, and says so."""
    seen, reason = seen_gpu()
    if wanted not in ("auto", "cpu", "cuda"):
        raise UserError(Problem("device", "auto, cpu or cuda", repr(wanted)))
    if wanted == "cuda" and not seen:
        remedy = "Set device: auto, or install torch for CUDA."
        raise UserError(Problem("device", "a CUDA device", f"none that torch sees{reason}", remedy))
    if wanted != "auto":
        return wanted
    if seen and (gpus > 0 or any(os.environ.get(name) for name in SCHEDULED)):
        return "cuda"
    why = "this job was given no GPU" if seen else f"torch sees no GPU{reason}"
    print(f"device: cpu ({why})", file=sys.stderr, flush=True)
    return "cpu"


def seen_gpu() -> tuple[bool, str]:
    """Whether torch can use a GPU, and if not what it says of it, to follow other words."""
    if torch.version.cuda is None and torch.version.hip is None:
        return torch.cuda.is_available(), ": it was built without CUDA"
    with warnings.catch_warnings(record=True) as told:  # of a driver that is too old, say
        warnings.simplefilter("always")
        seen = torch.cuda.is_available()
    return seen, f": {str(told[0].message).splitlines()[0].rstrip('.')}" if told else ""


def moved(array: np.ndarray, device: torch.device) -> Tensor:
    """The values of `array` on `device`; to CUDA from pinned memory: a copy from any other waits for the device."""
    given = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":
        return given.pin_memory().to(device, non_blocking=True)
    return given.to(device)


@contextlib.contextmanager
def settings(threads: int) -> Iterator[None]:
    """`threads` torch threads, deterministic algorithms and whole single precision, and what was before at the end.

    Containers may switch TF32 on for all programs, whose products have three digits.
    """
    os.environ.setdefault(
        "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
    )  # read when CUDA starts; else cuBLAS is not deterministic
    before, filled = torch.get_num_threads(), torch.utils.deterministic.fill_uninitialized_memory
    mode, precision = torch.get_deterministic_debug_mode(), torch.get_float32_matmul_precision()
    torch.set_num_threads(threads)
    with contextlib.suppress(RuntimeError):  # can be set once in a process, before its first parallel work
        torch.set_num_interop_threads(threads)
    torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms, without its import of the compiler
    torch.set_float32_matmul_precision("highest")
    torch.utils.deterministic.fill_uninitialized_memory = False  # every buffer here is written before it is read
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.set_deterministic_debug_mode(mode)
        torch.set_float32_matmul_precision(precision)
        torch.utils.deterministic.fill_uninitialized_memory = filled

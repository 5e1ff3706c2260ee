"""Memory of a step, estimated before it is allocated: a message in place of the kernel's killer."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import Problem, UserError
from ..models.encoder import EVERY, Encoder
from .encode import Encoding
from .network import Network

# Bytes at the peak of a step for each number that the layers give, gradients and what backward keeps included.
# Measured on the CPU, without the loss: 10 to 11 for full batches of 200,000 (offset1- and offset10-model, 30 neurons,
# 32 units), 7 for 16,000 windows of 100 neurons.
BYTES = 12
INDEX = 32  # bytes a drawn sample: its number where it is drawn, as a row of its session, and on the device
LIMITS = (("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),)  # of a container: whole and in use


def check_memory(way: Encoding, series: Sequence[Tensor], drawn: int) -> None:
    """A UserError where a step of `drawn` samples of each session needs more memory than there is.

    Models of a user's own are not asked: what they keep is not known.
    """
    if not all(isinstance(encoder, Encoder) for encoder in way.network.encoders):
        return
    need, free = estimate(way.network, series, drawn, way.depths), available(way.network.device)
    if free is not None and need > free:
        size = f"{drawn} windows of each session a step, about {told_size(need)}, and {told_size(free)} are free"
        remedy = "Set batch_size (512 is usual), or take a smaller model, or fewer samples."
        raise UserError(Problem("batch_size", "a step that fits into memory", size, remedy))


def estimate(network: Network, series: Sequence[Tensor], drawn: int, whole: Sequence[int]) -> int:
    """Bytes at the peak of a step with `drawn` samples of each session.

    whole: of each session, layers that run over its whole series; the others run over a window for each sample drawn.
    """
    total, window = 0, len(network.architecture.offset)
    for encoder, x, depth in zip(network.encoders, series, whole, strict=True):
        layers = encoder.architecture.layers[:depth]
        rows, width = window - sum(layer.kernel - 1 for layer in layers), encoder.widths[depth]
        total += drawn * (rows * width + _numbers(encoder, x.new_empty(0, width), rows, slice(depth, None)))
        if depth:
            one, two = (_numbers(encoder, x, length, slice(0, depth)) for length in (window, window + 1))
            total += len(x) * (two - one)
    return BYTES * total + INDEX * drawn * len(series)


def _numbers(encoder: nn.Module, series: Tensor, length: int, layers: slice = EVERY) -> int:
    """Numbers that layers give for one stretch of `length` samples of what comes before them."""
    probe, seen = copy.deepcopy(encoder).eval(), []
    for module in probe.modules():
        module._forward_hooks.clear()  # a user's own are not to see the probe
        module._forward_pre_hooks.clear()
        if not list(module.children()):
            module.register_forward_hook(lambda *given: seen.append(given[-1].numel()))
    with torch.no_grad():
        probe(torch.zeros(length, series.shape[1], device=series.device), 1, layers)
    return sum(seen)


def available(device: torch.device) -> int | None:
    """Bytes that are free on `device`; None where that is not told."""
    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + held
    if device.type != "cpu":
        return None
    found = [_of_machine(), *(_of_container(*paths) for paths in LIMITS)]
    return min((each for each in found if each is not None), default=None)


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


def _of_container(whole: str, used: str) -> int | None:
    try:
        return int(Path(whole).read_text()) - int(Path(used).read_text())
    except (OSError, ValueError):  # no such file, or "max": no limit
        return None


def told_size(size: int) -> str:
    """Bytes as a text."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"

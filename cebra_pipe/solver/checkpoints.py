"""The state of a solver on disk."""

from __future__ import annotations

import zipfile
from pathlib import Path

import torch

from ..data.table import replacing
from .keeper import UNREADABLE


def write(state: dict, path: Path) -> Path:
    """Write `state` whole or not at all; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        torch.save(state, file)
    return path


def read(path: Path, device: str) -> dict:
    """The state of `path`, on `device`; only tensors and plain values are read.

    FileNotFoundError where it is not there, ValueError where it was cut short or changed since it was written.
    """
    if not path.exists():
        there = ", ".join(sorted(p.name for p in path.parent.glob("*.pth"))) or "no checkpoint"
        raise FileNotFoundError(f"{path}: expected a checkpoint, found {there} in that folder.")
    try:
        with zipfile.ZipFile(path) as content:
            bad = content.testzip()  # torch does not look at the sums that the file holds
        if bad is None:
            return torch.load(path, map_location=device, weights_only=True)
    except (zipfile.BadZipFile, *UNREADABLE) as error:
        bad = str(error).splitlines()[0] if str(error) else type(error).__name__
    raise ValueError(f"{path}: expected a whole checkpoint, found a damaged one ({bad}). Take an earlier one.")


def move(optimizer: torch.optim.Optimizer) -> None:
    """Bring what an optimizer holds of each parameter to where the parameter is, as a second fit elsewhere needs.

    Counts of steps move where the optimizer is fused, or expects to be recorded; all others have them on the CPU.
    """
    for group in optimizer.param_groups:
        counts = group.get("fused") or group.get("capturable")
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            for name, value in state.items():
                if isinstance(value, torch.Tensor) and (counts if name == "step" else value.shape == parameter.shape):
                    state[name] = value.to(parameter.device)

"""The state of a solver on disk and in memory."""

from __future__ import annotations

import copy
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..data.table import replacing
from .keeper import UNREADABLE

if TYPE_CHECKING:
    from .training import Solver


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


def restore(solver: Solver, state: dict, strict: bool) -> None:
    """Put `state` into `solver`; KeyError for a missing part, unless not `strict`."""
    puts = {
        "model": solver.model.load_state_dict,
        "criterion": solver.criterion.load_state_dict,
        "optimizer": solver.optimizer.load_state_dict,
        "loss": lambda value: setattr(solver, "history", value.tolist()),
        "decode": lambda value: setattr(solver, "decode_history", list(value)),
        "log": lambda value: setattr(solver, "log", {name: list(values) for name, values in value.items()}),
        "n_features": lambda value: setattr(solver, "n_features", value),
        "num_sessions": lambda value: setattr(solver, "num_sessions", value),
    }
    puts |= {name: getattr(solver, name).load_state_dict for name in solver.others}
    missing = [name for name in puts if name not in state]
    if strict and missing:
        raise KeyError(f"state_dict: expected {', '.join(puts)}; {', '.join(missing)} missing.")
    for name, put in puts.items():
        if name in state:
            put(state[name])


def copied(solver: Solver) -> dict:
    """Weights of models and criterion as they are now."""
    names = ("model", "criterion", *solver.others)
    return copy.deepcopy({name: getattr(solver, name).state_dict() for name in names})


def put_back(solver: Solver, state: dict) -> None:
    """Take weights that `copied` noted."""
    for name, weights in state.items():
        getattr(solver, name).load_state_dict(weights)


def move(optimizer: torch.optim.Optimizer) -> None:
    """Bring what an optimizer holds of each parameter to where the parameter is, as a second fit elsewhere needs.

    Counts of steps stay where they are: torch wants them on the CPU for most optimizers.
    """
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                state[name] = value.to(parameter.device)

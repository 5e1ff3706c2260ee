"""The state of a solver on disk and in memory."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..data.table import replacing

if TYPE_CHECKING:
    from .training import Solver


def write(state: dict, path: Path) -> Path:
    """Write `state` whole or not at all; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        torch.save(state, file)
    return path


def read(path: Path, device: str) -> dict:
    """The state of `path`, on `device`; only tensors and plain values are read."""
    if not path.exists():
        there = ", ".join(sorted(p.name for p in path.parent.glob("*.pth"))) or "no checkpoint"
        raise FileNotFoundError(f"{path}: expected a checkpoint, found {there} in that folder.")
    return torch.load(path, map_location=device, weights_only=True)


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
    missing = [name for name in puts if name not in state]
    if strict and missing:
        raise KeyError(f"state_dict: expected {', '.join(puts)}; {', '.join(missing)} missing.")
    for name, put in puts.items():
        if name in state:
            put(state[name])


def copied(solver: Solver) -> dict:
    """Weights of model and criterion as they are now."""
    return copy.deepcopy({"model": solver.model.state_dict(), "criterion": solver.criterion.state_dict()})


def put_back(solver: Solver, state: dict) -> None:
    """Take weights that `copied` noted."""
    solver.model.load_state_dict(state["model"])
    solver.criterion.load_state_dict(state["criterion"])

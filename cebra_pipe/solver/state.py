"""What a solver is made of, on disk and on a device; the part of `Solver` that trains nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import torch
from torch import nn

from .. import __version__
from ..data.devices import HasDevice
from . import checkpoints

if TYPE_CHECKING:
    from .course import Course


class Stateful(HasDevice):
    """Parameters, state, checkpoints, device."""

    others: ClassVar[tuple[str, ...]] = ()  # attributes that hold further modules to train
    _course: Course | None = None  # while it is fitted

    @property
    def num_parameters(self) -> int:
        """Numbers that are trained, of encoders and criterion."""
        return sum(p.numel() for p in self.parameters())

    def parameters(self) -> Iterator[nn.Parameter]:
        """All parameters of encoders and criterion."""
        for module in self._modules():
            yield from module.parameters()
        yield from self.criterion.parameters()

    def _modules(self) -> list[nn.Module]:
        return [self.model, *(getattr(self, name) for name in self.others)]

    # State ----------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict:
        """All that `load_state_dict` needs: model, optimizer, criterion, log, version, sizes."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "criterion": self.criterion.state_dict(),
            "loss": torch.tensor(self.history, dtype=torch.float64),
            "decode": list(self.decode_history),
            "log": {name: list(values) for name, values in self.log.items()},
            "version": __version__,
            "n_features": self.n_features,
            "num_sessions": self.num_sessions,
        } | {name: getattr(self, name).state_dict() for name in self.others}

    def load_state_dict(self, state_dict: dict, strict: bool = True) -> None:
        """Take the state of `state_dict`; KeyError where `strict` and a part is missing."""
        restore(self, state_dict, strict)

    def save(self, logdir: str | Path, filename: str = "checkpoint_last.pth") -> Path:
        """Write the state to `logdir`/`filename`, whole or not at all."""
        running = {"course": self._course.state(self.device)} if self._course else {}
        return checkpoints.write({**self.state_dict(), **running}, Path(logdir) / filename)

    def load(self, logdir: str | Path, filename: str = "checkpoint_last.pth") -> None:
        """Take the state of a file that `save` wrote; nothing in it is executed. FileNotFoundError where it is not,
        ValueError where it is damaged.
        """
        self.load_state_dict(checkpoints.read(Path(logdir) / filename, self.device))

    def to(self, device: str | torch.device) -> Self:
        """Move models, criterion and what the optimizer holds to `device`; itself."""
        super().to(device)
        checkpoints.move(self.optimizer)
        return self


def restore(solver: Stateful, state: dict, strict: bool) -> None:
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


def copied(solver: Stateful) -> dict:
    """Weights of models and criterion as they are now."""
    names = ("model", "criterion", *solver.others)
    return copy.deepcopy({name: getattr(solver, name).state_dict() for name in names})


def put_back(solver: Stateful, state: dict) -> None:
    """Take weights that `copied` noted."""
    for name, weights in state.items():
        getattr(solver, name).load_state_dict(weights)

"""Adam, by torch's own fused kernel.

torch.optim.Adam gives the same numbers, but making one imports torch's compiler: 1.6 s that each fit would wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim.adam import adam


class Optimizer(Protocol):
    def zero_grad(self) -> None: ...

    def step(self) -> None: ...


class Adam:
    """Kingma and Ba 2015, Algorithm 1, with the usual betas (0.9, 0.999) and eps (1e-8)."""

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float):
        self.parameters, self.learning_rate = list(parameters), learning_rate
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.steps = [torch.zeros((), device=p.device) for p in self.parameters]

    def state(self) -> dict[str, list[Tensor]]:
        """What `restore` needs to go on."""
        return {"means": self.means, "squares": self.squares, "steps": self.steps}

    @torch.no_grad()
    def restore(self, state: Mapping[str, list[Tensor]]) -> None:
        """Go on from what `state` gave."""
        for mine, given in zip(self.state().values(), state.values(), strict=True):
            for old, new in zip(mine, given, strict=True):
                old.copy_(new)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters along their gradients, which all of them need to have."""
        gradients = [p.grad for p in self.parameters]
        adam(
            self.parameters,
            gradients,
            self.means,
            self.squares,
            [],
            self.steps,
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )


# What the recording of a step has to know of an optimizer -------------------------------------------------------------


def can_be_recorded(optimizer: Optimizer) -> bool:
    """Whether a step reads nothing of the device, and keeps its counts there: Adam by torch's fused kernel."""
    if isinstance(optimizer, Adam):
        return True
    theirs = type(optimizer).__module__.startswith("torch.optim.") and type(optimizer).__name__ in ("Adam", "AdamW")
    if not theirs or optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
        return False
    return all(group["fused"] and not isinstance(group["lr"], Tensor) for group in optimizer.param_groups)


def constants(optimizer: Optimizer) -> object:
    """What a recorded step holds fast, numbers and places in memory: where it is changed, it is to be recorded again.

    A state that is loaded into torch's optimizers on the way takes the place of the one that replays go on to write.
    """
    if isinstance(optimizer, Adam):
        held = [*optimizer.parameters, *(each for kind in optimizer.state().values() for each in kind)]
        return optimizer.learning_rate, [each.data_ptr() for each in held]
    held = [value for state in optimizer.state.values() for value in state.values() if isinstance(value, Tensor)]
    groups = [{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]
    return groups, [each.data_ptr() for each in held]


@contextmanager
def being_recorded(optimizer: Optimizer) -> Iterator[None]:
    """torch refuses to record its own optimizers unless they say that they expect it, and warns of those that do."""
    groups = getattr(optimizer, "param_groups", [])
    before = [group["capturable"] for group in groups]
    for group in groups:
        group["capturable"] = True
    try:
        yield
    finally:
        for group, value in zip(groups, before, strict=True):
            group["capturable"] = value

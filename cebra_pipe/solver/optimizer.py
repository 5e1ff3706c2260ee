"""Adam, by torch's own fused kernel.

torch.optim.Adam gives the same numbers, but making one imports torch's compiler: 1.6 s that each fit would wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.optim.adam import adam


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

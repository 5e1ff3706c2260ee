"""One step of the training loop: called, or on CUDA recorded once and replayed.

A step of a small network is some hundred kernels of a few microseconds each. Launching them takes longer than running
them; a recorded step is launched as one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ..models.contrast import Contrast
from ..models.encoder import Encoder
from .capture import Recorded
from .draws import Drawn
from .encode import Encoding
from .network import Network
from .objective import Objective, parted
from .optimizer import Optimizer, being_recorded, can_be_recorded, constants

Step = Callable[[Drawn], Tensor]  # -> (objective, 3) total, align and uniform
# A step on fixed memory, and what to enter while it is recorded -> what does it again.
Record = Callable[[Callable[[], Tensor], Callable[[], AbstractContextManager]], Callable[[], Tensor]]


def losses_of(network: Network, encoding: Encoding, objectives: Sequence[Objective], drawn: Drawn) -> Tensor:
    """(objective, 3) total, align and uniform, with their gradients."""
    views = parted(encoding(*drawn.plan), drawn.draws)
    parts = zip(objectives, views, drawn.allowed, strict=True)
    return torch.stack([torch.stack(o.loss(network.criterion, z, a)) for o, z, a in parts])


@dataclass(frozen=True, eq=False)
class Update:
    """A step as a call: the losses of a draw, and the optimizer's step along their gradient."""

    network: Network
    encoding: Encoding
    objectives: Sequence[Objective]
    optimizer: Optimizer

    def __call__(self, drawn: Drawn) -> Tensor:
        """Losses before the update."""
        losses = losses_of(self.network, self.encoding, self.objectives, drawn)
        self.optimizer.zero_grad()
        losses[:, 0].sum().backward()
        self.optimizer.step()
        return losses.detach()

    def constants(self) -> object:
        """What a recorded step holds fast."""
        return constants(self.optimizer), [(p.requires_grad, p.data_ptr()) for p in self.network.parameters()]


class Static:
    """A step whose indices lie at fixed places of memory, so that it can be recorded once and replayed.

    Draws have to be of one shape throughout, with as many of each session. Where the optimizer's constants are changed
    on the way, or what is trained comes to lie elsewhere, the step is recorded again.
    """

    def __init__(self, update: Update, record: Record):
        self.update, self.record = update, record
        self._held: Drawn | None = None
        self._replay: Callable[[], Tensor] | None = None
        self._constants: object = None

    def __call__(self, drawn: Drawn) -> Tensor:
        """As `Update`."""
        if self._held is None:
            self._held = _held(drawn)
        if self._held.plan[2] != drawn.plan[2]:
            raise RuntimeError(
                f"expected draws of {self._held.plan[2]} by session in every step, found {drawn.plan[2]}"
            )
        for place, value in zip(_indices(self._held), _indices(drawn), strict=True):
            place.copy_(value)
        if anew := self._replay is None or self._constants != self.update.constants():
            self._replay = None  # its memory is free before another one takes as much
            # Neither knows this object: in a circle the recording would hold the device's memory beyond the fit.
            once, during = partial(self.update, self._held), partial(being_recorded, self.update.optimizer)
            self._replay = self.record(once, during)
        losses = self._replay().clone()
        if anew:  # the first step makes what an optimizer holds
            self._constants = self.update.constants()
        return losses


def stepper(update: Update) -> Step:
    """How the steps of a run are made: a function of the device and of what is trained, which the log tells."""
    if update.network.device.type != "cuda":
        return update
    if reason := why_not(update):
        print(f"fit: steps are launched one by one, because {reason}", file=sys.stderr, flush=True)
        return update
    print("fit: steps are replayed from a recorded one (CUDA graph)", file=sys.stderr, flush=True)
    return Static(update, partial(Recorded, update.network.device))


def why_not(update: Update) -> str:
    """Why a step cannot be recorded; empty where it can."""
    network, criterion = update.network, update.network.criterion
    if not all(type(encoder) is Encoder for encoder in network.encoders):
        return "a model is read window by window"
    if type(criterion) is not Contrast:
        return f"what {type(getattr(criterion, 'criterion', criterion)).__name__} does is not known"
    if watched(network):
        return "hooks watch the model, and a replay calls none"
    if update.encoding.masks is not None:
        return "masks are drawn in each step"
    if not can_be_recorded(update.optimizer):
        return f"{type(update.optimizer).__name__} is not Adam with fused=True, without hooks"
    return why_not_even(update.objectives)


def why_not_even(objectives: Sequence[Objective]) -> str:
    """Why sessions give other numbers of positives in each step; empty where they give as many throughout."""
    found = [o.conditional for o in objectives]
    missing = any(c.pooled and c.timeline.sessions > 1 and not c.present.all() for c in found)
    return "a class is missing in a session, so that sessions give other numbers of positives in each step" * missing


def watched(network: Network) -> bool:
    """Whether a module or a parameter calls a function of a user's own."""
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    parts = [*network.modules(), *network.parameters()]
    return any(getattr(part, name, None) for part in parts for name in names)


def _held(drawn: Drawn) -> Drawn:
    """The same, with indices in memory of its own."""
    rows, places, counts, seed = drawn.plan
    return drawn._replace(plan=(rows.clone(), None if places is None else places.clone(), counts, seed))


def _indices(drawn: Drawn) -> list[Tensor]:
    rows, places, *_ = drawn.plan
    return [rows] if places is None else [rows, places]

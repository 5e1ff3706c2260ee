"""The training loop: one for single and multi-session, labels, time and hybrid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from .encode import CutWindows, WholeSeries
from .network import Network
from .objective import Objective, flat_draws, on_device, parted

CHUNK = 100  # steps whose indices are drawn and moved at once
HELD = 2**22  # flat indices drawn at once


class Optimizer(Protocol):
    def zero_grad(self) -> None: ...

    def step(self) -> None: ...


def train(
    network: Network,
    encoding: WholeSeries | CutWindows,
    objectives: Sequence[Objective],
    batch: int,
    steps: int,
    optimizer: Optimizer,
    stream: np.random.Generator,
) -> Iterator[tuple[Tensor, np.ndarray]]:
    """Step by step: (objective, 3) total, align and uniform on the device, and (objective,) chance in nats.

    Nothing in a step waits for the device; who reads the losses decides when to.
    """
    for losses, chance in score(network, encoding, objectives, batch, steps, stream):
        optimizer.zero_grad()
        losses[:, 0].sum().backward()
        optimizer.step()
        yield losses.detach(), chance


def score(
    network: Network,
    encoding: WholeSeries | CutWindows,
    objectives: Sequence[Objective],
    batch: int,
    steps: int,
    stream: np.random.Generator,
) -> Iterator[tuple[Tensor, np.ndarray]]:
    """As `train`, with losses that still have their gradients."""
    for plan, draws, allowed, chance in _plans(network, encoding, objectives, batch, steps, stream):
        views = parted(encoding(*plan), draws)
        losses = [o.loss(network.criterion, z, a) for o, z, a in zip(objectives, views, allowed, strict=True)]
        yield torch.stack([torch.stack(loss) for loss in losses]), chance


def _plans(network, encoding, objectives, batch, steps, stream) -> Iterator[tuple]:
    """What each step needs, drawn many steps at a time."""
    device, begin, number = network.device, 0, 1
    while begin < steps:
        number = min(number, steps - begin)
        draws = [o.sampling.draw(number, batch, stream) for o in objectives]
        samplings = [(o.sampling, d) for o, d in zip(objectives, draws, strict=True)]
        allowed = [on_device(s.allowed(d.reference), device) for s, d in samplings]
        chance = np.stack([s.chance(d) for s, d in samplings], axis=1)
        flat = flat_draws(draws)
        for i, plan in enumerate(encoding.plan(flat)):
            yield plan, draws, [None if a is None else a[i] for a in allowed], chance[i]
        begin, number = begin + number, max(1, min(CHUNK, HELD // flat.shape[1]))

"""The training loop: one for single and multi-session, labels, time and hybrid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from .encode import Encoding
from .network import Network
from .objective import Objective, flat_draws, on_device, parted

CHUNK = 100  # steps whose indices are drawn and moved at once
HELD = 2**22  # flat indices drawn at once


@dataclass
class Place:
    """Where a run stands, kept by the engine: what another run needs to go on with the same draws."""

    step: int = 0  # steps that were taken
    begin: int = 0  # of these, before the draws in use
    number: int = 1  # steps that were drawn at once
    state: dict | None = None  # of the stream before them


class Optimizer(Protocol):
    def zero_grad(self) -> None: ...

    def step(self) -> None: ...


def train(
    network: Network,
    encoding: Encoding,
    objectives: Sequence[Objective],
    batch: int,
    steps: int,
    optimizer: Optimizer,
    stream: np.random.Generator,
    place: Place | None = None,
) -> Iterator[tuple[Tensor, np.ndarray]]:
    """Step by step: (objective, 3) total, align and uniform on the device, and (objective,) chance in nats.

    Nothing in a step waits for the device; who reads the losses decides when to. `steps` counts those before `place`.
    """
    for losses, chance in score(network, encoding, objectives, batch, steps, stream, place):
        optimizer.zero_grad()
        losses[:, 0].sum().backward()
        optimizer.step()
        yield losses.detach(), chance


def score(
    network: Network,
    encoding: Encoding,
    objectives: Sequence[Objective],
    batch: int,
    steps: int,
    stream: np.random.Generator,
    place: Place | None = None,
) -> Iterator[tuple[Tensor, np.ndarray]]:
    """As `train`, with losses that still have their gradients."""
    for plan, draws, allowed, chance in _plans(network, encoding, objectives, batch, steps, stream, place or Place()):
        views = parted(encoding(*plan), draws)
        losses = [o.loss(network.criterion, z, a) for o, z, a in zip(objectives, views, allowed, strict=True)]
        yield torch.stack([torch.stack(loss) for loss in losses]), chance


def _plans(network, encoding, objectives, batch, steps, stream, place: Place) -> Iterator[tuple]:
    """What each step needs, drawn many steps at a time."""
    device = network.device
    if place.state is not None:
        stream.bit_generator.state = place.state
    while place.begin < steps:
        number = place.number = min(place.number, steps - place.begin)
        place.state = stream.bit_generator.state
        draws = [o.sampling.draw(number, batch, stream) for o in objectives]
        samplings = [(o.sampling, d) for o, d in zip(objectives, draws, strict=True)]
        allowed = [on_device(s.allowed(d.reference), device) for s, d in samplings]
        chance = np.stack([s.chance(d) for s, d in samplings], axis=1)
        flat = flat_draws(draws)
        taken = place.step - place.begin
        for i, plan in enumerate(encoding.plan(flat, stream)):
            if i >= taken:
                place.step = place.begin + i + 1
                yield plan, draws, [None if a is None else a[i] for a in allowed], chance[i]
        place.begin, place.number = place.begin + number, max(1, min(CHUNK, HELD // flat.shape[1]))

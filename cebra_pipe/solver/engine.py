"""The training loop: one for single and multi-session, labels, time and hybrid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from .encode import CutWindows, WholeSeries
from .network import Network
from .objective import Objective, flat_draws, on_device
from .optimizer import Adam

CHUNK = 100  # steps whose indices are drawn and moved at once


def train(
    network: Network,
    encoding: WholeSeries | CutWindows,
    objectives: Sequence[Objective],
    batch: int,
    steps: int,
    learning_rate: float,
    stream: np.random.Generator,
) -> Iterator[tuple[Tensor, np.ndarray]]:
    """Adam, step by step: (objective, 3) total, align and uniform on the device, and (objective,) chance in nats.

    Nothing in a step waits for the device; who reads the losses decides when to.
    """
    optimizer = Adam((p for p in network.parameters() if p.requires_grad), learning_rate)
    shape = (len(objectives), 3, encoding.timeline.sessions, batch, -1)
    for plan, allowed, chance in _plans(network, encoding, objectives, batch, steps, stream):
        optimizer.clear()
        views = encoding(*plan).view(shape)
        losses = [o.loss(network.criterion, z, a) for o, z, a in zip(objectives, views, allowed, strict=True)]
        sum(loss.total for loss in losses).backward()
        optimizer.step()
        yield torch.stack([torch.stack(loss) for loss in losses]).detach(), chance


def _plans(network, encoding, objectives, batch, steps, stream) -> Iterator[tuple]:
    """What each step needs, drawn many steps at a time."""
    device = network.criterion.log_scale.device
    for begin in range(0, steps, CHUNK):
        number = min(CHUNK, steps - begin)
        draws = [o.draw(number, batch, stream) for o in objectives]
        allowed = [on_device(o.allowed(d.reference), device) for o, d in zip(objectives, draws, strict=True)]
        chance = np.stack([o.chance(d.reference, batch) for o, d in zip(objectives, draws, strict=True)], axis=1)
        for i, plan in enumerate(encoding.plan(flat_draws(draws))):
            yield plan, [None if a is None else a[i] for a in allowed], chance[i]

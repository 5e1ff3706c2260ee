"""The training loop: one for single and multi-session, labels, time and hybrid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor

from .draws import Place, draws, tell_who_draws
from .encode import Encoding
from .network import Network
from .objective import Objective
from .optimizer import Optimizer
from .stepper import Update, losses_of, stepper


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
    step = stepper(Update(network, encoding, objectives, optimizer))
    tell_who_draws(encoding, objectives)
    for drawn in draws(encoding, objectives, batch, steps, stream, place or Place()):
        yield step(drawn), drawn.chance


def score(
    network: Network,
    encoding: Encoding,
    objectives: Sequence[Objective],
    batch: int,
    steps: int,
    stream: np.random.Generator,
) -> Iterator[tuple[Tensor, np.ndarray]]:
    """As `train`, without an update."""
    for drawn in draws(encoding, objectives, batch, steps, stream, Place()):
        yield losses_of(network, encoding, objectives, drawn), drawn.chance

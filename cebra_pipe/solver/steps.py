"""The steps of a fit: by the engine, which makes the draws of built-in loaders, or batch by batch."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from ..data.base import Loader
from ..data.batches import masked_batches
from ..data.datatypes import Batch
from ..data.sampling import Streamed, sessions_of
from .draws import Place
from .engine import train
from .handover import Handover

FLUSH = {"cpu": 1, "cuda": 50}  # steps after which losses are read from the device
Read = Callable[[bool], bool]  # notes the losses so far, when told to or now and then, and says if it did


class Trained(Protocol):
    """What the steps ask of a solver."""

    optimizer: torch.optim.Optimizer

    def hand_over(self, loader: Loader) -> Handover: ...
    def step(self, batch: Batch) -> dict[str, float]: ...
    def _own_parts(self, loader: Loader) -> list[str]: ...
    def _read_batches(self, loader: Loader) -> None: ...
    def _note(self, losses: Tensor) -> None: ...
    def _temperature(self) -> Tensor: ...


def steps_of(solver: Trained, loader: Loader, place: Place) -> Iterator[Read]:
    """The steps from `place` on, and after each a function that notes its losses."""
    if own := solver._own_parts(loader):
        print(f"fit: batch by batch, because of {', '.join(own)}", file=sys.stderr, flush=True)
        return batch_steps(solver, loader, place)
    return engine_steps(solver, loader, place)


def engine_steps(solver: Trained, loader: Loader, place: Place) -> Iterator[Read]:
    """Steps of the engine; losses stay on the device for a while."""
    given = solver.hand_over(loader)
    pending: list[tuple[Tensor, Tensor]] = []
    every = FLUSH.get(given.network.device.type, FLUSH["cuda"])

    def read(now: bool) -> bool:
        if pending and (now or len(pending) >= every):
            values, temperatures = (torch.stack(each) for each in zip(*pending, strict=True))
            solver._note(torch.cat([values, temperatures.to(values)[:, None]], 1).double().cpu())
            pending.clear()
            return True
        return False

    parts = given.network, given.encoding, given.objectives, given.batch, given.steps
    for losses, _ in train(*parts, solver.optimizer, given.stream, place):
        # A fixed temperature is a number of the host: moving it here would wait for the device at each step.
        pending.append((losses.flatten(), solver._temperature().reshape(())))
        yield read


def batch_steps(solver: Trained, loader: Loader, place: Place) -> Iterator[Read]:
    """Steps on batches of windows, one by one: `solver.step` notes them."""
    solver._read_batches(loader)
    drawn = isinstance(loader, Streamed)
    if place.step and any(session.masks for session in sessions_of(loader.dataset)):
        raise ValueError("resume: batch by batch, masks cannot be gone on with. Begin in another logdir.")
    if drawn and place.state is not None:
        loader.stream.bit_generator.state = place.state
    for batch in itertools.islice(masked_batches(loader), len(loader) - place.step):
        solver.step(batch)
        place.step = place.begin = place.step + 1
        place.state = loader.stream.bit_generator.state if drawn else None
        yield lambda _: True

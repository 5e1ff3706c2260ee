"""What each step of a run draws, many steps at a time: on the host, or where the network is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from ..data.datatypes import Triplet
from ..distributions.resident import Resident, why_not
from ..distributions.sampling import draw_each
from .encode import Encoding, Plan
from .objective import Objective, distinct, flat_draws, on_device

CHUNK = 100  # steps whose indices are drawn and moved at once
HELD = 2**22  # flat indices drawn at once
RESIDENT = ("cuda",)  # devices that draw for themselves


@dataclass
class Place:
    """Where a run stands, kept by the engine: what another run needs to go on with the same draws."""

    step: int = 0  # steps that were taken
    begin: int = 0  # of these, before the draws in use
    number: int = 1  # steps that were drawn at once
    state: dict | None = None  # of the stream before them


class Drawn(NamedTuple):
    """What one step needs, on the network's device."""

    plan: Plan
    draws: Sequence[Triplet]  # of each objective, of all steps drawn at once: (step, session, n)
    allowed: Sequence[Tensor | None]  # of each objective
    chance: np.ndarray  # (objective,) nats of a constant embedding


Source = Callable[[int], tuple[int, Iterator[Drawn]]]  # steps -> indices of each, and the steps


def draws(
    encoding: Encoding,
    objectives: Sequence[Objective],
    batch: int,
    steps: int,
    stream: np.random.Generator,
    place: Place,
) -> Iterator[Drawn]:
    """Step by step from `place` on; `steps` counts those before it."""
    source = source_of(encoding, objectives, batch, stream)
    if place.state is not None:
        stream.bit_generator.state = place.state
    while place.begin < steps:
        number = place.number = min(place.number, steps - place.begin)
        place.state = stream.bit_generator.state
        width, found = source(number)
        taken = place.step - place.begin
        for i, drawn in enumerate(found):
            if i >= taken:
                place.step = place.begin + i + 1
                yield drawn
        place.begin, place.number = place.begin + number, max(1, min(CHUNK, HELD // width))


def source_of(encoding: Encoding, objectives: Sequence[Objective], batch: int, stream: np.random.Generator) -> Source:
    """Who draws: a function of the device and of what is drawn. Other draws are another fit."""
    made = OnHost if why_on_host(encoding, objectives) else OnDevice
    return made(encoding, objectives, batch, stream)


def why_on_host(encoding: Encoding, objectives: Sequence[Objective]) -> str:
    """Why the host draws; empty where the device does."""
    if encoding.network.device.type not in RESIDENT:
        return "the network is there"
    if encoding.masks is not None:
        return "masks are drawn in each step"
    return next(filter(None, (why_not(o.sampling) for o in objectives)), "")


def tell_who_draws(encoding: Encoding, objectives: Sequence[Objective]) -> None:
    """A line for the log of a fit, on devices that could draw; what is scored on the way draws likewise."""
    if encoding.network.device.type in RESIDENT:
        reason = why_on_host(encoding, objectives)
        told = f"on the host, because {reason}" if reason else "on the device"
        print(f"fit: draws are made {told}", file=sys.stderr, flush=True)


@dataclass(frozen=True, eq=False)
class OnHost:
    """Draws by numpy, moved to the device."""

    encoding: Encoding
    objectives: Sequence[Objective]
    batch: int
    stream: np.random.Generator

    def __call__(self, number: int) -> tuple[int, Iterator[Drawn]]:
        """The next `number` steps."""
        device, samplings = self.encoding.network.device, [o.sampling for o in self.objectives]
        found = draw_each(samplings, number, self.batch, self.stream)
        pairs = list(zip(samplings, found, strict=True))
        allowed = [on_device(s.allowed(d.reference), device) for s, d in pairs]
        chance = np.stack([s.chance(d) for s, d in pairs], axis=1)
        flat = flat_draws(found)
        plans = self.encoding.plan(flat, self.stream)
        return flat.shape[1], (
            Drawn(plan, found, [None if a is None else a[i] for a in allowed], chance[i])
            for i, plan in enumerate(plans)
        )


class OnDevice:
    """Draws by the device itself: indices never leave it, and no step waits for them.

    Each call seeds the device's generator from the stream, whose state before a call is thus all that another run needs
    to draw the same.
    """

    def __init__(self, encoding: Encoding, objectives: Sequence[Objective], batch: int, stream: np.random.Generator):
        timeline, device = encoding.timeline, encoding.network.device
        self.batch, self.stream, self.left, self.sessions = batch, stream, timeline.offset.left, timeline.sessions
        self._residents = [Resident(o.sampling, device) for o in objectives]
        self._session, self._start = (torch.from_numpy(each).to(device) for each in (timeline.session, timeline.start))
        self._generator = generator_on(device)

    def __call__(self, number: int) -> tuple[int, Iterator[Drawn]]:
        """The next `number` steps."""
        seed = int(self.stream.integers(0, 2**63))
        generator = self._generator and self._generator.manual_seed(seed)
        found = draw_each(self._residents, number, self.batch, generator)
        levels = [
            r.sampling.level(self.sessions, d.negative.shape[-1]) for r, d in zip(self._residents, found, strict=True)
        ]
        flat = torch.cat([each.flatten(1) for each in distinct(found)], 1)
        rows, places = self._placed(flat)
        counts = [flat.shape[1] // self.sessions] * self.sessions  # `can_reside` says that all have as many
        nothing, chance = [None] * len(found), np.array(levels)
        return flat.shape[1], (
            Drawn((rows[i], None if places is None else places[i], counts, None), found, nothing, chance)
            for i in range(number)
        )

    def _placed(self, flat: Tensor) -> tuple[Tensor, Tensor | None]:
        """(step, n) flat indices -> first rows of their windows, session after session, and their places before."""
        session = self._session[flat]
        begin = flat - self.left - self._start[session]
        if self.sessions == 1:
            return begin, None
        order = session.argsort(dim=1, stable=True)
        return begin.gather(1, order), order.argsort(1)


def generator_on(device: torch.device) -> Generator | None:
    """Where draws on `device` come from."""
    return Generator(device)

"""The draws of an objective made on a device, as `sampling` makes them on the host: the same distributions.

Nothing here reads a value of a tensor, so nothing waits for the device: all shapes follow from those of the call. Hence
also the search among all rows in place of a tree, whose branches would have to be read. Randomness comes from a torch
generator of the device, so the numbers that are drawn are others than those of the host.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from ..data.datatypes import Triplet
from .conditional import LabelNeighbour, NormalChange, SameClass, SeenChange, TimeOffset
from .nearest import Nearest
from .pools import Pools, uniform_numbers
from .prior import ClassUniform, everything, uniform
from .sampling import Sampling

Draw = Callable[[int, int, Generator | None], Tensor]  # steps, batch -> (step, session, batch)
ROWS = 2**17  # samples up to which all label rows are searched; beyond, a tree on the host is faster by its order


def can_reside(sampling: Sampling) -> bool:
    """Whether a device can make these draws."""
    return not why_not(sampling)


def why_not(sampling: Sampling) -> str:
    """Why a device cannot make these draws; empty for built-in distributions with equal counts of a session each step.

    Where a class is missing in a session, how many positives a session gives is known only after drawing.
    """
    found, sessions = sampling.conditional, sampling.conditional.timeline.sessions
    known = sampling.prior in (uniform, everything) or type(sampling.prior) in PRIORS
    if type(found) not in POSITIVES or not known:
        return "a distribution is not one of the package's"
    if found.pooled and sessions > 1 and not found.present.all():
        return "a class is missing in a session"
    if type(found) is not LabelNeighbour:
        return ""
    if type(found.change) not in CHANGES:
        return "a distribution of changes is not one of the package's"
    many = found.rows.shape[1] > 1 and len(found.timeline) > ROWS
    return f"{len(found.timeline)} samples are more than the {ROWS} in which several label columns are searched" * many


class Resident:
    """The draws of `sampling` on `device`, for which `can_reside` holds."""

    def __init__(self, sampling: Sampling, device: torch.device):
        found = sampling.conditional
        self.sampling = sampling
        self._reference = _prior(sampling.prior, found.references, device)
        self._negative = _prior(sampling.prior, found.timeline.centres, device)
        self._positive = POSITIVES[type(found)](found, device)

    def draw(self, steps: int, batch: int, stream: Generator | None) -> Triplet[Tensor]:
        """(step, session, n) flat indices, as `Sampling.draw`; `stream` None takes torch's global generator."""
        return Triplet(*self.pairs(steps, batch, stream), self.others(steps, batch, stream))

    def pairs(self, steps: int, batch: int, stream: Generator | None) -> tuple[Tensor, Tensor]:
        """References and their positives."""
        reference = self._reference(steps, batch, stream)
        return reference, self._positive(reference.flatten(1), stream).view(reference.shape)

    def others(self, steps: int, batch: int, stream: Generator | None) -> Tensor:
        """Negatives."""
        return self._negative(steps, self.sampling.negatives or batch, stream)

    @property
    def crowd(self) -> tuple:
        """As of `Sampling`."""
        return self.sampling.crowd


# Priors ---------------------------------------------------------------------------------------------------------------


def _prior(prior, centres: Sequence[np.ndarray], device: torch.device) -> Draw:
    if prior is everything:
        (only,) = centres
        every = torch.from_numpy(only).to(device)
        return lambda steps, batch, stream: every.expand(steps, 1, -1)
    if prior is uniform:
        pools = Pools.of(centres, device)
        sessions = torch.arange(len(centres), device=device)[:, None]
        return lambda steps, batch, stream: pools.pick(sessions.expand(steps, -1, batch), stream)
    return PRIORS[type(prior)](prior, centres, device)


def _class_uniform(prior: ClassUniform, centres: Sequence[np.ndarray], device: torch.device) -> Draw:
    """A class of the session, then a sample of the class."""
    cells, begin, of_session = [], 0, []
    for mine in centres:
        found = [mine[prior.classes[mine] == each] for each in np.unique(prior.classes[mine])]
        of_session.append(np.arange(begin, begin + len(found)))
        cells, begin = cells + found, begin + len(found)
    samples, classes = Pools.of(cells, device), Pools.of(of_session, device)
    sessions = torch.arange(len(centres), device=device)[:, None]
    return lambda steps, batch, stream: samples.pick(classes.pick(sessions.expand(steps, -1, batch), stream), stream)


PRIORS = {ClassUniform: _class_uniform}


# Positives ------------------------------------------------------------------------------------------------------------


def _later(found: TimeOffset, device: torch.device) -> Callable[[Tensor, Generator | None], Tensor]:
    return lambda reference, stream: reference + found.lag


class _OfClass:
    """(step, n) -> any sample of the reference's class, in a session that is dealt."""

    def __init__(self, found: SameClass, device: torch.device):
        self.sessions, self.classes = found.timeline.sessions, torch.from_numpy(found.space.classes).to(device)
        self.cells = Pools.of(np.split(found.members, found.starts[1:-1]), device)

    def __call__(self, reference: Tensor, stream: Generator | None) -> Tensor:
        target = _deal(reference, self.sessions, stream)
        return self.cells.pick(self.classes[reference] * self.sessions + target, stream)


class _OfLabel:
    """(step, n) -> the sample whose labels are nearest to the reference's plus a change, in a session that is dealt."""

    def __init__(self, found: LabelNeighbour, device: torch.device):
        self.sessions, self.periods = found.timeline.sessions, found.space.periods.tolist()
        self.classes = torch.from_numpy(found.space.classes).to(device)
        self.coordinates = torch.from_numpy(found.space.coordinates).to(device)
        self.change = CHANGES[type(found.change)](found.change, device)
        self.near = [Nearest.of(found, session, device) for session in range(self.sessions)]

    def __call__(self, reference: Tensor, stream: Generator | None) -> Tensor:
        order = _deal(reference, self.sessions, stream).argsort(dim=1, stable=True)  # as many of each session
        asked = reference.gather(1, order)
        moved = self.coordinates[asked] + self.change(asked.shape, stream)
        query, classes = self._embed(moved), self.classes[asked]
        parts = zip(self.near, query.chunk(self.sessions, 1), classes.chunk(self.sessions, 1), strict=True)
        found = [near(q.flatten(0, 1), c.flatten(), stream).view(c.shape) for near, q, c in parts]
        positive = torch.cat(found, 1)
        return positive.gather(1, order.argsort(1))

    def _embed(self, coordinates: Tensor) -> Tensor:
        """(…, label) -> (…, feature), as LabelSpace.embed."""
        columns = []
        for values, period in zip(coordinates.unbind(-1), self.periods, strict=True):
            angle, radius = values * (2 * np.pi / period) if period else values, period / (2 * np.pi)
            columns += [radius * angle.cos(), radius * angle.sin()] if period else [values]
        return torch.stack(columns, -1)


POSITIVES = {TimeOffset: _later, SameClass: _OfClass, LabelNeighbour: _OfLabel}


def _deal(reference: Tensor, sessions: int, stream: Generator | None) -> Tensor:
    """(step, n) a session for each query, each as often, as `prior.deal` where every session has every class."""
    if sessions == 1:
        return torch.zeros_like(reference)
    return uniform_numbers(reference.shape, stream, reference.device).argsort(1) % sessions


def _seen(change: SeenChange, device: torch.device) -> Callable:
    rows = torch.from_numpy(change.table).to(device)
    numbers = Pools.of([np.arange(len(change.table))], device)
    only = torch.zeros((), dtype=torch.int64, device=device)
    return lambda shape, stream: rows[numbers.pick(only.expand(shape), stream)]


def _normal(change: NormalChange, device: torch.device) -> Callable:
    def draw(shape: Sequence[int], stream: Generator | None) -> Tensor:
        made = torch.empty(*shape, change.labels, dtype=torch.float64, device=device)
        return made.normal_(generator=stream) * change.delta

    return draw


CHANGES = {SeenChange: _seen, NormalChange: _normal}

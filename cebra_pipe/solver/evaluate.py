"""Goodness of fit: InfoNCE on fixed draws inside one part, in nats, and in bits beside its chance and ceiling.

bits = (ln(negatives) - loss) log2 e: a constant embedding scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import gammaln, ive
from torch import Tensor

from ..data.datatypes import Triplet
from ..data.timeline import Timeline
from ..models.contrast import Contrast
from .network import Network
from .objective import Objective, on_device, served

# Similarities held at a time, in float64: what a core's cache holds, what a GPU does at once.
CELLS = {"cpu": 2**17, "cuda": 2**24}


@dataclass(frozen=True)
class Score:
    """What an embedding scores on one exam. In nats, bits apart."""

    loss: float
    align: float
    uniform: float
    chance: float
    bits: float


@dataclass(frozen=True, eq=False)
class Exam:
    """Fixed draws of one objective inside one part: of all its sessions (pooled), or of one alone."""

    objective: Objective
    session: str  # a recording's name, or pooled
    draws: Triplet  # (round, session, batch) flat indices of the exam's own timeline
    shift: int = 0  # from the exam's timeline to that of the part

    def rounds(self, wanted: int) -> int:
        """Rounds that are used of `wanted`: sessions share them, since each of them brings its own references."""
        return max(1, wanted // self.draws.reference.shape[1])

    def score(self, criterion: Contrast, embedding: Tensor, rounds: int) -> Score:
        """embedding: (sample, dimension) of the part; over the first of `rounds` rounds."""
        draws, sampling = Triplet(*(d[: self.rounds(rounds)] for d in self.draws)), self.objective.sampling
        allowed = on_device(sampling.allowed(draws.reference), embedding.device)
        index = [torch.from_numpy(d + self.shift).to(embedding.device) for d in draws]  # (round, session, n) each
        parts = []
        for i in range(len(draws.reference)):
            views = self.objective.grouped(Triplet(*(embedding[each[i]].double() for each in index)))
            serves = None if allowed is None else served(allowed[i], draws.negative.shape[2])
            parts.append(_excess(criterion, views, serves))
        excess, align = torch.stack(parts).mean(0).tolist()
        chance = float(sampling.chance(draws).mean())
        loss = chance + excess
        return Score(loss, align, loss - align, chance, -excess / np.log(2))


def exam(
    objective: Objective,
    session: str,
    batch: int,
    rounds: int,
    stream: np.random.Generator,
    shift: int = 0,
    apart: bool = True,
) -> Exam:
    """An exam of `rounds` times `batch` references from each session; `apart`: positives keep away from its trial."""
    return Exam(objective, session, objective.sampling.draw(rounds, batch, stream, apart), shift)


@dataclass(frozen=True, eq=False)
class Part:
    """One part of all sessions, and its exams."""

    name: str
    timeline: Timeline
    series: Sequence[Tensor]  # per session (sample, neuron)
    exams: Sequence[Exam]

    @torch.no_grad()
    def score(self, network: Network, rounds: int, sessions: Sequence[str] | None = None) -> list[tuple[Exam, Score]]:
        """Every exam (of `sessions` where given) on one embedding of the part."""
        chosen = [e for e in self.exams if sessions is None or e.session in sessions]
        embedding = self.embed(network)
        return [(e, e.score(network.criterion, embedding, rounds)) for e in chosen]

    def embed(self, network: Network) -> Tensor:
        """(sample, dimension) of the flat index; zeros where the window leaves the session."""
        left, right = self.timeline.offset
        whole = [
            torch.nn.functional.pad(network.embed(s, x), (0, 0, left, right - 1)) for s, x in enumerate(self.series)
        ]
        return torch.cat(whole)


def ceiling(temperature: float, dimension: int) -> float:
    """Bits of positives on their references among negatives spread evenly over the sphere, in the limit of many.

    (1/tau - ln E exp(cos(theta)/tau)) log2 e, with E exp(k cos) = Gamma(d/2) (2/k)^(d/2-1) I_(d/2-1)(k).
    """
    k, order = 1 / temperature, dimension / 2 - 1
    # ive is I exp(-k): it does not overflow at small temperatures, and takes 1/tau off both sides.
    return float(-(gammaln(dimension / 2) + order * np.log(2 / k) + np.log(ive(order, k))) / np.log(2))


def _excess(criterion: Contrast, views: Triplet[Tensor], allowed: Tensor | None) -> Tensor:
    """(2,) mean of log mean_j exp(phi_ij - phi_i+), 0 for a constant embedding, and mean align; views (group, n, d)."""
    reference, positive, negative = views
    scale = criterion.scale.detach().double()
    good = scale * criterion.similar(reference, positive)  # (group, n)
    values = []
    for x, y, near in zip(*criterion.features(reference, negative), good, strict=True):
        rows = max(1, CELLS.get(x.device.type, CELLS["cuda"]) // len(y))
        for begin in range(0, len(x), rows):
            block = slice(begin, begin + rows)
            differ = (scale * x[block]) @ y.T - near[block, None]
            if allowed is not None:
                differ.masked_fill_(~allowed[block], -torch.inf)
            top = differ.amax(1, keepdim=True)
            number = torch.isfinite(differ).sum(1) if allowed is not None else len(y)
            values.append(((differ - top).exp_().sum(1) / number).log() + top[:, 0])
    return torch.stack([torch.cat(values).mean(), -good.mean()])

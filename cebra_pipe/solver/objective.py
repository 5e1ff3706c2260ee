"""Objectives: what the embedding is trained for, and what it is scored by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..data.datatypes import Triplet
from ..distributions.conditional import Conditional
from ..distributions.prior import uniform
from ..models.criterions import InfoNCE, Loss


@dataclass(frozen=True, eq=False)
class Objective:
    """A distribution of positives, and the dimensions of the embedding that it shapes."""

    name: str  # labels | time
    conditional: Conditional
    dimensions: int  # the first so many

    def draw(self, steps: int, batch: int, stream: np.random.Generator, apart: bool = False) -> Triplet:
        """(step, session, batch) flat indices, `batch` references and negatives from every session."""
        reference = uniform(self.conditional.references, steps, batch, stream)
        positive = self.conditional.positive(reference.reshape(-1), stream, apart).reshape(reference.shape)
        return Triplet(reference, positive, uniform(self.conditional.timeline.centres, steps, batch, stream))

    def allowed(self, reference: np.ndarray) -> np.ndarray | None:
        """(step, session * batch, session) bool: negatives come only from sessions that have the reference's class.

        None where every session has every class, or serves its own references alone.
        """
        if not self.conditional.pooled or self.conditional.present.all():
            return None
        return self.conditional.present[self.conditional.space.classes[reference.reshape(len(reference), -1)]]

    def chance(self, reference: np.ndarray, batch: int) -> np.ndarray:
        """(step,) nats that a constant embedding scores: the mean of ln(negatives of a reference)."""
        allowed = self.allowed(reference)
        if allowed is not None:
            return np.log(allowed.sum(-1) * batch).mean(-1)
        sessions = reference.shape[1] if self.conditional.pooled else 1
        return np.full(len(reference), np.log(sessions * batch))

    def grouped(self, z: Tensor) -> Tensor:
        """(3, session, batch, dim) -> (3, group, n, dim): one group of all sessions, or one a session."""
        z = z[..., : self.dimensions]
        return z.flatten(1, 2)[:, None] if self.conditional.pooled else z

    def loss(self, criterion: InfoNCE, z: Tensor, allowed: Tensor | None) -> Loss:
        """z: (3, session, batch, dim) embedded references, positives and negatives."""
        serves = None if allowed is None else allowed.repeat_interleave(z.shape[2], 1)
        return criterion(*self.grouped(z), serves)


def flat_draws(draws: Sequence[Triplet]) -> np.ndarray:
    """(step, objective * 3 * session * batch): all draws of a step in one row, so that one pass embeds them."""
    return np.concatenate([np.stack(draw, axis=1).reshape(len(draw.reference), -1) for draw in draws], axis=1)


def on_device(allowed: np.ndarray | None, device: torch.device) -> Tensor | None:
    return None if allowed is None else torch.from_numpy(allowed).to(device)

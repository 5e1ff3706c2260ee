"""What one objective draws: references and negatives from a prior, positives that fit the references."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.datatypes import Triplet
from .conditional import Conditional
from .prior import Prior, uniform


@dataclass(frozen=True, eq=False)
class Sampling:
    """A distribution of positives, a prior, and how many negatives stand against a reference."""

    conditional: Conditional
    prior: Prior = uniform
    negatives: int | None = None  # from every session; as many as references where None

    def draw(self, steps: int, batch: int, stream: np.random.Generator, apart: bool = False) -> Triplet:
        """(step, session, n) flat indices: `batch` references from every session, their positives, and negatives."""
        reference = self.prior(self.conditional.references, steps, batch, stream)
        rows = reference.reshape(len(reference), -1)
        positive = self.conditional.positive(rows, stream, apart).reshape(reference.shape)
        negative = self.prior(self.conditional.timeline.centres, steps, self.negatives or batch, stream)
        return Triplet(reference, positive, negative)

    def allowed(self, reference: np.ndarray) -> np.ndarray | None:
        """(step, session * batch, session) bool: negatives come only from sessions that have the reference's class.

        None where every session has every class, or serves its own references alone.
        """
        if not self.conditional.pooled or self.conditional.present.all():
            return None
        return self.conditional.present[self.conditional.space.classes[reference.reshape(len(reference), -1)]]

    def chance(self, draws: Triplet) -> np.ndarray:
        """(step,) nats that a constant embedding scores: the mean of ln(negatives of a reference)."""
        (steps, sessions, number), allowed = draws.negative.shape, self.allowed(draws.reference)
        if allowed is not None:
            return np.log(allowed.sum(-1) * number).mean(-1)
        return np.full(steps, self.level(sessions, number))

    def level(self, sessions: int, number: int) -> float:
        """Nats that a constant embedding scores where all of `number` negatives of each session serve."""
        return float(np.log((sessions if self.conditional.pooled else 1) * number))

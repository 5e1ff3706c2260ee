"""What one objective draws: references and negatives from a prior, positives that fit the references."""

from __future__ import annotations

from collections.abc import Sequence
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
        return Triplet(*self.pairs(steps, batch, stream, apart), self.others(steps, batch, stream))

    def pairs(self, steps: int, batch: int, stream: np.random.Generator, apart: bool = False) -> tuple:
        """References and their positives."""
        reference = self.prior(self.conditional.references, steps, batch, stream)
        rows = reference.reshape(len(reference), -1)
        return reference, self.conditional.positive(rows, stream, apart).reshape(reference.shape)

    def others(self, steps: int, batch: int, stream: np.random.Generator) -> np.ndarray:
        """Negatives."""
        return self.prior(self.conditional.timeline.centres, steps, self.negatives or batch, stream)

    @property
    def crowd(self) -> tuple:
        """What negatives are drawn from, and how many: equal where they have one distribution."""
        return self.conditional.timeline, self.prior, self.negatives

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


def draw_each(samplings: Sequence, steps: int, batch: int, stream: object) -> list[Triplet]:
    """What several objectives draw for the same steps; negatives of one distribution are one array, embedded once.

    samplings: each a Sampling, or one that is resident on a device.
    """
    found, crowds = [], {}
    for sampling in samplings:
        pairs = sampling.pairs(steps, batch, stream)
        if sampling.crowd not in crowds:
            crowds[sampling.crowd] = sampling.others(steps, batch, stream)
        found.append(Triplet(*pairs, crowds[sampling.crowd]))
    return found


def embedded(samplings: Sequence[Sampling], batch: int) -> int:
    """How many samples of each session `draw_each` asks for in a step."""
    return 2 * batch * len(samplings) + sum(number or batch for *_, number in {s.crowd for s in samplings})

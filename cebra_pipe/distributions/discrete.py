"""Distributions over a series with a discrete label. A loader uses the same draws over sessions, trials and windows."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..data.timeline import LabelSpace
from ..errors import Problem, UserError
from .base import ConditionalDistribution, Drawn, PriorDistribution, array, one_series
from .conditional import SameClass
from .prior import ClassUniform


class Discrete(Drawn, ConditionalDistribution):
    """Positives share the reference's class.

    samples: (sample,) whole numbers, of any size and sign. TypeError for others, ValueError for other shapes.
    """

    def __init__(self, samples: Tensor | np.ndarray, device: str = "cpu", seed: int | None = None):
        super().__init__(device, seed)
        values = array(samples)
        if values.dtype.kind not in "iu":
            raise TypeError(f"samples: expected integer values, found {values.dtype}.")
        if values.ndim != 1:
            raise UserError(Problem("samples", "(sample,) classes", f"shape {values.shape}"))
        timeline = one_series(len(values))
        self._values, numbers = np.unique(values, return_inverse=True)
        space = LabelSpace(np.zeros((len(values), 0)), np.zeros(0), numbers.reshape(-1))
        self._conditional, self._uniform = SameClass(timeline, space), ClassUniform(space.classes)

    @property
    def num_samples(self) -> int:
        """Samples of the series."""
        return len(self._conditional.timeline)

    def sample_uniform(self, num_samples: int) -> Tensor:
        """(num_samples,) sample numbers: every class that occurs equally often, and so every sample of a class."""
        return self._tensor(self._uniform(self._conditional.references, 1, num_samples, self._stream)[0, 0])

    def sample_empirical(self, num_samples: int) -> Tensor:
        """(num_samples,) sample numbers, each equally often."""
        return self._tensor(self._stream.integers(0, self.num_samples, num_samples))

    def sample_conditional(self, reference_index: Tensor) -> Tensor:
        """(n,) classes, as given in `samples`, -> (n,) sample numbers of those classes.

        ValueError for a class that does not occur.
        """
        wanted = array(reference_index)
        number = np.minimum(np.searchsorted(self._values, wanted), len(self._values) - 1)
        if missing := sorted(set(wanted[self._values[number] != wanted].tolist())):
            raise UserError(Problem("reference_index", "classes that occur", ", ".join(map(str, missing[:10]))))
        found = self._conditional
        first = found.members[found.starts[number]]  # any sample of the class stands for it
        return self._tensor(found.positive(first, self._stream))


class DiscreteUniform(Discrete, PriorDistribution):
    """References are drawn equally often from every class that occurs."""

    def sample_prior(self, num_samples: int) -> Tensor:
        """As `sample_uniform`."""
        return self.sample_uniform(num_samples)


class DiscreteEmpirical(Discrete, PriorDistribution):
    """References are drawn uniformly over samples, so classes as often as they occur."""

    def sample_prior(self, num_samples: int) -> Tensor:
        """As `sample_empirical`."""
        return self.sample_empirical(num_samples)

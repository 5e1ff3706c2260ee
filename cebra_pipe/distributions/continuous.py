"""Distributions over a series with continuous labels. Schneider, Lee and Mathis 2023, Methods.

A loader uses the same draws over sessions, trials and windows; these are for a series without any.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..data.timeline import Timeline
from ..errors import Problem, UserError
from .base import Drawn, JointDistribution, PriorDistribution, checked, continuous_space, one_series
from .conditional import CONDITIONALS, Conditional


class Prior(Drawn, PriorDistribution):
    """Uniform over samples.

    continuous: (sample, label), of which the length alone counts.
    """

    def __init__(self, continuous: Tensor | np.ndarray, device: str = "cpu", seed: int | None = None):
        super().__init__(device, seed)
        self._timeline = one_series(len(continuous))

    def sample_prior(self, num_samples: int) -> Tensor:
        """(num_samples,) sample numbers, with replacement."""
        return self._tensor(self._stream.integers(0, len(self._timeline), num_samples))


class _Paired(Drawn, JointDistribution):
    """References and positives of one conditional distribution."""

    def _pair(self, kind: str, timeline: Timeline, space, lag: int = 1, delta: float | None = None) -> None:
        self._conditional: Conditional = CONDITIONALS[kind](timeline, space, lag, delta)

    @property
    def num_samples(self) -> int:
        """Samples of the series."""
        return len(self._conditional.timeline)

    def sample_prior(self, num_samples: int) -> Tensor:
        """(num_samples,) sample numbers, uniform over those that have a positive, with replacement."""
        (references,) = self._conditional.references
        return self._tensor(references[self._stream.integers(0, len(references), num_samples)])

    def sample_conditional(self, reference_idx: Tensor) -> Tensor:
        """(n,) sample numbers -> (n,) sample numbers of their positives. ValueError for a number out of range."""
        (references,) = self._conditional.references
        return self._tensor(self._conditional.positive(checked(reference_idx, references[-1] + 1), self._stream))


class TimeContrastive(_Paired):
    """The positive is the sample `time_offset` later; the last samples, which have none, are no references.

    continuous: (sample, label), of which the length alone counts; or `num_samples` in its place. ValueError for both
    or neither, or where the series is no longer than `time_offset`.
    """

    def __init__(
        self,
        continuous: Tensor | np.ndarray | None = None,
        time_offset: int = 1,
        num_samples: int | None = None,
        device: str = "cpu",
        seed: int | None = None,
    ):
        super().__init__(device, seed)
        if (continuous is None) == (num_samples is None):
            raise UserError(Problem("continuous and num_samples", "one of them", "both or none"))
        self.time_offset = _lag("time_offset", time_offset)
        length = len(continuous) if num_samples is None else num_samples
        self._pair("time", one_series(length), None, self.time_offset)


class TimedeltaDistribution(_Paired):
    """The positive is nearest to the reference's label plus a change that occurs over `time_delta` samples.

    continuous: (sample, label) float. The change is drawn uniformly among all of the series; neighbours are exact, and
    drawn uniformly among equally near ones. ValueError where the series is no longer than `time_delta`.
    """

    def __init__(
        self,
        continuous: Tensor | np.ndarray,
        time_delta: int = 1,
        device: str = "cpu",
        seed: int | None = None,
    ):
        super().__init__(device, seed)
        self.time_delta = _lag("time_delta", time_delta)
        self._pair("time_delta", one_series(len(continuous)), continuous_space(continuous), self.time_delta)


class DeltaNormalDistribution(_Paired):
    """The positive is nearest to the reference's label plus a normal change of standard deviation `delta`.

    continuous: (sample, label) float; delta: in the labels' unit. ValueError for a delta that is not above 0.
    """

    def __init__(
        self,
        continuous: Tensor | np.ndarray,
        delta: float = 0.1,
        device: str = "cpu",
        seed: int | None = None,
    ):
        super().__init__(device, seed)
        if not (np.isfinite(delta) and delta > 0):
            raise UserError(Problem("delta", "a standard deviation above 0", repr(delta)))
        self.delta = delta
        self._pair("delta_normal", one_series(len(continuous)), continuous_space(continuous), delta=delta)


def _lag(name: str, value: int) -> int:
    if int(value) != value or value < 1:
        raise UserError(Problem(name, "a whole number of samples from 1", repr(value)))
    return int(value)

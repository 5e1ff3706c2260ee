"""Distributions by themselves, outside a loader: over one series, as tensors of sample numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor

from ..data.datatypes import Offset
from ..data.timeline import LabelSpace, Timeline, timeline_of
from ..errors import Problem, UserError
from ..streams import generator


class PriorDistribution(ABC):
    """What references and negatives are drawn from."""

    @abstractmethod
    def sample_prior(self, num_samples: int) -> Tensor:
        """(num_samples,) sample numbers."""


class ConditionalDistribution(ABC):
    """What positives are drawn from."""

    @abstractmethod
    def sample_conditional(self, reference_index: Tensor) -> Tensor:
        """(n,) references -> (n,) sample numbers of their positives."""


class JointDistribution(PriorDistribution, ConditionalDistribution):
    """References with their positives."""

    def sample_joint(self, num_samples: int) -> tuple[Tensor, Tensor]:
        """(num_samples,) references and (num_samples,) positives."""
        reference = self.sample_prior(num_samples)
        return reference, self.sample_conditional(reference)


class Drawn:
    """Draws on `device` from `seed`; where that is None from `torch.initial_seed()`, which is left as it is."""

    def __init__(self, device: str = "cpu", seed: int | None = None):
        self.device = device
        self._stream = generator("distribution", torch.initial_seed() if seed is None else seed)

    def _tensor(self, drawn: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(drawn, np.int64)).to(self.device)


def array(values: object) -> np.ndarray:
    """A tensor or array, on the host."""
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)


def one_series(length: int) -> Timeline:
    """A single stretch of `length` samples, each of them a centre. ValueError where there is none."""
    if length < 1:
        raise UserError(Problem("samples", "at least one", "none"))
    run = np.zeros(length, np.int64)
    return timeline_of([run], [np.ones(length, bool)], [run], Offset(0, 1))


def continuous_space(values: object) -> LabelSpace:
    """(sample, label) or (sample,) float labels, about their mean. ValueError for other shapes and values."""
    columns = array(values).astype(np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or not columns.size or not np.isfinite(columns).all():
        raise UserError(Problem("continuous", "(sample, label) finite numbers", f"shape {columns.shape}, or NaN in it"))
    return LabelSpace(columns - columns.mean(axis=0), np.zeros(columns.shape[1]), np.zeros(len(columns), np.int64))


def checked(reference: object, length: int) -> np.ndarray:
    """(n,) sample numbers from 0 and below `length`; ValueError for others."""
    found = array(reference)
    if found.ndim != 1 or found.dtype.kind not in "iu" or (len(found) and not 0 <= found.min() <= found.max() < length):
        raise UserError(Problem("reference_index", f"(n,) sample numbers from 0 to {length - 1}", f"{found!r:.80}"))
    return found

"""Masks: parts of the windows set to zero while training, drawn anew for every window. Transform and scores see none.

A mask is a frozen value; its randomness is the generator that is passed to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch
from torch import Generator, Tensor

from ..errors import Problem, Problems, UserError, did_you_mean

Value = float | Sequence[float]


@dataclass(frozen=True)
class Mask(ABC):
    """What is kept of a window.

    masking_value: a share from 0 on and below 1; a list of shares, of which every window gets one at random; or a tuple
    (least, most, step) that stands for such a list. ValueError for other values.
    """

    masking_value: Value

    def __post_init__(self):
        if not self.shares or not all(isinstance(s, Real) and 0 <= s < 1 for s in self.shares):
            told = "a share from 0 on and below 1, a list of them, or (least, most, step)"
            raise UserError(Problem(type(self).__name__, told, repr(self.masking_value)))

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares that a window's is drawn from."""
        value = self.masking_value
        if isinstance(value, tuple) and len(value) == 3 and all(isinstance(v, Real) for v in value) and value[2] > 0:
            least, most, step = value
            return tuple(least + step * i for i in range(int((most - least) / step + 1e-9) + 1))
        return tuple(value) if isinstance(value, list) else (value,)

    def keep(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """(n, neuron, 1) or (n, 1, time) bool for windows of `shape` (n, neuron, time)."""
        shares = torch.tensor(self.shares, device=generator.device)
        return self._keep(shares[_below(len(shares), shape[0], generator)][:, None], shape, generator)

    @abstractmethod
    def _keep(self, share: Tensor, shape: Sequence[int], generator: Generator) -> Tensor:
        """`keep`, for the share (n, 1) of each window."""


class RandomNeuronMask(Mask):
    """Each neuron of a window is zero with a probability of the share."""

    def _keep(self, share, shape, generator):
        return (_uniform(shape[:2], generator) >= share)[:, :, None]


class RandomTimestepMask(Mask):
    """Each sample of a window is zero, in all neurons, with a probability of the share."""

    def _keep(self, share, shape, generator):
        return (_uniform((shape[0], shape[2]), generator) >= share)[:, None, :]


class NeuronBlockMask(Mask):
    """Neurons in a row are zero: the share of all, rounded, anywhere in their order."""

    def _keep(self, share, shape, generator):
        length = (share * shape[1]).round()
        begin = (_uniform((shape[0], 1), generator) * (shape[1] - length + 1)).floor()
        place = torch.arange(shape[1], device=generator.device)
        return ((place < begin) | (place >= begin + length))[:, :, None]


class TimeBlockMask(Mask):
    """Samples in a row are zero, in all neurons: (rate, length), a block begins at each sample with probability `rate`.

    Blocks overlap, and the first of a window may have begun before it: every sample is zero with one probability,
    1 - (1 - rate)^length.
    """

    def __post_init__(self):
        value = self.masking_value
        if not (isinstance(value, list | tuple) and len(value) == 2 and 0 <= value[0] < 1 and _whole(value[1])):
            told = "(rate from 0 on and below 1, length in samples from 1)"
            raise UserError(Problem(type(self).__name__, told, repr(value)))

    @property
    def shares(self):
        return (self.masking_value[0],)

    def _keep(self, share, shape, generator):
        length = int(self.masking_value[1])
        begins = _uniform((shape[0], shape[2] + length - 1), generator) < share
        return ~begins.unfold(1, length, 1).any(-1)[:, None, :]


MASKS = {mask.__name__: mask for mask in (RandomNeuronMask, RandomTimestepMask, NeuronBlockMask, TimeBlockMask)}


def masks_of(given: Mapping[str, Value] | None) -> tuple[Mask, ...]:
    """One mask for each name with its value. ValueError with all names and values that do not fit."""
    problems, made = Problems(), []
    for name, value in (given or {}).items():
        if name not in MASKS:
            problems.add("masks", "a known mask", repr(name), did_you_mean(name, MASKS))
            continue
        try:
            made.append(MASKS[name](value))
        except UserError as error:
            problems.extend_from(error)
    problems.raise_any()
    return tuple(made)


def masked(windows: Tensor, masks: Sequence[Mask], generator: Generator) -> Tensor:
    """(n, neuron, time) windows with parts at zero: one of `masks`, drawn at random, for each. The input stays."""
    if not masks:
        return windows
    which = _below(len(masks), len(windows), generator)[:, None, None]
    for number, mask in enumerate(masks):
        windows = windows * (mask.keep(windows.shape, generator) | (which != number))
    return windows


def mask_generator(seed: int, device: torch.device | str) -> Generator:
    """Where masks come from, on the device of the windows."""
    return Generator(device).manual_seed(seed)


def _uniform(shape: Sequence[int], generator: Generator) -> Tensor:
    return torch.empty(tuple(shape), device=generator.device).uniform_(generator=generator)


def _below(bound: int, number: int, generator: Generator) -> Tensor:
    """(number,) whole numbers from 0 and below `bound`."""
    return (_uniform((number,), generator) * bound).long().clamp(max=bound - 1)


def _whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and value >= 1

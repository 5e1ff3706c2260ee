"""Draws from groups of samples, on a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Generator, Tensor


@dataclass(frozen=True, eq=False)
class Pools:
    """Groups of members; a group may be empty as long as nobody draws from it."""

    members: Tensor  # group after group
    starts: Tensor  # (group,) first of its members
    counts: Tensor  # (group,)

    @classmethod
    def of(cls, groups: Sequence[np.ndarray], device: torch.device) -> Self:
        """Of the members of each group."""
        counts = np.array([len(group) for group in groups], np.int64)
        return cls.laid_out(np.concatenate(groups), np.cumsum(counts) - counts, counts, device)

    @classmethod
    def laid_out(cls, members: np.ndarray, starts: np.ndarray, counts: np.ndarray, device: torch.device) -> Self:
        """Of members that lie group after group already."""
        given = (np.ascontiguousarray(each, np.int64) for each in (members, starts, counts))
        return cls(*(torch.from_numpy(each).to(device) for each in given))

    def pick(self, group: Tensor, stream: Generator | None) -> Tensor:
        """A member of each group that is named, each member equally often; in the shape of `group`."""
        count = self.counts[group]
        inside = (uniform_numbers(group.shape, stream, group.device) * count).long()
        return self.members[self.starts[group] + torch.minimum(inside, count - 1)]


def uniform_numbers(shape: Sequence[int], stream: Generator | None, device: torch.device) -> Tensor:
    """From 0 and below 1, float64: single precision has too few steps for a million members."""
    return torch.empty(tuple(shape), dtype=torch.float64, device=device).uniform_(generator=stream)

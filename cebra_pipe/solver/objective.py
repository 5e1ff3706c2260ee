"""Objectives: what the embedding is trained for, and what it is scored by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..data.datatypes import Triplet
from ..distributions.conditional import Conditional
from ..distributions.sampling import Sampling
from ..models.contrast import Contrast, Loss
from .device import moved


@dataclass(frozen=True, eq=False)
class Objective:
    """What is drawn, and the dimensions of the embedding that it shapes."""

    name: str  # labels | time
    sampling: Sampling
    dimensions: int  # so many
    first: int = 0  # from this one on
    renormalize: bool = False  # brings what is left of a vector to length one

    @property
    def conditional(self) -> Conditional:
        return self.sampling.conditional

    def view(self, z: Tensor) -> Tensor:
        """(…, dim) -> (…, dimensions)"""
        z = z[..., self.first : self.first + self.dimensions]
        return nn.functional.normalize(z, dim=-1, eps=1e-12) if self.renormalize else z

    def grouped(self, views: Triplet[Tensor]) -> Triplet[Tensor]:
        """(session, n, dim) -> (group, n, dimensions): one group of all sessions, or one a session."""
        views = [self.view(z) for z in views]
        return Triplet(*(z.flatten(0, 1)[None] if self.conditional.pooled else z for z in views))

    def loss(self, criterion: Contrast, views: Triplet[Tensor], allowed: Tensor | None) -> Loss:
        """views: embedded references, positives and negatives, (session, n, dim) each."""
        return criterion(*self.grouped(views), served(allowed, views.negative.shape[1]))


def served(allowed: Tensor | None, negatives: int) -> Tensor | None:
    """(reference, session) bool -> (reference, session * negatives)"""
    return None if allowed is None else allowed.repeat_interleave(negatives, 1)


def distinct(draws: Sequence[Triplet]) -> list:
    """The arrays of all triplets; one that several objectives share comes once."""
    return list({id(each): each for draw in draws for each in draw}.values())


def flat_draws(draws: Sequence[Triplet]) -> np.ndarray:
    """(step, n): all draws of a step in one row, so that one pass embeds them."""
    return np.concatenate([each.reshape(len(each), -1) for each in distinct(draws)], axis=1)


def parted(z: Tensor, draws: Sequence[Triplet]) -> list[Triplet[Tensor]]:
    """(n, dim) embedded flat draws of one step -> for each objective its triplet of (session, n, dim)."""
    arrays = distinct(draws)
    shapes = [each.shape[1:] for each in arrays]
    pieces = zip(arrays, z.split([int(np.prod(s)) for s in shapes]), shapes, strict=True)
    found = {id(each): piece.view(*shape, -1) for each, piece, shape in pieces}
    return [Triplet(*(found[id(each)] for each in draw)) for draw in draws]


def on_device(allowed: np.ndarray | None, device: torch.device) -> Tensor | None:
    return None if allowed is None else moved(allowed, device)

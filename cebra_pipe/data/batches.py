"""The batches of a loader that is iterated, masked as its data sets ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Generator

from ..streams import seed_of
from .base import Loader
from .datatypes import Batch
from .masking import Mask, mask_generator, masked


def masked_batches(loader: Loader) -> Iterator[Batch | list[Batch]]:
    """The batches of `loader`, masked as its data sets ask for."""
    sessions = list(loader.dataset.iter_sessions()) if loader.dataset.multisession else [loader.dataset]
    if not any(session.masks for session in sessions):
        yield from loader
        return
    seed = torch.initial_seed() if loader.seed is None else loader.seed
    generator = mask_generator(seed_of("masks", seed), loader.dataset.device)
    for batch in loader:
        parts = batch if isinstance(batch, list | tuple) else [batch]
        made = [_masked_batch(b, s.masks, generator) for b, s in zip(parts, sessions, strict=True)]
        yield made if isinstance(batch, list | tuple) else made[0]


def _masked_batch(batch: Batch, masks: Sequence[Mask], generator: Generator) -> Batch:
    windows = (masked(w, masks, generator) for w in (batch.reference, batch.positive, batch.negative))
    return Batch(*windows, batch.index, batch.index_reversed)

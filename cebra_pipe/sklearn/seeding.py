"""Randomness of an estimator: from its seed alone, and the global generators as they were."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

import torch
from torch.random import fork_rng


def fresh_seed() -> int:
    """A new seed from the operating system, small enough to be typed again."""
    return secrets.randbelow(2**31)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's global generators (own models, dropout) start from `seed` inside the block, and are put back."""
    with fork_rng(devices=range(torch.cuda.device_count())):
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)
        yield

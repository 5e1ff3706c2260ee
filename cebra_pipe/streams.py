"""Random streams that derive from what they are for, never from names, order or global state."""

from __future__ import annotations

import hashlib

import numpy as np


def seed_of(*key: object) -> int:
    """A 63-bit seed from the parts of a key (numbers and short texts)."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "little") >> 1


def generator(*key: object) -> np.random.Generator:
    """numpy's PCG64, seeded by a key."""
    return np.random.default_rng(seed_of(*key))

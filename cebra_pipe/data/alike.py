"""Recordings that hold the same neural data: a number between two of them would be that of one with itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from ..errors import Problem, UserError

REMEDY = "Mend the file or the columns of one, or name `recordings` in the condition and leave one out."
ROWS = 65536  # samples that are looked at together


def neural_digest(neural: np.ndarray) -> str:
    """What names neural data (time, neuron) by their values, in whatever type a file has them."""
    hashed = hashlib.sha256(f"{neural.shape}".encode())
    for first in range(0, len(neural), ROWS):
        rows = neural[first : first + ROWS].astype(np.float64) + 0.0  # -0 is 0
        hashed.update(np.ascontiguousarray(rows).tobytes())
    return hashed.hexdigest()


def twins(digests: Mapping[str, str]) -> list[list[str]]:
    """Names of recordings that are one, group by group. digests: name -> `neural_digest`."""
    groups: dict[str, list[str]] = {}
    for name, digest in digests.items():
        groups.setdefault(digest, []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def shared_neural(recordings: Mapping[str, Mapping]) -> dict[str, str]:
    """Name -> what is to be said of a recording that others hold too. recordings: name -> what its file says of it."""
    digests = {name: meta["neural_digest"] for name, meta in recordings.items() if "neural_digest" in meta}
    return {name: f"the same neural data in {' and '.join(names)}" for names in twins(digests) for name in names}


def refuse_twins(digests: Mapping[str, str], where: str) -> None:
    """A UserError where what is fitted or compared together holds one recording twice."""
    problems = [
        Problem(where, "each recording once", f"the same neural data in {' and '.join(names)}", REMEDY)
        for names in twins(digests)
    ]
    if problems:
        raise UserError(*problems)

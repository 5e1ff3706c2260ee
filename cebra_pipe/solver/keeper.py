"""A running fit on disk, so that one that was killed goes on where it was and ends with the same bytes.

One file beside the artifact: 32 bytes, the sha256 of the rest, and what torch wrote. It is written whole to another
name and renamed, holds what the fit is (spec, code, inputs, versions), and goes when the artifact is there.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from ..data.table import replacing

FIRST = 1.0  # seconds before the first checkpoint: a fit that ends sooner is not worth one
SHARE = 0.005  # of the time of a fit that its checkpoints may take
UNREADABLE = (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError, pickle.UnpicklingError)


def checkpoint_path(artifact: Path) -> Path:
    """Where the checkpoint of an artifact lies: beside it, hidden."""
    return Path(artifact).with_name(f".{Path(artifact).name}.checkpoint")


class Keeper:
    """Writes checkpoints of one fit now and then, and finds the last one.

    identity: a text that is another for any fit that would end with other bytes.
    """

    def __init__(self, path: Path, identity: str, clock: Callable[[], float] = time.perf_counter):
        self.path, self.identity, self._clock = Path(path), identity, clock
        self._cost, self._last = 0.0, clock()

    def due(self) -> bool:
        """Whether so much time has passed that another checkpoint takes less than its share of it."""
        passed = self._clock() - self._last
        return passed >= FIRST and self._cost <= SHARE * passed

    def save(self, state: Mapping[str, object]) -> None:
        """Write `state` (tensors and plain values), whole or not at all."""
        begun, content = self._clock(), io.BytesIO()
        torch.save({"identity": self.identity, **state}, content)
        with replacing(self.path) as temporary, open(temporary, "wb") as file:
            file.write(hashlib.sha256(content.getbuffer()).digest())
            file.write(content.getbuffer())
        self._last = self._clock()
        self._cost = self._last - begun

    def restore(self) -> dict | None:
        """The last state of this very fit; None where there is none. A damaged file is set aside, and told."""
        for left in self.path.parent.glob(f".{self.path.name}.*.tmp"):  # of a process that was killed while writing
            left.unlink(missing_ok=True)
        if not self.path.exists():
            return None
        state = _read(self.path)
        if state is None:
            aside = self.path.with_name(f"{self.path.name}.damaged")
            os.replace(self.path, aside)
            _tell(f"{self.path}: damaged, set aside as {aside.name}; the fit begins anew")
            return None
        if state.pop("identity", None) != self.identity:
            _tell(f"{self.path}: of another config, code, data or version; the fit begins anew")
            return None
        return state

    def remove(self) -> None:
        """The artifact is there: nothing is to be gone on with."""
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> dict | None:
    """The content of a checkpoint; None where a bit of it is not as it was written."""
    whole = path.read_bytes()
    if hashlib.sha256(whole[32:]).digest() != whole[:32]:
        return None
    try:
        with warnings.catch_warnings():  # of pickles that torch did not write
            warnings.simplefilter("ignore")
            state = torch.load(io.BytesIO(whole[32:]), map_location="cpu", weights_only=True)
    except UNREADABLE:
        return None
    return state if isinstance(state, dict) else None


def _tell(text: str) -> None:
    print(f"checkpoint: {text}", file=sys.stderr, flush=True)

"""Embeddings that are one point."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ..solver.embed import embed
from .labels import Session

LOOKED_AT = 256  # windows of a session whose embeddings are compared
EQUAL = 1e-5  # relative spread below which embeddings are one point in single precision


def warn_of_collapse(models: Sequence[nn.Module], found: Sequence[Session], stacklevel: int) -> None:
    """A warning for each session whose embeddings are one point, or no numbers, after training."""
    for s, (model, session) in enumerate(zip(models, found, strict=True)):
        if _is_collapsed(model, session.neural):
            where = f" of session {s}" if len(found) > 1 else ""
            text = f"collapsed: all embeddings{where} are equal. Lower learning_rate, and see whether X varies"
            warnings.warn(text, stacklevel=stacklevel + 1)


def _is_collapsed(model: nn.Module, neural: np.ndarray) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(neural, len(model.get_offset()), axis=0)
    rows = embed(model, torch.tensor(windows[:: max(1, len(windows) // LOOKED_AT)]))
    spread = (rows - rows[0]).abs().max()
    return len(rows) > 1 and not bool(spread > EQUAL * rows.abs().max())

"""Labels that teach nothing, sessions that nothing aligns, embeddings that are one point."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ..errors import Problems
from ..solver.embed import embed
from .labels import Session

LOOKED_AT = 256  # windows of a session whose embeddings are compared
EQUAL = 1e-5  # relative spread below which embeddings are one point in single precision


def check_varies(found: Sequence[Session]) -> None:
    """A UserError with every label that has one value in all samples of all sessions."""
    problems, (classes, columns) = Problems(), found[0].kinds
    given = {f"y, continuous column {c}": [s.continuous[:, c] for s in found] for c in range(columns)}
    if classes:
        given["y, classes"] = [s.discrete for s in found]
    for where, values in given.items():
        joined = np.concatenate(values)
        if len(joined) > 1 and (joined == joined[0]).all():
            remedy = "Leave the label out: nothing can be learned from it."
            problems.add(where, "a label that varies", f"{joined[0]:g} in all {len(joined)} samples", remedy)
    problems.raise_any()


def warn_of_unaligned(found: Sequence[Session], stacklevel: int) -> None:
    """A warning where no label says which samples of several sessions belong together."""
    if len(found) < 2:
        return
    if found[0].kinds == (False, 0):
        text = "several sessions without labels: each is trained by time alone, and their embeddings are not aligned"
        warnings.warn(text, stacklevel=stacklevel + 1)
    if found[0].discrete is None:
        return
    known = [set(np.unique(s.discrete).tolist()) for s in found]
    for s, own in enumerate(known):
        if own.isdisjoint(set().union(*known[:s], *known[s + 1 :])):
            text = f"y: session {s} has no class in common with another: nothing aligns it. Number classes alike in all"
            warnings.warn(text, stacklevel=stacklevel + 1)


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

"""What a user hands over, as numpy arrays."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def is_a(value: object, package: str, *names: str) -> bool:
    """Whether a value is of one of these classes of a package, which is not imported to ask.

    Where a package has not been imported nothing of it can have come.
    """
    module = sys.modules.get(package)
    return module is not None and isinstance(value, tuple(getattr(module, name) for name in names))


def detached(values: ArrayLike) -> ArrayLike:
    """A tensor, on whatever device and with a gradient or not, as an array; all else as it is."""
    return values.detach().cpu().numpy() if is_a(values, "torch", "Tensor") else values


def hidden(values: ArrayLike) -> int:
    """How many values the mask of a masked array hides; its data below the mask are no data."""
    return int(np.ma.getmaskarray(values).sum()) if np.ma.isMaskedArray(values) else 0


def joined(parts: Sequence[ArrayLike]) -> np.ndarray:
    """Arrays end to end, with the masks of those that have one."""
    parts = [detached(part) for part in parts]
    return (np.ma if any(map(np.ma.isMaskedArray, parts)) else np).concatenate(parts)


def plain(values: ArrayLike) -> np.ndarray:
    """The values as an array."""
    return np.asarray(detached(values))

"""What a user hands over, as numpy arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def detached(values: ArrayLike) -> ArrayLike:
    """A tensor, on whatever device and with a gradient or not, as an array; all else as it is."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else values


def plain(values: ArrayLike) -> np.ndarray:
    """The values as an array."""
    return np.asarray(detached(values))

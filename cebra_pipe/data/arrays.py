"""What a user hands over, as numpy arrays."""

from __future__ import annotations

import sys

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


def plain(values: ArrayLike) -> np.ndarray:
    """The values as an array."""
    return np.asarray(detached(values))

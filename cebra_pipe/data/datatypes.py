"""The small values that data, loaders and the engine pass around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

Array = TypeVar("Array")  # numpy on the way in, torch on the device


@dataclass(frozen=True, init=False, repr=False)
class Offset:
    """Samples that an encoder reads around time t: x[t - left : t + right]; `right` counts t itself.

    `Offset(left, right)`, or `Offset(n)` for (n, n). ValueError where left < 0 or right < 1.
    """

    __slots__ = ("left", "right")
    left: int
    right: int

    def __init__(self, *offset: int):
        if len(offset) not in (1, 2):
            raise ValueError(f"Offset takes one or two whole numbers, got {len(offset)}: {offset}.")
        left, right = offset[0], offset[-1]
        if left < 0 or right < 1:
            raise ValueError(f"Offset needs left >= 0 and right >= 1 (right counts the sample itself), got {offset}.")
        object.__setattr__(self, "left", int(left))
        object.__setattr__(self, "right", int(right))

    def __len__(self) -> int:
        return self.left + self.right

    def __iter__(self) -> Iterator[int]:
        return iter((self.left, self.right))

    def __repr__(self) -> str:
        return f"Offset(left = {self.left}, right = {self.right}, length = {len(self)})"

    def __reduce__(self):
        return Offset, (self.left, self.right)

    @property
    def left_slice(self) -> slice:
        """From the start to the left border."""
        return slice(0, self.left)

    @property
    def right_slice(self) -> slice:
        """From the right border to the end."""
        return slice(-self.right, None)

    @property
    def valid_slice(self) -> slice:
        """Between the two borders."""
        return slice(self.left, -self.right)

    def mask_array(self, array: Array, value: float) -> Array:
        """`array` (time, …) itself, with `value` written outside the valid part."""
        array[self.left_slice] = value
        array[self.right_slice] = value
        return array


class Triplet(NamedTuple, Generic[Array]):
    """Aligned draws: entry i of `positive` pairs with entry i of `reference`."""

    reference: Array  # (…, session, batch) flat indices
    positive: Array  # (…, session, batch)
    negative: Array  # (…, session, negative)


class BatchIndex(NamedTuple):
    """Draws as a loader gives them: sample numbers inside each session.

    Single session: (n,), (n,), (m,). Several: (session, n) each; row s of `positive` counts samples of session s and is
    *not* aligned with `reference`: flattened positives taken at `index_reversed` are (and `index` undoes that).
    """

    reference: Tensor
    positive: Tensor
    negative: Tensor
    index: Tensor | None = None
    index_reversed: Tensor | None = None


@dataclass
class Batch:
    """Windows of reference, positive and negative samples: (n, neuron, window) each.

    `index` and `index_reversed` as in BatchIndex, where positives come from other sessions than their references.
    """

    reference: Tensor
    positive: Tensor
    negative: Tensor
    index: Tensor | None = None
    index_reversed: Tensor | None = None

    def to(self, device: str) -> None:
        """Move the samples to `device`, in place."""
        self.reference = self.reference.to(device)
        self.positive = self.positive.to(device)
        self.negative = self.negative.to(device)

"""The small values that the engine passes around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

Array = TypeVar("Array")  # numpy on the way in, torch on the device


@dataclass(frozen=True)
class Offset:
    """Samples an encoder reads around time t: x[t - before : t + after]; `after` counts t itself."""

    before: int
    after: int

    def __post_init__(self):
        if self.before < 0 or self.after < 1:
            raise ValueError(f"Offset needs before >= 0 and after >= 1, got {self}.")

    def __len__(self) -> int:
        return self.before + self.after

    def __iter__(self) -> Iterator[int]:
        return iter((self.before, self.after))


class Triplet(NamedTuple, Generic[Array]):
    """Aligned draws: entry i of `positive` pairs with entry i of `reference`."""

    reference: Array  # (…, session, batch) flat indices
    positive: Array  # (…, session, batch)
    negative: Array  # (…, session, negative)

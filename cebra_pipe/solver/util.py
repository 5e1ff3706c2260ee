"""What training loops count and show."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator, Mapping, Sequence

from torch import nn


class Meter:
    """The running sum and mean of a number."""

    def __init__(self):
        self._sum, self._elements = 0.0, 0

    def add(self, value: float, num_elements: int = 1) -> None:
        """Add a value that is the sum of `num_elements`."""
        self._sum += value
        self._elements += num_elements

    @property
    def average(self) -> float:
        """Mean over elements; nan before the first."""
        return self._sum / self._elements if self._elements else math.nan

    @property
    def sum(self) -> float:
        return self._sum


class ProgressBar:
    """Iterates over (number, batch) of a loader; `tqdm` shows a bar with what `set_description` gets, `off` none."""

    def __init__(self, loader, log_format: str):
        if log_format not in ("tqdm", "off"):
            raise ValueError(f"log_format: expected tqdm or off, found {log_format!r}.")
        self.loader, self.log_format, self._bar = loader, log_format, None

    @property
    def use_tqdm(self) -> bool:
        return self.log_format == "tqdm"

    def __iter__(self) -> Iterator[tuple[int, object]]:
        if not self.use_tqdm:
            yield from enumerate(self.loader)
            return
        from tqdm import tqdm

        with tqdm(self.loader, total=len(self.loader), file=sys.stderr, mininterval=0.2) as self._bar:
            yield from enumerate(self._bar)

    def set_description(self, stats: Mapping[str, float]) -> None:
        """Show `key: value` of each, four decimals."""
        if self._bar is not None:
            told = " ".join(f"{key}: {value: .4f}" for key, value in stats.items())
            self._bar.set_description(told, refresh=False)


class Counted:
    """An iterator that knows its length, for the bar."""

    def __init__(self, items: Iterator, length: int):
        self._items, self._length = items, length

    def __iter__(self) -> Iterator:
        return self._items

    def __len__(self) -> int:
        return self._length


@contextlib.contextmanager
def in_eval(modules: Sequence[nn.Module]) -> Iterator[None]:
    """Eval mode inside the block; then the mode of each part as it was."""
    modes = [(part, part.training) for module in modules for part in module.modules()]
    for module in modules:
        module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training

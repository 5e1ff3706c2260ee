"""Progress of a fit on stderr, with the time that is left: a bar on a terminal, a line every tenth in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
LINES = 10


class Progress:
    """Counts the steps of an iterable; `told` is shown beside."""

    def __init__(self, steps: int, title: str, done: int = 0):
        self.steps, self.title, self.done, self.told = steps, title, done, ""

    def __call__(self, items: Iterable[Item]) -> Iterator[Item]:
        return self._bar(items) if sys.stderr.isatty() else self._lines(items)

    def _bar(self, items: Iterable[Item]) -> Iterator[Item]:
        from tqdm import tqdm

        with tqdm(items, total=self.steps, initial=self.done, desc=self.title, file=sys.stderr, mininterval=0.5) as bar:
            for item in bar:
                yield item
                bar.set_postfix_str(self.told, refresh=False)

    def _lines(self, items: Iterable[Item]) -> Iterator[Item]:
        every, begin = max(1, self.steps // LINES), time.monotonic()
        for step, item in enumerate(items, start=self.done + 1):
            yield item
            if step % every == 0 or step == self.steps:
                left = (time.monotonic() - begin) / (step - self.done) * (self.steps - step)
                line = f"{self.title}: step {step} of {self.steps}{remaining(left)} {self.told}"
                print(line, file=sys.stderr, flush=True)


def remaining(seconds: float) -> str:
    """`, about 3 min left`; nothing where less than a second is."""
    return f", about {lasting(seconds)} left" if seconds >= 1 else ""


def lasting(seconds: float) -> str:
    """`3 min`: two digits, in the largest unit that is not longer."""
    unit, length = next(each for each in (("h", 3600), ("min", 60), ("s", 1)) if seconds >= each[1] or each[1] == 1)
    return f"{seconds / length:.2g} {unit}"

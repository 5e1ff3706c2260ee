"""What the logs of many fits would say, with one line for what is one cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

DROPPED = re.compile(r"(.+): (\d+) stretches of part (\w+) (shorter than .* left out)")


def condensed(name: str, said: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines for a condition, of (unit, line of a fit's log): stretches left out are counted once a recording."""
    counts: dict[tuple[str, str], dict[str, list[int]]] = {}
    for unit, line in dict.fromkeys(said):
        if found := DROPPED.fullmatch(line):
            recording, number, part, why = found.groups()
            counts.setdefault((recording, why), {}).setdefault(part, []).append(int(number))
        else:
            yield f"  {name} ({unit}): {line}"
    for (recording, why), parts in counts.items():
        # A subsample of the training part is drawn from what it keeps.
        listed = ", ".join(f"{part} {_extent(n)}" for part, n in parts.items() if part != "train_subsample")
        yield f"  {name}: {recording}: stretches {why}: {listed}"


def _extent(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"

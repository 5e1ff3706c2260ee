"""Ranges among columns that are asked for: `first..last`, by number or name, both ends included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..errors import MissingEntry, Problem, UserError, did_you_mean

BETWEEN = ".."
DASHED = re.compile(r"(.*?)\d+\s*[-–]\s*(\1)?\d+")  # 0-9, n0-n9, n0-9
SHORTEST = 3  # columns in a row that are told as a range


def expanded(wanted: Sequence[str | int], names: Sequence[str], count: int, where: str) -> list[str | int]:
    """The columns, in place of a range all that lie in it; what is a column's own name is no range.

    Raises: MissingEntry for an end that is no column, or a range that falls.
    """
    for each in wanted:
        _check_sign(each, names, count, where)
    return [one for each in wanted for one in (_range(each, names, count, where) if _is_range(each, names) else [each])]


def _check_sign(column: str | int, names: Sequence[str], count: int, where: str) -> None:
    """A UserError for what would be a range by another sign; YAML reads some of those as numbers of base 60."""
    if isinstance(column, str) and column not in names and (column.count(":") == 1 or DASHED.fullmatch(column)):
        known = did_you_mean(column, names) if names else f"Columns count from 0 to {count - 1}."
        remedy = f"Write a range as first{BETWEEN}last, both ends included. {known}"
        raise MissingEntry(Problem(where, "a known column", repr(column), remedy))


def _is_range(column: str | int, names: Sequence[str]) -> bool:
    return isinstance(column, str) and BETWEEN in column and column not in names


def _range(text: str, names: Sequence[str], count: int, where: str) -> Sequence[str | int]:
    first, last = (_number(end.strip(), names, count, text, where) for end in text.split(BETWEEN, 1))
    if first > last:
        remedy = f"Write its ends the other way round: {BETWEEN.join(text.split(BETWEEN, 1)[::-1])}."
        raise MissingEntry(Problem(where, "a range of columns from the first to the last", repr(text), remedy))
    named = names[first : last + 1]
    # By name where they have one of their own: a number may be the name of another column.
    return named if named and all(list(names).count(name) == 1 for name in named) else range(first, last + 1)


def _number(end: str, names: Sequence[str], count: int, text: str, where: str) -> int:
    if list(names).count(end) == 1:
        return list(names).index(end)
    if end.isdecimal() and int(end) < count:
        return int(end)
    remedy = did_you_mean(end, names) if names else f"Columns count from 0 to {count - 1}."
    raise MissingEntry(Problem(where, f"a column at both ends of {text!r}", repr(end), remedy))


def check_once(wanted: Sequence[str | int], places: Sequence[Sequence[int]], names: Sequence[str], where: str) -> None:
    """A UserError with the columns that come twice: a neuron would be there, and count, more than once.

    places: the positions of the columns that each of `wanted` stands for. names: of all columns; empty where none
        has one.
    """
    holders: dict[int, list[str]] = {}
    for each, held in zip(wanted, places, strict=True):
        for place in held:
            holders.setdefault(place, []).append(repr(each))
    alike: dict[tuple[str, ...], list[int]] = {}
    for place in sorted(holders):
        alike.setdefault(tuple(holders[place]), []).append(place)
    known = names or range(max(holders, default=0) + 1)
    twice = [(" and ".join(by), ", ".join(collapsed(held, known))) for by, held in alike.items() if len(by) > 1]
    if twice:
        raise UserError(
            *(Problem(where, "each column once", f"{told} in {by}", "Name it in one of them.") for by, told in twice)
        )


def collapsed(numbers: Sequence[int], names: Sequence[str | int]) -> Iterator[str]:
    """The columns of these rising numbers by name, those in a row as ranges."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    for run in runs:
        if len(run) >= SHORTEST:
            yield f"{names[run[0]]}{BETWEEN}{names[run[-1]]}"
        else:
            yield from (str(names[i]) for i in run)


def ends_alone(wanted: Sequence[str | int] | None) -> tuple[str | int, str | int] | None:
    """Two columns that look like the ends of a range, numbers or names that differ in their number; None for others."""
    if wanted is None or len(wanted) != 2:
        return None
    first, last = wanted
    if isinstance(first, int) and isinstance(last, int):
        return (first, last) if last - first > 1 else None
    heads = [str(name).rstrip("0123456789") for name in wanted]
    tails = [str(name)[len(head) :] for name, head in zip(wanted, heads, strict=True)]
    alike = heads[0] == heads[1] and all(tails)
    return (first, last) if alike and int(tails[1]) - int(tails[0]) > 1 else None

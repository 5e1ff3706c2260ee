"""Texts as classes: the names of a discrete label become the codes 0, 1, 2…, and stay beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ..errors import Problem, Problems, UserError, did_you_mean
from .formats.entries import not_a_number
from .recording import Label

MISSING = ("", "na", "n/a", "#n/a", "nan", "null")  # as tables write that there is no value
DISCRETE = "Where its texts are classes, set `kind: discrete`; a value that is none is to be mended in the file."


def coded(
    values: np.ndarray, classes: Sequence[str] | None, where: str, place: Callable[[int], str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(time,) codes as floats, NaN where there is no value, and the name of each code.

    Args:
        values: (time,) texts.
        classes: Names in the order of their codes; the sorted names of the column where it is None.
        place: Where a row stands in the file, for messages.

    Raises: UserError for a name that is not among `classes`, and for numbers among names.
    """
    texts = np.array(["" if value is None else str(value).strip() for value in values.tolist()], dtype=object)
    found, first, inverse = np.unique(texts.astype(str), return_index=True, return_inverse=True)
    there = [i for i, text in enumerate(found.tolist()) if text.lower() not in MISSING]
    names = tuple(classes) if classes else tuple(str(found[i]) for i in there)
    if not classes:
        _check_alike([(str(found[i]), int(first[i])) for i in there], where, place)
    unknown = [i for i in there if str(found[i]) not in names]
    if unknown:
        at = min(unknown, key=lambda i: first[i])
        told = f"{str(found[at])[:40]!r} ({place(int(first[at]))})"
        remedy = f"Add it to `classes`, or mend it. {did_you_mean(str(found[at]), names)}"
        raise UserError(Problem(where, "the names that `classes` gives", told, remedy))
    codes = np.full(len(found), np.nan)
    codes[there] = [names.index(str(found[i])) for i in there]
    return codes[inverse], names


def _check_alike(found: Sequence[tuple[str, int]], where: str, place: Callable[[int], str]) -> None:
    """A UserError for a column of numbers in which some are mistyped: each would be a class of its own."""
    numbers = [one for one in found if _is_number(one[0])]
    others = [one for one in found if not _is_number(one[0])]
    if numbers and others:
        listed = " and ".join(f"{text[:40]!r} ({place(row)})" for text, row in (numbers[0], others[0]))
        remedy = "Mend the values, or list all names under `classes`."
        raise UserError(Problem(where, "numbers or names, not both, in a discrete label", listed, remedy))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def are_texts(values: np.ndarray) -> bool:
    """Whether values of an array without a type of numbers are texts, some of them perhaps numbers or missing."""
    known = {type(value) for value in values.tolist()} - {type(None), bool, int, float}
    return known == {str}


def refuse(values: np.ndarray, where: str, place: Callable[[int], str]) -> None:
    """A UserError for texts in a label that is continuous."""
    raise UserError(Problem(where, "numbers in a continuous label", not_a_number(values, place), DISCRETE))


def add_clashes(
    labels: Mapping[str, Mapping[str, Label]], names: Iterable[str], where: str, problems: Problems
) -> None:
    """A problem for each label whose classes recordings (name -> label -> values) call differently under one code."""
    for name in names:
        known = {recording: mine[name] for recording, mine in labels.items() if name in mine}
        for code in range(max((len(label.classes) for label in known.values()), default=0)):
            called = {recording: label.named(code) for recording, label in known.items() if _has(label, code)}
            if len(set(called.values())) > 1:
                found = f"code {code} is " + ", ".join(f"{text!r} in {recording}" for recording, text in called.items())
                expected = "classes of one name and code in all recordings that go together"
                remedy = "List the names under `classes` of the label, in one order for all recordings."
                problems.add(f"{where}labels.{name}", expected, found, remedy)
                break


def _has(label: Label, code: int) -> bool:
    return code < len(label.classes) or (not label.classes and bool((label.values == code).any()))

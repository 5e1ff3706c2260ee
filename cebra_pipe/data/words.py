"""Texts as classes: the names of a discrete label become the codes 0, 1, 2…, and stay beside them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ..errors import Problem, Problems, UserError, did_you_mean
from .formats.entries import not_a_number
from .recording import Label

MISSING = ("", "na", "n/a", "#n/a", "nan", "null")  # as tables write that there is no value
# As tables write numbers. `float` knows more: inf, infinity, nan and 1e5, which are names of conditions and wells too.
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-][0-9]+)?", re.IGNORECASE)
DISCRETE = "Where its texts are classes, set `kind: discrete`; a value that is none is to be mended in the file."


def coded(
    values: np.ndarray, classes: Sequence[str] | None, where: str, place: Callable[[int], str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(time,) codes as floats, NaN where there is no value, and the name of each code.

    Texts that differ in how Unicode composes their letters are one (NFC). What `classes` names is a class, be it `na`.

    Args:
        values: (time,) texts.
        classes: Names in the order of their codes; the sorted names of the column where it is None.
        place: Where a row stands in the file, for messages.

    Raises: UserError for a name that is not among `classes`, and, where there are none, for numbers among names and
    for names that differ in capitals alone.
    """
    texts = np.array([_text(value) for value in values.tolist()], dtype=object)
    names = tuple(map(_text, classes or ()))
    found, first, inverse = np.unique(texts.astype(str), return_index=True, return_inverse=True)
    there = [i for i, text in enumerate(found.tolist()) if text in names or text.lower() not in MISSING]
    if not classes:
        names = tuple(str(found[i]) for i in there)
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


def _text(value: object) -> str:
    """A cell as it is compared; Excel's empty ones come as NaN, which must not become the name `nan`."""
    return "" if value is None or value != value else unicodedata.normalize("NFC", str(value).strip())


def _check_alike(found: Sequence[tuple[str, int]], where: str, place: Callable[[int], str]) -> None:
    """A UserError for classes that are mistyped ones: what is no number among numbers, one name in two writings."""
    numbers = [one for one in found if NUMBER.fullmatch(one[0])]
    others = [one for one in found if not NUMBER.fullmatch(one[0])]
    if numbers and others:
        remedy = "Mend the values, or list all names under `classes`."
        listed = _listed((numbers[0], others[0]), place)
        raise UserError(Problem(where, "numbers or names, not both, in a discrete label", listed, remedy))
    written: dict[str, list[tuple[str, int]]] = {}
    for one in others:
        written.setdefault(_text(one[0].casefold()), []).append(one)
    if twice := [alike for alike in written.values() if len(alike) > 1]:
        remedy = "Write each in one way, or, where they are different classes, list all names under `classes`."
        told = "; ".join(_listed(alike, place) for alike in twice)
        raise UserError(Problem(where, "names that differ in more than capitals", told, remedy))


def _listed(found: Iterable[tuple[str, int]], place: Callable[[int], str]) -> str:
    return " and ".join(f"{text[:40]!r} ({place(row)})" for text, row in found)


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

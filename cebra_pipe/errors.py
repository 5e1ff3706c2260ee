"""Mistakes of a user, told at the door: where, what was expected, what came, what to do."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what a user gave."""

    where: str  # file, key and field, as the user wrote them
    expected: str
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: expected {self.expected}, found {self.found}."
        return f"{text} {self.remedy}" if self.remedy else text


class UserError(ValueError):
    """All problems of one input in one message; the command line prints it without a traceback."""

    def __init__(self, *problems: Problem):
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


# Documented errors that an `except` of the user may rely on: each is a UserError and the built-in one.


class MissingFile(UserError, FileNotFoundError):
    """A file that is not there."""


class UnknownFormat(UserError, OSError):
    """A file of no known format, or one that is no file."""


class NotDownloaded(UserError, OSError):
    """A file that did not come, or came damaged."""


class MissingEntry(UserError, AttributeError):
    """A key, column or array that a file does not hold."""


class NotSupported(UserError, NotImplementedError):
    """What is not read or done here."""


class MissingPackage(UserError, ImportError):
    """An optional package that is not installed."""


class WrongType(UserError, TypeError):
    """A value of another type, or a keyword that is none."""


class Problems(list):
    """Collects problems so that a user sees all of them at once."""

    def add(self, where: str, expected: str, found: str, remedy: str = "") -> None:
        """Another problem, unless it is known already."""
        if (problem := Problem(where, expected, found, remedy)) not in self:
            self.append(problem)

    def extend_from(self, error: UserError) -> None:
        """All problems that an error tells."""
        self.extend(error.problems)

    def raise_any(self) -> None:
        """A UserError with all of them, where there are any."""
        if self:
            raise UserError(*self)


class _Short(reprlib.Repr):
    """Arrays by their shape: the class of a value decides which method shows it."""

    def repr_ndarray(self, value, level: int) -> str:
        return f"an array of shape {tuple(value.shape)}"

    repr_Tensor = repr_DataFrame = repr_Series = repr_ndarray


_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def short(value: object) -> str:
    """How a message shows what a user gave: at most a line, however much it is."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a huge number"


def named(value: object) -> str:
    """A name or key as it stands in a place, cut where it is none that anybody would write."""
    return value if isinstance(value, str) and len(value) <= 60 else short(value).strip("'")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy for an unknown name: the nearest known ones first, then all of them (at most 20, and how many)."""
    known = [named(k) for k in known]
    same = [k for k in known if _plain(k) == _plain(named(name))]
    near = same or difflib.get_close_matches(named(name), known, n=1)
    listed = ", ".join(known[:20]) + (f", … {len(known)} in all" if len(known) > 20 else "")
    return (f"Did you mean {near[0]!r}? " if near else "") + f"Known: {listed}."


def _plain(name: str) -> str:
    """A name without what is easily written otherwise: zeros before a number, capitals, signs between words."""
    return re.sub(r"0*(\d+)", r"\1", re.sub(r"[\W_]+", "", name.lower()))


def counted(number: int, what: str) -> str:
    """`1 sample`, `2 samples`."""
    return f"{number} {what}{'' if number == 1 else 's'}"

"""What an opened file holds, and how one array of it is asked for by key and columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import MissingEntry, Problem, UnknownFormat, UserError, did_you_mean
from .formats.entries import ANIMALS, REMEDIES, Entry, Missing, Refusal, Unsupported


@dataclass(frozen=True)
class Contents:
    """What an opened file holds."""

    path: Path
    entries: Mapping[str, Entry]
    ordered: bool = False  # whether a number as key counts the entries
    framed: bool = False  # whether a data frame that is not alone has to be asked for by key
    likelihood: bool = False  # whether a limit of likelihood was asked for, which only tracks have

    @property
    def listed(self) -> dict[str, Entry]:
        """The entries that are no parts of others."""
        return {name: entry for name, entry in self.entries.items() if not entry.part}

    def numeric(self) -> list[str]:
        """Names of the entries that hold arrays of numbers, single values left out where there is another."""
        numbers = [name for name, entry in self.listed.items() if not entry.refused]
        return [name for name in numbers if self.entries[name].shape] or numbers

    def first(self) -> str:
        """The first array of numbers."""
        numeric = self.numeric()
        if not numeric:
            refused = next((entry.refused for entry in self.listed.values()), "")
            remedy = REMEDIES.get(refused, "Save plain arrays of numbers.")
            error = (Unsupported if refused == ANIMALS else Missing).error
            raise error(Problem(str(self.path), "an array of numbers", self.listing(), remedy))
        return numeric[0]

    def only(self) -> str:
        """The one array of numbers; where there are several, the user has to say which."""
        name = self.first()
        if len(self.numeric()) > 1:
            found = f"several: {self.listing()}"
            problem = Problem(str(self.path), "`key` to say which array", found, "Give one of these as `key`.")
            raise MissingEntry(problem)
        return name

    def default(self) -> str:
        """The entry that is read where no key is given."""
        by_key = self.framed and any(entry.columns for entry in self.listed.values())
        return self.only() if by_key else self.first()

    def read(self, key: str | int, columns: Sequence[str | int] | None = None) -> np.ndarray:
        """The array under `key`, as an array of its own that may be changed."""
        name = self.name_of(key)
        entry = self.entries[name]
        with telling(self.where(name)):
            if entry.refused:
                kind = Unsupported if entry.refused == ANIMALS else Missing
                raise kind("an array of numbers", entry.refused, REMEDIES.get(entry.refused, "Choose another key."))
            if self.likelihood and not entry.groups:
                raise Refusal(
                    "a DeepLabCut track, as a limit of likelihood was given",
                    str(entry),
                    "Leave `minimum_likelihood` out.",
                )
            return np.array(entry.read(None if columns is None else indices(entry, columns)))

    def name_of(self, key: str | int) -> str:
        """The entry that `key` names."""
        name = str(key).strip("/") if str(key).strip("/") in self.entries else str(key)
        if name in self.entries:
            return name
        if self.ordered and isinstance(key, int) and 0 <= key < len(self.entries):
            return list(self.entries)[key]
        raise MissingEntry(Problem(f"{self.path}, key {key!r}", *self._unknown(name)))

    def _unknown(self, name: str) -> tuple[str, str, str]:
        """Expected, found and remedy for a key that is not there."""
        if any(name in entry.columns for entry in self.listed.values()):
            remedy = f"Ask for it as a column: `column: {name}` in a config, columns=[{name!r}] in Python."
            return "the name of an array or sheet", "the name of a column", remedy
        if list(self.listed) == [""]:
            return "no key", f"a file of one array ({self.listing()})", "Leave the key out."
        if paths := [key for key in self.listed if key.endswith(f"/{name}") or key.startswith(f"{name}/")]:
            return f"one of {self.listing()}", "a part of a path", f"Write all of it: {', '.join(paths[:8])}."
        return f"one of {self.listing()}", "no such key", did_you_mean(name, self.listed)

    def where(self, name: str) -> str:
        return f"{self.path}, key {name!r}" if name else str(self.path)

    def listing(self, most: int = 20) -> str:
        """Every entry with its shape and dtype."""
        told = [f"{name or 'one array'} ({entry})" for name, entry in self.listed.items()]
        return ", ".join(told[:most]) + (f", … {len(told)} in all" if len(told) > most else "") if told else "nothing"


@contextmanager
def telling(where: str, package: str = "", extra: str = "formats") -> Iterator[None]:
    """Turns what readers raise into one message. Parsers of foreign files raise anything at all on damaged ones."""
    try:
        yield
    except UserError:
        raise
    except Refusal as refusal:
        raise refusal.error(Problem(where, refusal.expected, refusal.found, refusal.remedy)) from refusal
    except ImportError as error:
        raise UserError(
            Problem(where, f"{package or 'a package'} to read it", f"{error}", f"Install cebra_pipe[{extra}].")
        ) from error
    except PermissionError as error:
        raise UnknownFormat(
            Problem(where, "a file that may be read", "permission denied", "Change its permissions.")
        ) from error
    except Exception as error:
        why = (str(error).strip().splitlines() or [""])[0][:160]
        found = f"a damaged one ({type(error).__name__}: {why})"
        raise UserError(Problem(where, "a readable, whole file", found, "Copy or save it anew.")) from error


def indices(entry: Entry, columns: Sequence[str | int]) -> list[int]:
    """Positions of the columns that were asked for; a body part of a track stands for x and y."""
    if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
        raise Missing("a list of columns", repr(columns), "Write ['a', 'b'].")
    if len(entry.shape) != 2:
        raise Missing("a 2-D array to pick columns of", f"shape {entry.shape}", "Leave the columns out.")
    found = [i for column in columns for i in _indices(entry, column)]
    if len(set(found)) < len(found):
        twice = [repr(c) for c, n in Counter(columns).items() if n > 1]
        twice = twice or [
            repr(entry.columns[i]) if entry.columns else str(i) for i, n in Counter(found).items() if n > 1
        ]
        raise Refusal("each column once", f"{', '.join(twice[:8])} twice", "Name it once.")
    return found


def _indices(entry: Entry, column: str | int) -> Sequence[int]:
    if column in entry.groups:
        return entry.groups[column]
    if column in entry.numbered:
        return [entry.numbered[column]]
    if isinstance(column, int) and not isinstance(column, bool):
        if not -entry.shape[1] <= column < entry.shape[1]:
            raise Missing(f"a column from 0 to {entry.shape[1] - 1}", str(column), f"The array is {entry}.")
        return [column % entry.shape[1]]
    if not entry.columns:
        raise Missing("columns by number", repr(column), f"The array is {entry} and names no columns.")
    if entry.columns.count(column) > 1:
        raise Missing(
            "a name that one column has",
            f"{entry.columns.count(column)} columns {column!r}",
            "Give the column's number.",
        )
    if column not in entry.columns:
        raise Missing("a known column", repr(column), did_you_mean(column, (*entry.groups, *entry.columns)))
    return [entry.columns.index(column)]

"""What a file holds: named arrays and tables, described at once and read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...errors import MissingEntry, NotSupported, UserError

if TYPE_CHECKING:
    from ..units import Trains

NUMBERS = "biuf"  # kinds of dtype that a recording may consist of
KINDS = {
    "U": "text",
    "S": "text",
    "O": "Python objects",
    "c": "complex numbers",
    "M": "dates",
    "m": "durations",
    "V": "records",
}

ANIMALS = "DeepLabCut tracks of several animals"
OTHER_FILE = "values that lie in another file"
LINK = "a link to another place"
TRUST = "if you wrote the file, trust it (trust=True in Python, `trust: true` in a config): that runs what it says."
WORDS = (
    "In a study words are a label of `kind: discrete`. In Python read them with numpy, h5py or pandas and number them: "
    "names, codes = np.unique(words, return_inverse=True)."
)
REMEDIES = {  # for what is no array of numbers
    "text": f"Choose another key. {WORDS}",
    "Python objects": "Save plain arrays: of spike times one array of all times, and one of each spike's neuron. "
    "`trust`, where the format has it, runs what the file says.",
    ANIMALS: "Save one animal's columns in a file of their own.",
    OTHER_FILE: "Copy the values into this file, or name the other one.",
    LINK: "Give the place that it points to as `key`.",
}

LARGEST = 8 << 30  # bytes: a compressed file that declares more is refused, whatever its size
EXPANSION = 1100  # deflate cannot expand further than 1032 times
SLACK = 256 << 20  # bytes that any file may declare: constant columns compress without limit


class Refusal(Exception):
    """Why a file's content is not taken; the caller adds which file, and raises it as an `error`."""

    error: type[UserError] = UserError

    def __init__(self, expected: str, found: str, remedy: str = ""):
        super().__init__(f"expected {expected}, found {found}. {remedy}")
        self.expected, self.found, self.remedy = expected, found, remedy


class Missing(Refusal):
    """What was asked for is not in the file."""

    error = MissingEntry


class Unsupported(Refusal):
    """A content that is not read."""

    error = NotSupported


def allowance(size: int) -> int:
    """Bytes that a file of `size` bytes may expand to before it is taken for a forgery."""
    return max(size, min(SLACK + EXPANSION * size, LARGEST))


def check_size(nbytes: int, limit: int) -> None:
    """Refuse an array that declares more bytes than its file can hold, before memory is asked for."""
    if not 0 <= nbytes <= limit:
        raise Refusal(
            f"at most {limit} bytes, which is what the file can hold", f"an array that declares {nbytes}",
            "The file is damaged or forged; if it is yours, save it anew, uncompressed.",
        )  # fmt: skip


def by_row(row: int) -> str:
    """Where a value stands, as a message says it."""
    return f"row {row}"


@dataclass(frozen=True)
class Clock:
    """When the rows of an array were taken, where its file says so."""

    read: Callable[[int], np.ndarray]  # (row,) seconds of so many rows
    rate: float | None = None  # rows per second, where no stamps are given

    def __str__(self) -> str:
        return "time stamps" if self.rate is None else f"{self.rate:g} Hz"


@dataclass(frozen=True)
class Entry:
    """One array of a file. `read(None)` gives all of it, `read([2, 0])` these columns in this order."""

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[Sequence[int] | None], np.ndarray]
    columns: tuple[str, ...] = ()  # names of a table's columns
    groups: Mapping[str, tuple[int, ...]] = field(
        default_factory=dict
    )  # names that stand for several columns (DeepLabCut)
    refused: str = ""  # what it holds where that is not numbers
    numbered: Mapping[int, int] = field(default_factory=dict)  # positions of columns whose names are numbers
    raw: Callable[[int], np.ndarray] | None = None  # (time,) of one column, which may hold texts; of an array all of it
    place: Callable[[int], str] = by_row  # where a row stands in the file
    clock: Clock | None = None
    unit: str = ""
    trains: Callable[[], Trains] | None = None  # of a table of units
    part: bool = False  # whether it is a part of another entry, and so not listed

    def __str__(self) -> str:
        if self.refused in (OTHER_FILE, LINK):
            return self.refused
        shape = " × ".join(map(str, self.shape)) or "one value"
        about = [str(self.clock)] * (self.clock is not None) + [self.unit] * bool(self.unit)
        return ", ".join(
            [f"{shape} {self.refused or self.dtype}", *about, *["spike times"] * (self.trains is not None)]
        )


def array_entry(array: np.ndarray) -> Entry:
    """An array that is in memory."""
    return lazy_entry(array.shape, array.dtype, lambda: array)


def lazy_entry(shape: Sequence[int], dtype: np.dtype, load: Callable[[], np.ndarray]) -> Entry:
    """An array that `load` reads; of a kind that is no number it is only listed."""
    dtype = np.dtype(dtype)
    refused = "" if dtype.kind in NUMBERS else KINDS.get(dtype.kind, str(dtype))

    def read(columns: Sequence[int] | None) -> np.ndarray:
        array = load()
        return array if columns is None else array[:, list(columns)]

    texts = dtype.kind == "U" and len(shape) == 1
    return Entry(tuple(shape), str(dtype), read, refused=refused, raw=(lambda column: load()) if texts else None)


def table_entry(
    length: int, names: Sequence[str], column: Callable[[int], np.ndarray], place: Callable[[int], str] = by_row
) -> Entry:
    """A table whose columns are read one by one, so that an integer column beside a real one stays integer."""

    def read(columns: Sequence[int] | None) -> np.ndarray:
        chosen = range(len(names)) if columns is None else columns
        arrays = {i: column(i) for i in chosen}
        text = [i for i in chosen if arrays[i].dtype.kind not in NUMBERS]
        if text:
            found = f"{not_a_number(arrays[text[0]], place)} in column {', '.join(repr(names[i]) for i in text[:8])}"
            remedy = "Choose the columns that hold numbers."
            raise Refusal("numbers in every column", found, f"{remedy} {WORDS}" if _words(arrays[text[0]]) else remedy)
        return np.stack([arrays[i] for i in chosen], axis=1) if arrays else np.zeros((length, 0))

    return Entry((length, len(names)), "table", read, tuple(names), raw=column, place=place)


def _words(values: np.ndarray) -> bool:
    """Whether all that a column holds are words, so that they may be classes; one among numbers is a mistake."""
    filled = [value for value in values.tolist() if str(value).strip().lower() not in ("", "nan", "none")]
    return bool(filled) and not any(_is_number(value) for value in filled)


def _is_number(value: object) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def not_a_number(values: np.ndarray, place: Callable[[int], str]) -> str:
    """The first value that is none, with its place."""
    for row, value in enumerate(values.tolist()):
        if not _is_number(value):
            return f"{str(value)[:40]!r} ({place(row)})"
    return f"{KINDS.get(values.dtype.kind, values.dtype)}"


def numbers_entry(value: object) -> Entry | None:
    """An array for a list of numbers, or of equally long lists of them; None for anything else."""
    if not isinstance(value, list | tuple) or not value:
        return None
    rows = value if all(isinstance(row, list | tuple) for row in value) else [value]
    if not all(isinstance(x, int | float) for x in rows[0]) or len({len(row) for row in rows}) != 1:
        return None
    if len({id(row) for row in rows}) < len(rows):
        # A small file can name one list without end; written out it would fill the memory.
        return Entry(
            (len(rows), len(rows[0])), "list", lambda columns: np.zeros((0, 0)), refused="a list that repeats itself"
        )
    whole = [all(isinstance(x, int) for x in row) for row in rows if all(isinstance(x, int | float) for x in row)]
    shape = (len(rows), len(rows[0])) if rows is value else (len(value),)
    dtype = np.dtype(np.int64 if all(whole) else np.float64)
    return lazy_entry(shape, dtype, lambda: np.asarray(value, dtype)) if len(whole) == len(rows) else None


DEPTH, MOST = 4, 10_000  # of nested containers: references among them can describe more than the file holds


def flatten(value: object, leaf: Callable[[object], Entry | None], name: str = "", depth: int = 0) -> dict[str, Entry]:
    """The arrays of nested dictionaries and lists, by dotted name; one array alone has the name ''."""
    if isinstance(value, np.ndarray) and value.dtype == object and value.shape == ():
        value = value.item()  # numpy.save of a dictionary
    entry = leaf(value)
    if entry is not None:
        return {name: entry}
    if depth >= DEPTH or not isinstance(value, Mapping | list | tuple):
        return {}
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    found: dict[str, Entry] = {}
    for key, item in items:
        found |= flatten(item, leaf, f"{name}.{key}" if name else str(key), depth + 1)
        if len(found) > MOST:
            raise Refusal(f"at most {MOST} arrays", "more", "Save the arrays that you need in a file of their own.")
    return found

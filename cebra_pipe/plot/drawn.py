"""What a figure draws, as one long table: figures are made from it alone, and its CSV holds it whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

import numpy as np

from ..data.table import Table

NONE = int(np.iinfo(np.int64).min)  # "no value" in a column of integers; NaN and "" elsewhere
EMPTY = {float: np.nan, int: NONE, str: ""}
DTYPES = {float: np.float64, int: np.int64, str: object}


def stack(columns: Mapping[str, type], blocks: Iterable[Mapping[str, object]]) -> Table:
    """Blocks of rows on top of each other; a scalar fills its block, a column that a block lacks stays empty there."""
    blocks = [_block(columns, block) for block in blocks]
    return Table({name: _join([block[name] for block in blocks], kind) for name, kind in columns.items()})


def _block(columns: Mapping[str, type], block: Mapping[str, object]) -> dict[str, np.ndarray]:
    if unknown := set(block) - set(columns):
        raise KeyError(f"columns {sorted(unknown)} are none of the figure's: {sorted(columns)}")
    length = max((len(v) for v in block.values() if np.ndim(v)), default=1)
    return {
        name: np.broadcast_to(np.asarray(block.get(name, EMPTY[kind]), DTYPES[kind]), length)
        for name, kind in columns.items()
    }


def _join(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, DTYPES[kind])


def distinct(values: np.ndarray) -> list:
    """The values that occur, in the order in which they first do, without empty ones."""
    return [v for v in dict.fromkeys(values.tolist()) if v not in ("", NONE) and v == v]


def class_text(label: str, code: int, names: np.ndarray) -> str:
    """A class in a key: by the one name that its samples have, else by its code."""
    known = distinct(names)
    return f"{label} {known[0] if len(known) == 1 else code}"


def pick(table: Table, **equal: object) -> Table:
    """The rows whose columns equal these values."""
    mask = np.ones(len(table), bool)
    for name, value in equal.items():
        mask &= table[name] == value
    return table.where(mask)


def repeated(table: Table, *names: str) -> bool:
    """Whether several rows are equal in these columns."""
    return len(set(zip(*(table[name] for name in names), strict=True))) < len(table)


def csv_text(table: Table, digits: int = 7) -> str:
    """The table as CSV: a header, numbers with so many significant digits, empty cells where there is no value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(zip(*(_cells(values, digits) for values in table.columns.values()), strict=True))
    return text.getvalue()


def _cells(values: np.ndarray, digits: int) -> list[str]:
    if values.dtype.kind == "f":
        return [number(v, digits) for v in values.tolist()]
    return ["" if v == NONE else str(v) for v in values.tolist()]


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits, plain where that is readable; whole ones whole; empty for NaN."""
    if value != value:
        return ""
    if np.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if 1e-4 <= abs(value) < 1e9:
        return np.format_float_positional(value, precision=digits, fractional=False, trim="-")
    return f"{value:.{digits}g}"

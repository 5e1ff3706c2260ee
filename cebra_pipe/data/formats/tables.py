"""csv, Excel and parquet: tables with named or numbered columns."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from ..columns import to_numpy, with_missing
from .entries import Entry, Refusal, allowance, by_row, check_size, table_entry

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how an xls file begins
SEPARATORS = ",;\t"
# Cells of a sheet that hold no number where the others of the column do.
NO_NUMBER = ("", "#n/a", "#n/a n/a", "#na", "<na>", "n/a", "na", "nan", "-nan", "none", "null")
START = 1 << 20  # bytes in which the layout of a csv file is looked for


@dataclass(frozen=True)
class Layout:
    """How a csv file is written."""

    separator: str
    skip: int  # rows before the data
    names: tuple[str, ...]  # of the columns; numbers where the file names none
    named: bool
    encoding: str
    decimal: str


def read_csv(path: Path, *, header: bool | None = None, separator: str | None = None) -> dict[str, Entry]:
    """The one table of the file."""
    from pyarrow import csv as arrow

    layout = layout_of(path, header, separator)
    reading = arrow.ReadOptions(
        use_threads=False,
        block_size=min(path.stat().st_size + 1, 2**31 - 1),  # one: a row may be longer than arrow's block
        skip_rows=layout.skip,
        column_names=layout.names,
        encoding=layout.encoding,
    )
    parsing = arrow.ParseOptions(delimiter=layout.separator)
    table = arrow.read_csv(path, reading, parsing, arrow.ConvertOptions(decimal_point=layout.decimal))
    return {"": _arrow_entry(table, layout.names if layout.named else (), partial(_line, path, layout))}


def _line(path: Path, layout: Layout, row: int) -> str:
    """The line of a csv file that holds a row; empty lines are no rows."""
    with open(path, encoding=layout.encoding, errors="replace") as file:
        filled = (number for number, line in enumerate(file, 1) if number > layout.skip and line.strip("\r\n"))
        found = next(islice(filled, row, None), None)
    return by_row(row) if found is None else f"line {found}"


def layout_of(path: Path, header: bool | None, separator: str | None) -> Layout:
    """Separator, header, comment lines, encoding and decimal sign, from the first rows."""
    with open(path, "rb") as file:
        start = file.read(START)
    encoding = "utf-8" if _is_utf8(start) else "latin-1"
    lines = start.decode(encoding, "replace").removeprefix("\ufeff").splitlines()
    comments = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    if comments == len(lines):
        raise Refusal("rows of numbers", "none", "Export the table again.")
    first = lines[comments]
    separator = separator or max(SEPARATORS, key=first.count)
    sample = lines[comments + 1 : comments + 200] or [first]
    decimal = "," if separator != "," and _with_commas([c for s in sample for c in _split(s, separator)]) else "."
    cells = _split(first, separator)
    named = not _numbers(cells, decimal) if header is None else header
    names = cells if named else _comment_names(lines[:comments], separator, len(cells))
    return Layout(
        separator, comments + named, tuple(names) or tuple(map(str, range(len(cells)))), bool(names), encoding, decimal
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data[: len(data) - 4 if len(data) == START else None].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(data) - 8  # a character cut in two by the end of what was read
    return True


def _split(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def _comment_names(comments: list[str], separator: str, width: int) -> list[str]:
    """Names in the last comment line, as numpy.savetxt writes them."""
    cells = _split(comments[-1].lstrip("# "), separator) if comments else []
    return cells if len(cells) == width and not _numbers(cells, ".") else []


def _numbers(cells: list[str], decimal: str) -> bool:
    """Whether every cell is a number or empty, and one a number."""
    if decimal == "," and not any("," in cell for cell in cells):
        return False
    return any(cells) and all(_is_number(cell.replace(decimal, ".")) for cell in cells if cell)


def _with_commas(cells: list[str]) -> bool:
    """Whether the numbers among some cells have decimal commas."""
    commas = any("," in cell and _is_number(cell.replace(",", ".")) for cell in cells)
    return commas and not any("." in cell and _is_number(cell) for cell in cells)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.lower() in ("na", "null", "true", "false")
    return True


def read_parquet(path: Path) -> dict[str, Entry]:
    """The one table of the file, by the names of its columns."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    # Eight bytes a row and column at most: run lengths make a short file declare any number of rows.
    check_size(8 * file.metadata.num_rows, allowance(path.stat().st_size))
    names = tuple(n for n in file.schema_arrow.names if not n.startswith("__index_level_"))
    return {
        "": table_entry(
            file.metadata.num_rows,
            names,
            lambda i: _numpy(file.read(columns=[names[i]], use_threads=False).column(0)),
        )
    }


def _arrow_entry(table, names: tuple[str, ...], place: Callable[[int], str]) -> Entry:
    known = names or tuple(map(str, range(table.num_columns)))
    entry = table_entry(table.num_rows, known, lambda i: _numpy(table.column(i)), place)
    return entry if names else replace(entry, columns=())


def _numpy(column) -> np.ndarray:
    """A column as numbers where it holds numbers: missing values become NaN, truth values 0 and 1."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if not pa.types.is_integer(column.type) and not pa.types.is_floating(column.type):
        return np.asarray(column.to_numpy())
    return with_missing(column) if column.null_count else to_numpy(column)


def read_excel(path: Path, *, header: bool | None = None) -> dict[str, Entry]:
    """The sheets of the workbook."""
    import pandas as pd

    with open(path, "rb") as file:
        old = file.read(len(OLE2)) == OLE2
    if not old:
        with zipfile.ZipFile(path) as archive:
            check_size(sum(member.file_size for member in archive.infolist()), allowance(path.stat().st_size))
    # xlrd prints what it thinks of a damaged file; the exception that follows says it better.
    options = {"engine": "xlrd", "engine_kwargs": {"logfile": io.StringIO()}} if old else {}
    sheets = pd.read_excel(path, sheet_name=None, header=None, keep_default_na=False, na_values=[""], **options)
    return {str(name): _sheet(sheet, header) for name, sheet in sheets.items() if sheet.size}


def _sheet(sheet, header: bool | None) -> Entry:
    sheet = sheet.dropna(how="all").dropna(how="all", axis=1)
    first = [str(cell).strip() for cell in sheet.iloc[0]]
    named = not _numbers(["" if cell == "nan" else cell for cell in first], ".") if header is None else header
    body = sheet.iloc[1:] if named else sheet
    entry = table_entry(
        len(body),
        first if named else tuple(map(str, range(len(first)))),
        lambda i: _cells(body.iloc[:, i].tolist()),
        lambda row: f"line {body.index[row] + 1}",
    )
    return entry if named else replace(entry, columns=())


def _cells(values: list) -> np.ndarray:
    """Cells as numbers, integers where all are; anything else stays an object."""
    if all(isinstance(v, int) for v in values):
        return np.asarray(values, np.int64)
    numbers = [np.nan if isinstance(v, str) and v.strip().lower() in NO_NUMBER else v for v in values]
    if all(isinstance(v, int | float) for v in numbers):
        return np.asarray(numbers, np.float64)
    return np.asarray(values, object)

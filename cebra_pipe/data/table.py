"""Tables on disk: named numpy columns in one parquet file, with what they are in its metadata.

Written whole to a temporary name in the same folder, synced, renamed: a reader sees the old file or the new one.
The same table gives the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import Problem, UserError
from .columns import to_arrow, to_numpy

META = b"cebra_pipe"  # the key of our metadata in the file's footer
VERSION = 1  # of the layout of every artifact; a file of another version is refused


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length: numpy arrays; text is an array of str, a list column a list of arrays."""

    columns: Mapping[str, np.ndarray | list]
    meta: Mapping[str, object] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def where(self, mask: np.ndarray) -> Table:
        """The rows where `mask` (row,) holds."""
        rows = np.flatnonzero(mask)
        pick = {k: [v[i] for i in rows] if isinstance(v, list) else v[rows] for k, v in self.columns.items()}
        return Table(pick, self.meta)

    def rows(self) -> Iterator[dict]:
        """Row by row, as dictionaries of Python values."""
        names = list(self.columns)
        for values in zip(*(self.columns[name] for name in names), strict=True):
            yield {n: v.item() if isinstance(v, np.generic) else v for n, v in zip(names, values, strict=True)}


def from_rows(
    rows: Iterable[Mapping], columns: Mapping[str, object], meta: Mapping[str, object] | None = None
) -> Table:
    """A table of dictionaries; `columns` maps each name to a numpy dtype, `str` or `list`."""
    rows = list(rows)
    made: dict[str, np.ndarray | list] = {}
    for name, kind in columns.items():
        values = [row[name] for row in rows]
        if kind is list:
            made[name] = [np.asarray(v, np.float64) for v in values]
        elif kind is str:
            made[name] = np.asarray([str(v) for v in values], dtype=object)
        else:
            made[name] = np.asarray([np.nan if v is None else v for v in values], dtype=kind)
    return Table(made, meta or {})


def write_table(path: Path, table: Table, row_group: int | Sequence[int] | None = None) -> None:
    """Write `table` whole or not at all; a list of `row_group` gives the rows of each group in turn."""
    arrays = {name: to_arrow(values) for name, values in table.columns.items()}
    text = json.dumps({"version": VERSION, **table.meta}, sort_keys=True, ensure_ascii=False)
    made = pa.Table.from_arrays(list(arrays.values()), names=list(arrays)).replace_schema_metadata(
        {META: text.encode()}
    )
    with replacing(path) as temporary:
        if not isinstance(row_group, Sequence):
            pq.write_table(made, temporary, compression="zstd", row_group_size=row_group or max(len(table), 1))
            return
        with pq.ParquetWriter(temporary, made.schema, compression="zstd") as writer:
            for begin, rows in zip(accumulate(row_group, initial=0), row_group):
                writer.write_table(made.slice(begin, rows), row_group_size=max(rows, 1))


def read_table(path: Path, columns: list[str] | None = None, stage: str | tuple[str, ...] = ()) -> Table:
    """The table of `path`; a UserError that names the file where it is no readable artifact of ours."""
    meta = read_meta(path)
    stages = (stage,) if isinstance(stage, str) else stage
    if stages and meta.get("stage") not in stages:
        raise UserError(
            Problem(
                str(path),
                f"the output of {' or '.join(stages)}",
                f"one of {meta.get('stage')!r}",
                "Give the file of that stage.",
            )
        )
    try:
        with pq.ParquetFile(path) as file:  # read_table would import pandas
            read = file.read(columns=columns)
    except (OSError, pa.ArrowInvalid, pa.ArrowException) as error:
        raise damaged(path, str(error)) from error
    return Table({name: to_numpy(read[name]) for name in read.column_names}, meta)


def read_meta(path: Path) -> dict:
    """What the footer says of the file: stage, spec, code, inputs, versions, seed."""
    if not Path(path).exists():
        raise UserError(
            Problem(str(path), "a parquet file", "no such file", "Run the stage that makes it, or mend the path.")
        )
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid, pa.ArrowException) as error:
        raise damaged(path, str(error)) from error
    if META not in metadata:
        raise UserError(
            Problem(
                str(path),
                "a table that cebra_pipe wrote",
                "a parquet file without its metadata",
                "Remove it and run the stage again.",
            )
        )
    try:
        meta = json.loads(metadata[META])
    except ValueError as error:
        raise damaged(path, str(error)) from error
    if not isinstance(meta, dict):
        raise damaged(path, "its metadata are no mapping")
    if meta.get("version") != VERSION:
        raise UserError(
            Problem(
                str(path),
                f"layout version {VERSION}",
                str(meta.get("version")),
                "Remove it and run the stage again with this version.",
            )
        )
    return meta


def damaged(path: Path, why: str) -> UserError:
    """The message for a file that was cut short or overwritten."""
    first = why.strip().splitlines()[0] if why.strip() else "unreadable"
    return UserError(
        Problem(
            str(path), "a whole file", f"a damaged one ({first})", "Remove it and run snakemake again: it is remade."
        )
    )


@contextmanager
def replacing(path: Path, sync: bool = True) -> Iterator[Path]:
    """A temporary name beside `path` that takes its place when the block ends well, and vanishes when it does not.

    Two writers of one file, on whatever machines, have a name each: the last one's file stays, whole. Without `sync`
    for small files that are made again where a power cut took them.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}.tmp")
    try:
        yield temporary
        if sync:
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

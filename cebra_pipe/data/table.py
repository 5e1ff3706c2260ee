"""Tables on disk: named numpy columns in one parquet file, with what they are in its metadata.

Written whole to a temporary name in the same folder, synced, renamed: a reader sees the old file or the new one.
The same table gives the same bytes, and a table that another program changed is refused (`seal`).
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
from . import seal
from .columns import to_arrow, to_numpy

META = b"cebra_pipe"  # the key of our metadata in the file's footer
VERSION = 2  # of the layout of every artifact; a file of another version is refused
REMAKE = "Remove it and run snakemake again: it is remade."


class Footer(dict):
    """What a table says of itself. A name that it lacks is no KeyError: the message says whose fault that is.

    Attributes:
        path: The file.
        body: sha256 that its columns have by the seal; empty where the seal is broken.
    """

    def __init__(self, path: Path, said: Mapping[str, object], body: str):
        super().__init__(said)
        self.path, self.body = path, body

    def __missing__(self, name: str) -> None:
        raise lacking(self.path, f"{name!r} in its metadata")


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length: numpy arrays; text is an array of str, a list column a list of arrays."""

    columns: Mapping[str, np.ndarray | list]
    meta: Mapping[str, object] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        """A column; a UserError where the file that the table was read from lacks it."""
        if name not in self.columns and isinstance(self.meta, Footer):
            raise lacking(self.meta.path, f"a column {name!r}")
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
    text = json.dumps({"version": VERSION, **table.meta}, sort_keys=True, ensure_ascii=False).encode()
    made = pa.Table.from_arrays(list(arrays.values()), names=list(arrays)).replace_schema_metadata({META: text})
    groups = row_group if isinstance(row_group, Sequence) else [len(table)]
    with replacing(path) as temporary:
        with pq.ParquetWriter(temporary, made.schema, compression="zstd") as writer:
            for begin, rows in zip(accumulate(groups, initial=0), groups):
                size = row_group if isinstance(row_group, int) else rows
                writer.write_table(made.slice(begin, rows), row_group_size=max(size, 1))
            length = os.stat(temporary).st_size  # all that stands before the footer, which is not there yet
            body = seal.digests(temporary)[0]
            writer.add_key_value_metadata({seal.KEY: seal.sealed(body, made.column_names, text)})
        if seal.before_footer(temporary) != length:
            raise RuntimeError("this version of pyarrow keeps columns back until it writes the footer")


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
    if seal.digests(path)[1] != meta.body:
        raise changed(path)
    try:
        with pq.ParquetFile(path) as file:  # read_table would import pandas
            read = file.read(columns=columns)
    except (OSError, pa.ArrowInvalid, pa.ArrowException) as error:
        raise damaged(path, str(error)) from error
    return Table({name: to_numpy(read[name]) for name in read.column_names}, meta)


def read_meta(path: Path) -> Footer:
    """What the footer says of the file: stage, spec, code, inputs, versions, seed. A UserError where it was changed."""
    found = footer(path)
    if not found.body:
        raise changed(path)
    return found


def footer(path: Path) -> Footer:
    """As `read_meta`, also where the seal is broken: for whoever tells of the file and reads no number of it."""
    if not Path(path).exists():
        raise UserError(
            Problem(str(path), "a parquet file", "no such file", "Run the stage that makes it, or mend the path.")
        )
    try:
        with pq.ParquetFile(path) as file:
            names, held = file.schema_arrow.names, file.metadata.metadata or {}
    except (OSError, pa.ArrowInvalid, pa.ArrowException) as error:
        raise damaged(path, str(error)) from error
    if META not in held:
        found = "a parquet file without its metadata"
        raise UserError(Problem(str(path), "a table that cebra_pipe wrote", found, REMAKE))
    try:
        said = json.loads(held[META])
    except ValueError as error:
        raise damaged(path, str(error)) from error
    if not isinstance(said, dict):
        raise damaged(path, "its metadata are no mapping")
    if (version := said.get("version")) != VERSION:
        found = f"layout version {version}, of another version of cebra_pipe"
        raise UserError(Problem(str(path), f"layout version {VERSION}", found, REMAKE))
    return Footer(path, said, seal.body_of(held, names, held[META]))


def damaged(path: Path, why: str) -> UserError:
    """The message for a file that was cut short or overwritten."""
    first = why.strip().splitlines()[0] if why.strip() else "unreadable"
    return UserError(Problem(str(path), "a whole file", f"a damaged one ({first})", REMAKE))


def changed(path: Path) -> UserError:
    """The message for a table whose columns, names or metadata are not those that were written."""
    return damaged(path, "its content is not what was written: something else changed it since")


def lacking(path: Path, what: str) -> UserError:
    """The message for a whole table of ours that has less than this version writes."""
    return UserError(Problem(str(path), what, "none: another version of cebra_pipe made it", REMAKE))


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

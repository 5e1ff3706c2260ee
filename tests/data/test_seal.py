"""A table that another program changed is refused, whatever it changed and whatever of the footer it kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cebra_pipe.data import seal
from cebra_pipe.data.table import META, Table, footer, read_meta, read_table, write_table
from cebra_pipe.errors import UserError

from ..toys import kept

COLUMNS = {
    "x": np.arange(7.0),
    "y": np.arange(7.0)[::-1].copy(),
    "name": np.array(["a", "b", "a", "b", "a", "b", "a"], object),
    "null": [np.arange(n, dtype=float) for n in range(7)],
}
GROUPS = {"one": None, "of three": 3, "as given": [2, 0, 5]}


@pytest.fixture
def path(tmp_path) -> Path:
    write_table(tmp_path / "scores.parquet", Table(COLUMNS, {"stage": "decode"}))
    return tmp_path / "scores.parquet"


def value(table: pa.Table) -> pa.Table:
    return table.set_column(0, "x", pa.array([9.0, *COLUMNS["x"][1:]]))


def names(table: pa.Table) -> pa.Table:
    return table.rename_columns(["y", "x", "name", "null"]).replace_schema_metadata(table.schema.metadata)


def metadata(table: pa.Table) -> pa.Table:
    said = json.loads(table.schema.metadata[META])
    return table.replace_schema_metadata({META: json.dumps({**said, "summary": {"p": 0.001}})})


CHANGES = {
    "a value": value,
    "names of two columns": names,
    "rows in another order": lambda table: table.take([1, 0, 2, 3, 4, 5, 6]),
    "a row less": lambda table: table.slice(0, 6),
    "a column less": lambda table: table.drop_columns(["y"]),
    "its metadata": metadata,
}
PROGRAMS = {"keeping all of the footer": kept, "keeping the metadata": lambda path, table: pq.write_table(table, path)}


@pytest.mark.parametrize("groups", GROUPS)
def test_what_was_written_is_read(tmp_path, groups):
    path = tmp_path / "a.parquet"
    write_table(path, Table(COLUMNS, {"stage": "decode"}), GROUPS[groups])
    assert (read_table(path)["x"] == COLUMNS["x"]).all()
    assert read_meta(path).body == seal.digests(path)[1]
    first = path.read_bytes()
    write_table(path, Table(COLUMNS, read_meta(path)), GROUPS[groups])
    assert path.read_bytes() == first


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_another_program_is_refused(path, change, program):
    PROGRAMS[program](path, CHANGES[change](pq.read_table(path)))
    with pytest.raises(UserError) as told:
        read_table(path, ["x"])
    assert str(told.value) == (
        f"{path}: expected a whole file, found a damaged one (its content is not what was written: something else "
        "changed it since). Remove it and run snakemake again: it is remade."
    )
    assert footer(path)["stage"] == "decode"  # for `explain`: what was changed still says where it was from


def test_a_flipped_bit_in_a_column_that_is_not_read_is_refused(path):
    content = bytearray(path.read_bytes())
    content[seal.before_footer(path) - 1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="not what was written"):
        read_table(path, ["x"])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\xff\xff\xff\xffPAR1", b"no parquet at all"])
def test_a_file_that_is_no_table_has_no_columns(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert seal.digests(path)[1] == ""


def test_what_another_version_did_not_write_is_told(tmp_path):
    """A column, or a name in the metadata, that a whole file of ours lacks."""
    path = tmp_path / "history.parquet"
    write_table(path, Table({"x": np.arange(3)}, {"stage": "fit"}))
    table = read_table(path, ["x", "bits"])
    for lacking in (lambda: table["bits"], lambda: table.where(table["x"] > 0)["bits"], lambda: table.meta["without"]):
        with pytest.raises(
            UserError, match=r"history\.parquet: expected .*another version of cebra_pipe made it\. Rem"
        ):
            lacking()
    with pytest.raises(KeyError):  # no file's fault
        Table({"x": np.arange(3)})["bits"]


def test_a_table_of_another_layout_is_told(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(path, Table({"x": np.arange(3)}, {"stage": "fit", "version": 1}))
    with pytest.raises(
        UserError, match=r"found layout version 1, of another version of cebra_pipe\. Remove it and run"
    ):
        read_table(path)

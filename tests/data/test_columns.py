"""Columns go to Arrow and back as pyarrow itself would bring them, and no job imports pandas for it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cebra_pipe.data import seal
from cebra_pipe.data.columns import to_arrow, to_numpy, with_missing
from cebra_pipe.data.table import Table, read_table, replacing, write_table

RNG = np.random.default_rng(4)
NUMBERS = {
    **{
        name: (RNG.random(11) * 100).astype(name)
        for name in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")
    },
    "missing": np.array([1.0, np.nan, np.inf]),
    "truth": RNG.random(19) > 0.5,
    "every second": np.arange(20)[::2],
    "none": np.zeros(0, np.float32),
    "no truth": np.zeros(0, bool),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    values, made = NUMBERS[name], to_arrow(NUMBERS[name])
    made.validate(full=True)
    assert made.equals(pa.array(values)) or name == "missing"
    for column in (pa.chunked_array([made]), pa.chunked_array([made[:3], made[3:4], made[4:]])):
        back = to_numpy(column)
        assert back.dtype == values.dtype
        np.testing.assert_array_equal(back, values)
        back[:1] = 0  # memory of its own


@pytest.mark.parametrize("words", [["train", "größe", "train", ""], [], ["x" * 1000]])
def test_text(words):
    made = to_arrow(np.array(words, dtype=object))
    made.validate(full=True)
    assert made.equals(pa.array(words, pa.string()).dictionary_encode())
    assert to_numpy(pa.chunked_array([made])).tolist() == words
    assert to_numpy(pa.chunked_array([made[:1], made[1:]])).tolist() == words
    other = pa.array(["another", None]).dictionary_encode()  # codes of its own, and one missing
    assert to_numpy(pa.chunked_array([made[1:], other])).tolist() == [*words[1:], "another", None]
    assert to_arrow(np.array(words, dtype=str)).equals(made)


@pytest.mark.parametrize("lists", [[[1.0, 2.0], [], [3.0]], [[]], []])
def test_lists(lists):
    made = to_arrow([np.array(values) for values in lists])
    made.validate(full=True)
    assert made.equals(pa.array(lists, pa.list_(pa.float64())))
    assert [values.tolist() for values in to_numpy(pa.chunked_array([made]))] == lists


def test_missing_numbers():
    made = pa.chunked_array([[1, None, 3], [None], [5], []], pa.int64())
    for column in (made, made[1:], made[2:4], made[4:]):
        np.testing.assert_array_equal(with_missing(column), np.array(column.to_pylist(), np.float64))


def test_columns_whose_names_begin_alike(tmp_path):
    """A dot in a name is no path into a nested column."""
    columns = {"label.x": np.arange(3), "label.x.y": np.arange(3) + 10, "label": np.arange(3) + 20}
    write_table(tmp_path / "a.parquet", Table(columns))
    for name, values in columns.items():
        read = read_table(tmp_path / "a.parquet", [name])
        assert list(read.columns) == [name]
        np.testing.assert_array_equal(read[name], values)
    assert list(read_table(tmp_path / "a.parquet", ["label", "label.x"]).columns) == ["label", "label.x"]


def test_the_file_is_the_one_that_pyarrow_makes(tmp_path):
    """But for the seal, which is a key of the footer."""
    table = Table({name: np.resize(v, 11) for name, v in NUMBERS.items() if len(v)}, {"stage": "split"})
    ours, theirs = tmp_path / "a.parquet", tmp_path / "b.parquet"
    write_table(ours, table)
    plain = pa.table({name: pa.array(v) for name, v in table.columns.items()})
    plain = plain.replace_schema_metadata(pq.read_schema(ours).metadata)
    with pq.ParquetWriter(theirs, plain.schema, compression="zstd") as writer:
        writer.write_table(plain, row_group_size=11)
        writer.add_key_value_metadata({seal.KEY: pq.read_metadata(ours).metadata[seal.KEY]})
    assert ours.read_bytes() == theirs.read_bytes()


def test_pandas_is_not_imported(tmp_path):
    code = f"""
import sys
import numpy as np
from cebra_pipe.data.table import Table, read_table, write_table
columns = {{"x": np.arange(3.0), "b": np.ones(3, bool), "t": np.array(["a", "b", "a"], object), "l": [np.ones(2)] * 3}}
write_table({str(tmp_path / "a.parquet")!r}, Table(columns))
read_table({str(tmp_path / "a.parquet")!r})
print("pandas" in sys.modules)
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "False"


def test_tables_of_numbers_are_read_without_pandas(tmp_path):
    (tmp_path / "a.csv").write_text("x,n,b\n1.5,1,true\n,2,false\n")
    pq.write_table(pa.table({"x": pa.array([1.5, None]), "n": pa.array([1, None])}), tmp_path / "a.parquet")
    code = f"""
import sys
from cebra_pipe.data.load import load_data
folder = {str(tmp_path)!r}
print(load_data(folder + "/a.csv").tolist(), load_data(folder + "/a.parquet").tolist(), "pandas" in sys.modules)
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[[1.5, 1.0, 1.0], [nan, 2.0, 0.0]] [[1.5, 1.0], [nan, nan]] False"


def test_two_writers_of_one_file(tmp_path):
    """Jobs on two nodes may have one process number: each writes its own file, and what ends last stays."""
    path = tmp_path / "a.parquet"
    with replacing(path) as first:
        first.write_text("first")
        with replacing(path) as second:
            second.write_text("second")
            left = sorted(tmp_path.glob(f".{path.name}.*.tmp"))  # the names that are looked for after a kill
            assert left == sorted({first, second})
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]

"""Ranges among the columns that a config names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cebra_pipe.data.shelf import Shelf
from cebra_pipe.data.sources import Wanted
from cebra_pipe.data.spans import collapsed, ends_alone, expanded
from cebra_pipe.errors import MissingEntry, UserError, did_you_mean
from cebra_pipe.pipeline.config.source import Source

NAMES = ("x", "n0", "n1", "n2", "a..b", "7", "left:x", "tetrode-3", "cell1-2")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["n0..n2"], ["n0", "n1", "n2"]),
        (["n1 .. n1", "x"], ["n1", "x"]),
        (["0..1", 3], ["x", "n0", 3]),
        (["a..b"], ["a..b"]),  # a name of its own
        (["left:x"], ["left:x"]),
        (["tetrode-3", "cell1-2"], ["tetrode-3", "cell1-2"]),
        (["n2..7"], ["n2", "a..b", "7"]),  # 7 is a name before it is a number
    ],
)
def test_a_range_is_all_columns_from_its_first_to_its_last(wanted, found):
    assert expanded(wanted, NAMES, len(NAMES), "file") == found


def test_columns_without_names_of_their_own_are_numbers():
    assert expanded(["0..2", 5], (), 9, "file") == [0, 1, 2, 5]
    assert expanded(["0..2"], ("n", "n", "m"), 3, "file") == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "names", "match"),
    [
        ("n0..n9", NAMES, "found 'n9'. Known: x, n0, n1"),
        ("0..9", (), "Columns count from 0 to 5"),
        ("n2..n0", NAMES, "the other way round: n0..n2"),
        ("..n2", NAMES, "found ''"),
        ("n0:n2", NAMES, "found 'n0:n2'. Write a range as first..last, both ends included"),
        ("0:6", (), "found '0:6'. Write a range as first..last"),
        ("0:12", (), "found '0:12'. Write a range as first..last, both ends included. Columns count from 0 to 5"),
        ("n0:n3", (), "found 'n0:n3'. Write a range as first..last"),
        ("0-5", (), "found '0-5'. Write a range as first..last"),
        ("n0-n2", NAMES, "found 'n0-n2'. Write a range as first..last"),
        ("n0-2", NAMES, "found 'n0-2'. Write a range as first..last"),
        ("left:y", NAMES, "both ends included. Did you mean 'left:x'?"),
    ],
)
def test_an_end_that_is_no_column_is_told(text, names, match):
    with pytest.raises(MissingEntry) as caught:
        expanded([text], names, 6, "rat.csv")
    assert match in str(caught.value)
    assert str(caught.value).startswith("rat.csv: ")


@pytest.mark.parametrize("transpose", [False, True])
def test_a_config_reads_a_range(transpose, tmp_path):
    values = np.arange(24.0).reshape(4, 6)
    np.save(tmp_path / "a.npy", values.T if transpose else values)
    source = Source(columns=["1..4", 0], transpose=transpose)
    read = Shelf(tmp_path).read(Wanted(source, "a.npy"))
    np.testing.assert_array_equal(read.values, values[:, [1, 2, 3, 4, 0]])


def test_a_range_of_names_gives_the_neurons_their_names(tmp_path):
    pd.DataFrame(np.arange(12).reshape(3, 4), columns=["t", "n0", "n1", "n2"]).to_csv(tmp_path / "a.csv", index=False)
    read = Shelf(tmp_path).read(Wanted(Source(columns=["n0..n2"]), "a.csv"))
    assert read.columns == ("n0", "n1", "n2")
    np.testing.assert_array_equal(read.values[0], [1, 2, 3])


TWICE = {
    "ranges that overlap": (["n0..n2", "n1..n4"], "found n1, n2 in 'n0..n2' and 'n1..n4'"),
    "a name twice": (["n1", "n1"], "found n1 in 'n1' and 'n1'"),
    "a name and its number": (["n1", "n3", 1], "found n1 in 'n1' and 1"),
    "counted from the end": (["n4", -1], "found n4 in 'n4' and -1"),
}


@pytest.mark.parametrize("case", TWICE)
def test_a_column_that_comes_twice_is_refused(case, tmp_path):
    columns, match = TWICE[case]
    pd.DataFrame(np.ones((3, 5)), columns=[f"n{i}" for i in range(5)]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(UserError) as caught:
        Shelf(tmp_path).read(Wanted(Source(columns=columns), "a.csv"))
    assert f"a.csv: expected each column once, {match}. Name it in one of them." in str(caught.value)


@pytest.mark.parametrize("transpose", [False, True])
def test_a_column_by_number_that_comes_twice_is_refused(transpose, tmp_path):
    np.save(tmp_path / "a.npy", np.ones((6, 6)))
    with pytest.raises(UserError, match=r"found 2\.\.4 in '1\.\.4' and '2\.\.5'"):
        Shelf(tmp_path).read(Wanted(Source(columns=["1..4", "2..5"], transpose=transpose), "a.npy"))


def test_columns_in_a_row_are_told_as_a_range():
    names = [f"n{i}" for i in range(9)]
    assert list(collapsed([0, 1, 2, 4, 5, 7], names)) == ["n0..n2", "n4", "n5", "n7"]
    assert list(collapsed([], names)) == []


@pytest.mark.parametrize(
    ("wanted", "ends"),
    [
        ([0, 19], (0, 19)),
        (["n0", "n99"], ("n0", "n99")),
        ([0, 1], None),
        ([19, 0], None),
        ([0, 1, 19], None),
        (["n0..n99", "x1"], None),
        (["left", "right"], None),
        (["a0", "b9"], None),
        (None, None),
    ],
)
def test_two_columns_that_may_be_meant_as_the_ends_of_a_range(wanted, ends):
    assert ends_alone(wanted) == ends


def test_a_long_list_of_names_says_how_many_there_are():
    assert did_you_mean("m3", [f"n{i}" for i in range(480)]).endswith("n19, … 480 in all.")
    assert did_you_mean("m3", ["n1", "n2"]).endswith("Known: n1, n2.")

"""Every mistake gets one message that names the file, what was expected, what was found, and what to do."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cebra_pipe.data.load import FORMATS, load_data, load_deeplabcut
from cebra_pipe.data.shelf import Shelf
from cebra_pipe.data.sources import Wanted, sources
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.recording import RecordingConfig
from cebra_pipe.pipeline.config.source import Source

from .conftest import LAPS, SPIKES, track, write_h5, write_npz


def message(function, *args, **kwargs) -> str:
    with pytest.raises(UserError) as caught:
        function(*args, **kwargs)
    (problem,) = caught.value.problems
    assert problem.expected
    assert problem.found
    return str(problem)


def test_missing_file_names_the_nearest_one(tmp_path):
    write_npz(tmp_path / "buddy.npz", spikes=SPIKES)
    assert "'buddy.npz'" in message(load_data, tmp_path / "budy.npz")
    assert "no folder" in message(load_data, tmp_path / "nowhere" / "a.npz")
    assert "a folder" in message(load_data, _folder(tmp_path / "x.npz"))


def _folder(path):
    path.mkdir()
    return path


def test_unknown_format_lists_those_known(tmp_path):
    (tmp_path / "a.nzp").write_text("x")
    told = message(load_data, tmp_path / "a.nzp")
    assert "'.npz'" in told
    assert all(suffix in told for suffix in FORMATS)


@pytest.mark.parametrize("suffix", FORMATS)
def test_empty_and_nonsense_files(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"")
    assert "empty" in message(load_data, path)
    path.write_bytes(b"no data at all\n\x00\xff\xfe" * 50)
    assert str(path) in message(load_data, path)


def test_missing_key_lists_keys_with_shapes_and_the_nearest(tmp_path):
    write_npz(tmp_path / "a.npz", spikes=SPIKES, lap=LAPS, note="x")
    told = message(load_data, tmp_path / "a.npz", "spiks")
    assert "a.npz, key 'spiks'" in told
    assert "spikes (8 × 3 float64)" in told
    assert "lap (8 int64)" in told
    assert "note (one value text)" in told
    assert "Did you mean 'spikes'?" in told


def test_key_for_a_file_of_one_array(tmp_path):
    np.save(tmp_path / "a.npy", SPIKES)
    assert "Leave the key out" in message(load_data, tmp_path / "a.npy", "spikes")


def test_key_that_is_a_column_of_a_table(tmp_path):
    (tmp_path / "a.csv").write_text("time,x\n1,2\n3,4\n")
    told = message(load_data, tmp_path / "a.csv", "x")
    assert "`column: x` in a config, columns=['x'] in Python" in told


def test_a_column_of_words_is_told_what_words_are_for(tmp_path):
    (tmp_path / "a.csv").write_text("x,side,typed\n1,left,3\n2,NaN,x\n3,right,5\n")
    pq.write_table(pa.table({"side": ["left", None, "right"]}), tmp_path / "a.parquet")
    np.savez(tmp_path / "a.npz", side=np.array(["left", "right"]))
    places = [({"columns": ["side"]}, "a.csv"), ({}, "a.parquet"), ({"key": "side"}, "a.npz")]
    for options, name in places:
        told = message(load_data, tmp_path / name, **options)
        assert "a label of `kind: discrete`" in told
        assert "names, codes = np.unique(words, return_inverse=True)" in told
    told = message(load_data, tmp_path / "a.csv", columns=["typed"])
    assert "found 'x' (line 3) in column 'typed'" in told  # one among numbers is no class
    assert "np.unique" not in told


def test_text_and_objects_are_no_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", names=np.array(["a", "b"]), objects=np.array([1, "a"], object))
    assert "text" in message(load_data, tmp_path / "a.npz", "names")
    assert "trust" in message(load_data, tmp_path / "a.npz", "objects")
    assert "names (2 text)" in message(load_data, tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (["y"], "Did you mean"),
        ([9], "from 0 to 1"),
        (["x", "lapp"], "'lap'"),
        ("x", "list of columns"),
        ([], "list of columns"),
    ],
)
def test_columns_that_are_not_there(columns, told, tmp_path):
    (tmp_path / "a.csv").write_text("x,lap\n1,2\n3,4\n")
    assert told in message(load_data, tmp_path / "a.csv", columns=columns) or "Known: x, lap" in message(
        load_data, tmp_path / "a.csv", columns=columns
    )


def test_columns_of_what_has_none(tmp_path):
    write_npz(tmp_path / "a.npz", spikes=SPIKES, lap=LAPS)
    assert "names no columns" in message(load_data, tmp_path / "a.npz", "spikes", ["x"])
    assert "2-D array" in message(load_data, tmp_path / "a.npz", "lap", [0])


def test_ambiguous_column(tmp_path):
    (tmp_path / "a.csv").write_text("x,x\n1,2\n3,4\n")
    assert "2 columns 'x'" in message(load_data, tmp_path / "a.csv", columns=["x"])
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv", columns=[1]), [[2], [4]])


def test_a_column_twice(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n")
    assert "each column once, found 'y' twice" in message(load_data, tmp_path / "a.csv", columns=["y", "x", "y"])
    assert "'y' twice" in message(load_data, tmp_path / "a.csv", columns=["y", 1])
    track(5).to_hdf(tmp_path / "a.h5", key="track")
    part = track(5).columns.get_level_values(1)[0]
    assert f"{part!r} twice" in message(load_deeplabcut, tmp_path / "a.h5", [part, part])


def test_text_in_a_table_names_row_and_column(tmp_path):
    (tmp_path / "a.csv").write_text("x,good\n1,2\nn.d.,3\n")
    assert "'n.d.' (line 3) in column 'x'" in message(load_data, tmp_path / "a.csv")
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv", columns=["good"]), [[2], [3]])


def test_ragged_table(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n3\n")
    assert "Expected 2 columns, got 1" in message(load_data, tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("suffix", "option"),
    [
        ("npy", {"header": True}),
        ("xlsx", {"separator": ";"}),
        ("csv", {"trust": True}),
        ("npz", {"minimum_likelihood": 0.5}),
    ],
)
def test_option_without_effect(suffix, option, tmp_path):
    (tmp_path / f"a.{suffix}").write_text("1,2\n")
    (name,) = option
    told = message(load_data, tmp_path / f"a.{suffix}", **option)
    assert "options that have an effect" in told
    assert name in told


def test_missing_package_says_what_to_install(tmp_path, monkeypatch):
    write_h5(tmp_path / "a.h5", spikes=SPIKES)
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert "cebra_pipe[formats]" in message(load_data, tmp_path / "a.h5")


def test_tracks_that_cannot_be_read(tmp_path):
    frame = track(5)
    frame.to_hdf(tmp_path / "a.h5", key="track")
    assert "'hand'" in message(load_deeplabcut, tmp_path / "a.h5", ["hnd"])
    assert "list of columns" in message(load_deeplabcut, tmp_path / "a.h5", "hand")
    assert "'.csv'" in message(load_deeplabcut, tmp_path / "a.csv")
    write_h5(tmp_path / "b.h5", spikes=SPIKES)
    assert "spikes (8 × 3" in message(load_deeplabcut, tmp_path / "b.h5")
    assert "Leave `minimum_likelihood` out" in message(load_data, tmp_path / "b.h5", minimum_likelihood=0.5)


def test_several_animals_are_refused(tmp_path):
    import pandas as pd

    frame = track(5)
    frame.columns = pd.MultiIndex.from_tuples([(s, "rat1", p, c) for s, p, c in frame.columns])
    frame.to_hdf(tmp_path / "a.h5", key="track")
    assert "several animals" in message(load_deeplabcut, tmp_path / "a.h5")


def test_body_part_without_a_good_frame(tmp_path):
    track(4, bad=[(i, "hand") for i in range(4)]).to_hdf(tmp_path / "a.h5", key="track")
    assert "'hand' has likelihood 0.6" in message(load_deeplabcut, tmp_path / "a.h5")
    assert load_deeplabcut(tmp_path / "a.h5", ["tongue"]).shape == (4, 2)


def test_a_path_where_a_key_belongs(tmp_path):
    np.save(tmp_path / "a.npy", SPIKES)
    write_npz(tmp_path / "a.npz", spikes=SPIKES)
    for file in ("a.npy", "a.npz"):
        item = Wanted(Source(key="rat.npz"), file)
        assert "A path is no key: write {file: rat.npz}." in message(Shelf(tmp_path).read, item)
    config = RecordingConfig(neural="data/rat.npz", rate=40)
    told = message(sources, config, "recordings.rat")
    assert "recordings.rat.neural" in told
    assert "Give {file: data/rat.npz}." in told

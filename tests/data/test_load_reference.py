"""load_data and load_deeplabcut beside the reference: the same values where it is right, and where it is wrong."""

from __future__ import annotations

import pickle
import sys
import warnings

import numpy as np
import pytest
import torch

from cebra_pipe import load_data, load_deeplabcut
from cebra_pipe.errors import UserError

from .conftest import CONTAINERS, LAPS, SINGLES, SPIKES, track, write_h5, write_mat73
from .test_load_documented import FRAME, HALVES, write_frames
from .test_unpickle import plant_frame


@pytest.fixture
def theirs(reference):
    def load(*args, function="load_data", **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(getattr(reference, function)(*args, **kwargs))

    return load


def assert_same(ours, theirs):
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("suffix", ["npz", "h5", "hdf", "hdf5", "h", "mat", "pt", "pth", "jl", "pkl", "xlsx", "xls"])
def test_containers_as_the_reference(suffix, theirs, tmp_path):
    path = tmp_path / f"a.{suffix}"
    CONTAINERS[suffix](path, laps=LAPS + 0.25, spikes=HALVES)
    for asked in ({}, {"key": "spikes"}, {"key": "laps"}):
        assert_same(load_data(path, **asked), theirs(path, **asked))


@pytest.mark.parametrize("suffix", [s for s in SINGLES if s != "parquet"])
def test_single_arrays_as_the_reference(suffix, theirs, tmp_path):
    SINGLES[suffix](tmp_path / f"a.{suffix}", HALVES)
    assert_same(load_data(tmp_path / f"a.{suffix}"), theirs(tmp_path / f"a.{suffix}"))


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "xls"])
def test_whole_numbers_of_tables_as_the_reference(suffix, theirs, tmp_path):
    path = tmp_path / f"a.{suffix}"
    SINGLES["csv"](path, SPIKES) if suffix == "csv" else CONTAINERS[suffix](path, one=SPIKES)
    assert load_data(path).dtype == np.int64
    assert_same(load_data(path), theirs(path))


def test_pickled_p_as_the_reference(theirs, tmp_path):
    (tmp_path / "a.p").write_bytes(pickle.dumps({"name": "rat", "spikes": HALVES, "laps": LAPS}))
    for asked in ({}, {"key": "laps"}):
        assert_same(load_data(tmp_path / "a.p", **asked), theirs(tmp_path / "a.p", **asked))


@pytest.mark.parametrize("how", ["fixed", "table"])
@pytest.mark.parametrize("columns", [None, ["a"], ["lap"], ["b", "a"], ["lap", "a"]])
def test_frames_as_the_reference(how, columns, theirs, tmp_path):
    FRAME.to_hdf(tmp_path / "a.h5", key="frame", format=how)
    for asked in ({}, {"key": "frame"}):
        assert_same(
            load_data(tmp_path / "a.h5", columns=columns, **asked), theirs(tmp_path / "a.h5", columns=columns, **asked)
        )


def test_a_key_per_frame_as_the_reference(theirs, tmp_path):
    write_frames(tmp_path / "a.h5", f=FRAME, g=FRAME[["a"]])
    assert_same(load_data(tmp_path / "a.h5", "g"), theirs(tmp_path / "a.h5", key="g"))


@pytest.mark.parametrize("keypoints", [None, ["hand", "tongue"], ["tongue", "hand"], ["tongue"]])
def test_tracks_as_the_reference(keypoints, theirs, tmp_path):
    track(30).to_hdf(tmp_path / "a.h5", key="df_with_missing")
    expected = theirs(tmp_path / "a.h5", keypoints=keypoints, function="load_deeplabcut")
    assert_same(load_deeplabcut(tmp_path / "a.h5", keypoints), expected)
    assert_same(load_data(tmp_path / "a.h5", columns=keypoints), expected)


def test_single_bad_frames_as_the_reference(theirs, tmp_path):
    """It is right where both of two body parts are bad, the frames beside are good, and none is the first or last."""
    bad = [(frame, part) for frame in (4, 9, 12) for part in ("hand", "tongue")]
    track(30, bad=bad).to_hdf(tmp_path / "a.h5", key="df_with_missing")
    expected = theirs(tmp_path / "a.h5", function="load_deeplabcut")
    np.testing.assert_allclose(load_deeplabcut(tmp_path / "a.h5"), expected, rtol=1e-12)


# Where the reference is wrong (docs/differences.md): its answer, and ours.


def outcome(load, *args, **kwargs):
    """What `load` gives, or the type of what it raises."""
    try:
        return load(*args, **kwargs)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("how", ["fixed", "table"])
def test_frames_need_no_pytables(how, theirs, tmp_path, monkeypatch):
    FRAME.to_hdf(tmp_path / "a.h5", key="frame", format=how)
    expected = theirs(tmp_path / "a.h5")
    monkeypatch.setitem(sys.modules, "tables", None)  # importing it is an error from here on
    assert outcome(theirs, tmp_path / "a.h5") is ImportError
    assert_same(load_data(tmp_path / "a.h5"), expected)


def test_frames_are_not_unpickled(theirs, bomb, tmp_path):
    plant_frame(tmp_path / "a.h5", bomb)
    with pytest.raises(UserError, match=r"a\.h5"):
        load_data(tmp_path / "a.h5")
    assert not bomb.path.exists()
    outcome(theirs, tmp_path / "a.h5")
    assert bomb.path.exists()


def test_csv_header_is_no_data(theirs, tmp_path):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    assert theirs(tmp_path / "a.csv").shape == (len(FRAME) + 1, 3)
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv"), FRAME)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_csv_of_other_separators(separator, theirs, tmp_path):
    FRAME.to_csv(tmp_path / "a.csv", index=False, header=False, sep=separator)
    assert theirs(tmp_path / "a.csv").shape == (len(FRAME), 1)
    np.testing.assert_array_equal(load_data(tmp_path / "a.csv"), FRAME)


def test_excel_header_is_no_data(theirs, tmp_path):
    FRAME.to_excel(tmp_path / "a.xlsx", index=False)
    assert theirs(tmp_path / "a.xlsx").shape == (len(FRAME) + 1, 3)
    np.testing.assert_array_equal(load_data(tmp_path / "a.xlsx"), FRAME)


def test_matlab_73_unsigned_hdf5_and_torch_p_are_read(theirs, tmp_path):
    write_mat73(tmp_path / "a.mat", x=SPIKES)
    write_h5(tmp_path / "a.h5", x=SPIKES.astype(np.uint8))
    torch.save(torch.from_numpy(SPIKES), tmp_path / "a.p")
    for name in ("a.mat", "a.h5", "a.p"):
        assert isinstance(outcome(theirs, tmp_path / name), type)
        np.testing.assert_array_equal(load_data(tmp_path / name), SPIKES)


def test_a_key_or_columns_without_effect(theirs, tmp_path):
    np.save(tmp_path / "a.npy", SPIKES)
    np.testing.assert_array_equal(theirs(tmp_path / "a.npy", key="x", columns=[0]), SPIKES)
    assert issubclass(outcome(load_data, tmp_path / "a.npy", key="x"), AttributeError)
    np.testing.assert_array_equal(load_data(tmp_path / "a.npy", columns=[0]), SPIKES[:, [0]])


TRACK_MISTAKES = {  # bad (frame, part), keypoints
    "a run of bad frames": ([(f, p) for f in (4, 5, 6) for p in ("hand", "tongue")], None),
    "the first frame": ([(0, "hand"), (0, "tongue")], None),
    "the last frame": ([(19, "hand"), (19, "tongue")], None),
    "a bad part beside a good one": ([(4, "tongue")], None),
    "a single part": ([(4, "hand")], ["hand"]),
}


@pytest.mark.parametrize("name", TRACK_MISTAKES)
def test_tracks_that_the_reference_gets_wrong(name, theirs, tmp_path):
    bad, keypoints = TRACK_MISTAKES[name]
    true = track(20).drop(columns="likelihood", level="coords")["net"][keypoints or ["hand", "tongue"]].to_numpy()
    track(20, bad=bad).to_hdf(tmp_path / "a.h5", key="track")
    found = load_deeplabcut(tmp_path / "a.h5", keypoints)
    moved = {frame for frame, _ in bad}
    stayed = [i for i in range(20) if i not in moved]
    np.testing.assert_array_equal(found[stayed], true[stayed])
    assert np.abs(found - true).max() < 10
    others = outcome(theirs, tmp_path / "a.h5", keypoints=keypoints, function="load_deeplabcut")
    assert isinstance(others, type) or others.shape != found.shape or not np.allclose(others, found)


def test_a_track_asked_for_by_key_is_one(theirs, tmp_path):
    track(20).to_hdf(tmp_path / "a.h5", key="df")
    assert theirs(tmp_path / "a.h5", key="df").shape == (20, 6)
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", key="df"), load_deeplabcut(tmp_path / "a.h5"))

"""load_data and load_deeplabcut as documented: errors that a user's `except` relies on, and the reference's values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from cebra_pipe import load_data, load_deeplabcut
from cebra_pipe.data.load import FORMATS
from cebra_pipe.errors import UserError

from .conftest import CONTAINERS, LAPS, SPIKES, track, write_h5

HALVES = SPIKES + 0.5  # no whole numbers: the reference reads a sheet of them as integers


def write_frames(path, **frames):
    for name, frame in frames.items():
        frame.to_hdf(path, key=name)


def with_levels(*levels):
    """A track whose columns have other levels than scorer, body part, coordinate."""
    frame = track(5)
    frame.columns = pd.MultiIndex.from_tuples([tuple(levels[:-2]) + (part, c) for _, part, c in frame.columns])
    return frame


FRAME = pd.DataFrame({"a": HALVES[:, 0], "b": HALVES[:, 1], "lap": LAPS})
NOT_NUMBERS = {"names": np.array(["x", "y"])}

MISTAKES = {  # what is written, what is asked for, the error
    "no file": ("npz", None, {}, FileNotFoundError),
    "bad key of npz": ("npz", {"x": SPIKES}, {"key": "y"}, AttributeError),
    "text in npz": ("npz", {"x": SPIKES, **NOT_NUMBERS}, {"key": "names"}, AttributeError),
    "nothing but text": ("npz", NOT_NUMBERS, {}, AttributeError),
    "bad key of h5": ("h5", {"x": SPIKES}, {"key": "y"}, AttributeError),
    "bad key of pt": ("pt", {"x": SPIKES}, {"key": "y"}, AttributeError),
    "bad key of jl": ("jl", {"x": SPIKES}, {"key": "y"}, AttributeError),
    "bad key of pkl": ("pkl", {"x": SPIKES}, {"key": "y"}, AttributeError),
    "bad key of mat": ("mat", {"x": SPIKES}, {"key": "y"}, AttributeError),
    "text in mat": ("mat", {"x": SPIKES, "note": "text"}, {"key": "note"}, AttributeError),
    "unknown sheet": ("xlsx", {"one": SPIKES}, {"key": "two"}, AttributeError),
    "unknown sheet of xls": ("xls", {"one": SPIKES}, {"key": "two"}, AttributeError),
    "empty sheet": ("xlsx", {"one": np.zeros((0, 0))}, {}, AttributeError),
    "no array in a pickle": ("pkl", {"note": "text"}, {}, AttributeError),
    "several frames": ("frames", {"f": FRAME, "g": FRAME}, {}, AttributeError),
    "unknown column": ("frames", {"f": FRAME}, {"columns": ["c"]}, AttributeError),
    "columns as text": ("frames", {"f": FRAME}, {"columns": "a"}, AttributeError),
    "several animals": ("frames", {"f": with_levels("net", "rat", "", "")}, {}, NotImplementedError),
}


def write(tmp_path, kind, content):
    path = tmp_path / f"a.{ {'frames': 'h5'}.get(kind, kind) }"
    if content is not None:
        (write_frames if kind == "frames" else CONTAINERS[kind])(path, **content)
    return path


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_the_documented_errors(name, tmp_path):
    kind, content, asked, error = MISTAKES[name]
    with pytest.raises(UserError, match=r"a\.") as caught:
        load_data(write(tmp_path, kind, content), **asked)
    assert isinstance(caught.value, error)


@pytest.mark.parametrize("suffix", FORMATS)
def test_missing_file_of_any_format(suffix, tmp_path):
    with pytest.raises(FileNotFoundError):
        load_data(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("name", ["a.xyz", "a", "folder.npz"])
def test_no_file_of_a_known_format(name, tmp_path):
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "a.xyz").write_text("x")
    with pytest.raises(OSError):
        load_data(tmp_path / name)


def test_empty_file(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(AttributeError, match="empty"):
        load_data(tmp_path / "a.csv")


def test_objects_in_a_pickle(tmp_path):
    FRAME.to_pickle(tmp_path / "a.pkl")
    with pytest.raises(NotImplementedError, match="trust"):
        load_data(tmp_path / "a.pkl")


def test_model_in_a_torch_file(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "a.pt")
    with pytest.raises(AttributeError, match="trust"):
        load_data(tmp_path / "a.pt")


TRACKS = {
    "no list": (track(5), "hand", ValueError),
    "unknown part": (track(5), ["foot"], AttributeError),
    "several animals": (with_levels("net", "rat", "", ""), None, NotImplementedError),
    "two levels": (with_levels("", ""), None, ValueError),
    "one level": (FRAME, None, ValueError),
}


@pytest.mark.parametrize("name", TRACKS)
def test_mistakes_with_tracks(name, tmp_path):
    frame, keypoints, error = TRACKS[name]
    frame.to_hdf(tmp_path / "a.h5", key="track")
    with pytest.raises(UserError) as caught:
        load_deeplabcut(tmp_path / "a.h5", keypoints)
    assert isinstance(caught.value, error)
    assert "a.h5" in str(caught.value)


def test_missing_track(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_deeplabcut(tmp_path / "a.h5")


def test_one_frame_needs_no_key_and_arrays_are_read_in_order(tmp_path):
    write_frames(tmp_path / "a.h5", frame=FRAME)
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5"), FRAME)
    write_h5(tmp_path / "b.h5", x=SPIKES, y=LAPS)
    np.testing.assert_array_equal(load_data(tmp_path / "b.h5"), SPIKES)


def test_the_example_of_the_usage_guide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    neural, continuous, discrete = rng.normal(size=(100, 3)), rng.normal(size=(100, 3)), rng.integers(0, 10, 100)
    np.savez("neural_data", neural=neural, new_neural=rng.normal(size=(100, 4)))
    names = ["continuous1", "continuous2", "continuous3"]
    frame = pd.DataFrame(continuous, columns=names)
    frame["discrete"] = discrete
    frame.to_hdf("auxiliary_behavior_data.h5", key="auxiliary_variables")
    np.testing.assert_array_equal(load_data(file="neural_data.npz", key="neural"), neural)
    labels = {"file": "auxiliary_behavior_data.h5", "key": "auxiliary_variables"}
    np.testing.assert_array_equal(load_data(**labels, columns=names), continuous)
    found = load_data(**labels, columns=["discrete"]).flatten()
    assert found.dtype.kind == "i"
    np.testing.assert_array_equal(found, discrete)


def test_columns_that_are_numbers_are_asked_for_by_name(tmp_path):
    pd.DataFrame(SPIKES, columns=[2, 0, 7]).to_hdf(tmp_path / "a.h5", key="frame")
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", columns=[0, 7]), SPIKES[:, [1, 2]])
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", columns=[-1]), SPIKES[:, [2]])


@pytest.mark.parametrize("suffix", ["pt", "p"])
def test_torch_files_from_before_they_were_archives(suffix, tmp_path):
    values = {"spikes": torch.from_numpy(SPIKES), "laps": torch.from_numpy(LAPS)}
    torch.save(values, tmp_path / f"a.{suffix}", _use_new_zipfile_serialization=False)
    np.testing.assert_array_equal(load_data(tmp_path / f"a.{suffix}", "laps"), LAPS)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i2", "f4"])
def test_hdf5_of_any_number(dtype, tmp_path):
    write_h5(tmp_path / "a.h5", x=SPIKES.astype(dtype))
    found = load_data(tmp_path / "a.h5", "x")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, SPIKES)


def test_the_page_lists_every_format(pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "files.md").read_text()
    assert not [suffix for suffix in FORMATS if f"`{suffix}`" not in page]

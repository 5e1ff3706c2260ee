"""Data frames in HDF5 agree with what pandas reads; DeepLabCut's tracks agree with a plain loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cebra_pipe.data.load import load_data, load_deeplabcut, open_file

from .conftest import LAPS, SPIKES, track, write_h5

FRAME = pd.DataFrame(
    {
        "x": SPIKES[:, 0],
        "lap": LAPS,
        "y": SPIKES[:, 1],
        "small": LAPS.astype(np.uint8),
        "good": LAPS > 1,
        "name": list("abcdefgh"),
    }
)
NUMBERS = ["y", "lap", "small", "good", "x"]
STORED = [{}, {"format": "table"}, {"format": "table", "data_columns": ["y", "good"]}]


@pytest.mark.parametrize("how", STORED)
def test_frame_column_by_column(how, tmp_path):
    FRAME.to_hdf(tmp_path / "a.h5", key="session/frame", **how)
    assert open_file(tmp_path / "a.h5").entries["session/frame"].columns == tuple(FRAME.columns)
    for name in NUMBERS:
        np.testing.assert_array_equal(load_data(tmp_path / "a.h5", columns=[name])[:, 0], FRAME[name])
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", columns=NUMBERS), FRAME[NUMBERS].to_numpy(float))
    assert load_data(tmp_path / "a.h5", columns=["lap"]).dtype == np.int64


@pytest.mark.parametrize("how", STORED[:2])
def test_columns_that_are_numbers_and_rows_of_several_levels(how, tmp_path):
    frame = pd.DataFrame(SPIKES)
    frame.to_hdf(tmp_path / "a.h5", key="numbered", **how)
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", "numbered"), SPIKES)
    levels = FRAME[["x", "lap"]].set_index(pd.MultiIndex.from_arrays([list("aabbccdd"), LAPS], names=["day", None]))
    levels.to_hdf(tmp_path / "a.h5", key="levels", **how)
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", "levels"), FRAME[["x", "lap"]])


@pytest.mark.parametrize("how", STORED[:2])
def test_series(how, tmp_path):
    FRAME["y"].to_hdf(tmp_path / "a.h5", key="y", **how)
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", "y")[:, 0], FRAME["y"])


def test_frame_beside_arrays(tmp_path):
    write_h5(tmp_path / "a.h5", array=SPIKES)
    FRAME[["x"]].to_hdf(tmp_path / "a.h5", key="frame", mode="a")
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", "array"), SPIKES)
    np.testing.assert_array_equal(load_data(tmp_path / "a.h5", "frame"), FRAME[["x"]])


def loop(frame: pd.DataFrame, parts: list[str], limit: float) -> np.ndarray:
    """x and y of each part; a bad frame lies on the line between the nearest good ones before and after it."""
    found = np.zeros((len(frame), 2 * len(parts)))
    for p, part in enumerate(parts):
        values = frame["net"][part]
        good = [i for i in range(len(frame)) if values["likelihood"][i] >= limit]
        for c, coordinate in enumerate("xy"):
            for i in range(len(frame)):
                before = max((g for g in good if g <= i), default=good[0])
                after = min((g for g in good if g >= i), default=good[-1])
                share = (i - before) / (after - before) if after > before else 0.0
                share = min(max(share, 0.0), 1.0) if before <= i <= after else 0.0
                found[i, 2 * p + c] = (1 - share) * values[coordinate][before] + share * values[coordinate][after]
    return found


BAD = [(0, "hand"), (1, "hand"), (5, "hand"), (6, "hand"), (7, "hand"), (3, "tongue"), (19, "tongue"), (18, "tongue")]


@pytest.mark.parametrize("how", STORED[:2])
@pytest.mark.parametrize("parts", [["hand", "tongue"], ["tongue", "hand"], ["tongue"], ["hand"]])
def test_track_agrees_with_the_loop(how, parts, tmp_path):
    frame = track(20, bad=BAD)
    frame.to_hdf(tmp_path / "a.h5", key="df_with_missing", **how)
    expected = loop(frame, parts, 0.6)
    np.testing.assert_allclose(load_deeplabcut(tmp_path / "a.h5", parts), expected)
    np.testing.assert_allclose(load_data(tmp_path / "a.h5", columns=parts), expected)


def test_track_keeps_its_length_and_the_limit_counts(tmp_path):
    frame = track(20, bad=BAD)
    frame.to_hdf(tmp_path / "a.h5", key="track")
    assert load_deeplabcut(tmp_path / "a.h5").shape == (20, 4)
    assert np.abs(load_deeplabcut(tmp_path / "a.h5")).max() < 1e3
    raw = load_deeplabcut(tmp_path / "a.h5", pcutoff=0.0)
    np.testing.assert_array_equal(raw, frame.drop(columns="likelihood", level="coords"))
    np.testing.assert_array_equal(raw, load_data(tmp_path / "a.h5", minimum_likelihood=0.0))


def test_track_of_labelled_frames_has_no_likelihood(tmp_path):
    frame = track(6).drop(columns="likelihood", level="coords")
    frame.iloc[2, 0] = np.nan
    frame.index = pd.MultiIndex.from_product([["labeled-data"], ["video"], [f"img{i}.png" for i in range(6)]])
    frame.to_hdf(tmp_path / "a.h5", key="df_with_missing")
    found = load_deeplabcut(tmp_path / "a.h5", ["hand"])
    np.testing.assert_allclose(found[2], (found[1] + found[3]) / 2)
    np.testing.assert_array_equal(found[3:], frame["net"]["hand"].to_numpy()[3:])

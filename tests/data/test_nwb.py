"""NWB files: series in their unit and on their clock, units, tables; what is refused, and that pynwb reads the same."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

from cebra_pipe.data import measured
from cebra_pipe.data.assemble import assemble
from cebra_pipe.data.load import load_data, open_file
from cebra_pipe.data.units import Trains, select, unobserved
from cebra_pipe.data.units import line as units_line
from cebra_pipe.errors import MissingEntry, UnknownFormat, UserError
from cebra_pipe.pipeline.config.recording import RecordingConfig
from cebra_pipe.pipeline.jobs.given import Given
from cebra_pipe.pipeline.planning.specs import filled

from . import nwb_files as rat

POSITION = "processing/behavior/Position/SpatialSeries"
CALCIUM = "processing/ophys/DfOverF/RoiResponseSeries"
UNITS = {
    "file": "rat.nwb",
    "spikes": "units",
    "rate": 10,
    "labels": {"position": {"key": POSITION, "column": 0}},
    "largest_gap": 0.5,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("nwb")
    rat.write_nwb(made / "rat.nwb")
    return made


@pytest.fixture
def made(folder):
    """`made(config)` reads the recording."""
    return lambda **config: assemble(RecordingConfig.model_validate(UNITS | config), folder, "rat")


def message(function, *args, **kwargs) -> str:
    with pytest.raises(UserError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_contents_are_listed_by_path_with_shape_clock_and_unit(folder):
    listed = open_file(folder / "rat.nwb").listing()
    assert f"{POSITION} (401 × 2 float64, time stamps, meters)" in listed
    assert f"{CALCIUM} (160 × 3 float32, 8 Hz, n.a.)" in listed
    assert "units (4 × 3 table, spike times)" in listed
    assert "intervals/trials (3 × 4 table)" in listed


def test_conversion_and_offset_are_applied(folder):
    place = load_data(folder / "rat.nwb", POSITION)
    np.testing.assert_allclose(place[:, 0], rat.PLACE * 0.01, rtol=1e-12)
    np.testing.assert_array_equal(load_data(folder / "rat.nwb", "acquisition/speed"), np.arange(50.0) + 2)
    plain = load_data(folder / "rat.nwb", CALCIUM, columns=[2, 0])
    assert plain.dtype == np.float32
    np.testing.assert_array_equal(plain, rat.FLUORESCENCE[:, [2, 0]])


def test_a_wrong_key_is_told_with_the_nearest_and_a_missing_one_with_all(folder):
    told = message(load_data, folder / "rat.nwb", "processing/behavior/Position/SpatialSeris")
    assert f"Did you mean {POSITION!r}?" in told
    assert CALCIUM in message(load_data, folder / "rat.nwb")
    assert "Write all of it: intervals/trials." in message(load_data, folder / "rat.nwb", "trials")
    assert f"Write all of it: {POSITION}." in message(load_data, folder / "rat.nwb", "processing/behavior/Position")


def test_a_series_of_activity_brings_its_clock(made, folder):
    found = made(spikes=None, neural=CALCIUM, rate=None)
    np.testing.assert_allclose(found.time, rat.START + np.arange(160) / rat.FRAMES)
    assert found.rate == rat.FRAMES
    np.testing.assert_array_equal(found.neural, rat.FLUORESCENCE)
    np.testing.assert_allclose(
        found.labels["position"].values, np.interp(found.time, rat.STAMPS, rat.PLACE * 0.01), atol=1e-12
    )
    assert "found time stamps with a median step of 0.125 s" in message(made, spikes=None, neural=CALCIUM, rate=16)


def test_the_unit_is_that_of_the_file_unless_the_config_gives_one(made):
    assert made().labels["position"].unit == "m"
    other = made(labels={"position": {"key": POSITION, "column": 0, "unit": "cm"}})
    assert other.labels["position"].unit == "cm"
    assert "in cm by the config and in m by its file" in other.notes["doubts"]["position"]
    scaled = made(labels={"position": {"key": POSITION, "column": 0, "unit": "cm", "scale": 100}})
    assert not scaled.notes["doubts"]
    same = made(labels={"position": {"key": POSITION, "column": 0, "unit": "m"}})
    assert not same.notes["doubts"]


@pytest.mark.parametrize(
    ("unit", "sign"),
    [("meters", "m"), ("Centimetres", "cm"), ("meters/second", "m/s"), ("s", "s"), ("seconds", "s"), (" ms ", "ms")]
    + [("volts", "V"), ("a.u.", ""), ("arbitrary units", ""), ("", ""), ("unknown", ""), ("Celsius", "Celsius")],
)
def test_units_are_written_as_figures_write_them(unit, sign):
    assert measured.sign(unit) == sign


def test_units_are_binned_where_all_were_observed(made):
    found, trains = made(), rat.trains()
    assert found.neurons == ("unit3", "unit5", "unit8", "unit9")
    edges = rat.START + np.arange(201) / 10
    counts = np.stack([np.histogram(times, edges)[0] for times in trains], axis=1)
    middles = edges[:-1] + 0.05
    kept = (middles < 22) | (middles > 24)
    np.testing.assert_allclose(found.time, middles[kept])
    np.testing.assert_array_equal(found.neural, counts[kept])
    assert found.notes["dropped"] == {"outside obs_intervals": 20}
    assert found.epoch[-1] == 1
    assert found.notes["units"] == {"chosen": 4, "left_out": 0, "without_spikes": 1, "unobserved_bins": 20}
    assert units_line(found.notes["units"]) == "units: 4 of 4, 1 without spikes, 20 bins outside obs_intervals, dropped"


def test_units_are_chosen_by_their_columns(made):
    where = {"brain_area": "CA1", "quality": ["good", "mua"], "id": [3, 5]}
    found = made(spikes={"times": "units", "where": where})
    assert found.neurons == ("unit3", "unit5")
    np.testing.assert_array_equal(found.neural, made().neural[:, :2])
    assert found.notes["units"] == {"chosen": 2, "left_out": 2, "without_spikes": 0, "unobserved_bins": 20}
    config = RecordingConfig.model_validate(UNITS | {"spikes": {"times": "units", "where": where}})
    assert Given(filled(config)).spikes.where == where  # as the stage reads them


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"brainarea": "CA1"}, "a column of the table of units, found none. Did you mean 'brain_area'?"),
        ({"brain_area": "CA2"}, "values of some unit: 'CA1', 'CA3', found 'CA2'"),
        ({"brain_area": "CA3", "quality": "mua"}, "none of 4 that fits brain_area, quality together"),
    ],
)
def test_a_choice_that_no_unit_fits_is_told(made, where, told):
    assert told in message(made, spikes={"times": "units", "where": where})


def test_a_truth_value_is_no_number():
    trains, good = Trains(np.zeros(2), np.array([1, 2]), np.arange(2)), {"good": np.array([True, False])}
    assert select(trains, good, {"good": True}, "units").ids == [0]
    assert "values of some unit: False, True, found 1" in message(select, trains, good, {"good": 1}, "units")


def test_where_needs_a_table_of_units(made, folder):
    np.save(folder / "times.npy", rat.trains()[0])
    other = {"times": {"file": "times.npy"}, "where": {"brain_area": "CA1"}}
    assert "a table of units, as `where` chooses among them" in message(made, spikes=other)
    assert "`neurons` beside it" in message(made, spikes={"times": "units", "neurons": {"file": "times.npy"}})


def test_a_table_of_units_is_no_array(made):
    assert "Write `spikes: units` and `rate`" in message(made, spikes=None, neural="units")


def test_bins_are_those_inside_the_intervals_of_every_unit():
    times, ends = np.zeros(2), np.array([1, 2])
    observed = np.array([[0.0, 1.0], [1.0, 2.0], [1.5, 3.0]]), np.array([[0.5, 9.0]])
    trains = Trains(times, ends, np.arange(2), observed)
    missed = unobserved(trains, np.arange(-1, 4, 0.5) + 0.25, 2.0)
    np.testing.assert_array_equal(np.arange(-1, 4, 0.5)[~missed], [0.5, 1, 1.5, 2, 2.5])
    assert not unobserved(trains, np.array([1.25]), 1.0)[0]  # lies in two intervals that touch
    assert unobserved(Trains(times, ends, np.arange(2)), np.zeros(3), 1.0) is None


def test_pynwb_reads_the_same(folder):
    """By its own functions for data in their unit and for the spikes of a unit."""
    with rat.pynwb.NWBHDF5IO(str(folder / "rat.nwb"), "r") as io:
        file = io.read()
        place = file.processing["behavior"]["Position"]["SpatialSeries"]
        np.testing.assert_array_equal(load_data(folder / "rat.nwb", POSITION), place.get_data_in_units())
        spikes = [file.units.get_unit_spike_times(i) for i in range(4)]
        observed = [file.units.get_unit_obs_intervals(i) for i in range(4)]
    trains = open_file(folder / "rat.nwb").entries["units"].trains()
    for mine, theirs in zip(np.split(trains.times, trains.ends[:-1]), spikes, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(trains.observed, observed)


def test_time_stamps_that_another_series_has(made):
    found = made(labels={"speed": "processing/behavior/speed"})
    expected = np.interp(found.time, rat.STAMPS, np.abs(np.gradient(rat.PLACE / 100.0, rat.STAMPS)))
    np.testing.assert_allclose(found.labels["speed"].values, expected, atol=1e-12)


def test_a_link_inside_the_file_is_a_name_and_one_to_another_file_is_refused(tmp_path):
    import h5py

    path = rat.write_nwb(tmp_path / "linked.nwb")
    with h5py.File(path, "a") as file:
        file["acquisition/place"] = h5py.SoftLink("/processing/behavior/Position")
    np.testing.assert_allclose(load_data(path, "acquisition/place/SpatialSeries")[:, 0], rat.PLACE * 0.01)
    with h5py.File(path, "a") as file:
        file["acquisition/raw"] = h5py.ExternalLink("other.nwb", "/acquisition/raw")
    assert "'acquisition/raw', a link to 'other.nwb'" in message(load_data, path, POSITION)


def test_arrays_are_read_by_their_own_paths_too_and_not_listed(folder, tmp_path):
    np.testing.assert_array_equal(load_data(folder / "rat.nwb", f"{POSITION}/data")[:, 0], rat.PLACE)
    np.testing.assert_array_equal(load_data(folder / "rat.nwb", f"{POSITION}/timestamps"), rat.STAMPS)
    assert f"{POSITION}/data" not in open_file(folder / "rat.nwb").listing()


def test_the_lines_of_the_page_for_a_notebook(folder, pytestconfig):
    """Spikes of each bin as a loop counts them, and the position at its middle."""
    page = (pytestconfig.rootpath / "docs" / "files.md").read_text()
    code = page.split("**In a notebook**")[1].split("```python\n")[1].split("  ```")[0]
    made = {"np": np, "load_data": load_data, "file": folder / "rat.nwb", "series": POSITION}
    exec("\n".join(line.removeprefix("  ") for line in code.splitlines()), made)
    starts = made["edges"][:-1]
    loop = [[((start <= unit) & (unit < start + 0.025)).sum() for unit in rat.trains()] for start in starts]
    np.testing.assert_array_equal(made["counts"][:-1], loop[:-1])  # the last bin of a histogram has both its edges
    assert made["x"] == pytest.approx(np.interp(starts + 0.0125, rat.STAMPS, rat.PLACE * 0.01))


def test_a_file_of_version_1_is_plain_hdf5(tmp_path):
    import h5py

    with h5py.File(tmp_path / "old.nwb", "w") as file:
        file["nwb_version"], file["x"] = "NWB-1.0.6", np.arange(3.0)
    np.testing.assert_array_equal(load_data(tmp_path / "old.nwb", "x"), np.arange(3.0))


def test_zarr_is_told(tmp_path):
    (tmp_path / "rat.nwb").mkdir()
    (tmp_path / "rat.nwb" / ".zgroup").write_text("{}")
    with pytest.raises(UnknownFormat, match="Zarr"):
        load_data(tmp_path / "rat.nwb")
    with pytest.raises(UnknownFormat, match="Zarr"):
        load_data(tmp_path / "rat.nwb.zarr")


def test_without_pynwb_what_to_install_is_said(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "pynwb", None)
    assert "Install cebra_pipe[nwb]" in message(load_data, folder / "rat.nwb", POSITION)


def test_a_home_that_pynwb_cannot_write_to_is_told(monkeypatch, folder):
    class ReadOnly:
        def find_spec(self, name, *_):
            if name == "pynwb":
                raise OSError("Read-only file system: '/home/rat/.cache'")

    monkeypatch.delitem(sys.modules, "pynwb")
    monkeypatch.setattr(sys, "meta_path", [ReadOnly(), *sys.meta_path])
    told = message(load_data, folder / "rat.nwb", POSITION)
    assert "found Read-only file system" in told
    assert "XDG_CACHE_HOME" in told


def test_an_index_that_does_not_fit_its_values_is_told(tmp_path):
    import h5py

    path = shutil.copy(rat.write_nwb(tmp_path / "a.nwb"), tmp_path / "b.nwb")
    with h5py.File(path, "a") as file:
        file["units/spike_times_index"][-1] += 1
    config = UNITS | {"file": "b.nwb"}
    told = message(assemble, RecordingConfig.model_validate(config), tmp_path, "rat")
    assert "an index that rises to the number of values" in told


def test_series_of_texts_and_columns_that_are_missing(folder):
    with pytest.raises(MissingEntry, match="brain_area"):
        load_data(folder / "rat.nwb", "units", columns=["brain"])
    np.testing.assert_array_equal(load_data(folder / "rat.nwb", "units", columns=["id"])[:, 0], rat.IDS)
    assert "'CA1' (row 0)" in message(load_data, folder / "rat.nwb", "units", columns=["brain_area"])


def test_a_file_is_closed_after_it_was_read(folder):
    open_file(folder / "rat.nwb").read(POSITION)
    code = f"import h5py; h5py.File({str(folder / 'rat.nwb')!r}, 'a').close()"
    assert not subprocess.run([sys.executable, "-c", code], check=False).returncode

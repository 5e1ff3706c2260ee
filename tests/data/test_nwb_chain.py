"""A recording from an NWB file goes through load and split, its tables are trials; other files are not opened."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cebra_pipe.data.assemble import assemble
from cebra_pipe.data.load import load_data, open_file
from cebra_pipe.data.parts import read_split
from cebra_pipe.data.recording import Recording
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.advice import source_warnings
from cebra_pipe.pipeline.config.options import SplitConfig
from cebra_pipe.pipeline.config.recording import RecordingConfig
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.jobs.seen import file_digest
from cebra_pipe.pipeline.planning.specs import filled
from cebra_pipe.pipeline.stages import load, split

from . import nwb_files as rat
from .test_nwb import CALCIUM, POSITION, UNITS, message

EPOCHS = {"key": "intervals/epochs", "start": "start_time", "stop": "stop_time"}
TRIALS = EPOCHS | {"key": "intervals/trials"}


def more(file) -> None:
    """What other laboratories have in their files: epochs, raw channels with a factor each, references in a table."""
    file.add_epoch(10.0, 20.0, ["run"])
    file.add_epoch(20.0, 30.0, ["rest"])
    device = file.create_device("probe")
    group = file.create_electrode_group("shank", description="-", location="CA1", device=device)
    for _ in range(2):
        file.add_electrode(group=group, location="CA1")
    region = file.create_electrode_table_region([0, 1], "both")
    raw = rat.pynwb.ecephys.ElectricalSeries(
        name="raw",
        data=np.array([[1, 2], [3, 4], [5, 7]], np.int16),
        electrodes=region,
        rate=100.0,
        conversion=0.5,
        channel_conversion=[1.0, 10.0],
        offset=0.25,
    )
    file.add_acquisition(raw)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("chain")
    rat.write_nwb(made / "rat.nwb", more)
    return made


def built(folder, **config) -> Recording:
    return assemble(RecordingConfig.model_validate(UNITS | config), folder, "rat")


def test_spikes_that_are_not_counted_are_in_the_log(tmp_path, capsys):
    np.savez(tmp_path / "rat.npz", times=np.arange(1.0, 9.0), ends=np.array([4, 4, 8]))
    spikes = {"times": "times", "ends": "ends", "start": 0, "stop": 6}
    config = RecordingConfig.model_validate({"file": "rat.npz", "spikes": spikes, "rate": 4})
    spec = {"stage": "load", "recording": filled(config), "files": {"rat.npz": file_digest(tmp_path / "rat.npz")}}
    load.run(Job("load", spec, {"files": [tmp_path / "rat.npz"]}, {"recording": tmp_path / "rat.parquet"}))
    told = capsys.readouterr().err.splitlines()
    assert told[1:3] == ["3 of 8 spikes in no bin", "1 unit of `ends` without a spike, left out"]


def test_load_and_split(folder, tmp_path, capsys):
    labels = UNITS["labels"] | {"side": {"trial_column": "side", "kind": "discrete"}}
    config = RecordingConfig.model_validate(UNITS | {"rate": 40, "labels": labels, "trials": TRIALS})
    spec = {"stage": "load", "recording": filled(config), "files": {"rat.nwb": file_digest(folder / "rat.nwb")}}
    load.run(Job("load", spec, {"files": [folder / "rat.nwb"]}, {"recording": tmp_path / "rat.parquet"}))
    told = capsys.readouterr().err
    assert "units: 4 of 4, 1 without spikes, 80 bins outside obs_intervals, dropped" in told
    assert "3 trials of a table, 4 to 6 s long" in told
    made = Recording.read(tmp_path / "rat.parquet")
    assert made.labels["side"].classes == ("left", "right")
    assert made.labels["position"].unit == "m"
    halves = SplitConfig(train=0.4, valid=0.3, test=0.3, gap=0, scheme="blocks").model_dump()
    job = Job(
        "split",
        {"stage": "split", "split": halves},
        {"recording": [tmp_path / "rat.parquet"]},
        {"split": tmp_path / "parts.parquet"},
    )
    split.run(job)
    assert len(read_split(tmp_path / "parts.parquet")["sample"]) == len(made) == 640


@pytest.mark.parametrize("observed", [True, False])
def test_check_does_not_miss_what_a_table_of_units_says(observed, folder, tmp_path):
    if observed:
        made = built(folder)
    else:
        made = built(rat.write_nwb(tmp_path / "rat.nwb", observed=False, calcium=False).parent)
    told = "\n".join(source_warnings("rat", RecordingConfig.model_validate(UNITS), made))
    assert "count as one neuron" not in told
    assert ("bins begin at the first spike" in told) == (not observed)


def test_epochs_are_trials_by_their_name(folder):
    made = built(folder, spikes=None, neural=CALCIUM, rate=None, trials=EPOCHS)
    assert np.unique(made.trial).tolist() == [0, 1]
    assert made.time[made.trial == 1][0] == 20


def test_each_channel_has_its_own_factor(folder):
    expected = np.array([[0.5, 10], [1.5, 20], [2.5, 35]]) + 0.25
    np.testing.assert_array_equal(load_data(folder / "rat.nwb", "acquisition/raw"), expected)


def test_references_and_lists_are_no_columns(folder):
    entries = open_file(folder / "rat.nwb").entries
    assert entries["intervals/epochs"].columns == ("id", "start_time", "stop_time")
    assert entries["units"].columns == ("id", "brain_area", "quality")
    assert "group" not in entries["general/extracellular_ephys/electrodes"].columns


def test_resample_needs_a_clock(folder):
    near = built(folder, labels={"position": {"key": POSITION, "column": 0, "resample": "nearest"}})
    assert set(near.labels["position"].values) <= set(rat.PLACE * 0.01)
    plain = {"labels": {"a": {"key": f"{POSITION}/data", "column": 0, "resample": "nearest"}}}
    told = message(built, folder, **plain, spikes=None, rate=None, neural="processing/behavior/speed")
    assert "expected `time`, the label's own clock" in told


def test_an_attribute_that_would_crash_hdf5_is_told_first(tmp_path):
    import h5py

    path = rat.write_nwb(tmp_path / "a.nwb", calcium=False)
    with h5py.File(path, "a") as file:
        lists = np.empty(1, object)
        lists[0] = np.arange(2, dtype=np.uint8)
        file[POSITION].attrs.create("comments", lists, dtype=h5py.vlen_dtype(np.uint8))
    assert f"'comments' of {POSITION}, lists of any length" in message(load_data, path, POSITION)


EXTENSION = {
    "groups": [{"neurodata_type_def": "LabSeries", "neurodata_type_inc": "TimeSeries", "doc": "a series of our own"}]
}
NAMESPACE = {
    "doc": "of our laboratory",
    "name": "ndx-lab",
    "version": "0.1.0",
    "author": ["a"],
    "contact": ["a@b.c"],
    "schema": [{"namespace": "core", "neurodata_types": ["TimeSeries"]}, {"source": "ndx-lab.extensions"}],
}


@pytest.mark.parametrize("described", [True, False])
def test_a_type_of_an_extension_is_read_where_the_file_describes_it(described, tmp_path):
    import h5py

    path = rat.write_nwb(tmp_path / "a.nwb", cached=True, calcium=False)
    with h5py.File(path, "a") as file:
        series = file["acquisition/speed"]
        series.attrs["namespace"], series.attrs["neurodata_type"] = "ndx-lab", "LabSeries"
        if described:
            file["specifications/ndx-lab/0.1.0/namespace"] = json.dumps({"namespaces": [NAMESPACE]})
            file["specifications/ndx-lab/0.1.0/ndx-lab.extensions"] = json.dumps(EXTENSION)
    if described:
        np.testing.assert_array_equal(load_data(path, "acquisition/speed"), np.arange(50.0) + 2)
    else:
        assert "of a copy named `.h5` single arrays are read" in message(load_data, path, "acquisition/speed")


def test_values_that_lie_in_another_file_are_refused(tmp_path):
    import h5py

    path = rat.write_nwb(tmp_path / "a.nwb", calcium=False)
    (tmp_path / "secret").write_bytes(np.arange(401 * 2, dtype=np.int16).tobytes())
    with h5py.File(path, "a") as file:
        attributes = dict(file[f"{POSITION}/data"].attrs)
        del file[f"{POSITION}/data"]
        data = file.create_dataset(f"{POSITION}/data", (401, 2), np.int16, external=str(tmp_path / "secret"))
        data.attrs.update(attributes)
    with pytest.raises(UserError, match="values that lie in another file"):
        load_data(path, POSITION)


@pytest.mark.parametrize(("place", "marks"), [("#place", {}), ("_i_table", {}), ("place", {"pandas_type": "frame"})])
def test_a_link_to_another_file_is_found_in_every_group(place, marks, tmp_path):
    import h5py

    path = rat.write_nwb(tmp_path / "a.nwb", calcium=False)
    with h5py.File(path, "a") as file, h5py.File(tmp_path / "secret.h5", "w") as other:
        other["data"] = np.arange(50.0)
        file.move("acquisition/speed", f"acquisition/{place}")
        other["data"].attrs.update(dict(file[f"acquisition/{place}/data"].attrs))
        del file[f"acquisition/{place}/data"]
        file[f"acquisition/{place}/data"] = h5py.ExternalLink("secret.h5", "data")
        file[f"acquisition/{place}"].attrs.update(marks)
    assert f"'acquisition/{place}/data', a link to 'secret.h5'" in message(load_data, path, POSITION)


def test_a_series_with_a_clock_needs_no_start(folder):
    given = {"file": "rat.nwb", "neural": CALCIUM, "start": 10.0}
    told = message(assemble, RecordingConfig.model_validate(given), folder, "rat")
    assert "recordings.rat.start: expected a clock that is counted, found time stamps" in told

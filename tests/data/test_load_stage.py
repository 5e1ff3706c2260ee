"""The stage writes the recording of unchanged files, twice the same bytes, and refuses changed ones."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.assemble import assemble, sources
from cebra_pipe.data.recording import Recording
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.recording import RecordingConfig
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.jobs.seen import file_digest
from cebra_pipe.pipeline.planning.specs import filled
from cebra_pipe.pipeline.stages import load

from .conftest import LAPS, SPIKES, write_npz


@pytest.fixture
def job(tmp_path):
    write_npz(tmp_path / "a.npz", spikes=SPIKES, lap=LAPS)
    np.save(tmp_path / "x.npy", SPIKES[:, 0] + 0.5)
    given = {
        "file": "a.npz",
        "neural": "spikes",
        "rate": 10,
        "labels": {"x": {"file": "x.npy"}, "lap": {"key": "lap", "kind": "discrete"}},
        "trials": {"from": "lap"},
    }
    config = RecordingConfig.model_validate(given)
    spec = {
        "stage": "load",
        "recording": filled(config),
        "files": {name: file_digest(tmp_path / name) for name in sources(config)},
        "data_folder": str(tmp_path),
    }
    return Job(
        "load",
        spec,
        {"files": [tmp_path / name for name in sources(config)]},
        {"recording": tmp_path / "out" / "rat.parquet"},
    )


def test_recording_reads_back(job, capsys):
    load.run(job)
    made = Recording.read(job.outputs["recording"])
    np.testing.assert_array_equal(made.neural, SPIKES)
    np.testing.assert_array_equal(made.trial, LAPS)
    np.testing.assert_array_equal(made.labels["x"].values, SPIKES[:, 0] + 0.5)
    assert made.labels["lap"].discrete
    assert "8 of 8 samples at 10 Hz, 3 neurons, 4 trials" in capsys.readouterr().err


def test_same_files_same_bytes(job):
    load.run(job)
    first = job.outputs["recording"].read_bytes()
    load.run(job)
    assert job.outputs["recording"].read_bytes() == first


def test_changed_and_missing_files_are_named_and_nothing_is_written(job, tmp_path):
    np.save(tmp_path / "x.npy", SPIKES[:, 1])
    (tmp_path / "a.npz").unlink()
    with pytest.raises(UserError) as caught:
        load.run(job)
    assert len(caught.value.problems) == 2
    assert "run snakemake again" in str(caught.value)
    assert not job.outputs["recording"].exists()


def test_a_clock_that_goes_on_is_in_the_log(tmp_path, capsys):
    write_npz(tmp_path / "a.npz", spikes=SPIKES, x=np.arange(20.0), t=np.arange(20) / 10)
    given = {"file": "a.npz", "neural": "spikes", "rate": 10, "labels": {"x": {"key": "x", "time": "t"}}}
    load.report(assemble(RecordingConfig.model_validate(given), tmp_path, "a"))
    assert "warning: x goes on 1.1 s after the last neural sample" in capsys.readouterr().err


def test_a_clock_that_nothing_states_is_in_the_log(tmp_path, capsys):
    write_npz(tmp_path / "a.npz", spikes=SPIKES, x=np.arange(8) % 3, t=np.arange(8) / 10)
    given = {"file": "a.npz", "neural": "spikes", "rate": 10, "labels": {"x": {"key": "x", "time": "t"}}}
    for start, guessed in (({}, True), ({"start": 0}, False)):
        load.report(assemble(RecordingConfig.model_validate(given | start), tmp_path, "rat"))
        told = capsys.readouterr().err
        assert ("warning: samples are counted from 0 s" in told) == guessed
        assert "clocks (s): samples 0 to 0.7; x 0 to 0.7" in told

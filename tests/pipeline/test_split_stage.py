"""The stages simulate and split, from spec to file."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from cebra_pipe.data.memory import apart, memory_times, near_lines, smoothed
from cebra_pipe.data.parts import folds_of, part_of, read_split
from cebra_pipe.data.recording import Recording
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.options import SplitConfig
from cebra_pipe.pipeline.config.recording import SimulateConfig
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.stages import simulate, split


def simulated(path, minimum_rate=0.0, **given):
    config = SimulateConfig(**{"seed": 3, "neurons": 12, "samples": 3000, **given}).model_dump()
    spec = {"stage": "simulate", "simulate": config, "minimum_rate": minimum_rate}
    simulate.run(Job("simulate", spec, {}, {"recording": path}))
    return path


def divided(recording, path, **given):
    spec = {"stage": "split", "split": SplitConfig(**given).model_dump()}
    split.run(Job("split", spec, {"recording": [recording]}, {"split": path}))
    return path


@pytest.fixture(scope="module")
def rat(tmp_path_factory):
    return simulated(tmp_path_factory.mktemp("rat") / "rat.parquet", minimum_rate=0.2)


def test_a_simulated_recording_reads_back(rat):
    recording = Recording.read(rat)
    assert recording.neural.shape == (3000, 12)
    assert recording.rate == 40
    assert recording.minimum_rate == 0.2
    assert recording.labels["position"].unit == "m"
    assert recording.labels["direction"].discrete
    assert set(recording.labels["direction"].values) == {0, 1}


def test_two_runs_give_the_same_bytes(rat, tmp_path):
    again = simulated(tmp_path / "again.parquet", minimum_rate=0.2)
    assert again.read_bytes() == rat.read_bytes()
    one, two = (divided(rat, tmp_path / f"{i}.parquet", stratify="direction") for i in range(2))
    assert one.read_bytes() == two.read_bytes()


def test_a_split_names_the_part_of_each_sample(rat, tmp_path):
    made = read_split(divided(rat, tmp_path / "split.parquet", scheme="folds", folds=3, stratify="direction"))
    assert folds_of(made) == [0, 1, 2]
    np.testing.assert_array_equal(made["sample"], np.arange(3000))
    np.testing.assert_array_equal(made["epoch"], Recording.read(rat).epoch)
    for fold in range(3):
        assert set(part_of(made, fold)) <= {"train", "valid", "test", "gap"}


def test_shares_and_times_are_told(rat, tmp_path, capsys):
    divided(rat, tmp_path / "split.parquet", scheme="blocks", gap=0.5)
    said = capsys.readouterr().err
    assert "train" in said
    assert "the gap took" in said
    for name in ("summed activity", "single neurons", "label position", "label direction"):
        assert name in said
    (line,) = (line for line in said.splitlines() if line.startswith("warning: parts"))
    assert "parts come within 0.5 s of each other, below two autocorrelation times of label " in line
    assert "label position (" in line


@pytest.mark.parametrize("rate", [40.0, 20.0, 3.0])
def test_rates_are_means_over_a_quarter_of_a_second(rat, rate):
    recording = dataclasses.replace(Recording.read(rat), rate=rate)
    width = max(1, round(0.25 * rate))
    expected = uniform_filter1d(recording.neural.astype(np.float64), width, axis=0, mode="nearest")
    np.testing.assert_allclose(smoothed(recording), expected, atol=1e-12)


def test_parts_far_enough_apart_are_not_warned_about(rat):
    times = memory_times(Recording.read(rat), "blocks")
    assert [*near_lines(2 * max(times.values()), times)] == []
    (line,) = near_lines(0.0, times)
    assert all(f"{name} ({2 * time:.2f} s)" in line for name, time in times.items())
    needed = float(re.search(r"a split\.gap of ([\d.]+) s would do", line)[1])
    assert 2 * max(times.values()) <= needed < 2 * max(times.values()) + 0.1


def test_a_label_that_is_constant_within_trials_asks_for_no_gap_between_them(rat):
    """Its memory is that of the trials; where a trial may be cut it counts."""
    recording = Recording.read(rat)
    whole, cut = (memory_times(recording, scheme) for scheme in ("trials", "blocks"))
    assert set(cut) - set(whole) == {"label direction"}
    assert "label position" in whole


def test_what_is_between_parts_is_recorded_time_and_in_the_file(rat, tmp_path):
    """Rests that were cut out between trials keep parts apart as a gap does."""
    part = np.array(["train", "gap", "gap", "valid", "valid", "test", "test"])
    time = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 2.0, 2.1])
    assert apart(time, [part]) == pytest.approx(0.3)
    assert apart(time, [np.where(part == "valid", "train", part)]) == pytest.approx(1.6)
    made = read_split(divided(rat, tmp_path / "split.parquet", scheme="trials", stratify="direction", gap=0.5))
    recording = Recording.read(rat)
    assert made.meta["apart"] == apart(recording.time, [part_of(made, 0)]) > 0.5
    assert made.meta["memory"] == memory_times(recording, "trials")


def test_mistakes_name_the_recording_and_write_nothing(rat, tmp_path):
    with pytest.raises(UserError, match=r"rat: split\.stratify"):
        divided(rat, tmp_path / "split.parquet", stratify="side")
    assert not list(tmp_path.iterdir())


def test_a_doubted_clock_is_told_before_the_mistakes_that_may_follow_from_it(rat, tmp_path, capsys):
    recording = Recording.read(rat)
    doubted = dataclasses.replace(recording, notes={**recording.notes, "overlap": {"x": "x goes on 48 s"}})
    Job("simulate", {"stage": "simulate"}, {}, {"recording": tmp_path / "rat.parquet"}).write(
        "recording", doubted.columns()
    )
    with pytest.raises(UserError, match="stratify"):
        divided(tmp_path / "rat.parquet", tmp_path / "split.parquet", stratify="side")
    assert "warning: x goes on 48 s" in capsys.readouterr().err

"""Files and a config become one recording: clocks, trials, selection, and every mistake told with its place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from cebra_pipe.data import clocks, spikes
from cebra_pipe.data.assemble import assemble, sources
from cebra_pipe.data.check_values import checked_label
from cebra_pipe.data.select import speed
from cebra_pipe.data.sources import located
from cebra_pipe.data.spikes import lines as units_told
from cebra_pipe.errors import Problems, UserError
from cebra_pipe.pipeline.config.recording import LabelConfig, RecordingConfig

from .conftest import write_h5, write_npz

RATE, LENGTH = 20.0, 120
RNG = np.random.default_rng(3)
NEURAL = RNG.poisson(0.4, (LENGTH, 5)).astype(np.uint8)
TIME = np.arange(LENGTH) / RATE
POSITION = np.abs((np.arange(LENGTH) % 40) - 20) / 20.0  # four straight runs and their halves
DIRECTION = (np.arange(LENGTH) // 20) % 2
BASE = {"file": "rat.npz", "neural": "spikes", "rate": RATE, "labels": {"position": "position"}}


@pytest.fixture
def rat(tmp_path):
    """`rat(config, **arrays)` writes the arrays beside the usual ones and assembles."""

    def make(config: dict | None = None, **arrays):
        write_npz(
            tmp_path / "rat.npz", **{"spikes": NEURAL, "position": POSITION, "direction": DIRECTION, "t": TIME} | arrays
        )
        return assemble(RecordingConfig.model_validate(BASE | (config or {})), tmp_path, "rat")

    return make


def message(function, *args, **kwargs) -> str:
    with pytest.raises(UserError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_ten_lines_of_config_make_a_recording(rat):
    made = rat()
    np.testing.assert_array_equal(made.neural, NEURAL)
    assert made.neural.dtype == np.uint8
    np.testing.assert_array_equal(made.time, TIME)
    np.testing.assert_array_equal(made.labels["position"].values, POSITION)
    assert set(made.epoch) == set(made.trial) == {0}
    assert made.rate == RATE


def test_a_label_among_the_neurons_is_refused(tmp_path):
    """A table read whole holds its labels as well: they would be decoded from themselves."""
    import pandas as pd

    table = {f"n{i}": NEURAL[:, i] for i in range(3)} | {"x": POSITION, "dir": DIRECTION, "s": TIME}
    pd.DataFrame(table).to_csv(tmp_path / "all.csv", index=False)
    given = {"file": "all.csv", "neural": {}, "time": {"column": "s"}, "labels": {"x": {"column": "x"}}}
    told = message(assemble, RecordingConfig.model_validate(given), tmp_path, "rat")
    assert "rat.labels.x" in told
    assert "rat.time" in told
    assert "columns: [n0..n2, dir]" in told


@pytest.mark.parametrize("clock", [TIME, np.arange(LENGTH)])
def test_a_clock_among_the_neurons_is_refused(tmp_path, clock):
    import pandas as pd

    pd.DataFrame({"s": clock} | {f"n{i}": NEURAL[:, i] for i in range(3)} | {"x": POSITION}).to_csv(
        tmp_path / "all.csv"
    )
    given = {"file": "all.csv", "rate": RATE, "neural": {"columns": ["s", "n0..n2"]}, "labels": {"x": {"column": "x"}}}
    told = message(assemble, RecordingConfig.model_validate(given), tmp_path, "rat")
    assert "rat.neural" in told
    assert "column s (" in told
    assert "columns: [n0..n2]" in told


def test_one_key_for_neurons_and_label_is_refused(rat):
    assert "value for value" in message(rat, {"neural": "position"})


def test_a_label_of_zeros_is_told_as_constant_beside_a_silent_neuron(rat):
    silent = np.concatenate([NEURAL, np.zeros((LENGTH, 1), np.uint8)], axis=1)
    assert "value for value" not in message(rat, None, spikes=silent, position=np.zeros(LENGTH))


def test_arrays_from_different_files_keys_and_columns(tmp_path):
    import pandas as pd

    np.save(tmp_path / "neural.npy", NEURAL.T)
    write_h5(tmp_path / "behaviour.h5", xy=np.stack([POSITION * 160, 1 - POSITION], axis=1))
    pd.DataFrame({"seconds": TIME, "run": DIRECTION, "lap": np.arange(LENGTH) // 20}).to_csv(
        tmp_path / "trials.csv", index=False
    )
    config = RecordingConfig.model_validate(
        {
            "neural": {"file": "neural.npy", "transpose": True},
            "time": {"file": "trials.csv", "column": "seconds"},
            "labels": {
                "position": {"file": "behaviour.h5", "column": 0, "scale": 0.01, "unit": "m"},
                "direction": {"file": "trials.csv", "column": "run", "kind": "discrete"},
            },
            "trials": {"file": "trials.csv", "column": "lap"},
            "select": {"minimum_rate": 0.5},
        }
    )
    assert sources(config) == ["behaviour.h5", "neural.npy", "trials.csv"]
    made = assemble(config, tmp_path, "rat")
    np.testing.assert_array_equal(made.neural, NEURAL)
    np.testing.assert_allclose(made.labels["position"].values, POSITION * 1.6)
    assert made.labels["position"].unit == "m"
    assert made.labels["direction"].values.dtype == np.int64
    np.testing.assert_array_equal(made.trial, np.arange(LENGTH) // 20)
    np.testing.assert_array_equal(made.epoch, made.trial)
    assert made.rate == RATE
    assert made.minimum_rate == 0.5


def test_names_of_columns_become_names_of_neurons(tmp_path):
    import pandas as pd

    pd.DataFrame({"t": TIME, "cell_a": NEURAL[:, 0], "cell_b": NEURAL[:, 1], "x": POSITION}).to_parquet(
        tmp_path / "a.parquet"
    )
    config = {
        "file": "a.parquet",
        "neural": {"columns": ["cell_b", "cell_a"]},
        "time": {"column": "t"},
        "labels": {"x": {"column": "x"}},
    }
    made = assemble(RecordingConfig.model_validate(config), tmp_path, "rat")
    assert made.neurons == ("cell_b", "cell_a")
    np.testing.assert_array_equal(made.neural, NEURAL[:, [1, 0]])


def test_files_may_be_given_where_they_lie(tmp_path):
    write_npz(tmp_path / "elsewhere.npz", spikes=NEURAL, position=POSITION)
    made = assemble(RecordingConfig.model_validate(BASE), "/nowhere", "rat", {"rat.npz": tmp_path / "elsewhere.npz"})
    assert len(made) == LENGTH


# Time


@pytest.mark.parametrize(("gap", "epochs"), [(0.1, 2), (0.2, 1)])
def test_gaps_begin_epochs_or_are_tolerated_and_counted(gap, epochs, rat):
    keep = np.r_[0:30, 31:60, 63:LENGTH]  # one sample missing (0.1 s step), three missing (0.2 s step)
    given = {"spikes": NEURAL[keep], "position": POSITION[keep], "t": TIME[keep]}
    made = rat({"time": "t", "largest_gap": gap}, **given)
    assert made.epoch[-1] + 1 == epochs
    assert made.notes["gaps_tolerated"] == 3 - epochs
    assert made.notes["gaps_that_begin_an_epoch"] == epochs - 1


def test_a_slow_recording_is_not_all_gaps(rat):
    made = rat({"rate": 2.0})
    assert made.notes["epochs"] == 1


@pytest.mark.parametrize("digits", [9, 3, 2])
def test_rate_follows_from_rounded_time_stamps(digits, rat):
    made = rat({"rate": None, "time": "t"}, t=np.round(np.arange(LENGTH) / 30.0, digits) + 5)
    assert made.rate == pytest.approx(30, rel=5e-3)


@pytest.mark.parametrize(
    ("config", "time", "told"),
    [
        ({"rate": 20.5}, TIME, "rate 20.5.*20 per second"),
        ({"rate": RATE}, TIME * 1000, "0.02 per second.*Time stamps are in seconds"),
        ({"rate": None}, np.sort(np.random.default_rng(0).exponential(1, LENGTH).cumsum()), "regular clock"),
        ({"rate": None}, TIME[::-1], "rising.*row 1"),
        ({"rate": None}, np.where(np.arange(LENGTH) == 7, np.nan, TIME), "finite time stamps.*row 7"),
    ],
)
def test_time_stamps_that_cannot_be(config, time, told, rat):
    with pytest.raises(UserError, match=told):
        rat(config | {"time": "t"}, t=time)


# Labels on their own clock


def test_linear_resampling_drops_what_the_clock_does_not_cover(rat):
    clock = np.arange(1.03, 4.0, 1 / 33)
    labels = {"position": {"key": "x", "time": "tx"}}
    made = rat({"labels": labels}, x=3 * clock + 1, tx=clock)
    np.testing.assert_allclose(made.labels["position"].values, 3 * made.time + 1)
    inside = (clock[0] <= TIME) & (clock[-1] >= TIME)
    np.testing.assert_array_equal(made.time, TIME[inside])
    np.testing.assert_array_equal(made.neural, NEURAL[inside])
    assert made.notes["dropped"] == {"outside the clock of position": int((~inside).sum())}


def test_circular_resampling_goes_the_short_way(rat):
    clock = np.arange(-0.1, 6.1, 0.07)
    labels = {"heading": {"key": "h", "time": "th", "period": 360}}
    made = rat({"labels": labels}, h=(500 * clock) % 360, th=clock)
    away = (made.labels["heading"].values - 500 * made.time + 180) % 360 - 180
    assert np.abs(away).max() < 1e-6
    assert (made.labels["heading"].values >= 0).all()
    assert (made.labels["heading"].values < 360).all()


def test_circular_range_around_zero_is_kept():
    clock, time = np.arange(5.0), np.array([0.5, 1.5, 2.5])
    found = clocks.resample(np.array([170.0, -170, -150, 170, 0]), clock, time, "linear", 360)
    np.testing.assert_allclose((found - [180, -160, -170]) % 360, 0, atol=1e-9)
    assert (np.abs(found) <= 180).all()


def test_nearest_resampling_agrees_with_a_loop():
    rng = np.random.default_rng(2)
    clock, time = np.sort(rng.random(30)), np.sort(rng.random(200))
    values = rng.integers(0, 9, 30)
    found = clocks.resample(values, clock, time, "nearest", None)
    for t, value in zip(time, found, strict=True):
        if clock[0] <= t <= clock[-1]:
            assert value == values[min(range(30), key=lambda i: (abs(clock[i] - t), i))]
        else:
            assert np.isnan(value)


def test_discrete_labels_take_the_nearest_value(rat):
    labels = {"position": "position", "cue": {"key": "c", "time": "tc", "kind": "discrete"}}
    made = rat({"labels": labels}, c=np.array([0, 1, 0, 1]), tx=0, tc=np.array([0.0, 2.0, 4.0, 6.0]))
    np.testing.assert_array_equal(np.unique(made.labels["cue"].values), [0, 1])
    assert made.labels["cue"].values[np.searchsorted(made.time, 2.5)] == 1


def test_samples_in_a_hole_of_the_clock_are_dropped(rat):
    clock = np.r_[0:2:0.05, 4:6.01:0.05]
    made = rat({"labels": {"position": {"key": "x", "time": "tx"}}}, x=np.sin(clock), tx=clock)
    assert not ((made.time > 1.96) & (made.time < 3.99)).any()
    assert made.notes["dropped"] == {"in a gap of the clock of position": 40}
    assert made.notes["epochs"] == 2


def test_clock_of_a_label_lies_in_the_file_of_the_label(tmp_path):
    write_npz(tmp_path / "rat.npz", spikes=NEURAL)
    (tmp_path / "video.csv").write_text("s,x\n" + "".join(f"{t},{t * t}\n" for t in np.arange(0, 6.1, 0.1)))
    labels = {"x": {"file": "video.csv", "column": "x", "time": {"column": "s"}}}
    made = assemble(RecordingConfig.model_validate(BASE | {"labels": labels}), tmp_path, "rat")
    assert len(made) == LENGTH


# Spikes


def test_binned_spikes_agree_with_a_loop():
    rng = np.random.default_rng(1)
    times, owner = rng.random(500) * 10, rng.choice([3, 5, 9], 500)
    middles = spikes.bins(times, 7.0, 1.0, 9.0, "x")
    counts, names = spikes.count(times, owner, middles, 7.0, "x")
    assert names == ("unit3", "unit5", "unit9")
    assert len(middles) == 56
    for i, middle in enumerate(middles):
        for j, neuron in enumerate([3, 5, 9]):
            assert counts[i, j] == sum(
                o == neuron and middle - 0.5 / 7 <= t < middle + 0.5 / 7 for t, o in zip(times, owner, strict=True)
            )


def test_spikes_become_a_recording(tmp_path):
    times = np.sort(RNG.random(400) * 6)
    write_npz(tmp_path / "rat.npz", times=times, unit=RNG.integers(0, 4, 400), position=POSITION)
    config = {
        "file": "rat.npz",
        "spikes": {"times": "times", "neurons": "unit", "start": 0, "stop": 6},
        "rate": RATE,
        "labels": {"position": "position"},
    }
    made = assemble(RecordingConfig.model_validate(config), tmp_path, "rat")
    assert made.neural.shape == (LENGTH, 4)
    assert made.neural.sum() == 400
    np.testing.assert_allclose(made.time, TIME + 0.025)
    assert made.notes["spikes_outside_bins"] == 0
    config["spikes"] = {"times": "times", "neurons": "unit"}
    assert "position" in message(assemble, RecordingConfig.model_validate(config | {"rate": 10}), tmp_path, "rat")


def test_spikes_around_given_time_stamps(tmp_path):
    stamps = np.r_[0:2:0.05, 4:6:0.05]
    times = np.array([0.0, 0.02, 3.0, 4.1, 4.1])
    write_npz(tmp_path / "rat.npz", times=times, t=stamps)
    config = {"file": "rat.npz", "spikes": {"times": "times"}, "rate": RATE, "time": "t"}
    made = assemble(RecordingConfig.model_validate(config), tmp_path, "rat")
    assert made.neural[0, 0] == 2
    assert made.neural.sum() == 4
    assert made.notes["spikes_outside_bins"] == 1
    assert units_told(made.notes) == ["1 of 5 spikes in no bin"]
    assert made.notes["epochs"] == 2


def test_spikes_that_lie_neuron_after_neuron(tmp_path):
    """As NWB keeps them, a silent neuron among them."""
    times, unit = RNG.random(90) * 6, np.repeat([0, 2, 3], [20, 40, 30])
    write_npz(tmp_path / "rat.npz", times=times, unit=unit, ends=np.array([20, 20, 60, 90]), few=np.array([20, 80]))
    base = {"file": "rat.npz", "rate": RATE}
    spikes = {"times": "times", "start": 0, "stop": 6}
    each, ends = (
        assemble(RecordingConfig.model_validate(base | {"spikes": spikes | {role: key}}), tmp_path, "rat")
        for role, key in (("neurons", "unit"), ("ends", "ends"))
    )
    np.testing.assert_array_equal(ends.neural, each.neural)
    assert ends.neurons == each.neurons
    assert ends.notes["silent_units"] == 1
    assert units_told(ends.notes) == ["1 unit of `ends` without a spike, left out"]
    assert units_told(each.notes) == []
    few = RecordingConfig.model_validate(base | {"spikes": spikes | {"ends": "few"}})
    assert "numbers that rise to 90, that of the spikes, found 2 numbers, 80 at last" in message(
        assemble, few, tmp_path, "rat"
    )
    write_npz(tmp_path / "rat.npz", times=times, few=np.array([20, 10, 90], np.uint8))
    assert "found 3 numbers, 90 at last" in message(assemble, few, tmp_path, "rat")
    with pytest.raises(ValueError, match="`neurons` or `ends`, not both"):
        RecordingConfig.model_validate(base | {"spikes": spikes | {"ends": "ends", "neurons": "unit"}})


def test_spike_mistakes(tmp_path):
    write_npz(tmp_path / "rat.npz", times=np.array([1.0, np.nan]), unit=np.zeros(3), far=np.array([0.0, 1e12]))
    for given, told in [
        ({"times": "times"}, "row 1"),
        ({"times": "far"}, "in seconds"),
        ({"times": "far", "neurons": "unit"}, "2 times, 3 neurons"),
    ]:
        config = RecordingConfig.model_validate({"file": "rat.npz", "spikes": given, "rate": RATE})
        assert told in message(assemble, config, tmp_path, "rat")


# Trials


def test_trials_given_may_leave_samples_out_and_come_back(rat):
    number = np.repeat([1.0, np.nan, 2.0, 1.0], 30)
    made = rat({"trials": "lap"}, lap=number)
    np.testing.assert_array_equal(made.trial, np.repeat([0, 1, 2], 30))
    assert made.notes["dropped"] == {"outside of trials": 30}
    assert made.notes["epochs"] == 3


def test_trials_from_gaps(rat):
    keep = np.r_[0:30, 40:LENGTH]
    made = rat({"time": "t", "trials": {"from": "gaps"}}, spikes=NEURAL[keep], position=POSITION[keep], t=TIME[keep])
    np.testing.assert_array_equal(made.trial, np.repeat([0, 1], [30, LENGTH - 40]))


LABELS = {"position": "position", "direction": {"key": "direction", "kind": "discrete"}}


def test_trials_from_changes_and_jumps(rat):
    np.testing.assert_array_equal(
        rat({"labels": LABELS, "trials": {"from": "direction"}}).trial, np.arange(LENGTH) // 20
    )
    jumping = (np.arange(LENGTH) % 30) / 30
    both = rat({"labels": LABELS, "trials": {"from": "direction, position", "jump": 0.5}}, position=jumping)
    border = [
        i for i in range(1, LENGTH) if DIRECTION[i] != DIRECTION[i - 1] or abs(jumping[i] - jumping[i - 1]) >= 0.5
    ]
    np.testing.assert_array_equal(np.flatnonzero(np.diff(both.trial)) + 1, border)


def test_jumps_of_a_circular_label_go_the_short_way(rat):
    labels = {"heading": {"key": "position", "period": 1.0}}
    made = rat({"labels": labels, "trials": {"from": "heading", "jump": 0.2}}, position=(np.arange(LENGTH) * 0.03) % 1)
    assert made.trial[-1] == 0


@pytest.mark.parametrize(
    ("trials", "told"),
    [
        ({"from": "positon", "jump": 1}, "Did you mean 'position'"),
        ({"from": "position"}, "`jump` with a continuous label"),
        ({"from": "direction", "jump": 1}, "a continuous label in `from`"),
        ({"from": "gaps", "key": "lap"}, "given or derived"),
        ({"from": "gaps", "time": "t"}, "time beside from"),
    ],
)
def test_trials_that_cannot_be(trials, told, rat):
    with pytest.raises(UserError, match=told):
        rat({"labels": LABELS, "trials": trials})


@pytest.mark.parametrize(
    ("name", "rate", "runs"), [("c5m1", 20, 83), ("c6m3", 20, 63), ("c6m4", 20, 79), ("c8m2", 10, 59)]
)
def test_runs_of_the_mice(name, rate, runs):
    made = real(
        {
            "file": f"mouse_ca1/{name}.npz",
            "neural": "neural",
            "rate": rate,
            "labels": {
                "position": {"key": "continuous", "column": 0},
                "direction": {"key": "discrete", "kind": "discrete"},
            },
            "trials": {"from": "direction, position", "jump": 0.25},
        }
    )
    assert (made.notes["trials"], made.notes["epochs"]) == (runs, runs)
    assert (np.bincount(made.trial) < 10).sum() == {"c8m2": 1}.get(name, 2)


def test_laps_and_gaps_of_achilles():
    made = real(
        {
            "file": "rat_hippocampus/achilles.npz",
            "neural": "spikes",
            "time": "time_s",
            "trials": "lap",
            "labels": {"position": {"key": "position", "column": 0}},
        }
    )
    assert made.rate == 40
    assert made.notes["trials"] == 84
    assert made.notes["gaps_tolerated"] + made.notes["gaps_at_borders"] == 358
    assert made.notes["gaps_at_borders"] - made.notes["gaps_that_begin_an_epoch"] == 83


def test_buddy_has_no_time_stamps():
    labels = {"position": {"key": "position", "column": 0}, "right": {"key": "position", "column": 1}}
    made = real({"file": "rat_hippocampus/buddy.jl", "neural": "spikes", "rate": 40, "labels": labels})
    assert made.neural.shape == (6577, 48)
    assert made.notes["proposals"] == ["right has two values: set `kind: discrete`"]


def real(config: dict):
    folder = os.environ.get("CEBRA_PIPE_DATA")
    if not folder or not (Path(folder) / config["file"]).exists():
        pytest.skip(f"CEBRA_PIPE_DATA names no folder with {config['file']}")
    return assemble(RecordingConfig.model_validate(config), folder, "real")


# Selection


def test_speed_agrees_with_a_loop():
    rng = np.random.default_rng(0)
    values, time = rng.random(50), np.cumsum(rng.random(50) + 0.1)
    epoch = np.repeat([0, 1, 2, 3], [20, 1, 4, 25])
    for i, found in enumerate(speed(values, time, epoch, None)):
        near = [(a, b) for a, b in ((i - 1, i), (i, i + 1)) if a >= 0 and b < 50 and epoch[a] == epoch[b]]
        steps = [(values[b] - values[a]) / (time[b] - time[a]) for a, b in near]
        assert found == pytest.approx(abs(sum(steps) / len(steps)) if steps else 0.0)


def test_rest_is_dropped_and_makes_epochs(rat):
    position = np.r_[np.linspace(0, 1, 40), np.ones(40), np.linspace(1, 0, 40)]
    made = rat({"select": {"speed_of": "position", "minimum_speed": 0.3}}, position=position)
    assert made.notes["dropped"]["slower than minimum_speed"] == pytest.approx(40, abs=2)
    assert made.notes["epochs"] == 2
    assert made.notes["trials"] == 1


def test_start_and_stop(rat):
    made = rat({"select": {"start": 1.0, "stop": 2.0}})
    assert (made.time[0], made.time[-1]) == (1.0, 2.0)
    assert made.notes["dropped"] == {"before start": 20, "after stop": LENGTH - 41}
    assert "none of 120" in message(rat, {"select": {"start": 50}})


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ({"speed_of": "positon", "minimum_speed": 1}, "Did you mean 'position'"),
        ({"speed_of": "position"}, "together"),
        ({"minimum_speed": 1}, "together"),
        ({"speed_of": "direction", "minimum_speed": 1}, "continuous label"),
        ({"start": 2, "stop": 1}, "start before stop"),
    ],
)
def test_selection_that_cannot_be(select, told, rat):
    with pytest.raises(UserError, match=told):
        rat({"labels": LABELS, "select": select})


# Mistakes in the data


def broken(values: np.ndarray, row: int, value: float) -> np.ndarray:
    values = values.astype(float)
    values[row] = value
    return values


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers(value, rat):
    told = message(rat, position=broken(POSITION, 9, value), spikes=broken(NEURAL, 11, value))
    assert "labels.position" in told
    assert "rat.npz, key 'position'" in told
    assert "1 NaN or infinite values, the first in row 9" in told
    assert "5 NaN or infinite values, the first in row 11" in told


def test_missing_values_where_samples_are_dropped_anyway(rat):
    made = rat({"select": {"start": 1.0}}, position=broken(POSITION, 9, np.nan), spikes=broken(NEURAL, 9, np.nan))
    assert len(made) == LENGTH - 20
    assert "row 30" in message(rat, {"select": {"start": 1.0}}, position=broken(POSITION, 30, np.nan))


def test_lengths_that_differ_are_all_listed(rat):
    told = message(rat, {"labels": LABELS, "time": "t"}, position=POSITION[:-3], t=TIME[:-1])
    for part in ("neural 120", "time 119", "labels.position 117", "labels.direction 120"):
        assert part in told


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_constant_label(kind, rat):
    told = message(rat, {"labels": {"position": {"key": "position", "kind": kind}}}, position=np.ones(LENGTH))
    assert "a label that varies" in told
    assert "1 in all 120 samples" in told


def test_constant_neural_data(rat):
    assert "every neuron constant" in message(rat, spikes=np.ones((LENGTH, 3)))


def test_discrete_labels_are_whole_numbers(rat):
    labels = {"position": {"key": "position", "kind": "discrete"}}
    assert "0.95 in row 1" in message(rat, {"labels": labels})
    assert rat({"labels": labels}, position=DIRECTION.astype(float)).labels["position"].values.dtype == np.int64


def test_label_of_several_columns(rat):
    told = message(rat, position=np.stack([POSITION, DIRECTION], axis=1))
    assert "`column: 0` to `column: 1`" in told
    several = {"labels": {"x": {"key": "position", "columns": [2, 0]}}}
    assert "Give `column: 2` or `column: 0`, one" in message(rat, several, position=np.stack([POSITION] * 3, axis=1))
    assert len(rat(position=POSITION[:, None])) == LENGTH
    assert len(rat(position=POSITION[None, :])) == LENGTH


def test_the_key_is_asked_for_where_several_arrays_are(rat):
    told = message(rat, {"neural": {}})
    assert "`key` to say which array" in told
    assert "spikes (120 × 5 uint8)" in told


def test_all_problems_come_in_one_message(rat):
    told = message(rat, {"neural": "spkes", "labels": {"position": "postion", "y": {"key": "t", "file": "none.npz"}}})
    for part in (
        "recordings.rat.neural",
        "'spikes'",
        "recordings.rat.labels.position",
        "'position'",
        "recordings.rat.labels.y",
        "none.npz",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ({"key": "position", "resample": "linear"}, "the label's own clock"),
        ({"key": "position", "time": "t", "kind": "discrete", "resample": "linear"}, "nearest for a discrete label"),
        ({"key": "direction", "kind": "discrete", "period": 2}, "no period"),
        ({"key": "position", "column": 0, "columns": [0]}, "one of column, columns, keypoints"),
        ({"key": "position", "keypoints": ["hand"]}, "DeepLabCut"),
    ],
)
def test_options_without_effect(label, told, rat):
    with pytest.raises(UserError, match=told):
        rat({"labels": {"position": label}})


def test_a_source_without_a_file():
    config = RecordingConfig.model_validate({"neural": {"file": "a.npy"}, "rate": 1, "labels": {"x": "x"}})
    assert "labels.x: expected a file" in message(sources, config)


def test_a_discrete_label_of_a_million_values_is_refused_before_anything_is_allocated():
    values, label, problems = np.arange(1_000_000.0), LabelConfig(key="frame", kind="discrete"), Problems()
    checked_label(values, label, "labels.frame", np.arange(len(values)), problems)
    with pytest.raises(UserError, match=r"at most 2000 classes in 1000000 samples.*1000000 distinct.*kind: continuous"):
        problems.raise_any()
    problems = Problems()
    checked_label(values % 900, label, "labels.frame", np.arange(len(values)), problems)
    problems.raise_any()


def test_binary_continuous_labels_are_proposed_as_discrete_and_notes_are_plain(rat):
    made = rat({"labels": {"position": "position", "side": "direction"}})
    assert made.notes["proposals"] == ["side has two values: set `kind: discrete`"]
    assert json.loads(json.dumps(made.notes)) == made.notes
    assert made.notes["zero_share"] == pytest.approx((NEURAL == 0).mean(), abs=1e-6)
    assert made.notes["rate_per_second"]["maximum"] == pytest.approx(NEURAL.mean(axis=0).max() * RATE)


def test_spike_times_in_the_place_of_activity(tmp_path):
    times = np.sort(np.random.default_rng(0).random(200)) * 10
    ragged = np.array([times[::2], times[1::3]], dtype=object)
    write_npz(tmp_path / "rat.npz", times=times, samples=(times * 3e4).astype(np.int64), ragged=ragged, x=np.ones(40))
    for key in ("times", "samples"):
        told = message(assemble, RecordingConfig(file="rat.npz", neural=key, rate=40), tmp_path, "rat")
        assert "200 values that only rise, as spike times do" in told
        assert "`spikes` (times, neurons)" in told
    told = message(assemble, RecordingConfig(file="rat.npz", neural="ragged", rate=40), tmp_path, "rat")
    assert "one array of all times, and one of each spike's neuron" in told


@pytest.mark.parametrize("trace", [[0, 0, 1, 0, 2, 1], [0, 0, 0, 1, 1, 1], [3.5, 3.0, 2.0, 1.0, 0.5, 0.2]])
def test_one_neuron_is_activity(trace, tmp_path):
    write_npz(tmp_path / "rat.npz", spikes=np.array(trace))
    assert assemble(RecordingConfig(file="rat.npz", neural="spikes", rate=40), tmp_path, "rat").neural.shape == (6, 1)


def test_an_array_that_lies_on_its_side(tmp_path):
    rng = np.random.default_rng(0)
    write_npz(tmp_path / "rat.npz", spikes=rng.poisson(1, (7, 100)), x=rng.random(100), y=rng.random(90))
    config = {"file": "rat.npz", "neural": "spikes", "rate": 40, "labels": {"x": "x"}}
    told = message(assemble, RecordingConfig(**config), tmp_path, "rat")
    assert "The neural array is 7 × 100: set `transpose: true`." in told
    right = RecordingConfig(**{**config, "neural": {"key": "spikes", "transpose": True}})
    assert assemble(right, tmp_path, "rat").neural.shape == (100, 7)
    write_npz(tmp_path / "rat.npz", spikes=rng.poisson(1, (100, 7)), x=rng.random(100), y=rng.random(90))
    assert "The neural array is 7 × 100: leave `transpose` out." in message(assemble, right, tmp_path, "rat")
    write_npz(tmp_path / "rat.npz", spikes=rng.poisson(1, (7, 100)), x=rng.random(100), y=rng.random(90))
    other = RecordingConfig(**{**config, "labels": {"y": "y"}})
    assert "transpose" not in message(assemble, other, tmp_path, "rat")


def test_neurons_with_missing_values_can_be_left_out_as_told(tmp_path):
    neural = np.random.default_rng(0).random((30, 3))
    neural[:, 1] = np.nan
    write_npz(tmp_path / "rat.npz", spikes=neural)
    told = message(assemble, RecordingConfig(file="rat.npz", neural="spikes", rate=40), tmp_path, "rat")
    assert "neuron 1" in told
    assert "Read the other neurons by `columns: [0, 2]`" in told
    config = RecordingConfig(file="rat.npz", neural={"key": "spikes", "columns": [0, 2]}, rate=40)
    np.testing.assert_array_equal(assemble(config, tmp_path, "rat").neural, neural[:, [0, 2]])


def test_a_flag_on_a_clock_of_its_own_is_still_a_flag(rat):
    """Interpolated to the neural clock it has values between; what the file holds is what counts."""
    flag = {"key": "flag", "time": "clock"}
    made = rat({"labels": {"flag": flag}}, flag=np.tile([0.0, 1.0], 21), clock=np.arange(42) * 0.15)
    assert len(np.unique(made.labels["flag"].values)) > 2
    assert made.notes["proposals"] == ["flag has two values: set `kind: discrete`"]


def test_home_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    write_npz(tmp_path / "data" / "rat.npz", spikes=NEURAL)
    config = RecordingConfig(file="rat.npz", neural="spikes", rate=40)
    assert len(assemble(config, "~/data", "rat")) == LENGTH
    assert len(assemble(RecordingConfig(file="~/data/rat.npz", neural="spikes", rate=40), ".", "rat")) == LENGTH
    assert located("~/data", "rat.npz") == str(tmp_path / "data" / "rat.npz")


TRACK = np.arange(0, 7.5, 0.1)  # s, the clock of a camera that runs as long as RATE · 0.8 takes for the samples
TRACKED = {"labels": {"x": {"key": "x", "time": "track"}, "y": {"key": "y", "time": "track"}}}


def tracked(rat, rate=RATE, clock=TRACK, **config):
    random = np.random.default_rng(0)
    return rat(TRACKED | {"rate": rate} | config, track=clock, x=random.random(len(clock)), y=random.random(len(clock)))


@pytest.mark.parametrize(
    ("rate", "told"),
    [
        (20.0, "x, y go on 1.4 s after the last neural sample (6 s in common, of 6 s of neural data and 7.4 s"),
        (10.0, "x, y end 4.6 s before the last neural sample (7.4 s in common, of 12 s"),
        (16.0, None),
    ],
)
def test_a_rate_that_the_clock_of_the_labels_contradicts(rate, told, rat):
    found = tracked(rat, rate).notes["overlap"]
    assert list(found) == ([] if told is None else ["x", "y"])
    assert len(set(found.values())) == (told is not None)  # one for the labels of one clock
    for line in found.values():
        assert line.startswith(told)
        assert f"is `rate: {rate:g}` right?" in line


def test_a_clock_that_begins_elsewhere_is_not_blamed_on_the_rate(rat):
    (line,) = set(tracked(rat, None, TRACK[:61] + 2, time="t").notes["overlap"].values())
    assert "x, y go on 2.05 s after" not in line  # the last sample ends at 6 s, the track at 8 s
    assert "x, y go on 2 s after the last neural sample and begin 2 s after the first neural sample" in line
    assert "count from the same moment" in line


@pytest.mark.parametrize(("factor", "unit"), [(1e3, "ms"), (1250.0, "ms"), (1e6, "µs"), (1 / 60, "min"), (1e-3, "ms")])
def test_time_stamps_in_another_unit_are_refused(factor, unit, rat):
    told = message(tracked, rat, clock=TRACK[:61] * factor)
    assert "rat: time of x, y (" in told
    assert f"Are the time stamps in {unit}?" in told


def test_spikes_that_are_binned_to_a_chosen_end_need_no_more_of_the_track(tmp_path):
    seconds = np.sort(np.random.default_rng(0).random(400) * 6)
    write_npz(tmp_path / "a.npz", s=seconds, track=TRACK, x=np.sin(TRACK), y=np.cos(TRACK))
    given = {"file": "a.npz", "rate": 20, **TRACKED}
    for spikes_, lines in (({"start": 0, "stop": 4}, 0), ({"start": 0}, 1)):
        config = RecordingConfig.model_validate(given | {"spikes": {"times": "s"} | spikes_})
        assert len(set(assemble(config, tmp_path, "rat").notes["overlap"].values())) == lines


def test_trials_that_are_dropped_are_counted_among_those_given(rat):
    made = rat({"trials": "lap", "select": {"start": 3.0}}, lap=np.repeat([1.0, np.nan, 2.0, 3.0, 4.0, 5.0], 20))
    assert (made.notes["trials_given"], made.notes["trials"]) == (5, 3)


@pytest.mark.parametrize(
    ("options", "remedy"),
    [({}, "up to `largest_gap` (0.1 s); samples"), ({"kind": "discrete"}, "take the value of the nearest row")],
)
def test_missing_cells_of_a_label_with_its_own_clock_are_told_by_their_line(options, remedy, tmp_path):
    """300 rows at 50 per second, beside samples at 20 per second."""
    lines = [f"{row / 50:.2f},{'' if 100 <= row < 105 or row == 298 else row % 7}" for row in range(300)]
    (tmp_path / "track.csv").write_text("\n".join(["t,x", *lines]))
    write_npz(tmp_path / "rat.npz", spikes=NEURAL)
    given = BASE | {"labels": {"x": {"file": "track.csv", "column": "x", "time": {"column": "t"}} | options}}
    given["select"] = {"stop": 5.5}  # before the last cell
    told = message(assemble, RecordingConfig.model_validate(given), tmp_path, "rat")
    assert "2 samples beside cells without one, the first of these in line 102 at 2 s (6 cells without one in " in told
    assert remedy in told
    kept = [line for line in lines if not line.endswith(",")]
    (tmp_path / "track.csv").write_text("\n".join(["t,x", *kept]))
    assert len(assemble(RecordingConfig.model_validate(given), tmp_path, "rat")) >= 108  # the remedy helps


def test_trials_on_a_clock_of_their_own_are_those_of_the_nearest_stamp(tmp_path):
    stamps = np.arange(0.02, 5.0, 0.033)
    lap = np.where(stamps < 1.5, 7, np.where(stamps < 2.0, np.nan, np.where(stamps < 4.0, 3, 9)))
    pairs = [f"{t:.3f},{'' if np.isnan(n) else int(n)}" for t, n in zip(stamps, lap, strict=True)]
    (tmp_path / "laps.csv").write_text("\n".join(["s,lap", *pairs]))
    write_npz(tmp_path / "rat.npz", spikes=NEURAL, position=POSITION)
    trials_ = {"file": "laps.csv", "column": "lap"}
    told = message(assemble, RecordingConfig.model_validate(BASE | {"trials": trials_}), tmp_path, "rat")
    assert "give labels and trials their own `time`" in told
    given = BASE | {"trials": trials_ | {"time": {"column": "s"}}}
    made = assemble(RecordingConfig.model_validate(given), tmp_path, "rat")
    nearest = np.array([lap[np.abs(stamps - t).argmin()] for t in TIME])
    nearest[(stamps[0] > TIME) | (stamps[-1] < TIME)] = np.nan
    kept = np.isfinite(nearest)
    np.testing.assert_array_equal(made.time, TIME[kept])
    np.testing.assert_array_equal(made.trial, np.select([nearest[kept] == n for n in (7, 3, 9)], [0, 1, 2]))
    (tmp_path / "laps.csv").write_text("s,lap\n1,1\n3,2\n2,3\n")
    assert "rising time stamps" in message(assemble, RecordingConfig.model_validate(given), tmp_path, "rat")


@pytest.mark.parametrize(
    ("columns", "ways"),
    [
        (["x", "y"], "`column: x` or `column: y`"),
        (["y", "x", "z"], "`column: y` or `column: x` or `column: z`"),
        (None, "`column: x` to `column: w`"),
    ],
)
def test_several_columns_of_a_label_are_told_by_their_names(columns, ways, tmp_path):
    table = np.stack([POSITION, DIRECTION, TIME, TIME + POSITION], axis=1)
    np.savetxt(tmp_path / "track.csv", table, "%.3f", ",", header="x,y,z,w", comments="")
    write_npz(tmp_path / "rat.npz", spikes=NEURAL)
    label = {"file": "track.csv"} | ({"columns": columns} if columns else {})
    told = message(assemble, RecordingConfig.model_validate(BASE | {"labels": {"p": label}}), tmp_path, "rat")
    assert f"Give {ways}, one label for each." in told


def test_a_label_that_numbers_the_trials_is_doubted(rat):
    """Whether it is what trials are given by or not; classes that trials share and values that change are none."""
    lap = np.arange(LENGTH) // 20
    labels = {
        "number": {"key": "lap", "kind": "discrete"},
        "late": "late",
        "class": {"key": "direction", "kind": "discrete"},
        "position": "position",
        "drawn": "drawn",
        "clock": "clock",
    }
    arrays = {
        "clock": np.arange(LENGTH),
        "lap": lap,
        "late": 6.0 - lap,
        "drawn": np.array([3.0, 1.0, 2.0, 6.0, 5.0, 4.0])[lap],
    }
    doubts = rat({"labels": labels, "trials": "lap"}, **arrays).notes["doubts"]
    assert set(doubts) == {"number", "late"}
    assert "of a trial that is held out none was learned from" in doubts["late"]
    assert not rat({"labels": labels}, **arrays).notes["doubts"]

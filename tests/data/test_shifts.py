"""Circular shifts: bounds, labels that repeat, and that all three nulls bring the same label to a sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfiltfilt

from cebra_pipe.data.alike import imprint
from cebra_pipe.data.controls import Repeat, circular_shift
from cebra_pipe.data.parts import windows_inside
from cebra_pipe.data.recording import Label
from cebra_pipe.data.shifts import circular_shifts, pace, shifted, source
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.pipeline.comparing.sessions import Run, Session, shifted_means
from cebra_pipe.sklearn.nulls import METRICS, null_scores

from ..pipeline.compared import make_split

RAT = simulate(5, 6, 2000, 0.5, 0.0)
INSIDE, ALL = np.flatnonzero(windows_inside(RAT.epoch, 5, 5)), np.arange(1000)


def slow_label(seconds, length=1000, rate=10.0, seed=0):
    keep = np.exp(-1 / (rate * seconds))
    return Label(lfilter([1.0], [1.0, -keep], np.random.default_rng(seed).standard_normal(length + 500))[500:])


def shifts_of(*labels, inside=ALL, seed=0):
    named = {str(i): label for i, label in enumerate(labels)}
    return circular_shifts(named, 10.0, inside, np.random.default_rng(seed))


def test_shifts_keep_five_autocorrelation_times_away_and_do_not_repeat():
    label = Label(np.sin(np.arange(1000) * 2 * np.pi / 80))  # falls to 1/e after 80 arccos(1/e) / 2 pi = 15.2 samples
    found = shifts_of(label)
    nearest = found.values.min()
    assert nearest == pytest.approx(5 * 15.2, abs=1)
    assert sorted(found.values) == list(range(nearest, 1001 - nearest))
    assert found.effective == pytest.approx(len(found.values) / 15.2, rel=0.02)
    assert found.values.tolist() != sorted(found.values)


def test_the_slowest_label_sets_the_pace_and_one_too_slow_does_not():
    fast, slow = slow_label(0.5), slow_label(2.0, seed=1)
    block = Label((np.arange(1000) >= 500).astype(np.int64), "discrete")
    alone, both = shifts_of(fast), shifts_of(fast, slow)
    assert both.values.min() == shifts_of(slow).values.min() > alone.values.min()
    assert [s for s in alone.values if s in set(both.values)] == both.values.tolist()  # shared as far as bounds admit
    assert shifts_of(slow, block).values.tolist() == shifts_of(slow).values.tolist()
    assert list(shifts_of(slow, block).slow) == ["1"]
    assert len(shifts_of(block).values) == 0


# ---- labels that repeat ----------------------------------------------------------------------------------------------
def laps(jitter, number=40, seed=0):
    """Position on laps there and back of about 160 samples, whose durations vary by a share."""
    durations = 160 * (1 + jitter * np.random.default_rng(seed).standard_normal(number))
    return Label(np.concatenate([np.abs(np.linspace(-1, 1, int(d), endpoint=False)) for d in durations]))


@pytest.mark.parametrize("repeats", [3, 3.5, 10, 10.5])
def test_a_film_that_is_shown_again_repeats(repeats):
    frames = np.arange(int(300 * repeats)) % 300
    for label in (Label(frames.astype(float)), Label(frames // 30, "discrete"), Label(frames * 1.2, period=360.0)):
        assert pace(label).period == 300


def test_laps_of_equal_duration_repeat_and_others_do_not():
    assert pace(laps(0.005)).period == pytest.approx(160, abs=2)
    assert pace(laps(0.2)).period == 0


@pytest.mark.parametrize(("jitter", "repeats"), [(0.005, True), (0.025, True), (0.04, False), (0.2, False)])
def test_position_and_direction_of_the_same_laps_repeat_alike(jitter, repeats):
    position = laps(jitter)
    for label in (position, direction(position)):
        assert (pace(label).period > 0) == repeats


def direction(position):
    return Label(np.append(np.diff(position.values) > 0, True).astype(np.int64), "discrete")


@pytest.mark.parametrize(("number", "least", "most"), [(8, 0.15, 0.5), (12, 0.02, 0.4), (28, 0, 0)])
def test_few_laps_out_of_step_repeat_by_chance_and_many_do_not(number, least, most):
    """Of laps that vary by 10 %, directions about as often as positions."""
    positions = [laps(0.1, number, seed) for seed in range(40)]
    shares = [
        np.mean([pace(label).period > 0 for label in labels]) for labels in (positions, map(direction, positions))
    ]
    assert least <= min(shares) <= max(shares) <= most
    assert abs(shares[0] - shares[1]) <= 0.1


def test_a_rhythm_that_falls_out_of_step_does_not_repeat():
    """One cycle later it is nearly what it was, ten later it is not: most shifts are a null."""
    band = butter(2, [0.95 / 40, 1.05 / 40], "band", fs=1.0, output="sos")
    label = Label(sosfiltfilt(band, np.random.default_rng(1).standard_normal(8000))[2000:6000])
    assert np.corrcoef(label.values[40:], label.values[:-40])[0, 1] > 0.9
    assert pace(label).period == 0


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_rats_that_run_as_they_like_do_not_repeat(seed):
    rat = simulate(seed, neurons=4, samples=3000, place_cells=0.5, interneurons=0.1)
    for label in (*rat.labels.values(), slow_label(1.0, 400, seed=seed), slow_label(4.0, 1000, seed=seed)):
        assert pace(label).period == 0


def test_a_label_that_repeats_is_shifted_and_named(capsys):
    number = Label(np.arange(len(RAT)) % 100 + 0.0)
    paced = replace(RAT, labels={"lap": number})
    stream = np.random.default_rng(0)
    made = circular_shift(paced, Repeat(0, stream, stream, np.arange(len(RAT))))
    assert "repeats, so a fit can learn it shifted: lap every" in capsys.readouterr().err
    assert (made.labels["lap"].values != number.values).any()


def test_time_outside_windows_counts_for_nothing():
    inside = np.flatnonzero(np.arange(1000) % 50 >= 10)
    label = slow_label(0.5)
    spoiled = replace(label, values=np.where(np.isin(np.arange(1000), inside), label.values, 1e3))
    one, other = shifts_of(label, inside=inside), shifts_of(spoiled, inside=inside)
    np.testing.assert_array_equal(one.values, other.values)
    assert one.values.max() < len(inside)


def test_the_three_nulls_bring_the_same_label_to_a_sample():
    """Decoder null, refit null and consistency null agree with a roll of the samples that have whole windows."""
    shift, length = 123, len(RAT)
    number = Label(np.arange(length, dtype=np.float64))
    rolled = np.roll(INSIDE, shift)
    # refit: the label of the transformed recording
    made = source(INSIDE, shift, length)
    np.testing.assert_array_equal(made[INSIDE], rolled)
    # decoder: predictions that equal the shifted label have no error
    for place in (0, 400, len(INSIDE) - 1):
        error = null_scores(
            METRICS["continuous"], number, INSIDE, INSIDE[[place]], rolled[[place]].astype(float), np.array([shift])
        )
        assert error[0] == 0
    # consistency, over all samples: in the bin of a sample lies the embedding of the sample that its label came to
    run = Run(np.arange(length, dtype=np.float64)[:, None], np.zeros(length, bool))
    split = make_split(RAT)
    session = Session("rat", RAT.rate, RAT.labels, "", imprint(RAT.neural, RAT.time), split, {(0, 1): run})
    means = shifted_means(session, (0, 1), np.arange(length), length, 1, np.array([shift])).means["train"][0, :, 0]
    came_to = np.empty(length)
    came_to[source(np.arange(length), shift, length)] = np.arange(length)
    train = split["fold0"] == "train"
    np.testing.assert_array_equal(means[train], came_to[train])


def test_repeats_take_the_shifts_in_turn():
    streams = [np.random.default_rng(0) for _ in range(4)]
    admitted = circular_shifts(RAT.labels, RAT.rate, INSIDE, streams[0]).values
    for number, stream in zip((0, 5, len(admitted)), streams[1:], strict=True):
        made = circular_shift(RAT, Repeat(number, np.random.default_rng(9), stream, INSIDE))
        rows = source(INSIDE, int(admitted[number % len(admitted)]), len(RAT))
        np.testing.assert_array_equal(made.labels["position"].values, RAT.labels["position"].values[rows])


def test_shifted_wraps_around():
    assert shifted(np.array([2, 3, 7]), np.array([0, 2]), np.array([1, 2])).tolist() == [[7, 3], [3, 2]]

"""Windows, segments, units and autocorrelation times against plain loops and known processes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.fft import next_fast_len
from scipy.signal import lfilter

from cebra_pipe.data.parts import (
    autocorrelation,
    autocorrelation_time,
    content,
    coordinates,
    fast_length,
    keep_units,
    part_of,
    segments,
    windows_inside,
)
from cebra_pipe.data.recording import Label, Recording
from cebra_pipe.data.table import Table
from cebra_pipe.errors import UserError

EPOCH = np.repeat([0, 1, 2, 3], [5, 1, 12, 7])


def windows_slowly(epoch, before, after):
    inside = []
    for t in range(len(epoch)):
        window = range(t - before, t + after)
        inside.append(all(0 <= i < len(epoch) and epoch[i] == epoch[t] for i in window))
    return np.array(inside)


@pytest.mark.parametrize(("before", "after"), [(0, 1), (2, 3), (5, 5), (0, 7), (40, 40)])
def test_windows_inside_agrees_with_the_slow_truth(before, after):
    np.testing.assert_array_equal(windows_inside(EPOCH, before, after), windows_slowly(EPOCH, before, after))


@pytest.mark.parametrize("seed", range(6))
def test_segments_are_the_runs_of_the_mask_inside_epochs(seed):
    mask = np.random.default_rng(seed).random(len(EPOCH)) < 0.7
    found = segments(mask, EPOCH)
    covered = np.zeros(len(EPOCH), bool)
    for start, stop in found:
        assert mask[start:stop].all()
        assert len(set(EPOCH[start:stop])) == 1
        covered[start:stop] = True
        for edge in (start - 1, stop):  # a run cannot be longer
            assert edge < 0 or edge >= len(mask) or not mask[edge] or EPOCH[edge] != EPOCH[start]
    np.testing.assert_array_equal(covered, mask)


def test_segments_of_nothing():
    assert segments(np.zeros(4, bool), np.zeros(4)).shape == (0, 2)


def test_units_are_kept_by_their_rate_on_the_training_part_alone():
    neural = np.zeros((100, 3), np.uint8)
    neural[:50, 0] = 1  # active in training
    neural[50:, 1] = 1  # active elsewhere
    train = np.arange(100) < 50
    assert keep_units(neural, train, 10.0, 5.0).tolist() == [0]
    assert keep_units(neural, train, 10.0, 0.0).tolist() == [0, 1, 2]
    with pytest.raises(UserError, match="minimum_rate"):
        keep_units(neural, train, 10.0, 50.0)


@pytest.mark.parametrize("tau", [0.2, 1.0])
def test_the_autocorrelation_time_of_an_autoregressive_process_is_its_time_constant(tau):
    keep = np.exp(-1 / (40 * tau))
    noise = np.random.default_rng(0).standard_normal((80_000, 3))
    values = lfilter([1.0], [1.0, -keep], noise, axis=0)
    assert autocorrelation_time(values, 40.0) == pytest.approx(tau, rel=0.1)
    assert autocorrelation_time(values[:, 0], 40.0) == pytest.approx(tau, rel=0.15)


def test_autocorrelation_agrees_with_the_sum_over_pairs():
    values = np.random.default_rng(1).standard_normal(50)
    centred = values - values.mean()
    slow = [sum(centred[i] * centred[i + lag] for i in range(50 - lag)) for lag in range(50)]
    np.testing.assert_allclose(autocorrelation(values), np.array(slow) / slow[0], atol=1e-12)


def test_transforms_are_padded_to_a_length_that_is_quick():
    assert [fast_length(n) for n in range(1, 3000)] == [next_fast_len(n, real=True) for n in range(1, 3000)]


def test_a_constant_has_no_memory_and_a_step_a_long_one():
    assert autocorrelation_time(np.ones(100), 10.0) == 0
    step = Label(np.repeat([0, 1], 500), "discrete")
    assert autocorrelation_time(coordinates(step), 10.0) > 10


def test_memory_of_many_classes_takes_a_byte_an_indicator():
    many = coordinates(Label(np.arange(3000) % 1000, "discrete"))
    assert many.nbytes == 3000 * 1000
    tracemalloc.start()
    autocorrelation(many)
    assert tracemalloc.get_traced_memory()[1] < many.nbytes
    tracemalloc.stop()


def test_coordinates_of_angles_have_no_seam():
    angle = coordinates(Label(np.array([1.0, 359.0]), period=360.0))
    assert np.linalg.norm(angle[0] - angle[1]) < 0.05


def test_an_unknown_fold_is_told():
    with pytest.raises(UserError, match="fold0"):
        part_of(Table({"fold0": np.array(["train"], object)}), 1)


def test_content_sees_values_and_no_names():
    rng = np.random.default_rng(0)
    time = np.arange(30) / 10

    def made(neural, x, neurons=()):
        labels = {"x": Label(x)}
        zeros = np.zeros(30, np.int32)
        return Recording(neural, 10.0, labels, time, zeros, zeros, neurons=neurons)

    neural, x = rng.poisson(1, (30, 2)), rng.random(30)
    one = made(neural, x)
    assert content(one) == content(made(neural, x, ("a", "b")))
    assert content(one) != content(made(neural + 1, x))
    assert content(one, neural=False) == content(made(neural + 1, x), neural=False)
    assert content(one, neural=False) != content(made(neural, x + 1), neural=False)

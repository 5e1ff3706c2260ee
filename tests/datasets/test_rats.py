"""Simulated rats: deterministic, shaped like recordings, and as hard to decode as real rats."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from cebra_pipe.data.split import split
from cebra_pipe.datasets.rats import JITTER_TIME, RATE, TRACK, draw_fields, drift, run_laps, simulate
from cebra_pipe.pipeline.config.options import SplitConfig
from cebra_pipe.sklearn.methods import decode, naive_bayes
from cebra_pipe.sklearn.tasks import Samples, Task
from cebra_pipe.streams import generator

# The four rats of the default study, with the held-out error (cm) and direction of a 250 ms naive-Bayes decoder.
RATS = {
    "rat1": ({"seed": 12, "neurons": 66, "samples": 7000, "place_cells": 0.62, "interneurons": 0.0}, 6.0),
    "rat2": ({"seed": 1, "neurons": 48, "samples": 6600, "place_cells": 0.42, "interneurons": 0.03}, 12.9),
    "rat3": ({"seed": 16, "neurons": 54, "samples": 6400, "place_cells": 0.37, "interneurons": 0.04}, 9.9),
    "rat4": ({"seed": 9, "neurons": 64, "samples": 6800, "place_cells": 0.5, "interneurons": 0.02}, 8.4),
}


def decoded(recording):
    (cut,) = split(recording, SplitConfig(stratify="direction").model_dump())
    train, valid, test = (np.flatnonzero(cut.part == rank) for rank in range(3))
    samples = Samples(train, valid, test, np.zeros(0, np.int64), np.arange(len(recording)))
    units = np.arange(recording.neural.shape[1])
    task = Task(recording, ("position", "direction"), samples, units, (1,), 40, 10, (5, 5), 3)
    return {name: decode(task, name, candidates) for name, candidates in naive_bayes(task).items()}


@pytest.mark.parametrize("name", RATS)
def test_the_rats_are_as_hard_to_decode_as_real_ones(name):
    arguments, expected = RATS[name]
    recording = simulate(**arguments)
    found = decoded(recording)
    error = 100 * found["position"].score
    assert 4 <= error <= 14
    assert error == pytest.approx(expected, abs=0.6)
    assert 0.82 <= found["direction"].score <= 0.97
    assert 0.97 <= (recording.neural == 0).mean() <= 0.98


def test_the_rats_differ_in_difficulty_as_real_ones_do():
    errors = sorted(error for _, error in RATS.values())
    assert np.diff(errors).min() > 1
    assert errors[-1] > 2 * errors[0]


def test_equal_seeds_give_equal_recordings_and_others_do_not():
    one, same, other = (simulate(seed, 20, 1500, 0.5, 0.05) for seed in (3, 3, 4))
    for a, b in (
        (one.neural, same.neural),
        (one.time, same.time),
        (one.labels["position"].values, same.labels["position"].values),
    ):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one.neural, other.neural)
    assert one.neural.dtype == np.uint8


def test_the_run_does_not_depend_on_the_neurons():
    few, many = simulate(3, 5, 1500, 0.5, 0.0), simulate(3, 40, 1500, 0.2, 0.1)
    np.testing.assert_array_equal(few.labels["position"].values, many.labels["position"].values)
    np.testing.assert_array_equal(few.time, many.time)


def test_laps_alternate_run_the_track_and_are_separated_by_rests():
    laps = run_laps(generator("test"), 8000)
    step = np.diff(laps.time)
    border = np.diff(laps.lap) > 0
    np.testing.assert_allclose(step[~border], 1 / RATE, atol=1e-6)
    assert (step[border] > 1).mean() > 0.9
    assert (np.diff(laps.direction.astype(int))[border] != 0).all()
    assert (laps.direction[1:] == laps.direction[:-1])[~border].all()
    assert laps.position.min() >= 0
    assert laps.position.max() <= TRACK
    whole = np.flatnonzero(border)[:-1]  # the last lap may be cut off
    ends = laps.position[whole]
    np.testing.assert_allclose(ends, np.where(laps.direction[whole] == 1, TRACK, 0), atol=1e-9)


def test_epochs_are_laps():
    recording = simulate(1, 10, 2000, 0.5, 0.0)
    np.testing.assert_array_equal(recording.epoch, recording.trial)


def test_fields_have_the_shares_of_the_recipe():
    cells = 4000
    fields = draw_fields(generator("fields"), cells)
    directions = np.zeros((cells, 2), bool)
    directions[fields.cell, fields.direction] = True
    assert directions.any(axis=1).all()
    assert directions.all(axis=1).mean() == pytest.approx(0.55, abs=0.03)
    per_map = len(fields.cell) / directions.sum()
    assert per_map == pytest.approx(1.35, abs=0.03)
    assert ((fields.centre < 0.2) | (fields.centre > TRACK - 0.2)).mean() > 0.3  # more fields at the ends
    assert (fields.width >= 0.09).all()
    assert (fields.width <= 0.19).all()


def test_neurons_of_each_kind_are_as_many_as_asked_for():
    all_inter = simulate(1, 20, 2000, 0.0, 1.0)
    rates = all_inter.neural.mean(axis=0) * RATE
    assert (rates > 3).all()
    sparse = simulate(1, 20, 2000, 0.0, 0.0)
    assert np.median(sparse.neural.mean(axis=0) * RATE) < 1


def test_the_represented_positiondrifts_as_a_filter_of_noise_does():
    keep = np.exp(-1 / (RATE * JITTER_TIME))
    noise = np.random.default_rng(0).standard_normal(2000) * np.sqrt(1 - keep**2)
    noise[0] /= np.sqrt(1 - keep**2)
    np.testing.assert_array_equal(drift(np.random.default_rng(0), 2000), lfilter([1.0], [1.0, -keep], noise))

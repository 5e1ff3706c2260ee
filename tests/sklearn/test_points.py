"""Points made of labels: their error by hand, their decoders against plain loops, their null on noise."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import minimize
from scipy.stats import binom, poisson

from cebra_pipe.data.recording import Label
from cebra_pipe.data.shifts import circular_shifts
from cebra_pipe.sklearn import decoders, methods
from cebra_pipe.sklearn.bayes import naive_bayes, unsuited
from cebra_pipe.sklearn.bootstrap import resampled_scores
from cebra_pipe.sklearn.neighbours import vote
from cebra_pipe.sklearn.nulls import METRICS, median_distance, null_scores, p_value
from cebra_pipe.sklearn.points import Point, geometric_median, misfit, quantisation_floor
from cebra_pipe.sklearn.report import Result, label_shifts, score_rows
from tests.toys import open_field, task_of_points


# ---- the score -------------------------------------------------------------------------------------------------------
def test_the_error_of_a_point_is_the_median_euclidean_distance():
    truth = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [0.0, 3.0]])
    predicted = np.array([[3.0, 4.0], [1.0, 2.0], [2.0, 0.0], [5.0, 15.0]])
    assert median_distance(truth, predicted) == 3.0  # of 5, 1, 0 and 13
    many = np.stack([truth, predicted])
    np.testing.assert_array_equal(median_distance(many, predicted), [3.0, 0.0])


def test_its_draws_of_trials_are_medians_of_distances():
    rng = np.random.default_rng(1)
    truth, predicted, owner = rng.random((60, 2)), rng.random((60, 2)), np.repeat(np.arange(6), 10)
    draws = rng.multinomial(6, np.full(6, 1 / 6), 20)
    found = resampled_scores(Point(truth, "m"), truth, predicted, draws, owner)
    error = np.hypot(*(truth - predicted).T)
    np.testing.assert_allclose(found, [np.median(np.repeat(error, draw[owner])) for draw in draws])


def test_null_scores_of_a_point_shift_all_its_coordinates_together(monkeypatch):
    rng = np.random.default_rng(2)
    values, inside = rng.random((50, 2)), np.sort(rng.choice(50, 40, replace=False))
    samples, shifts = inside[5:25], np.array([3, 11, 29])
    predicted = rng.random((20, 2))
    slow = []
    for shift in shifts:
        rolled = np.roll(values[inside], shift, axis=0)[5:25]
        slow.append(np.median([np.sqrt(((a - b) ** 2).sum()) for a, b in zip(rolled, predicted, strict=True)]))
    monkeypatch.setattr("cebra_pipe.sklearn.nulls.CHUNK", 50)
    found = null_scores(METRICS["point"], Point(values, "m"), inside, samples, predicted, shifts)
    np.testing.assert_allclose(found, slow)


# ---- what makes a point ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("other", "told"),
    [
        (Label(np.zeros(3), unit="m"), ""),
        (Label(np.zeros(3), unit="cm"), "x in m, y in cm"),
        (Label(np.zeros(3)), "x in m, y in no unit"),
        (Label(np.zeros(3, int), "discrete", unit="m"), "y is discrete"),
        (Label(np.zeros(3), unit="m", period=360.0), "y repeats after 360"),
    ],
)
def test_misfits_are_told(other, told):
    assert misfit({"x": Label(np.zeros(3), unit="m"), "y": other}) == told


def test_the_shifts_of_a_point_are_those_that_all_its_labels_admit():
    recording = open_field(3)
    slow = gaussian_filter1d(np.random.default_rng(5).standard_normal(len(recording)), 60)
    one = task_of_points(replace(recording, labels={**recording.labels, "y": Label(slow, unit="m")}))
    alone = {name: label_shifts(one, name, 10_000, 1) for name in ("x", "y")}
    both = label_shifts(one, "place", 10_000, 1)
    assert len(alone["y"].values) < len(alone["x"].values)
    np.testing.assert_array_equal(both.values, alone["y"].values)
    assert both.effective == alone["y"].effective


@pytest.mark.parametrize(
    ("y", "why"),
    [(np.sin(np.arange(2400) / 20), "periodic"), (np.linspace(0, 1, 2400), "slow")],
    ids=["repeats", "too slow"],
)
def test_a_point_has_no_null_where_a_label_of_it_has_none(y, why):
    recording = open_field(3)
    one = task_of_points(replace(recording, labels={**recording.labels, "y": Label(y, unit="m")}))
    found = label_shifts(one, "place", 99, 1)
    assert list(getattr(found, why)) == ["y"]
    assert len(found.values) == 0
    assert len(label_shifts(one, "x", 99, 1).values) == 99


def test_the_null_holds_its_level_on_smooth_paths_that_know_nothing_of_the_point():
    """Both are smoothed noise; of 150 sessions about 5 % have p <= .05, and a permuted null rejects most."""
    p, permuted = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        true, guess = (gaussian_filter1d(rng.standard_normal((700, 2)), 6, axis=0) for _ in range(2))
        labels = {name: Label(axis) for name, axis in zip("xy", true.T, strict=True)}
        shifts = circular_shifts(labels, 20.0, np.arange(700), rng).first(99)
        test, point = np.arange(500, 700), Point(true, "m")
        score = float(median_distance(true[test], guess[test]))
        null = null_scores(METRICS["point"], point, np.arange(700), test, guess[test], shifts.values)
        p.append(p_value(METRICS["point"], score, null))
        mixed = [float(median_distance(rng.permutation(true)[test], guess[test])) for _ in range(39)]
        permuted.append(p_value(METRICS["point"], score, np.array(mixed)))
    assert (np.array(p) <= 0.05).sum() <= binom.ppf(0.995, 150, 0.05)
    assert (np.array(p) <= 0.2).sum() >= binom.ppf(0.005, 150, 0.2)
    assert (np.array(permuted) <= 0.05).sum() > binom.ppf(0.995, 150, 0.05)


def test_the_null_holds_its_level_where_decoders_learn_from_neurons_that_know_nothing_of_the_point():
    """Place cells of another walk, as smooth as the one that is decoded."""
    p = {"window_knn": [], "naive_bayes": []}
    for seed in range(50):
        seen, walked = open_field(2 * seed, 1000, 10, 12), open_field(2 * seed + 1, 1000, 10, 12)
        one = replace(task_of_points(replace(walked, neural=seen.neural), bins=6, offset=(0, 1)), labels=())
        found = {name: methods.decode(one, "place", methods.BASELINES[name](one)["place"]) for name in [*p, "constant"]}
        results = [Result(name, 0, -1, {"place": each}) for name, each in found.items()]
        for row in score_rows("walk", one, results[::-1], 39, seed):
            p.get(row["method"], []).append(row["p"])
    for mine in p.values():
        assert len(mine) == 50
        assert (np.array(mine) <= 0.05).sum() <= binom.ppf(0.995, 50, 0.05)


# ---- decoders --------------------------------------------------------------------------------------------------------
def test_neighbours_vote_for_the_mean_of_their_points():
    values = np.array([[0.0, 0.0], [2.0, 4.0], [4.0, 2.0], [10.0, 10.0]])
    near = np.array([[0, 1, 2], [3, 2, 1]])
    found = vote(Point(values, "m"), values, near, (1, 3))
    np.testing.assert_allclose(found, [[[0, 0], [10, 10]], [[2, 2], [16 / 3, 16 / 3]]])


def test_the_constant_is_the_place_of_least_mean_distance():
    values = np.random.default_rng(4).gamma(1.0, 1.0, (201, 2)) * [1.0, 3.0]

    def cost(place):
        return np.linalg.norm(values - place, axis=1).mean()

    best = minimize(cost, values.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x
    np.testing.assert_allclose(geometric_median(values), best, atol=1e-3)
    on_a_line = np.stack([np.array([0.0, 1.0, 2.0, 50.0, 60.0]), np.zeros(5)], axis=1)
    np.testing.assert_allclose(geometric_median(on_a_line), [2.0, 0.0], atol=0.02)
    np.testing.assert_array_equal(geometric_median(np.ones((5, 3))), [1.0, 1.0, 1.0])


def test_naive_bayes_of_a_point_is_that_of_the_slow_loops():
    """Bandwidth 0: the cell of the largest occupancy times Poisson probability, its place the mean of its samples."""
    recording = open_field(6, length=400, trials=8, neurons=5)
    one = task_of_points(recording, bins=4)
    train, place = one.samples.train, one.target("place").values
    low, high = place[train].min(axis=0), place[train].max(axis=0)
    cell = np.clip(((place - low) / ((high - low) / 4)).astype(int), 0, 3)
    counts = decoders.summed_counts(recording.neural, recording.epoch, 5)
    mean, expected = recording.neural[train].mean(axis=0), []
    for t in one.samples.query[:40]:
        best, chosen = -np.inf, None
        for i, j in itertools.product(range(4), range(4)):
            mine = [s for s in train if tuple(cell[s]) == (i, j)]
            added = decoders.PRIOR_SAMPLES
            rate = (recording.neural[mine].sum(axis=0) + added * mean) / (len(mine) + added)
            each = poisson.logpmf(counts.summed[t], rate * counts.samples[t])
            if (found := each.sum() + np.log(len(mine) + 1e-9)) > best:
                best, chosen = found, place[mine].mean(axis=0)
        expected.append(chosen)
    np.testing.assert_allclose(naive_bayes(one)["place"].values[0][:40], expected)


def test_naive_bayes_smooths_a_point_over_all_its_coordinates():
    grid = decoders.Grid((9, 9), np.array([4 * 9 + 4]), smooth=2)
    _, occupied = decoders.tuning(np.ones((1, 1)), grid, np.array([True]), 1.5)
    seen = occupied.reshape(9, 9)
    np.testing.assert_allclose(seen, seen.T)
    assert seen[4, 4] > seen[4, 5] > seen[5, 5] > 0
    assert seen.sum() == pytest.approx(1.0, abs=0.02)


def test_naive_bayes_says_why_it_leaves_a_point_out():
    fine = task_of_points(open_field(6, length=400, trials=8), bins=101)
    assert unsuited(fine, "place") == "101^2 cells are too many for naive Bayes: at most 10000, fewer decode.bins"
    assert unsuited(fine, "x") == ""
    assert set(naive_bayes(fine)) == {"x", "y"}


def test_one_k_serves_all_coordinates():
    """It is that of the least distance on valid, whatever would be best for x or y alone."""
    rng = np.random.default_rng(8)
    truth = rng.random((40, 2))
    noise = np.array([[0.01, 0.5], [0.2, 0.2], [0.5, 0.01]])  # of three candidates, along x and y
    values = truth + noise[:, None] * rng.choice([-1, 1], (3, 40, 2))
    candidates = methods.Candidates(values, (1, 4, 9), ("",) * 3)
    found = methods.choose(Point(truth, "m"), truth, (slice(0, 20), slice(20, 40), slice(40, 40)), candidates)
    assert found.k == 4
    assert found.score == pytest.approx(np.hypot(0.2, 0.2))
    np.testing.assert_array_equal(found.test, values[1, 20:])


# ---- the floor -------------------------------------------------------------------------------------------------------
def test_the_quantisation_floor_of_a_point_is_the_median_distance_of_rounding():
    fine = np.random.default_rng(9).uniform(0, 1, (40_000, 2))
    steps = np.array([0.1, 0.05])
    rounded = np.round(fine / steps) * steps
    found = quantisation_floor(Point(rounded, "m"))
    assert found == pytest.approx(np.median(np.linalg.norm(rounded - fine, axis=1)), rel=0.02)
    square = np.round(fine / 0.1) * 0.1
    assert quantisation_floor(Point(square, "m")) == pytest.approx(0.1 / np.sqrt(2 * np.pi), rel=0.01)
    half = np.stack([square[:, 0], fine[:, 1]], axis=1)
    assert quantisation_floor(Point(half, "m")) == pytest.approx(0.025, rel=0.01)
    assert np.isnan(quantisation_floor(Point(fine, "m")))

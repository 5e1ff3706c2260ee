"""Scores against plain loops; the null itself on signals that have nothing to do with each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom
from sklearn.metrics import balanced_accuracy_score

from cebra_pipe.data.recording import Label
from cebra_pipe.data.shifts import circular_shifts
from cebra_pipe.sklearn.neighbours import nearest, vote
from cebra_pipe.sklearn.nulls import (
    METRICS,
    balanced_accuracy,
    distance,
    median_abs_error,
    null_scores,
    p_value,
)

ERROR, ACCURACY = METRICS["continuous"], METRICS["discrete"]


def test_distance_goes_the_short_way_round():
    np.testing.assert_allclose(
        distance(np.array([350.0, 10.0, 180.0]), np.array([10.0, 350.0, 0.0]), 360.0), [20, 20, 180]
    )
    assert distance(np.array(350.0), np.array(10.0), None) == 340


@pytest.mark.parametrize("seed", range(4))
def test_balanced_accuracy_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 3, (5, 60)), rng.integers(0, 3, 60)
    expected = [balanced_accuracy_score(row, predicted) for row in truth]
    np.testing.assert_allclose(balanced_accuracy(truth, predicted), expected)
    assert float(balanced_accuracy(truth[0], predicted)) == pytest.approx(expected[0])


def test_classes_that_a_shifted_truth_lacks_do_not_count():
    truth = np.array([[0, 0, 1, 1], [1, 1, 1, 1]])
    assert balanced_accuracy(truth, np.array([0, 1, 1, 1])).tolist() == [0.75, 0.75]


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_null_scores_agree_with_the_slow_truth(kind, monkeypatch):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, 60) if kind == "discrete" else rng.random(60)
    inside = np.setdiff1d(np.arange(60), [0, 7, 8, 9, 30, 31, 32, 33, 58, 59])
    samples, shifts = inside[[3, 10, 11, 40, 49]], np.array([5, 20, 44])
    predicted = values[samples[::-1]]
    metric = METRICS[kind]
    slow = [metric.score(np.roll(values[inside], s)[[3, 10, 11, 40, 49]], predicted, None) for s in shifts]
    monkeypatch.setattr("cebra_pipe.sklearn.nulls.CHUNK", 10)
    np.testing.assert_allclose(null_scores(metric, Label(values, kind), inside, samples, predicted, shifts), slow)


def test_p_counts_ties_and_itself():
    null = np.array([0.1, 0.2, 0.3] * 10)
    assert p_value(ERROR, 0.1, null) == 11 / 31
    assert p_value(ERROR, 0.05, null) == 1 / 31
    assert p_value(ACCURACY, 0.3, null) == 11 / 31
    assert p_value(ACCURACY, 0.0, null) == 1


@pytest.mark.parametrize(("draws", "given"), [(18, False), (19, True)])
def test_few_draws_give_no_p(draws, given):
    assert np.isfinite(p_value(ERROR, 0.5, np.linspace(0, 1, draws))) == given


def test_a_tie_that_is_there_is_found():
    rng = np.random.default_rng(0)
    label = Label(process(rng, 2000, 1)[:, 0])
    samples = np.arange(1500, 2000)
    predicted = label.values[samples] + rng.standard_normal(500)
    shifts = shifts_of(label, rng, 199)
    null = null_scores(ERROR, label, np.arange(2000), samples, predicted, shifts)
    assert p_value(ERROR, float(median_abs_error(label.values[samples], predicted)), null) < 0.02


RATE, LENGTH, TAU = 10.0, 1600, 1.0


def shifts_of(label, stream, draws):
    return circular_shifts({"label": label}, RATE, np.arange(len(label.values)), stream).first(draws).values


def process(rng, length, columns):
    """(length, columns) autoregressive noise with a time constant of 1 s."""
    keep = np.exp(-1 / (RATE * TAU))
    return lfilter([1.0], [1.0, -keep], rng.standard_normal((length + 200, columns)), axis=0)[200:]


def independent_p(seed, discrete):
    """p by circular shifts and by permutations, for a decoder of a label that the features know nothing of."""
    rng = np.random.default_rng(seed)
    features, slow = process(rng, LENGTH, 5), process(rng, LENGTH, 1)[:, 0]
    label = Label((slow > 0).astype(np.int64), "discrete") if discrete else Label(slow)
    metric, values = METRICS[label.kind], label.values
    train, test = np.arange(1080), np.arange(1100, LENGTH)
    near = nearest(features[train], features[test], 16, "euclidean")
    (predicted,) = vote(label, values[train], near, (16,))
    score = float(metric.score(values[test], predicted, None))
    shifted = null_scores(metric, label, np.arange(LENGTH), test, predicted, shifts_of(label, rng, 99))
    permuted = np.array([metric.score(rng.permutation(values)[test], predicted, None) for _ in range(99)])
    return p_value(metric, score, shifted), p_value(metric, score, permuted)


@pytest.mark.parametrize("discrete", [False, True])
def test_the_shift_null_holds_its_level_and_the_permutation_null_does_not(discrete):
    runs = 200
    p = np.array([independent_p(seed, discrete) for seed in range(runs)])
    for level in (0.05, 0.1):
        most = binom.ppf(0.995, runs, level)
        assert (p[:, 0] <= level).sum() <= most
        assert (p[:, 1] <= level).sum() > most
    assert (p[:, 0] <= 0.1).sum() >= binom.ppf(0.005, runs, 0.1) / 2  # and not by never rejecting


@pytest.mark.deep
@pytest.mark.parametrize("discrete", [False, True])
def test_decoder_p_of_noise_is_uniform(discrete, evidence):
    runs, levels = 2000, (0.01, 0.05, 0.1, 0.5)
    p = np.array([independent_p(seed, discrete) for seed in range(runs)])
    named = {"circular shift": p[:, 0], "permutation (no p is printed for it)": p[:, 1]}
    evidence({name: {f"p <= {a}": float(np.mean(v <= a)) for a in levels} for name, v in named.items()})
    for level in levels[:3]:
        assert (p[:, 0] <= level).sum() <= binom.ppf(0.999, runs, level)
        assert (p[:, 1] <= level).sum() > binom.ppf(0.999, runs, level)

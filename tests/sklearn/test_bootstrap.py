"""The bootstrap over test trials against plain loops, and how often its interval holds the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from cebra_pipe.data.recording import Label
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.sklearn import bootstrap
from cebra_pipe.sklearn.bootstrap import interval, resampled_scores, samples_key, trial_draws

RAT = simulate(3, 4, 2000, 0.7, 0.0)
TEST = np.flatnonzero(RAT.trial % 3 == 0)


@pytest.mark.parametrize(
    "label", [Label(np.zeros(1)), Label(np.zeros(1), period=3.0), Label(np.zeros(1, int), "discrete")]
)
def test_scores_are_those_of_trials_laid_end_to_end(label, monkeypatch):
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, (2, 90)) if label.discrete else rng.random((2, 90)) * 3
    owner = np.repeat(np.arange(7), [5, 20, 13, 12, 10, 11, 19])
    draws = rng.multinomial(7, np.full(7, 1 / 7), 40)
    monkeypatch.setattr(bootstrap, "CHUNK", 500)
    for row, score in zip(draws, resampled_scores(label, truth, predicted, draws, owner), strict=True):
        chosen = np.concatenate([np.flatnonzero(owner == trial) for trial in np.repeat(np.arange(7), row)])
        if label.discrete:
            whole = len(set(truth[chosen])) == len(set(truth))
            expected = balanced_accuracy_score(truth[chosen], predicted[chosen]) if whole else np.nan
        else:
            apart = np.abs(truth - predicted)[chosen]
            expected = np.median(np.minimum(apart, label.period - apart) if label.period else apart)
        assert score == pytest.approx(expected, nan_ok=True)


def test_a_constant_has_no_spread_where_trials_are_of_one_class_each():
    """A draw without a class has no balanced accuracy: neither 0 nor 1."""
    owner = np.repeat(np.arange(6), 10)
    truth = owner % 2
    draws = np.random.default_rng(0).multinomial(6, np.full(6, 1 / 6), 999)
    scores = resampled_scores(Label(truth, "discrete"), truth, np.zeros(60, int), draws, owner)
    assert 0 < np.isnan(scores).sum() < 100
    assert interval(scores) == (0.5, 0.5)
    assert np.isnan(interval(np.array([np.nan, np.nan, 1.0]))).all()


def test_draws_follow_from_the_samples_alone():
    draws, owner = trial_draws(RAT, TEST, 1)
    assert draws.shape == (bootstrap.DRAWS, len(np.unique(RAT.trial[TEST])))
    assert (draws.sum(axis=1) == draws.shape[1]).all()
    np.testing.assert_array_equal(np.unique(RAT.trial[TEST])[owner], RAT.trial[TEST])
    other = replace(RAT, neural=RAT.neural[::-1], labels={})
    np.testing.assert_array_equal(trial_draws(other, TEST, 1)[0], draws)
    assert samples_key(RAT, TEST) != samples_key(RAT, TEST[1:])
    assert not np.array_equal(trial_draws(RAT, TEST, 2)[0], draws)


def test_four_trials_have_no_interval():
    few = TEST[RAT.trial[TEST] <= RAT.trial[TEST][0] + 9]
    assert len(np.unique(RAT.trial[few])) == 4
    draws, owner = trial_draws(RAT, few, 1)
    position = RAT.labels["position"]
    scores = resampled_scores(position, position.values[few], position.values[few], draws, owner)
    assert len(scores) == 0
    assert np.isnan(interval(scores)).all()


def test_the_interval_of_trials_that_differ_is_wider_than_that_of_samples_that_do():
    """Errors that trials share: samples are not n."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(12), 40)
    truth, label = np.zeros(480), Label(np.zeros(1))
    by_trial, by_sample = 1 + 0.5 * rng.random(12)[owner], 1 + 0.5 * rng.random(480)
    draws = rng.multinomial(12, np.full(12, 1 / 12), 400)
    width = [np.ptp(interval(resampled_scores(label, truth, error, draws, owner))) for error in (by_trial, by_sample)]
    assert width[0] > 2 * width[1]


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """Median error over 20 trials whose errors have median 1: 95 % intervals, within what a few trials allow."""
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        owner = np.repeat(np.arange(20), 10)
        error = np.exp(0.4 * rng.standard_normal(20)[owner] + 0.4 * rng.standard_normal(200))
        draws = rng.multinomial(20, np.full(20, 0.05), 300)
        low, high = interval(resampled_scores(Label(np.zeros(1)), np.zeros(200), error, draws, owner))
        held += low <= 1 <= high
    assert 175 <= held <= 199

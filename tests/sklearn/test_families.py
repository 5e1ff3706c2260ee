"""Families of tests against plain loops, and that they hold their level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from cebra_pipe.sklearn.families import by_maximum, holm


def family(seed, tests=5, draws=39, shift=0.0):
    """Tests that share what moves them, in other units each; the first with an effect of `shift`."""
    rng = np.random.default_rng(seed)
    every = rng.standard_normal((tests, 1 + draws)) + 2 * rng.standard_normal(1 + draws)
    every = every * 10.0 ** np.arange(tests)[:, None] + 7
    return every[:, 0] + shift * np.eye(tests)[0], every[:, 1:]


def test_the_maximum_is_that_of_plain_loops():
    real, null = family(3)
    every = np.concatenate([real[:, None], null], axis=1)
    scaled = [[(v - np.mean(row)) / np.std(row) for v in row] for row in every]
    for test, p in enumerate(by_maximum(real, null)):
        reached = sum(max(row[i] for row in scaled) >= scaled[test][0] for i in range(1, 40))
        assert p == (1 + reached) / 40


def test_the_maximum_of_one_test_is_its_p():
    real, null = family(0, tests=1)
    assert by_maximum(real, null)[0] == (1 + (null[0] >= real[0]).sum()) / 40
    assert by_maximum(np.zeros(1), np.zeros((1, 19)))[0] == 1  # ties


def test_a_family_without_effect_is_significant_no_more_often_than_the_level_says():
    smallest = np.array([by_maximum(*family(seed)).min() for seed in range(400)])
    alone = np.array([(1 + (null >= real[:, None]).sum(axis=1)).min() / 40 for real, null in map(family, range(400))])
    for level in (0.05, 0.1):
        assert binom.ppf(0.005, 400, level) <= (smallest <= level).sum() <= binom.ppf(0.995, 400, level)
    assert (alone <= 0.05).sum() > binom.ppf(0.995, 400, 0.05)


def test_an_effect_is_found():
    assert by_maximum(*family(1, shift=20.0))[0] == 1 / 40


@pytest.mark.parametrize(
    ("p", "corrected"),
    [([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([0.5, 0.6], [1, 1]), ([0.02], [0.02]), ([], [])],
)
def test_holm_steps_down(p, corrected):
    np.testing.assert_allclose(holm(np.array(p)), corrected)


def test_a_test_without_p_counts_in_holm():
    found = holm(np.array([0.01, np.nan, 0.02]))
    np.testing.assert_allclose(found, [0.03, np.nan, 0.04])

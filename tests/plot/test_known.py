"""Means and ranges of numbers of which some are not known."""

from __future__ import annotations

import math

import numpy as np

from cebra_pipe.plot.known import mean, of_all, or_nan, ranges


def test_what_is_not_known_counts_for_nothing():
    assert mean(np.array([1.0, np.nan, 3.0])) == 2
    assert math.isnan(mean([np.nan]))
    assert math.isnan(mean([]))
    assert (or_nan(2), math.isnan(or_nan(None))) == (2.0, True)


def test_ranges_are_of_two_known_ones_at_least():
    found = ranges([2.0, 1.0, 4.0], [3.0])
    assert (found["seeds"], found["seeds_low"], found["seeds_high"], found["folds"]) == (3, 1, 4, 1)
    assert math.isnan(found["folds_low"])


def test_the_median_over_seeds_is_of_one_as_of_several():
    assert ranges([9.0, 2.0, 1.0], [3.0])["seeds_median"] == 2
    assert ranges([9.0], [3.0])["seeds_median"] == 9
    assert math.isnan(ranges([], [])["seeds_median"])


def test_means_ranges_and_median_are_of_all_or_none():
    """A fit that diverged is not to be left out of what is told of the seeds, as it is not of the mean."""
    found = ranges([np.nan, 9.0, 2.0, 1.0], [3.0, 5.0])
    assert (found["seeds"], found["folds_low"], found["folds_high"]) == (4, 3, 5)
    assert all(math.isnan(found[name]) for name in ("seeds_low", "seeds_high", "seeds_median"))
    assert math.isnan(of_all(value for value in (np.nan, 9.0)))
    assert of_all(value for value in (7.0, 9.0)) == 8
    assert math.isnan(of_all([]))

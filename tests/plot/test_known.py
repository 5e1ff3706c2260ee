"""Means and ranges of numbers of which some are not known."""

from __future__ import annotations

import math

import numpy as np

from cebra_pipe.plot.known import mean, or_nan, ranges


def test_what_is_not_known_counts_for_nothing():
    assert mean(np.array([1.0, np.nan, 3.0])) == 2
    assert math.isnan(mean([np.nan]))
    assert math.isnan(mean([]))
    assert (or_nan(2), math.isnan(or_nan(None))) == (2.0, True)


def test_ranges_are_of_two_known_ones_at_least():
    found = ranges([np.nan, 2.0, 1.0], [3.0])
    assert (found["seeds"], found["seeds_low"], found["seeds_high"], found["folds"]) == (3, 1, 2, 1)
    assert math.isnan(found["folds_low"])


def test_the_median_over_seeds_is_of_those_that_are_known():
    assert ranges([np.nan, 9.0, 2.0, 1.0], [3.0])["seeds_median"] == 2
    assert math.isnan(ranges([np.nan], [3.0])["seeds_median"])


def test_no_range_is_of_one():
    assert math.isnan(ranges([np.nan, 2.0], [])["seeds_low"])

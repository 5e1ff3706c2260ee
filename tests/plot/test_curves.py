"""Whether a score still rises: the rule, and the words for it."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.plot.curves import FALLS, FLAT, RISES, UNKNOWN, Curve, Found, Point, judge, told
from cebra_pipe.plot.judged import NONE
from cebra_pipe.plot.shown import Condition

UNITS = {"bits": 0.0, "median_abs_error": 45.0, "balanced_accuracy": 0.5}  # metric -> chance


def found(metric, values, samples=("0 a",), draws=()):
    by_seed = dict(enumerate(values, 1))
    return Found(metric, "", float(np.mean(values)), UNITS[metric], by_seed, {}, np.asarray(draws, float), samples)


def judged(metric, last, whole, **more):
    points = [Point(share, 1.0, 10, found(metric, values, **more)) for share, values in ((0.75, last), (1.0, whole))]
    return judge(Curve(Condition("k"), "rat", ("rat", "bits", "labels"), "minutes", points))


@pytest.mark.parametrize(
    ("metric", "last", "whole", "verdict"),
    [
        ("bits", [0.50], [0.60], RISES),
        ("bits", [0.50], [0.519], FLAT),
        ("bits", [0.50], [0.521], RISES),
        ("bits", [0.60], [0.50], FALLS),
        ("bits", [0.50, 0.58], [0.60, 0.62], FLAT),  # +0.07 within a range of 0.08 over seeds
        ("bits", [0.53, 0.55], [0.58, 0.64], RISES),
        ("bits", [0.53, 0.55], [0.54, 0.66], FLAT),  # the range of all the data counts as well
        ("bits", [-0.30], [-0.10], NONE),
        ("bits", [0.00], [0.015], NONE),
        ("median_abs_error", [10.0], [9.0], RISES),
        ("median_abs_error", [10.0], [9.6], FLAT),
        ("median_abs_error", [9.0], [10.0], FALLS),
        ("median_abs_error", [46.0], [44.0], NONE),
        ("balanced_accuracy", [0.80], [0.83], RISES),
        ("balanced_accuracy", [0.80], [0.81], FLAT),
        ("balanced_accuracy", [0.45], [0.51], NONE),
        ("bits", [np.nan], [0.5], UNKNOWN),
        ("bits", [0.5], [np.nan], UNKNOWN),
    ],
)
def test_a_gain_counts_above_the_spread_over_seeds_and_the_tolerance(metric, last, whole, verdict):
    assert judged(metric, last, whole).verdict == verdict


def test_a_gain_is_better_whatever_the_metric():
    assert judged("bits", [0.5], [0.6]).gain == pytest.approx(0.1)
    assert judged("median_abs_error", [10.0], [9.0]).gain == pytest.approx(1.0)
    assert judged("median_abs_error", [10.0, 12.0], [9.0, 9.0]).margin == pytest.approx(2.0)


def test_the_interval_of_a_gain_pairs_draws_of_equal_test_samples():
    points = [
        Point(0.75, 1.0, 10, found("median_abs_error", [10.0], draws=np.arange(100.0))),
        Point(1.0, 1.0, 10, found("median_abs_error", [9.0], draws=np.arange(100.0) - 2)),
    ]
    curve = Curve(Condition("k"), "rat", ("rat", "decoding", "position"), "minutes", points)
    assert (judge(curve).low, judge(curve).high) == (2.0, 2.0)
    other = Point(1.0, 1.0, 10, found("median_abs_error", [9.0], samples=("0 b",), draws=np.arange(100.0)))
    assert np.isnan(judge(Curve(curve.condition, "rat", curve.key, "minutes", [points[0], other])).low)


@pytest.mark.parametrize(
    ("verdicts", "cell"),
    [
        ({"minutes": RISES, "neurons": FLAT}, "no, still rises with minutes; flat in neurons"),
        ({"minutes": FLAT, "neurons": FLAT}, "yes, flat in minutes; flat in neurons"),
        ({"neurons": FALLS}, "not known, falls with neurons"),
        ({"minutes": NONE, "neurons": RISES}, "not known, no evidence at this amount of data"),
        ({"minutes": UNKNOWN}, "not known, not known with minutes"),
    ],
)
def test_the_cell_of_the_verdict(verdicts, cell):
    assert told(verdicts) == cell

"""Whether a score still rises: the rule, and the words for it."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.plot.gains import FALLS, FLAT, RISES, UNKNOWN, Curve, Found, Point, judge, told
from cebra_pipe.plot.judged import NONE
from cebra_pipe.plot.shown import Condition

UNITS = {"bits": 0.0, "median_abs_error": 45.0, "balanced_accuracy": 0.5}  # metric -> chance


def found(metric, values, samples=("0 a",), draws=()):
    by_seed = dict(enumerate(values, 1))
    return Found(metric, "", float(np.mean(values)), UNITS[metric], by_seed, {}, np.asarray(draws, float), samples)


def judged(ladder, metric="bits", whole=40):
    """ladder: share -> values of its seeds, or all of Found."""
    made = {s: v if isinstance(v, Found) else found(metric, v) for s, v in ladder.items()}
    points = [Point(share, 1.0, max(1, round(share * whole)), made[share]) for share in sorted(made)]
    return judge(Curve(Condition("k"), "rat", ("rat", "bits", "labels"), "neurons", points))


def spread(mean, sd, seeds):
    """Values of a mean and an SD."""
    values = np.sin(np.arange(seeds) * 2.4)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


@pytest.mark.parametrize(
    ("metric", "half", "whole", "verdict"),
    [
        ("bits", [0.50, 0.52, 0.51], [0.61, 0.62, 0.60], RISES),
        ("bits", [0.50, 0.90, 0.10], [0.505, 0.905, 0.105], RISES),  # seed for seed
        ("bits", [0.50, 0.52, 0.51], [0.501, 0.519, 0.512], FLAT),
        ("bits", [0.61, 0.62, 0.60], [0.50, 0.52, 0.51], FALLS),
        ("bits", [0.30, 0.60, 0.90], [0.90, 1.10, 1.00], UNKNOWN),
        ("bits", [0.50], [0.60], UNKNOWN),
        ("bits", [0.50], [0.50], UNKNOWN),
        ("bits", [-0.30, -0.31], [-0.10, -0.11], NONE),
        ("bits", [0.00], [0.015], NONE),
        ("median_abs_error", [10.0, 10.1, 9.9], [9.0, 9.0, 9.0], RISES),
        ("median_abs_error", [10.0, 10.1, 9.9], [10.0, 10.0, 10.0], FLAT),
        ("median_abs_error", [46.0, 46.0], [44.0, 44.0], NONE),
        ("balanced_accuracy", [0.80, 0.80, 0.80], [0.83, 0.84, 0.83], RISES),
        ("balanced_accuracy", [0.45, 0.45], [0.51, 0.51], NONE),
        ("bits", [np.nan, 0.5], [0.5, 0.5], UNKNOWN),
        ("bits", [0.5, 0.5], [np.nan, 0.5], UNKNOWN),
    ],
)
def test_a_gain_is_judged_by_its_interval_over_seeds(metric, half, whole, verdict):
    assert judged({0.5: half, 1.0: whole}, metric).verdict == verdict


@pytest.mark.parametrize(("seeds", "reach"), [(3, 2.48), (5, 1.24), (7, 0.92)])
def test_how_many_deviations_of_a_seeds_gain_an_interval_reaches(seeds, reach):
    """The numbers by which config/enough_data.yaml has seven seeds and the half alone."""
    one = judged({0.5: np.full(seeds, 0.5), 1.0: spread(0.8, 0.1, seeds)})
    assert (one.high - one.low) / 2 == pytest.approx(0.1 * reach, abs=0.001)


def test_the_interval_is_students_over_gains_seed_for_seed():
    one = judged({0.5: [0.4, 0.5, 0.6], 1.0: [0.5, 0.7, 0.75]})
    half = 4.302653 * np.std([0.1, 0.2, 0.15], ddof=1) / np.sqrt(3)  # t of 97.5 % with 2 degrees of freedom
    np.testing.assert_allclose([one.gain, one.low, one.high], [0.15, 0.15 - half, 0.15 + half], atol=1e-6)
    assert judged({0.5: [10.0, 10.1], 1.0: [9.0, 9.1]}, "median_abs_error").gain == pytest.approx(1.0)


@pytest.mark.parametrize("gain", [0.1, 0.3])
def test_a_rise_within_the_noise_is_not_known_and_more_seeds_see_it(gain):
    """A range over seeds grows with their number: 0.1 bits at an SD of 0.1 were flat with ten seeds."""
    verdicts = [judged({0.5: np.full(k, 0.8), 1.0: spread(0.8 + gain, 0.1, k)}).verdict for k in (2, 10, 30)]
    assert verdicts == [UNKNOWN, RISES, RISES]
    noisy = [judged({0.5: np.full(k, 0.8), 1.0: spread(0.8, 0.02, k)}).verdict for k in (2, 3, 30)]
    assert noisy == [UNKNOWN, UNKNOWN, FLAT]


@pytest.mark.parametrize("shares", [[0.5], [0.25], [0.25, 0.5, 0.75], [0.25, 0.5, 0.75, 0.9, 0.95]])
def test_the_shares_that_are_listed_decide_nothing(shares):
    ladder = {s: found("bits", 0.5 + 0.1 * np.log(s) + np.array([-0.001, 0, 0.001])) for s in [*shares, 1.0]}
    one = judged(ladder)
    assert (one.gain, one.verdict) == (pytest.approx(0.1 * np.log(2)), RISES)
    assert judged(ladder | {0.85: found("bits", [9.0, 0.1, 5.0])}) == one


@pytest.mark.parametrize(("shares", "neurons"), [([0.75, 0.95], 40), ([0.5], 1)])
def test_no_portion_of_half_the_data_or_less_is_not_known(shares, neurons):
    one = judged({s: [0.5, 0.5, 0.5] for s in [*shares, 1.0]}, whole=neurons)
    assert one.words == "not known: no fit to half of it or less"


def test_draws_of_test_trials_widen_the_interval_where_samples_are_equal():
    less = found("median_abs_error", [10.0, 10.0, 10.1], draws=np.arange(100.0))
    whole = found("median_abs_error", [9.0, 9.1, 9.0], draws=np.arange(100.0) * 0.9 + 30)
    alone = judged({0.5: less, 1.0: found("median_abs_error", [9.0, 9.1, 9.0], ("0 b",), np.arange(100.0))})
    both = judged({0.5: less, 1.0: whole})
    assert (alone.verdict, both.verdict) == (RISES, UNKNOWN)
    assert both.low == pytest.approx(np.percentile(np.arange(100.0) * 0.1 - 30, 2.5))
    assert both.high == alone.high


def test_words_say_by_how_many_seeds():
    assert judged({0.5: [0.5], 1.0: [0.9]}).words == "not known: 1 seed"
    assert judged({0.5: [0.5, 0.8], 1.0: [0.9, 0.9]}).words == "not known: 2 seeds"
    assert judged({0.5: [0.5, np.nan], 1.0: [0.9, 0.9]}).words == "not known: a score is not finite"
    assert judged({0.5: [0.5, 0.5], 1.0: [0.9, 0.9]}).words == RISES


@pytest.mark.parametrize(
    ("words", "cell"),
    [
        ({"minutes": RISES, "neurons": FLAT}, "no, still rises (minutes); flat (neurons)"),
        ({"minutes": FLAT, "neurons": FLAT}, "no rise seen, flat (minutes); flat (neurons)"),
        ({"minutes": FLAT, "neurons": "not known: 2 seeds"}, "not known, flat (minutes); not known: 2 seeds (neurons)"),
        ({"neurons": FALLS}, "not known, falls (neurons)"),
        ({"minutes": NONE, "neurons": RISES}, "not known, no evidence at this amount of data"),
    ],
)
def test_the_cell_of_the_verdict(words, cell):
    assert told(words) == cell

"""The synthetic benchmark follows its recipe; its noises have the moments that they should."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.datasets.synthetic import NOISE, SPREAD, draw_latent, mix, refractory_counts, simulate
from cebra_pipe.errors import UserError
from cebra_pipe.streams import generator


def test_label_and_latent():
    label = np.repeat([0.0, 1.0, np.pi / 2, 4.0], 20_000)
    latent = draw_latent(generator("test"), label).reshape(4, 20_000, 2)
    for u, z in zip((0.0, 1.0, np.pi / 2, 4.0), latent, strict=True):
        np.testing.assert_allclose(z.mean(axis=0), [u, 2 * np.sin(u)], atol=0.03)
        np.testing.assert_allclose(z.var(axis=0), [0.6 - 0.3 * abs(np.sin(u)), 0.3 * abs(np.sin(u))], atol=0.02)
    drawn = simulate(samples=4000, neurons=6)
    assert drawn.label.min() >= 0
    assert np.histogram(drawn.label, 4, (0, 2 * np.pi))[0] == pytest.approx(1000, rel=0.15)


def test_the_flow_loses_nothing_and_rates_stay_in_bounds():
    """A bijection: points that are apart stay apart, and the latent can be read off linearly, but for a little."""
    drawn = simulate(samples=3000, neurons=60)
    assert np.exp(-SPREAD) <= drawn.rate.min()
    assert drawn.rate.max() <= np.exp(SPREAD)
    log = np.c_[np.log(drawn.rate), np.ones(3000)]
    fitted = log @ np.linalg.lstsq(log, drawn.latent, rcond=None)[0]
    assert (fitted - drawn.latent).var() < 0.02 * drawn.latent.var()
    active = (drawn.rate.max(axis=0) > 1.5 * drawn.rate.min(axis=0)).mean()
    assert active > 0.9


def test_the_flow_is_invertible():
    """The determinant of its Jacobian in the coordinates that carry the latent never vanishes."""
    points = np.random.default_rng(0).normal(size=(50, 2)) + [3, 0]
    step = 1e-5
    columns = [
        (mix(generator("flow"), points + step * axis, 8) - mix(generator("flow"), points - step * axis, 8)) / (2 * step)
        for axis in np.eye(2)
    ]
    jacobian = np.stack(columns, axis=2)  # (point, neuron, latent)
    assert np.linalg.svd(jacobian, compute_uv=False).min() > 0.1


MOMENTS = {  # mean and variance of the activity where the rate is 4
    "poisson": (4, 4),
    "gaussian": (4.00013, 0.99946),
    "laplace": (4 + np.exp(-4) / 2, 1.9),
    "uniform": (5, 1 / 3),
}


@pytest.mark.parametrize("noise", MOMENTS)
def test_noise_has_its_moments(noise):
    values = NOISE[noise](generator("test"), np.full((400, 500), 4.0))
    mean, variance = MOMENTS[noise]
    assert values.mean() == pytest.approx(mean, abs=0.02)
    assert values.var() == pytest.approx(variance, rel=0.03)


def test_noise_that_has_no_variance_and_bounds():
    values = NOISE["t"](generator("test"), np.full((400, 500), 4.0)) - 4
    # Student's t with two degrees of freedom: |t| > 1.8856 in a fifth of the draws
    assert (np.abs(values) > 1.8856).mean() == pytest.approx(0.2, abs=0.005)
    for noise in ("gaussian", "laplace"):
        assert NOISE[noise](generator("test"), np.full((50, 50), 0.2)).min() >= 0
    uniform = NOISE["uniform"](generator("test"), np.full((50, 50), 4.0))
    assert 4 <= uniform.min() < uniform.max() <= 6


def slow_counts(stream, rate, duration, dead_time):
    """Spike after spike."""
    count, time = 0, stream.exponential(1 / rate)
    while time <= duration:
        count, time = count + 1, time + dead_time + stream.exponential(1 / rate)
    return count


@pytest.mark.parametrize(("rate", "dead_time"), [(20.0, 0.01), (200.0, 0.01), (200.0, 0.05), (3.0, 0.0)])
def test_refractory_counts_agree_with_spike_after_spike(rate, dead_time):
    counts = refractory_counts(generator("fast"), np.full(4000, rate), 3.0, dead_time)
    stream = generator("slow")
    slow = np.array([slow_counts(stream, rate, 3.0, dead_time) for _ in range(1000)])
    error = np.sqrt(slow.var() / 1000 + counts.var() / 4000)
    assert abs(counts.mean() - slow.mean()) < 4 * error
    assert counts.var() == pytest.approx(slow.var(), rel=0.2)
    # renewal theory: a spike every 1/rate + dead time
    assert counts.mean() == pytest.approx(3 / (1 / rate + dead_time), rel=0.02, abs=0.7)


def test_refractory_counts_without_rate():
    counts = refractory_counts(generator("test"), np.array([[0.0, 100.0]]), 1.0, 0.1)
    assert counts.shape == (1, 2)
    assert counts[0, 0] == 0
    assert 1 <= counts[0, 1] <= 10


def test_equal_seeds_give_equal_numbers_and_the_noise_changes_the_noise_alone():
    one, same, other = (simulate("t", seed, 200, 10) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.neural, same.neural)
    assert not np.array_equal(one.neural, other.neural)
    uniform = simulate("uniform", 1, 200, 10)
    np.testing.assert_array_equal(one.rate, uniform.rate)
    np.testing.assert_array_equal(one.label, uniform.label)
    assert not np.array_equal(one.neural, uniform.neural)


def test_unknown_noise():
    with pytest.raises(UserError, match="poisson"):
        simulate("poison")

"""The documented distributions: one series, tensors of sample numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from cebra_pipe import distributions
from cebra_pipe.distributions import continuous, discrete
from tests.oracles import nearest_set

X = torch.from_numpy(np.random.default_rng(0).integers(0, 6, (60, 2)).astype(float))
CLASSES = torch.tensor([5] * 30 + [-2] * 10 + [900] * 20)


def uniform_over(drawn: torch.Tensor, expected: np.ndarray) -> bool:
    values, counts = np.unique(drawn.numpy(), return_counts=True)
    return np.array_equal(values, expected) and chisquare(counts).pvalue > 1e-3


def test_time_contrastive():
    found = continuous.TimeContrastive(X, time_offset=7, seed=0)
    reference, positive = found.sample_joint(20_000)
    assert (positive - reference == 7).all()
    assert uniform_over(reference, np.arange(53))
    assert torch.equal(found.sample_conditional(torch.tensor([0, 52])), torch.tensor([7, 59]))
    with pytest.raises(ValueError, match="0 to 52"):
        found.sample_conditional(torch.tensor([53]))
    assert continuous.TimeContrastive(num_samples=60, time_offset=7).num_samples == 60
    with pytest.raises(ValueError, match="one of them"):
        continuous.TimeContrastive(X, num_samples=60)
    with pytest.raises(ValueError, match="time_offset"):
        continuous.TimeContrastive(X, time_offset=60)


def test_time_delta_is_nearest_to_a_change_that_occurs():
    """The share of each positive is that of a loop over all changes, ties shared equally."""
    found = continuous.TimedeltaDistribution(X, time_delta=3, seed=1)
    assert uniform_over(found.sample_prior(20_000), np.arange(60))
    share = np.zeros(60)
    for t in range(3, 60):
        near = nearest_set(X.numpy(), (X[10] + X[t] - X[t - 3]).numpy())
        share[sorted(near)] += 1 / len(near) / 57
    counts = np.bincount(found.sample_conditional(torch.full((30_000,), 10)), minlength=60)
    assert (counts[share == 0] == 0).all()
    assert chisquare(counts[share > 0], share[share > 0] * counts.sum()).pvalue > 1e-3


def test_delta_normal_is_nearest_to_a_normal_change():
    line = torch.arange(60.0)
    found = continuous.DeltaNormalDistribution(line, delta=4.0, seed=1)
    drawn = found.sample_conditional(torch.full((20_000,), 30)) - 30.0
    assert abs(float(drawn.mean())) < 0.15
    assert float(drawn.var()) == pytest.approx(16 + 1 / 12, rel=0.05)  # a normal change, rounded to the samples
    with pytest.raises(ValueError, match="delta"):
        continuous.DeltaNormalDistribution(line, delta=0.0)


@pytest.mark.parametrize("kind", [discrete.DiscreteUniform, discrete.DiscreteEmpirical])
def test_classes_of_any_number(kind):
    found = kind(CLASSES, seed=2)
    drawn = CLASSES[found.sample_prior(30_000)]
    counts = [int((drawn == c).sum()) for c in (5, -2, 900)]
    expected = [10_000] * 3 if kind is discrete.DiscreteUniform else [15_000, 5_000, 10_000]
    assert chisquare(counts, expected).pvalue > 1e-3
    assert uniform_over(found.sample_conditional(torch.full((20_000,), 900)), np.arange(40, 60))
    assert CLASSES[found.sample_conditional(torch.tensor([5, -2, 900]))].tolist() == [5, -2, 900]
    with pytest.raises(ValueError, match=r"classes that occur.*7, 901"):
        found.sample_conditional(torch.tensor([5, 7, 901]))


def test_seeds_and_names():
    torch.manual_seed(1)
    drawn = [continuous.Prior(X).sample_prior(9).tolist() for _ in range(2)]
    assert drawn[0] == drawn[1] != continuous.Prior(X, seed=4).sample_prior(9).tolist()
    assert distributions.TimedeltaDistribution is continuous.TimedeltaDistribution
    assert issubclass(distributions.DiscreteUniform, distributions.PriorDistribution)
    with pytest.raises(TypeError, match="integer"):
        discrete.Discrete(X[:, 0])
    with pytest.raises(ValueError, match="finite"):
        continuous.TimedeltaDistribution(X * torch.nan)

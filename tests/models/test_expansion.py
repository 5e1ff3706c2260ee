from __future__ import annotations

import pytest
import torch

from cebra_pipe.models import expansion, logsumexp
from cebra_pipe.models.contrast import contrast

EPS = torch.finfo(torch.float32).eps


def units(n, d, seed):
    made = torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.nn.functional.normalize(made, dim=-1)


@pytest.mark.parametrize("held", [2**12, expansion.HELD])  # monomials of some samples at a time, and of all
@pytest.mark.parametrize(("n", "m", "d", "temperature"), [(1100, 900, 3, 1.0), (1500, 1700, 3, 0.7), (60, 70, 1, 3.21)])
def test_equals_all_pairs(n, m, d, temperature, held, monkeypatch):
    """Value and gradients, against all pairs in double precision."""
    monkeypatch.setattr(expansion, "HELD", held)
    a, b = units(n, d, 0) / temperature, units(m, d, 1)
    a[: n // 2] = a[:1] + 0.01 * a[: n // 2]  # half of the references in one place, where some terms are smallest
    a /= temperature * torch.linalg.vector_norm(a, dim=1, keepdim=True)
    found = expansion.expansion(1 / temperature, n, m, d, EPS)
    value, grad_a, grad_b = expansion.mean_log_sum(found, a.float(), b.float())
    share = (a @ b.T).softmax(1)
    torch.testing.assert_close(value.double(), (a @ b.T).logsumexp(1).mean(), rtol=2e-7, atol=0)
    torch.testing.assert_close(grad_a.double(), share @ b, rtol=0, atol=2e-6)
    torch.testing.assert_close(grad_b.double(), share.T @ a, rtol=0, atol=2e-6 * float((share.T @ a.abs()).max()))


@pytest.mark.parametrize(("reach", "d"), [(0.2, 5), (1.0, 3), (1.49, 2)])
def test_every_term_is_the_exponential_to_rounding(reach, d):
    a, b = units(200, d, 0), units(200, d, 1) * reach
    found = expansion.expansion(reach, 10**6, 10**6, d, EPS)
    terms = (found.monomials(a.T).T * torch.from_numpy(found.weights)) @ found.monomials(b.T)
    torch.testing.assert_close(terms, (a @ b.T).exp(), rtol=EPS / 2, atol=0)


def test_the_loss_of_many_pairs_is_that_of_blocks(monkeypatch):
    given = [units(1024, 3, s)[None].float().requires_grad_() for s in range(3)]
    results = []
    for reach in (expansion.REACH, 0.0):
        monkeypatch.setattr(expansion, "REACH", reach)
        total = contrast("cosine", 1.0, *given).total
        results.append([total.detach(), *torch.autograd.grad(total, given)])
    assert not torch.equal(results[0][1], results[1][1])  # two ways, not one
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("reach", "n", "m", "d", "taken"),
    [
        (1.0, 2048, 2048, 3, True),
        (1.0, 512, 512, 3, False),  # more monomials than pairs
        (1.0, 2048, 2048, 8, False),
        (0.8, 20_000, 20_000, 4, True),
        (2.0, 20_000, 20_000, 3, False),  # terms of both signs would cancel
        (float("nan"), 2048, 2048, 3, False),
    ],
)
def test_choice_follows_from_shapes_and_reach(reach, n, m, d, taken):
    assert (expansion.expansion(reach, n, m, d, EPS) is not None) == taken


def test_pairs_that_do_not_count_are_left_out():
    """Moments know no pairs: with `allowed` all of them are looked at."""
    a, b, allowed = units(1024, 3, 0).float(), units(1024, 3, 1).float(), torch.ones(1024, 1024, dtype=torch.bool)
    allowed[:, ::2] = False
    found = logsumexp.MeanLogSumExp.apply(a, b, allowed)
    torch.testing.assert_close(found, (a @ b[1::2].T).logsumexp(1).mean())

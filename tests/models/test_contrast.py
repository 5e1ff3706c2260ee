from __future__ import annotations

import math

import pytest
import torch

from cebra_pipe.errors import UserError
from cebra_pipe.models import logsumexp
from cebra_pipe.models.contrast import Contrast, at_most
from tests.oracles import infonce_loop


def views(n, m, d, groups=1, unit=True, seed=0):
    g = torch.Generator().manual_seed(seed)
    made = [torch.randn(groups, k, d, generator=g, dtype=torch.float64) for k in (n, n, m)]
    return [torch.nn.functional.normalize(x, dim=-1) for x in made] if unit else made


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize(("n", "m", "d"), [(1, 1, 1), (5, 9, 3), (17, 4, 8)])
@pytest.mark.parametrize("temperature", [0.1, 1.0, 3.0])
def test_equals_the_loop(similarity, n, m, d, temperature):
    given = views(n, m, d, unit=similarity == "cosine")
    found = Contrast(similarity, temperature).double()(*given)
    expected = infonce_loop(*(x[0].tolist() for x in given), temperature, similarity)
    assert [float(x) for x in found] == pytest.approx(expected, rel=1e-6)


def test_groups_keep_to_their_negatives():
    given = views(6, 7, 3, groups=3)
    alone = [infonce_loop(*(x[g].tolist() for x in given), 0.5, "cosine")[0] for g in range(3)]
    assert float(Contrast(temperature=0.5).double()(*given).total) == pytest.approx(sum(alone) / 3, rel=1e-6)


def test_allowed_leaves_negatives_out():
    reference, positive, negative = views(8, 10, 3)
    allowed = torch.rand(8, 10, generator=torch.Generator().manual_seed(1)) < 0.6
    allowed[:, 0] = True
    found = float(Contrast(temperature=0.5).double()(reference, positive, negative, allowed).total)
    parts = [
        infonce_loop(
            [reference[0, i].tolist()], [positive[0, i].tolist()], negative[0, allowed[i]].tolist(), 0.5, "cosine"
        )[0]
        for i in range(8)
    ]
    assert found == pytest.approx(sum(parts) / 8, rel=1e-6)


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize("block", [7, 2**18])
@pytest.mark.parametrize("span", [0, logsumexp.SPAN])  # the largest of each row is looked for, or bounded
def test_gradients_are_those_of_autograd(similarity, block, span, monkeypatch):
    monkeypatch.setitem(logsumexp.BLOCK, "cpu", block)
    monkeypatch.setattr(logsumexp, "SPAN", span)
    given = [x.requires_grad_() for x in views(20, 30, 3, unit=False)]
    criterion = Contrast(similarity, 0.7, learn=True).double()
    of = [*given, criterion.log_scale]
    ours = torch.autograd.grad(criterion(*given).total, of)
    x, y, z = (v[0] for v in given)
    scale = criterion.log_scale.exp()
    near, all_pairs = (x * y).sum(1), x @ z.T
    if similarity == "euclidean":
        near, all_pairs = -(x - y).square().sum(1), -torch.cdist(x, z).square()
    plain = -(scale * near).mean() + (scale * all_pairs).logsumexp(1).mean()
    for a, b in zip(ours, torch.autograd.grad(plain, of), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("similarity", "temperature"), [("cosine", 0.005), ("cosine", 0.03), ("euclidean", 1.0)])
def test_references_far_from_every_negative_keep_their_loss(similarity, temperature):
    """All terms of the sum lie far below the largest that their lengths allow."""
    positive, negative = (
        torch.tensor([[[1.0, 0.0, 0.0]] * n]) * (20 if similarity == "euclidean" else 1) for n in (4, 9)
    )
    reference = (-positive).requires_grad_()
    found = Contrast(similarity, temperature)(reference, positive, negative)
    assert found.total.item() == pytest.approx(math.log(9), abs=1e-3)
    (gradient,) = torch.autograd.grad(found.uniform, reference)
    slope = -4 * reference if similarity == "euclidean" else positive
    torch.testing.assert_close(gradient, slope.detach() / temperature / 4)


def test_euclidean_far_from_the_origin_keeps_its_digits():
    given = [x.float() for x in views(50, 60, 3, unit=False)]
    given = [x * 1024 // 1 / 1024 for x in given]  # so that adding 1000 is exact
    moved = [x + 1000 for x in given]
    criterion = Contrast("euclidean")
    assert float(criterion(*moved).total) == pytest.approx(float(criterion(*given).total), abs=1e-4)


def descend(criterion, gradient, steps):
    optimizer = torch.optim.SGD([criterion.log_scale], lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        (gradient * criterion.scale).backward()
        optimizer.step()
    return float(1 / criterion.scale.detach())


def test_a_learned_temperature_respects_its_minimum_and_is_not_stuck_there():
    criterion = Contrast(temperature=1.0, learn=True, minimum=0.2)
    assert descend(criterion, -1.0, 100) == pytest.approx(0.2, rel=1e-5)
    assert descend(criterion, 1.0, 3) > 0.25


def test_bounds_of_a_batch_of_temperatures_are_those_of_each():
    """Below the bound, at it and beyond, with gradients that lead out and back."""
    values, pull = torch.tensor([0.5, 1.0, 2.0, 2.0]), torch.tensor([1.0, -1.0, -1.0, 1.0])
    alone, together = values.clone().requires_grad_(), values.clone().requires_grad_()
    (torch.stack([at_most(x, 1.0) for x in alone]) * pull).sum().backward()
    (torch.func.vmap(lambda x: at_most(x, 1.0))(together) * pull).sum().backward()
    assert alone.grad.tolist() == together.grad.tolist() == [1.0, 0.0, 0.0, 1.0]


def test_a_fixed_temperature_has_no_gradient():
    assert not Contrast(temperature=0.3).log_scale.requires_grad
    assert float(1 / Contrast(temperature=0.3).scale) == pytest.approx(0.3)


@pytest.mark.parametrize(
    "options", [{"temperature": 0.0}, {"temperature": 0.1, "learn": True, "minimum": 0.5}, {"similarity": "dot"}]
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(UserError):
        Contrast(**options)


def test_a_constant_embedding_scores_chance():
    same = torch.nn.functional.normalize(torch.ones(1, 40, 3, dtype=torch.float64), dim=-1)
    assert float(Contrast(temperature=0.1).double()(same, same, same).total) == pytest.approx(math.log(40), abs=1e-6)

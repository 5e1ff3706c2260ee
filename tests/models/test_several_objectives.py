"""Ranges of an embedding, criteria for each, and the penalty on the Jacobian, beside the reference."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from cebra_pipe import models
from cebra_pipe.data.datatypes import Batch, Offset
from cebra_pipe.errors import UserError
from cebra_pipe.models.interchange import from_cebra
from cebra_pipe.models.jacobian_regularizer import JacobianReg
from cebra_pipe.models.model import ConvolutionalModelMixin
from cebra_pipe.models.multicriterions import MultiCriterions
from cebra_pipe.models.multiobjective import (
    MultiobjectiveModel,
    SubspaceMultiobjectiveConvolutionalModel,
    SubspaceMultiobjectiveModel,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def pair(reference):
    """An encoder of the reference, and ours with its weights."""
    sizes = {"num_neurons": 5, "num_units": 4, "num_output": 5}
    theirs = reference.models.init("offset5-model", **sizes)
    ours = models.init("offset5-model", **sizes)
    ours.load_state_dict(from_cebra(theirs.state_dict(), ours))
    return ours, theirs


def ours_alone():
    return models.init("offset5-model", 5, 4, 5, generator=seeded())


INPUTS = [torch.randn(4, 5, 5, generator=seeded(1)), torch.randn(1, 5, 20, generator=seeded(2))]


def close(found, expected):
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("renormalize", [True, False])
@pytest.mark.parametrize(
    ("dimensions", "options"),
    [
        ((3, 5), {}),
        ((3, 5), {"output_mode": "separate"}),
        ((5, 3), {}),
        ((3,), {"append_last_dimension": True}),
        ((1, 3), {"append_last_dimension": True, "output_mode": "separate"}),
    ],
)
def test_ranges_by_their_ends(reference, pair, dimensions, options, renormalize):
    ours, theirs = pair
    ours = MultiobjectiveModel(ours, dimensions, renormalize, **options)
    theirs = reference.models.multiobjective.MultiobjectiveModel(theirs, dimensions, renormalize, **options)
    for x in INPUTS:
        close(ours(x), theirs(x))
    assert (ours.num_input, ours.num_output, ours.get_offset()) == (5, 5, Offset(2, 3))


@pytest.mark.parametrize("renormalize", [True, False])
@pytest.mark.parametrize("ranges", [[slice(0, 3), slice(3, 5)], [slice(0, 3), slice(0, 5)], [slice(0, 5)]])
def test_ranges_by_slices(reference, pair, ranges, renormalize):
    ours, theirs = pair
    ours = SubspaceMultiobjectiveConvolutionalModel(ours, ranges, renormalize)
    theirs = reference.models.multiobjective.SubspaceMultiobjectiveConvolutionalModel(theirs, ranges, renormalize)
    for x in INPUTS:
        for split in (True, False):
            ours.set_split_outputs(split)
            theirs.set_split_outputs(split)
            found, expected = (m(x) if split else (m(x),) for m in (ours, theirs))
            if split or ranges[0].start == 0:  # the reference joins parts in the order of the ranges
                close(found, expected)
    assert isinstance(ours, ConvolutionalModelMixin)


def test_the_order_of_ranges_moves_no_dimension():
    """The reference joins renormalised parts in the order of the ranges, and then cuts them at other places."""
    ranges, module = [slice(0, 3), slice(3, 5)], ours_alone()
    found = SubspaceMultiobjectiveModel(module, ranges[::-1], True)(INPUTS[0])
    close(found[::-1], SubspaceMultiobjectiveModel(module, ranges, True)(INPUTS[0]))


def test_parts_that_overlap_partly_have_length_one_each():
    model = SubspaceMultiobjectiveModel(ours_alone(), [slice(0, 3), slice(2, 5)], True)
    first, second = model(INPUTS[0])
    for part in (first[:, :2], first[:, 2:], second[:, :1], second[:, 1:]):
        torch.testing.assert_close(part.norm(dim=1), torch.ones(4))


@pytest.mark.parametrize(
    ("dimensions", "options", "told"),
    [
        ((3, 4), {}, "maximum value is 5"),
        ((3, 5), {"append_last_dimension": True}, "nothing is left"),
        ((3, 5), {"output_mode": "side"}, "overlapping or separate"),
        ((5, 3), {"output_mode": "separate"}, "at least one dimension"),
        ((0, 5), {}, "at least one dimension"),
        ((), {}, "maximum value is 5"),
    ],
)
def test_dimensions_that_do_not_fit(dimensions, options, told):
    with pytest.raises(ValueError, match=told):
        MultiobjectiveModel(ours_alone(), dimensions, **options)


@pytest.mark.parametrize(
    ("ranges", "told"),
    [
        ([slice(1, 5)], "begin at 0"),
        ([slice(0, 3)], "end at 5"),
        ([slice(0, 6)], "end at 5"),
        ([slice(0, 2), slice(3, 5)], "no gap"),
        ([slice(0, 5, 2)], "without a step"),
        ([(0, 5)], "slices"),
        ([slice(0, 0), slice(0, 5)], "end after they begin"),
        ([slice(0, None)], "end after they begin"),
        ([], "found none"),
    ],
)
def test_ranges_that_do_not_fit(ranges, told):
    with pytest.raises(ValueError, match=told):
        SubspaceMultiobjectiveModel(ours_alone(), ranges, True)


def test_splitting_is_yes_or_no():
    with pytest.raises(UserError, match="True or False"):
        SubspaceMultiobjectiveModel(ours_alone(), [slice(0, 5)], True).set_split_outputs("no")


def smooth(seed=0):
    made = nn.Sequential(nn.Flatten(), nn.Linear(10, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter, generator=seeded(seed))
    return made, torch.randn(6, 5, 2, generator=seeded(1), dtype=torch.float64).requires_grad_()


def loop(model, x):
    """Half the squared Frobenius norm, entry by entry."""
    jacobian = torch.autograd.functional.jacobian(model, x)  # (batch, C, batch, …)
    return sum(0.5 * jacobian[i, :, i].square().sum() for i in range(len(x))) / len(x)


def test_the_exact_penalty_is_the_loop_and_the_reference(reference):
    model, x = smooth()
    found = JacobianReg(-1)(x, model(x))
    theirs = reference.models.jacobian_regularizer.JacobianReg(-1)(x, model(x))
    torch.testing.assert_close(found, loop(model, x), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(found, theirs, rtol=1e-6, atol=1e-6)
    of = list(model.parameters())
    pairs = [torch.autograd.grad(each, of, allow_unused=True, retain_graph=True) for each in (found, theirs)]
    for ours, expected in zip(*pairs, strict=True):
        assert (ours is None) == (expected is None)
        if ours is not None:
            torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n", [1, 4])
def test_the_estimate_has_the_exact_mean(n):
    model, x = smooth()
    y, generator = model(x), seeded(3)
    draws = torch.stack([JacobianReg(n)(x, y, generator).detach() for _ in range(800)])
    error = float(draws.std()) / 800**0.5
    assert abs(float(draws.mean()) - float(loop(model, x))) < 4 * error
    assert error < 0.05 * float(loop(model, x))


def test_the_estimate_repeats_with_its_generator():
    model, x = smooth()
    first, same, other = (float(JacobianReg(2)(x, model(x), seeded(s)).detach()) for s in (0, 0, 1))
    assert first == same != other


def test_the_penalty_trains_a_model():
    model = models.init("offset10-model", 5, 4, 3, generator=seeded())
    before = copy.deepcopy(model.state_dict())
    x = torch.randn(8, 5, 10, generator=seeded(1)).requires_grad_()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    values = []
    for _ in range(20):
        optimizer.zero_grad()
        value = JacobianReg(-1)(x, model(x))
        value.backward()
        optimizer.step()
        values.append(float(value.detach()))
    assert values[-1] < 0.5 * values[0]
    assert not torch.equal(before["net.0.encoder.layers.0.weight"], model.encoder.layers[0].weight)


@pytest.mark.parametrize("n", [0, -2, 1.5])
def test_a_number_of_directions_that_cannot_be(n):
    with pytest.raises(UserError, match="-1"):
        JacobianReg(n)


def test_inputs_have_to_ask_for_their_gradient():
    model, x = smooth()
    with pytest.raises(UserError, match="requires_grad_"):
        JacobianReg(-1)(x.detach(), model(x.detach()))


def batches(negative=True):
    made = [torch.randn(4, 3, generator=seeded(i)) for i in range(6)]
    return [Batch(*made[:2], made[2] if negative else None), Batch(*made[3:5], made[5] if negative else None)]


def test_contrastive_criteria_of_ranges(reference):
    losses = [
        {"contrastive_loss": {"name": "InfoNCE", "kwargs": {"temperature": 0.5}}},
        {"contrastive_loss": {"name": "LearnableEuclideanInfoNCE", "kwargs": {"temperature": 2.0}}},
    ]
    losses = [dict(loss, indices=(0, 3)) for loss in losses]
    found = MultiCriterions(losses, "contrastive")
    theirs = reference.models.multicriterions.MultiCriterions(losses, "contrastive")
    close(found(batches()), theirs(batches()))
    assert len(list(found.parameters())) == 1


@pytest.mark.parametrize("name", ["nn.MSELoss", "MSELoss"])
def test_supervised_criteria_of_ranges(name):
    losses = 2 * [{"supervised_loss": {"name": name, "kwargs": {"reduction": "sum"}}}]
    given = batches(negative=False)
    found = MultiCriterions(losses, "supervised")(given)
    assert [float(x) for x in found] == pytest.approx([float((b.reference - b.positive).square().sum()) for b in given])


@pytest.mark.parametrize(
    ("losses", "mode", "told"),
    [
        ([], "other", "supervised or contrastive"),
        ([{"contrastive_loss": {"name": "InfoNCE"}}], "supervised", "supervised_loss"),
        ([{"contrastive_loss": "InfoNCE"}], "contrastive", "name"),
        ([{"contrastive_loss": {"name": "InfoNC"}}], "contrastive", "Did you mean 'InfoNCE'"),
    ],
)
def test_criteria_that_cannot_be(losses, mode, told):
    with pytest.raises(UserError, match=told):
        MultiCriterions(losses, mode)


def test_one_batch_a_criterion():
    with pytest.raises(UserError, match="1 batches, found 2"):
        MultiCriterions([{"contrastive_loss": {"name": "NCE"}}], "contrastive")(batches())

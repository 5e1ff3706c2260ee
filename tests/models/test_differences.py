"""What the reference does otherwise, done with it: rows of docs/differences.md about models and criteria.

What is done here instead is shown by the tests of each part.
"""

from __future__ import annotations

import math
import pickle

import pytest
import torch
from torch import nn

from cebra_pipe import models

SIZES = {"num_neurons": 7, "num_units": 8, "num_output": 3}


def test_arguments_of_one_init_stay_for_the_next(reference):
    name = "offset1-model-mse-clip-20-20"
    assert not reference.models.init(name, **SIZES).normalize
    reference.models.init(name, **SIZES, normalize=True)
    assert reference.models.init(name, **SIZES).normalize
    reference.models.init(name, **SIZES, normalize=False)  # as it was, for other tests
    models.init(name, **SIZES, normalize=True)
    assert not models.init(name, **SIZES).normalize


def test_the_recommended_architecture_cannot_be_pickled(reference):
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(reference.models.init("offset10-model", **SIZES))


def test_a_zero_embedding_becomes_nan(reference):
    model = reference.models.init("offset10-model", **SIZES)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    assert model(torch.zeros(1, 7, 10)).isnan().all()


def test_an_offset_that_the_layers_do_not_read_goes_unseen(reference):
    class Mine(reference.models.model.Offset5Model):
        def get_offset(self):
            return reference.data.Offset(4, 4)

    assert Mine(**SIZES)(torch.zeros(2, 7, 8)).shape == (2, 3, 4)


def test_resampling_models_without_units_are_made(reference):
    with pytest.warns(UserWarning, match="zero-element"):
        reference.models.init("offset4-model-2x-subsample", num_neurons=7, num_units=1, num_output=3)


def test_nce_is_one_value_a_sample_and_larger_is_better(reference):
    ref = nn.functional.normalize(torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    near, far = (reference.models.criterions.NCE()(ref, sign * ref, -ref)[0] for sign in (1, -1))
    assert near.shape == (5,)
    assert (near > far).all()


def test_a_temperature_of_zero_is_nan(reference):
    ones = torch.ones(2, 3)
    assert reference.models.criterions.FixedCosineInfoNCE(0.0)(ones, ones, ones)[0].isnan()


def test_the_order_of_ranges_moves_dimensions(reference):
    model = reference.models.init("offset1-model", num_neurons=7, num_units=8, num_output=5)
    wrapped, x = reference.models.multiobjective.SubspaceMultiobjectiveModel, torch.ones(1, 7, 1)
    ranges = [slice(0, 3), slice(3, 5)]
    first = wrapped(model, ranges, True)(x)[0]
    assert not torch.allclose(wrapped(model, ranges[::-1], True)(x)[1], first, atol=1e-3)


@pytest.mark.parametrize(("negatives", "align", "uniform"), [(512, 0.0999, 5.4138), (4 * 512, 0.1853, 6.8037)])
def test_losses_of_the_document_of_several_sessions_are_of_another_infonce(reference, negatives, align, uniform):
    """It prints for trained models a `neg` far below ln(negatives), and a `pos` above 0.

    Where references are distributed as negatives are, neg >= ln(negatives) + |mean embedding|^2 (Jensen), whatever the
    embedding, here and in 0.6.1; and `pos` is minus the similarity of pairs, -1 where each is its own positive.
    """
    drawn = torch.randn(negatives, 3, generator=torch.Generator().manual_seed(0))
    for spread in (0.1, 1.0, 10.0):  # from embeddings near one place to those all over the sphere
        z = nn.functional.normalize(spread * drawn + torch.tensor([1.0, 0.0, 0.0]), dim=1)
        for criterion in (models.criterions.InfoNCE(), reference.models.criterions.InfoNCE()):
            total, pos, neg = (float(each) for each in criterion(z, z, z))
            assert neg >= math.log(negatives) + float(z.mean(0).square().sum()) - 1e-4
            assert neg > uniform + 0.5
            assert pos == pytest.approx(-1, abs=1e-5)
            assert total == pytest.approx(pos + neg, abs=1e-5)
    assert align > 0

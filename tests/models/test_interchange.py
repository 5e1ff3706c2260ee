"""Weights of cebra that do not fit are told; that those that fit give equal outputs is in test_architectures."""

from __future__ import annotations

import pytest
import torch

from cebra_pipe import models
from cebra_pipe.errors import UserError
from cebra_pipe.models.interchange import from_cebra, to_cebra

SIZES = {"num_neurons": 7, "num_units": 8, "num_output": 3}


def test_another_architecture(reference):
    state = reference.models.init("offset5-model", **SIZES).state_dict()
    with pytest.raises(UserError, match="10 tensors, found 6"):
        from_cebra(state, models.init("offset10-model", **SIZES))
    with pytest.raises(UserError, match="10 tensors, found 6"):
        to_cebra(models.init("offset10-model", **SIZES), state)


@pytest.mark.parametrize("sizes", [{"num_neurons": 6}, {"num_units": 9}, {"num_output": 4}])
def test_other_sizes(reference, sizes):
    state, model = (
        reference.models.init("offset10-model", **SIZES).state_dict(),
        models.init("offset10-model", **SIZES | sizes),
    )
    with pytest.raises(UserError, match="kernel, input, output"):
        from_cebra(state, model)
    with pytest.raises(UserError, match="the shape"):
        to_cebra(model, state)


def test_copies_of_a_repeated_layer_have_to_be_equal(reference):
    name = "offset1-model-mse-v2-3layers"
    state = reference.models.init(name, **SIZES).state_dict()
    key = [key for key in state if key.endswith("weight")][2]
    state[key] = state[key] + 1
    with pytest.raises(UserError, match="3 equal copies"):
        from_cebra(state, models.init(name, **SIZES))


def test_nothing_is_changed_where_it_lies(reference):
    theirs, ours = (kind.init("offset1-model", **SIZES) for kind in (reference.models, models))
    state = theirs.state_dict()
    ours.load_state_dict(from_cebra(state, ours))
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.zero_()
    assert all((value != 0).any() for value in state.values())
    assert all((value == 0).all() for value in to_cebra(ours, state).values())

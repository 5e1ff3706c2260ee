"""What of a fitted model is new when it is adapted to other neurons: all that depends on their number, nothing else."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cebra_pipe.errors import UserError
from cebra_pipe.models.base import _OffsetModel
from cebra_pipe.models.encoder import Encoder
from cebra_pipe.models.table import MODELS
from cebra_pipe.solver.adapt import adopt

UNITS, DIMENSION = 8, 3
THINNED = [name for name, row in MODELS.items() if getattr(row.layers[0], "thinned", False)]


def adapted(kind, neurons: int):
    """A model of `neurons` adapted to one of six, the names that are trained, and those that are as in the other."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        base, made, wider = kind(6), kind(neurons), kind(7)
    fresh = {name: value.clone() for name, value in made.state_dict().items()}
    adopt(made, base, wider)
    taken = {name for name, value in made.state_dict().items() if _equal(value, base.state_dict()[name])}
    assert all(_equal(value, fresh[name]) for name, value in made.state_dict().items() if name not in taken)
    return made, {name for name, p in made.named_parameters() if p.requires_grad}, taken


def _equal(one, other) -> bool:
    return one.shape == other.shape and torch.equal(one, other)


@pytest.mark.parametrize("neurons", [6, 4])
@pytest.mark.parametrize("name", MODELS)
def test_every_architecture_is_adapted(name, neurons):
    made, trained, taken = adapted(lambda n: Encoder(MODELS[name], n, UNITS, DIMENSION), neurons)
    number = 2 if name in THINNED else 1
    layers = [f"layers.{i}" for i, layer in enumerate(made.layers) if list(layer.parameters())][:number]
    first = {name for name, _ in made.named_parameters() if name.startswith(tuple(f"{each}." for each in layers))}
    assert trained == first
    assert taken == {name for name, _ in made.named_parameters()} - first


def test_the_ones_that_thin_their_input_hand_neurons_on():
    assert {"offset40-model-4x-subsample", "offset20-model-4x-subsample"} <= set(THINNED)


class Own(_OffsetModel):
    """Layers of one's own, by their makers."""

    def __init__(self, neurons, *layers):
        super().__init__(*(layer(neurons) for layer in layers), num_input=neurons, num_output=DIMENSION)


def conv(*, bias=True):
    return lambda n: nn.Conv1d(n, UNITS, 2, bias=bias)


def later(n):
    return nn.Conv1d(UNITS, DIMENSION, 3)


OWN = {  # layers -> names of what is trained anew
    "no bias": ((conv(bias=False), later), {"net.0.weight"}),
    "normalized first": (
        (nn.BatchNorm1d, conv(), later),
        {"net.0.weight", "net.0.bias", "net.1.weight", "net.1.bias"},
    ),
    "not the first in the state": ((lambda n: nn.PReLU(), conv(), later), {"net.1.weight", "net.1.bias"}),
}


@pytest.mark.parametrize("neurons", [6, 4])
@pytest.mark.parametrize("case", OWN)
def test_layers_of_ones_own(case, neurons):
    layers, first = OWN[case]
    made, trained, taken = adapted(lambda n: Own(n, *layers), neurons)
    assert trained == first
    assert taken >= {name for name, _ in made.named_parameters()} - first


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ((lambda n: nn.AdaptiveAvgPool1d(2), lambda n: nn.Linear(2, 4)), "a weight for each neuron.*found none"),
        ((conv(),), "layers that do not depend on the neurons.*found none"),
        ((conv(), lambda n: later(n) if n != 7 else nn.Identity()), "net.1.bias"),
    ],
)
def test_what_cannot_be_adapted_is_told(layers, told):
    with pytest.raises(UserError, match=rf"adapt: model_architecture: .*{told}.*Fit the new recording by itself"):
        adapted(lambda n: Own(n, *layers), 4)

"""Models of one's own: from layers, from Model, by name; and offsets that are not what the layers read."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cebra_pipe import models, registry
from cebra_pipe.data.datatypes import Offset
from cebra_pipe.errors import UserError
from cebra_pipe.models.checks import check_model
from cebra_pipe.models.layers import Squeeze
from cebra_pipe.models.model import (
    ClassifierModel,
    ConvolutionalModelMixin,
    Model,
    Offset10Model,
    ParameterCountMixin,
    ResampleModelMixin,
    _OffsetModel,
)


class Documented(_OffsetModel, ConvolutionalModelMixin):
    """The example of the documents: kernels 2, 40 and 5 read 45 samples."""

    def __init__(self, num_neurons, num_units, num_output, normalize=True):
        super().__init__(
            nn.Conv1d(num_neurons, num_units, 2),
            nn.GELU(),
            nn.Conv1d(num_units, num_units, 40),
            nn.GELU(),
            nn.Conv1d(num_units, num_output, 5),
            num_input=num_neurons,
            num_output=num_output,
            normalize=normalize,
        )

    def get_offset(self):
        return Offset(22, 23)


@pytest.fixture
def own(monkeypatch):
    """`models` with a registry of its own, so that no test leaves a name behind."""
    made = registry.Registry("cebra_pipe.models", "models.options:OPTIONS", "models.checks:check_model")
    for name in registry.HELPERS:
        monkeypatch.setattr(models, name, getattr(made, name))
    return models


def test_the_documented_example(own):
    assert own.register("my-model")(Documented) is Documented
    assert own.get_options("my-model") == ["my-model"]
    model = own.init("my-model", 5, 4, 3)
    assert model(torch.randn(2, 5, 45)).shape == (2, 3)
    assert model(torch.randn(1, 5, 60)).shape == (1, 3, 16)
    assert torch.allclose(model(torch.randn(2, 5, 45)).norm(dim=1), torch.ones(2), atol=1e-6)
    assert own.init("my-model", 5, 4, 3, normalize=False)(torch.ones(2, 5, 45)).norm(dim=1).max() != 1


class Longer(Documented):
    def get_offset(self):
        return Offset(25, 25)


class Shorter(Documented):
    def get_offset(self):
        return Offset(5, 5)


class Wider(Documented):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.num_output += 1


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Longer, "50 samples, .* found .*3, 6"),
        (Shorter, "10 samples, .* found an error"),
        (Wider, r"\(2, 4\), found \(2, 3\)"),
    ],
)
def test_an_offset_that_the_layers_do_not_read_is_told(own, kind, told):
    own.register("my-model")(kind)
    with pytest.raises(UserError, match=told):
        own.init("my-model", 5, 4, 3)


class Bare(nn.Module):
    def __init__(self, *sizes):
        super().__init__()


@pytest.mark.parametrize(("kind", "told"), [(Bare, "without num_input"), (dict, "found a dict")])
def test_what_is_no_model_is_told(own, kind, told):
    own.register("my-model")(type("Mine", (kind,), {"__init__": lambda self, *a: kind.__init__(self)}))
    with pytest.raises(UserError, match=told if kind is Bare else "torch module"):
        own.init("my-model", 5, 4, 3)


def test_the_check_leaves_the_model_as_it_was():
    model = Documented(5, 4, 3)
    model.net.insert(1, nn.Dropout(0.5))
    state = {name: value.clone() for name, value in model.state_dict().items()}
    generator = torch.random.get_rng_state()
    check_model("mine", model)
    assert model.training
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), generator)
    check_model("mine", model.eval())
    assert not model.training


def test_a_class_derived_from_a_named_one():
    class Mine(Offset10Model):
        def get_offset(self):
            return Offset(2, 8)

    assert len(Mine(5, 4, 3).get_offset()) == 10


class WithForward(Offset10Model):
    def forward(self, x):
        return super().forward(x)


class WithLayer(Offset10Model):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.net.append(nn.Tanh())


@pytest.mark.parametrize(("kind", "unchanged"), [(Offset10Model, True), (WithForward, False), (WithLayer, False)])
def test_a_changed_model_says_so(kind, unchanged):
    """A solver then reads windows through `forward`, not the encoder alone."""
    assert kind(5, 4, 3).unchanged == unchanged


def test_a_model_by_its_own_forward():
    class Mean(Model):
        def forward(self, x):
            return x.mean(2)[:, : self.num_output]

    model = Mean(num_input=5, num_output=3, offset=Offset(2, 2))
    check_model("mean", model)
    assert model.get_offset() == Offset(2, 2)
    with pytest.raises(NotImplementedError, match="get_offset"):
        Mean(num_input=5, num_output=3).get_offset()


@pytest.mark.parametrize("sizes", [{"num_input": 0, "num_output": 3}, {"num_input": 5, "num_output": 0}])
@pytest.mark.parametrize("kind", [Model, ClassifierModel, _OffsetModel])
def test_sizes_below_one_are_refused(kind, sizes):
    with pytest.raises(ValueError, match="at least 1, found 0"):
        kind(**sizes)


def test_a_classifier_of_ones_own():
    class Mine(ClassifierModel):
        def __init__(self):
            super().__init__(num_input=5, num_output=3, offset=Offset(0, 1))
            self.net = nn.Sequential(nn.Flatten(), nn.Linear(5, 3))

    model = Mine()
    check_model("mine", model)
    model.set_output_num(4)
    assert [x.shape for x in model(torch.randn(2, 5, 1))] == [(2, 3), (2, 4)]


def test_parameters_are_counted():
    class Counted(Documented, ParameterCountMixin):
        pass

    model = Counted(5, 4, 3)
    assert model.num_parameters == sum(p.numel() for p in model.parameters()) == model.num_trainable_parameters
    model.net[0].bias.requires_grad_(False)
    assert model.num_trainable_parameters == model.num_parameters - 4


def test_a_resampling_model_has_to_say_how():
    class Mine(Documented, ResampleModelMixin):
        pass

    with pytest.raises(NotImplementedError, match="resample_factor"):
        Mine(5, 4, 3).resample_factor  # noqa: B018


@pytest.mark.parametrize(
    ("shape", "squeezed"), [((2, 3, 1), (2, 3)), ((2, 3, 4), (2, 3, 4)), ((2, 3), (2, 3)), ((2,), (2,))]
)
def test_squeeze(shape, squeezed):
    assert Squeeze()(torch.zeros(shape)).shape == squeezed

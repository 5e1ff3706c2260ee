"""All named architectures: window, sizes, gradients, storage, and the reference with the same weights."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys

import pytest
import torch

from cebra_pipe import models
from cebra_pipe.data.datatypes import Offset
from cebra_pipe.errors import UserError
from cebra_pipe.models import model as documented
from cebra_pipe.models.blocks import drop_channels
from cebra_pipe.models.interchange import from_cebra, to_cebra
from cebra_pipe.models.table import CLIPS, DEPTHS, MODELS

NAMES = list(MODELS)
# Trainable numbers at 50 neurons, 32 units, 3 outputs; the window; samples an embedding of a series.
KNOWN = {
    "offset10-model": (12835, (5, 5), 1),
    "offset10-model-mse": (12835, (5, 5), 1),
    "offset5-model": (6531, (2, 3), 1),
    "offset1-model": (3267, (0, 1), 1),
    "offset1-model-mse": (15603, (0, 1), 1),
    "offset1-model-v2": (3843, (0, 1), 1),
    "offset1-model-v3": (3843, (0, 1), 1),
    "offset1-model-v4": (5955, (0, 1), 1),
    "offset1-model-v5": (5955, (0, 1), 1),
    "offset40-model-4x-subsample": (23939, (20, 20), 4),
    "resample-model": (23939, (20, 20), 4),
    "offset20-model-4x-subsample": (17635, (10, 10), 4),
    "resample5-model": (17635, (10, 10), 4),
    "offset4-model-2x-subsample": (10723, (2, 2), 2),
    "resample1-model": (10723, (2, 2), 2),
    "supervised10-model": (12835, (5, 5), 1),
    "supervised1-model": (3267, (0, 1), 1),
    "offset15-model": (22051, (7, 8), 1),
    "offset20-model": (28355, (10, 10), 1),
    "offset36-model": (53187, (18, 18), 1),
    "offset36-model-dropout": (53187, (18, 18), 1),
    "offset36-model-more-dropout": (53187, (18, 18), 1),
    "offset40-model": (59395, (20, 20), 1),
    "offset50-model": (74915, (25, 25), 1),
    "offset10-model-mse-tanh": (12835, (5, 5), 1),
    "offset1-model-mse-tanh": (15603, (0, 1), 1),
    **{f"offset1-model-mse-clip-{a}-{b}": (15603, (0, 1), 1) for a, b in CLIPS},
    **{
        f"offset1-model-mse-{kind}-{n}layers{'-tanh' * tanh}": (3267, (0, 1), 1)
        for kind in ("v2", "resnet")
        for n, tanh in DEPTHS
    },
}
CONVOLUTIONAL = [name for name in NAMES if not name.startswith(("offset1-", "offset4-", "resample1-", "supervised"))]
DEEP = [name for name in NAMES if "layers" in name]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def make(name, neurons=7, units=8, dimension=3, seed=0, **options):
    return models.init(name, neurons, units, dimension, generator=seeded(seed), **options)


def features(model):
    return model.feature_encoder if hasattr(model, "set_output_num") else model


def windows(model, n=5, time=None):
    return torch.randn(n, model.num_input, time or len(model.get_offset()), generator=seeded(1))


def test_the_list_is_that_of_the_reference(reference):
    assert models.get_options() == reference.models.get_options() == NAMES
    assert models.get_options(expand_parametrized=False) == reference.models.get_options(expand_parametrized=False)
    assert set(KNOWN) == set(NAMES)


def test_the_documented_list():
    assert models.get_options("offset*", limit=4) == [
        "offset10-model",
        "offset10-model-mse",
        "offset5-model",
        "offset1-model-mse",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_sizes_and_window(name):
    model = make(name, 50, 32)
    counted = sum(p.numel() for p in model.parameters())
    offset = model.get_offset()
    assert (counted, (offset.left, offset.right), getattr(model, "resample_factor", 1)) == KNOWN[name]
    assert isinstance(offset, Offset)
    assert (model.num_input, model.num_output) == (50, 3)
    assert model.net[0].encoder.architecture == MODELS[name]  # what a study trains by that name
    assert isinstance(model, documented.ConvolutionalModelMixin) == (name in CONVOLUTIONAL)
    assert isinstance(model, documented._OffsetModel) == (not name.startswith("supervised"))


@pytest.mark.parametrize("name", NAMES)
def test_windows_become_embeddings_and_gradients_reach_every_parameter(name):
    model = make(name, units=16)
    out = features(model)(windows(model, 200))
    assert out.shape == (200, 3)
    (out * torch.randn(out.shape, generator=seeded(2))).sum().backward()
    for parameter, value in model.named_parameters():
        assert value.grad is not None, parameter
        assert (value.grad != 0).any(), parameter


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_a_series_is_its_windows(name):
    model = make(name).eval()
    window, step = len(model.get_offset()), KNOWN[name][2]
    series = windows(model, 1, window + 13)
    found = model(series)
    cut = series[0].unfold(1, window, step).transpose(0, 1)  # (n, neuron, window)
    assert found.shape == (1, 3, 13 // step + 1)
    torch.testing.assert_close(found[0].T, model(cut), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_weights_give_what_the_reference_gives(reference, name):
    theirs = reference.models.init(name, num_neurons=7, num_units=8, num_output=3).eval()
    ours = make(name).eval()
    state = theirs.state_dict()
    ours.load_state_dict(from_cebra(state, ours))
    assert ours.get_offset() == Offset(theirs.get_offset().left, theirs.get_offset().right)
    inputs = [windows(ours) * 3] + ([windows(ours, 1, 70)] if name in CONVOLUTIONAL else [])
    for x in inputs:
        torch.testing.assert_close(features(ours)(x), features(theirs)(x), rtol=1e-5, atol=1e-5)
    back = to_cebra(ours, state)
    assert all(torch.equal(back[key], state[key]) for key in state)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in DEEP])
def test_a_seed_gives_the_weights_that_it_gives_the_reference(reference, name):
    """The repeated layers of the deep families are drawn in another order there."""
    made = []
    for kind in (reference.models, models):
        with torch.random.fork_rng():
            torch.manual_seed(3)
            made.append(kind.init(name, num_neurons=7, num_units=8, num_output=3))
    for a, b in zip(from_cebra(made[0].state_dict(), made[1]).values(), made[1].state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_models_are_stored_and_copied(name):
    model = make(name).eval()
    x, other, file = windows(model), make(name, seed=1).eval(), io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    for again in (other, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert type(again) is type(model)
        torch.testing.assert_close(features(again)(x), features(model)(x), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["offset10-model", "offset1-model-v3", "offset40-model-4x-subsample"])
def test_an_input_that_asks_for_its_gradient_can_be_differentiated_again(name):
    model = make(name).eval()
    x = windows(model).requires_grad_()
    torch.testing.assert_close(model(x), model(x.detach()), rtol=1e-5, atol=1e-6)
    (gradient,) = torch.autograd.grad(model(x)[:, 0].sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert all(p.grad is not None for p in model.encoder.layers[0].parameters())
    jacobian = torch.func.vmap(torch.func.jacrev(lambda one: model(one[None])[0]))(x.detach())
    torch.testing.assert_close(jacobian[:, 0], gradient.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["offset10-model", "offset36-model-more-dropout", "offset1-model-mse-clip-25-5"])
def test_arguments_of_one_init_do_not_stay(name):
    default = make(name).normalize
    assert make(name, normalize=not default).normalize != default
    assert make(name).normalize == default


def test_normalize_decides_the_length():
    x = windows(make("offset10-model"))
    for unit in (True, False):
        length = make("offset10-model", normalize=unit)(x).norm(dim=1)
        assert torch.allclose(length, torch.ones(5), atol=1e-6) == unit


@pytest.mark.parametrize("name", ["offset10-model", "offset36-model-dropout", "offset20-model-4x-subsample"])
def test_a_causal_window_ends_at_its_sample(name):
    around, causal = make(name).eval(), make(name, causal=True).eval()
    assert causal.get_offset() == Offset(len(around.get_offset()) - 1, 1)
    assert torch.equal(causal(windows(causal)), around(windows(around)))


def test_a_zero_embedding_is_no_nan():
    model = make("offset10-model")
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    assert (model(windows(model)) == 0).all()


@pytest.mark.parametrize(("low", "high"), [(25, 5), (1, 1000)])
def test_clipped_outputs(low, high):
    model = make(f"offset1-model-mse-clip-{low}-{high}")
    out = model(windows(model, 50) * 1e6).detach()
    assert (float(out.min()), float(out.max())) == (-low, high)


def test_dropout_is_of_whole_channels_in_training_alone():
    model = make("offset36-model-more-dropout", units=64)
    x = windows(model, 1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.allclose(model(x), model(x))
        block = model.encoder.layers[3]
        rows = torch.ones(2 * 36, 64)
        kept = drop_channels(rows, 0.25, lanes=2).view(36, 2, 64)
    assert block.layer.dropout == 0.1
    assert (kept == kept[:1]).all()
    assert not (kept[:, 0] == kept[:, 1]).all()
    assert kept.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    model.eval()
    assert torch.equal(model(x), model(x))


def test_a_classifier_is_made_once(reference):
    theirs = reference.models.init("supervised10-model", 7, 8, 3)
    ours = make("supervised10-model")
    x = windows(ours)
    with pytest.raises(UserError, match="set_output_num"):
        ours(x)
    for each in (theirs, ours):
        each.set_output_num(4)
    ours.load_state_dict(from_cebra(theirs.state_dict(), ours))
    for a, b in zip(ours(x), theirs(x), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
    with pytest.raises(RuntimeError, match="override=True"):
        ours.set_output_num(6)
    ours.set_output_num(6, override=True)
    assert ours(x)[1].shape == (5, 6)
    assert ours.features_encoder is ours.feature_encoder


@pytest.mark.parametrize(
    ("sizes", "told"),
    [((0, 8, 3), "num_neurons"), ((7, 0, 3), "num_units"), ((7, 8, 0), "num_output")],
)
@pytest.mark.parametrize("name", ["offset10-model", "offset1-model", "offset40-model-4x-subsample"])
def test_sizes_that_cannot_be(name, sizes, told):
    with pytest.raises(ValueError, match=told):
        models.init(name, *sizes)


def test_half_of_one_unit_is_none():
    with pytest.raises(ValueError, match="num_units: expected at least 2"):
        models.init("offset1-model", 7, 1, 3)


@pytest.mark.parametrize("shape", [(2, 7, 9), (2, 6, 10), (7, 10), (2, 7, 10, 1)])
def test_an_input_of_another_shape_is_told(shape):
    with pytest.raises(UserError, match="7 neurons, 10 or more samples"):
        make("offset10-model")(torch.zeros(shape))


def test_one_sample_models_take_rows():
    model = make("offset1-model")
    x = windows(model)
    assert torch.equal(model(x[..., 0]), model(x))


def test_names_need_no_torch():
    code = (
        "import sys; from cebra_pipe import models; models.get_options('offset1*');"
        "from cebra_pipe.models.table import MODELS; assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_loop_of_a_study_cannot_run_says_why(name):
    unlike = "subsample" in name or "resample" in name or "dropout" in name or "supervised" in name
    assert bool(MODELS[name].unfit) == unlike

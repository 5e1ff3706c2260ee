from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cebra_pipe.errors import UserError
from cebra_pipe.models.encoder import Encoder
from cebra_pipe.models.layers import SparseSeries, Taps, normalize
from cebra_pipe.models.table import MODELS, architecture

# Trainable numbers at 50 neurons, 32 units, 3 outputs, and the window, as documented for these models.
KNOWN = {
    "offset1-model": (3267, (0, 1)),
    "offset1-model-mse": (15603, (0, 1)),
    "offset1-model-v2": (3843, (0, 1)),
    "offset5-model": (6531, (2, 3)),
    "offset10-model": (12835, (5, 5)),
    "offset10-model-mse": (12835, (5, 5)),
    "offset15-model": (22051, (7, 8)),
    "offset20-model": (28355, (10, 10)),
    "offset36-model": (53187, (18, 18)),
    "offset40-model": (59395, (20, 20)),
    "offset50-model": (74915, (25, 25)),
}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def plain(encoder: Encoder, x: torch.Tensor) -> torch.Tensor:
    """(n, neuron, time) -> (n, dimension, time - window + 1) with torch's own convolutions."""
    for layer in encoder.layers:
        y = F.conv1d(x, layer.weight.permute(2, 1, 0), layer.bias)
        y = F.gelu(y) if layer.gelu else y
        crop = (x.shape[2] - y.shape[2]) // 2
        x = y + x[:, :, crop : crop + y.shape[2]] if layer.skip else y
    return x


@pytest.mark.parametrize("name", MODELS)
def test_parameters_and_offset(name):
    encoder = Encoder(architecture(name), 50, 32, 3, seeded())
    assert (sum(p.numel() for p in encoder.parameters()), tuple(architecture(name).offset)) == KNOWN[name]


@pytest.mark.parametrize("name", MODELS)
def test_series_windows_and_torch_agree(name):
    encoder = Encoder(architecture(name), 7, 8, 3, seeded())
    window = len(architecture(name).offset)
    x = torch.randn(window + 20, 7, generator=seeded(1))
    whole = encoder(x)
    windows = torch.stack([x[t : t + window] for t in range(21)], 1)  # (window, n, neuron)
    torch.testing.assert_close(encoder(windows.flatten(0, 1), 21), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(plain(encoder, x.T[None])[0].T, whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["offset10-model", "offset5-model", "offset1-model"])
@pytest.mark.parametrize("outputs", [3, 12])
@pytest.mark.parametrize("lanes", [1, 4])
def test_gradients_are_those_of_torch(name, outputs, lanes):
    encoder = Encoder(architecture(name), 7, 8, outputs, seeded()).double()
    x = torch.randn(24 * lanes, 7, generator=seeded(1), dtype=torch.float64, requires_grad=True)
    weight = torch.randn(outputs, generator=seeded(2), dtype=torch.float64)
    of = [x, *encoder.parameters()]
    ours = torch.autograd.grad((encoder(x, lanes) @ weight).square().sum(), of)
    theirs = plain(encoder, x.view(24, lanes, 7).permute(1, 2, 0)).transpose(1, 2) @ weight
    for a, b in zip(ours, torch.autograd.grad(theirs.square().sum(), of), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kernel", [1, 2])
def test_sparse_first_layer_is_exact(kernel):
    layer = Taps(6, 5, kernel, True, False, seeded())
    x = (torch.rand(200, 6, generator=seeded(1)) < 0.05) * torch.randint(1, 4, (200, 6), generator=seeded(2)).float()
    results = []
    for series in (x, SparseSeries.of(x, kernel)):
        layer.zero_grad()
        out = layer(series)
        out.square().sum().backward()
        results.append([out.detach(), layer.weight.grad.clone(), layer.bias.grad.clone()])
    for dense, sparse in zip(*results, strict=True):
        torch.testing.assert_close(sparse, dense, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", [1, 3])
def test_initialised_as_torch_does(kernel):
    ours = Taps(6, 5, kernel, True, False, seeded(7))
    with torch.random.fork_rng():
        torch.manual_seed(7)
        theirs = nn.Conv1d(6, 5, kernel)
    torch.testing.assert_close(ours.weight.permute(2, 1, 0), theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_generator_decides_the_weights():
    makes = [Encoder(architecture("offset10-model"), 5, 8, 3, seeded(s)) for s in (0, 0, 1)]
    first, same, other = ([*m.parameters()] for m in makes)
    assert all(torch.equal(a, b) for a, b in zip(first, same, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_zero_vector_stays_zero():
    x = torch.zeros(2, 3, requires_grad=True)
    normalize(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert (normalize(x) == 0).all()


def test_unknown_architecture_is_told_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'offset10-model'"):
        architecture("ofset10-model")

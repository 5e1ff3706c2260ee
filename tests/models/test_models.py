from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cebra_pipe.errors import UserError
from cebra_pipe.models.bags import SparseSeries
from cebra_pipe.models.encoder import Encoder
from cebra_pipe.models.layers import Taps, normalize
from cebra_pipe.models.table import MODELS, Architecture, Layer, architecture

# Rows of plain convolutions, which torch's own can say in a line.
PLAIN = [name for name, row in MODELS.items() if all(isinstance(x, Layer) and x.plain for x in row.layers)]


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


@pytest.mark.parametrize("name", PLAIN)
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
@pytest.mark.parametrize("of_input", [False, True])
def test_gradients_are_those_of_torch(name, outputs, lanes, of_input):
    encoder = Encoder(architecture(name), 7, 8, outputs, seeded()).double()
    x = torch.randn(24 * lanes, 7, generator=seeded(1), dtype=torch.float64, requires_grad=of_input)
    weight = torch.randn(outputs, generator=seeded(2), dtype=torch.float64)
    of = [*([x] if of_input else []), *encoder.parameters()]
    ours = torch.autograd.grad((encoder(x, lanes) @ weight).square().sum(), of)
    theirs = plain(encoder, x.view(24, lanes, 7).permute(1, 2, 0)).transpose(1, 2) @ weight
    for a, b in zip(ours, torch.autograd.grad(theirs.square().sum(), of), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize(("outputs", "gelu"), [(6, True), (6, False), (12, False)])
@pytest.mark.parametrize("skip", [False, True])
def test_a_layer_gives_the_gradient_of_its_input(kernel, outputs, gelu, skip):
    """As later layers of an encoder do, whose input asks for it; the fast operation against torch's own."""
    layer = Taps(6 if not skip else outputs, outputs, kernel, gelu, skip, seeded()).double()
    x = torch.randn(20, layer.weight.shape[1], generator=seeded(1), dtype=torch.float64, requires_grad=True)
    of = [x, *layer.parameters()]
    found, expected = (torch.autograd.grad(layer(x, 2, again).square().sum(), of) for again in (False, True))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("skip", ["", "outer"])
def test_layers_in_one_operation_are_those_one_by_one(skip):
    """A hook sees a layer by itself; embeddings and gradients are the same, also with one skip above another."""
    row = Architecture((Layer(3, "units", skip=skip), Layer(3, "units", skip="outer"), Layer(2, "output", gelu=False)))
    encoder, x, seen, found = Encoder(row, 6, 6, 2, seeded()).double(), torch.randn(30, 6).double(), [], []
    for watched in (False, True):
        if watched:
            encoder.layers[1].register_forward_hook(lambda *given: seen.append(given[-1]))
        encoder.zero_grad()
        out = encoder(x, 3)
        out.square().sum().backward()
        found.append([out.detach(), *(p.grad.clone() for p in encoder.parameters())])
        assert len(seen) == watched
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_a_frozen_layer_has_no_gradient_and_hides_none(frozen):
    encoder, x = Encoder(architecture("offset5-model"), 6, 6, 2, seeded()), torch.randn(30, 6, generator=seeded(1))
    grads = []
    for held in (False, True):
        encoder.zero_grad()
        encoder.layers[frozen].requires_grad_(not held)
        encoder(x).square().sum().backward()
        grads.append([p.grad for p in encoder.parameters()])
    for i, (free, held) in enumerate(zip(*grads, strict=True)):
        assert held is None if i // 2 == frozen else torch.equal(free, held)


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

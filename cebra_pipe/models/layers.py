"""The modules of encoders, over rows of time."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor, nn

from .bags import SparseSeries
from .chain import Link, chain


class Taps(nn.Module):
    """A convolution of `kernel` samples; kernel 1 is a linear layer. Initialised as torch.nn.Conv1d and Linear are."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, gelu: bool, skip: bool, generator: Generator | None = None
    ):
        super().__init__()
        bound = 1 / math.sqrt(inputs * kernel)
        weight = torch.empty(outputs, inputs, kernel).uniform_(-bound, bound, generator=generator)
        self.weight = nn.Parameter(weight.permute(2, 1, 0).contiguous())  # (kernel, input, output)
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound, generator=generator))
        self.gelu, self.skip = gelu, skip

    def forward(self, x: Tensor | SparseSeries, lanes: int = 1, again: bool = False) -> Tensor:
        """(time * lanes, input) -> ((time - kernel + 1) * lanes, output); `again`: differentiable more than once."""
        return _again(x, self.link, lanes) if again else chain(x, [self.link], lanes)

    @property
    def link(self) -> Link:
        """What it computes."""
        return Link(self.weight, self.bias, self.gelu, self.skip)


def _again(x: Tensor, link: Link, lanes: int) -> Tensor:
    """The same in torch's own operations, which can be differentiated again and by torch.func."""
    rows, begin = len(x) - (len(link.weight) - 1) * lanes, link.edges(lanes)[0]
    linear = sum(x[j * lanes : j * lanes + rows] @ tap for j, tap in enumerate(link.weight)) + link.bias
    out = nn.functional.gelu(linear) if link.gelu else linear
    return out + x[begin : begin + rows] if link.skip else out


def normalize(x: Tensor, dim: int = -1) -> Tensor:
    """Vectors along `dim` of length one; one of zeros stays zero, with a finite gradient."""
    return nn.functional.normalize(x, dim=dim, eps=1e-12)


class Squeeze(nn.Module):
    """(batch, channel, 1) -> (batch, channel); whatever else comes in goes out as it is."""

    def forward(self, inp: Tensor) -> Tensor:
        """Of one to three dimensions."""
        return inp.squeeze(2) if inp.ndim > 2 else inp

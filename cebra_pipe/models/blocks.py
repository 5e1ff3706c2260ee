"""Layers beyond the plain convolution, over the same rows of time: `lanes` windows side by side, or one series."""

from __future__ import annotations

from torch import Generator, Tensor, cat, nn
from torch.nn import functional as F

from .layers import Taps
from .table import Layer, Step


class Block(nn.Module):
    """A convolution with what the row asks for: dropout, stride, thinned input, repetition, inner skip."""

    def __init__(self, layer: Layer, inputs: int, outputs: int, generator: Generator | None = None):
        super().__init__()
        self.layer = layer
        own = outputs - inputs if layer.thinned else outputs
        self.taps = Taps(inputs, own, layer.kernel, layer.gelu and layer.skip != "inner", False, generator)

    def forward(self, x: Tensor, lanes: int = 1, again: bool = False) -> Tensor:
        """(time * lanes, input) -> (time' * lanes, output)"""
        for _ in range(self.layer.repeat):
            x = self._once(x, lanes, again)
        return x

    def _once(self, x: Tensor, lanes: int, again: bool) -> Tensor:
        layer = self.layer
        read = drop_channels(x, layer.dropout, lanes) if layer.dropout and self.training else x
        out = every(self.taps(read, lanes, again), layer.stride, lanes)
        if layer.thinned:
            out = cat([out, every(x, layer.stride, lanes)[: len(out)]], 1)
        if layer.skip == "outer":
            edge = (len(x) - len(out)) // 2
            out = out + x[edge : edge + len(out)]
        if layer.skip == "inner":  # a negative filling cuts
            out = out + F.pad(x, (0, out.shape[1] - x.shape[1]))
            out = F.gelu(out) if layer.gelu else out
        return out


class Pointwise(nn.Module):
    """A function of each entry; dropout is of whole channels, window by window, in training."""

    def __init__(self, step: Step):
        super().__init__()
        self.step = step

    def forward(self, x: Tensor, lanes: int = 1, again: bool = False) -> Tensor:
        """(time * lanes, channel) -> the same"""
        if self.step.name == "dropout":
            return drop_channels(x, *self.step.numbers, lanes) if self.training else x
        return POINTWISE[self.step.name](x, *self.step.numbers)


POINTWISE = {"gelu": F.gelu, "tanh": F.tanh, "clamp": F.hardtanh}


def every(x: Tensor, stride: int, lanes: int) -> Tensor:
    """Rows of each stride-th moment."""
    return x if stride == 1 else x.view(-1, lanes, x.shape[1])[::stride].flatten(0, 1)


def drop_channels(x: Tensor, share: float, lanes: int) -> Tensor:
    """A share of the channels of each lane zero over its whole time, the others larger so that the mean stays."""
    kept = F.dropout(x.new_ones(lanes, x.shape[1]), share)
    return (x.view(-1, lanes, x.shape[1]) * kept).flatten(0, 1)

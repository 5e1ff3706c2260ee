"""An encoder: the layers of one row of the table, for one session's neurons."""

from __future__ import annotations

from itertools import groupby, islice

from torch import Generator, Tensor, nn

from .bags import SparseSeries
from .blocks import Block, Pointwise
from .chain import chain
from .layers import Taps, normalize
from .table import Architecture, Layer, Step

EVERY = slice(None)


class Encoder(nn.Module):
    """(time, neuron) -> (time - window + 1, dimension), before the embedding is brought to length one.

    Initial weights come from `generator`, or from torch's global one where there is none.
    """

    again = False  # whether all operations are torch's own, as `torch.func` needs them

    def __init__(
        self, architecture: Architecture, neurons: int, units: int, dimension: int, generator: Generator | None = None
    ):
        super().__init__()
        self.architecture, channels = architecture, neurons
        self.layers, self.widths = nn.ModuleList(), [neurons]  # channels before each layer, and after the last
        for layer in architecture.layers:
            width = layer.channels(channels, units, dimension)
            self.layers.append(_module(layer, channels, width, generator))
            self.widths.append(width)
            channels = width

    def forward(self, x: Tensor | SparseSeries, lanes: int = 1, layers: slice = EVERY) -> Tensor:
        """x: (time * lanes, neuron), time first: a whole series is one lane, n windows are n lanes.

        layers: these alone; x is then what the layer before them gave.
        An input that asks for its own gradient (attribution, Jacobians) takes operations that can be differentiated
        again; the faster ones of training cannot.
        """
        again = self.again or (layers is EVERY and isinstance(x, Tensor) and x.requires_grad)
        chosen = islice(self.layers, layers.start, layers.stop)
        for joined, run in groupby(chosen, lambda layer: _joins(layer) and not again):
            if joined:
                x = chain(x, [layer.link for layer in run], lanes)
                continue
            for layer in run:
                x = layer(x, lanes, again)
        return x

    def finish(self, rows: Tensor) -> Tensor:
        """The embedding of chosen output rows; apart from `forward`, since a step needs only the rows it drew."""
        return normalize(rows) if self.architecture.normalize else rows


def _joins(layer: nn.Module) -> bool:
    """Whether a layer can be one link of a chain: a hook wants to see it by itself."""
    hooks = layer._forward_hooks, layer._forward_pre_hooks, layer._backward_hooks, layer._backward_pre_hooks
    return type(layer) is Taps and not any(hooks)


def _module(layer: Layer | Step, inputs: int, outputs: int, generator: Generator | None) -> nn.Module:
    if isinstance(layer, Step):
        return Pointwise(layer)
    if layer.plain:
        return Taps(inputs, outputs, layer.kernel, layer.gelu, layer.skip == "outer", generator)
    return Block(layer, inputs, outputs, generator)

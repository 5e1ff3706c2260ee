"""An encoder: the layers of one row of the table, for one session's neurons."""

from __future__ import annotations

from torch import Generator, Tensor, nn

from .layers import SparseSeries, Taps, normalize
from .table import Architecture


class Encoder(nn.Module):
    """(time, neuron) -> (time - window + 1, dimension), before the embedding is brought to length one."""

    def __init__(self, architecture: Architecture, neurons: int, units: int, dimension: int, generator: Generator):
        super().__init__()
        self.architecture, channels = architecture, neurons
        self.work = architecture.work(neurons, units, dimension)  # multiplications a row, layer by layer
        self.layers = nn.ModuleList()
        for layer in architecture.layers:
            width = layer.channels(units, dimension)
            self.layers.append(Taps(channels, width, layer.kernel, layer.gelu, layer.skip, generator))
            channels = width

    def forward(self, x: Tensor | SparseSeries, lanes: int = 1) -> Tensor:
        """x: (time * lanes, neuron), time first: a whole series is one lane, n windows are n lanes."""
        for layer in self.layers:
            x = layer(x, lanes)
        return x

    def finish(self, rows: Tensor) -> Tensor:
        """The embedding of chosen output rows; apart from `forward`, since a step needs only the rows it drew."""
        return normalize(rows) if self.architecture.normalize else rows

"""Embeddings of drawn samples: the first layers over whole series, the others over windows of what those give.

A convolutional encoder commutes with time. Windows of neighbouring samples share most of what the first layers compute:
where a batch covers about as many samples as the part holds, these run once over each series, and the last layers at
the drawn samples alone. How many layers belong to either is a function of shapes and of the share of filled bins, so
that a rerun takes the same way; all ways agree to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ..data.masking import Mask, mask_generator, masked
from ..data.timeline import Timeline
from ..models.bags import SparseSeries, summed
from ..models.encoder import Encoder
from ..models.table import Architecture, Layer, Step
from .device import moved
from .network import Network

Plan = tuple[Tensor, Tensor | None, list[int], int | None]
# Multiplications that take as long, forward and for both gradients, as measured on one core:
GATHER = 8  # moving one number into a window and its gradient back
GELU = 40  # one number through the activation
FILLED = 4  # one multiplication of a sum over filled bins


def whole_layers(
    architecture: Architecture, widths: Sequence[int], length: int, drawn: int, filled: float = 1.0
) -> int:
    """How many layers to run over `length` samples, so that `drawn` embeddings of them cost least.

    widths: the encoder's channels before each layer, and after the last. filled: of the series, the share of bins that
    its first layer sums over. None of the layers where the encoder skips moments: a series gives no embedding for most
    of its samples then.
    """
    layers = architecture.layers
    if architecture.stride > 1:
        return 0
    rows = len(architecture.offset) - np.cumsum([0, *(layer.kernel - 1 for layer in layers)])  # a window has so many
    each = list(zip(layers, widths, widths[1:], strict=False))
    work = np.array([layer.work(a, b) + GELU * layer.activations(b) for layer, a, b in each])
    spared = each[0][0].work(*each[0][1:]) * (1 - min(1.0, FILLED * filled))

    def cost(depth: int) -> float:
        inner = length * (work[:depth].sum() - spared * (depth > 0)) + drawn * (rows[depth + 1 :] * work[depth:]).sum()
        return inner + GATHER * drawn * rows[depth] * widths[depth]

    return min(range(len(layers) + 1), key=cost)


class Encoding:
    """Embeds drawn samples, with the first `depths[s]` layers of the encoder of session s over its whole series.

    masks: of each session, laid over every drawn window anew; with them depths are 0.
    """

    again = False  # whether for a batch of models, by `torch.func`

    def __init__(
        self,
        network: Network,
        series: Sequence[Tensor],
        timeline: Timeline,
        depths: Sequence[int],
        masks: Sequence[Sequence[Mask]] | None = None,
    ):
        self.network, self.timeline, self.depths, self.masks = network, timeline, depths, masks
        first = [
            network.architecture.layers[:depth] if depth else () for depth in depths
        ]  # a user's own model has none
        self.inputs = [_input(x, layers) for x, layers in zip(series, first, strict=True)]
        windows = [len(timeline.offset) - sum(layer.kernel - 1 for layer in layers) for layers in first]
        self.taps = [torch.arange(n, device=x.device)[:, None] for x, n in zip(series, windows, strict=True)]

    def plan(self, index: np.ndarray, stream: np.random.Generator | None = None) -> Iterator[Plan]:
        """(step, n) flat indices -> for each step: first rows of windows by session, places before, how many each.

        With masks also a seed, from `stream`.
        """
        session, left = self.timeline.session[index], self.timeline.offset.left
        begin = index - left - self.timeline.start[session]
        seeds = [None] * len(index) if self.masks is None else stream.integers(0, 2**63, len(index)).tolist()
        if self.timeline.sessions == 1:
            there = moved(begin, self.network.device)
            return ((rows, None, [len(rows)], seed) for rows, seed in zip(there, seeds, strict=True))
        order = np.argsort(session, axis=1, kind="stable")
        counts = (session[:, :, None] == np.arange(self.timeline.sessions)).sum(1)
        indices = np.take_along_axis(begin, order, 1), np.argsort(order, axis=1)
        rows, places = (moved(each, self.network.device) for each in indices)
        return zip(rows, places, counts.tolist(), seeds, strict=True)

    def __call__(self, rows: Tensor, places: Tensor | None, counts: list[int], seed: int | None = None) -> Tensor:
        """(n, dimension) embeddings of one step's plan."""
        cover = None if seed is None else mask_generator(seed, self.network.device)
        given = enumerate(rows.split(counts))
        parts = [self._of_session(s, mine, cover) for s, mine in given if len(mine)]
        return self.network.finish(parts[0] if places is None else self._rows(torch.cat(parts), places))

    def _rows(self, whole: Tensor, chosen: Tensor) -> Tensor:
        """Some rows. Of a batch of models by indexing: `index_select` becomes a gather there, whose gradient is summed
        number by number, and on a GPU, to be deterministic, with a copy from the host, which cannot be recorded.
        """
        return whole[chosen] if self.again else whole.index_select(0, chosen)

    def _of_session(self, session: int, rows: Tensor, cover: torch.Generator | None) -> Tensor:
        encoder, x, depth = self.network.encoders[session], self.inputs[session], self.depths[session]
        whole = encoder(x, layers=slice(0, depth)) if depth else x
        taps = self.taps[session]
        windows = self._rows(whole, (taps + rows).flatten())  # time first, then window
        if depth:
            return encoder(windows, len(rows), layers=slice(depth, None))
        if self.masks is not None and self.masks[session]:
            apart = windows.view(len(taps), len(rows), -1).permute(1, 2, 0)
            windows = masked(apart, self.masks[session], cover).permute(2, 0, 1).flatten(0, 1)
        return encoder(windows, len(rows))

    def __str__(self) -> str:
        told = ", ".join(map(str, self.depths))
        return f"{told} layers over whole series" if any(self.depths) else "windows"


def encoding(
    network: Network,
    series: Sequence[Tensor],
    timeline: Timeline,
    drawn: int,
    masks: Sequence[Sequence[Mask]] | None = None,
) -> Encoding:
    """The cheapest for `drawn` samples of each session a step; windows where they have masks of their own."""
    windows = [0] * len(series)
    if masks is not None and any(masks):
        return Encoding(network, series, timeline, windows, masks)
    if not all(isinstance(e, Encoder) for e in network.encoders):
        return Encoding(network, series, timeline, windows)
    each = zip(network.encoders, series, strict=True)
    depths = [
        whole_layers(e.architecture, e.widths, len(x), drawn, _summed(x, e.architecture.layers[0])) for e, x in each
    ]
    return Encoding(network, series, timeline, depths)


def _input(series: Tensor, layers: Sequence[Layer | Step]) -> Tensor | SparseSeries:
    """What the layers over a whole series read."""
    return SparseSeries.of(series, layers[0].kernel) if layers and _summed(series, layers[0]) < 1 else series


def _summed(series: Tensor, first: Layer | Step) -> float:
    """The share of bins that the first layer reads of a whole series."""
    return summed(series) if first.plain else 1.0

"""Embeddings of drawn samples: the first layers over whole series, the others over windows of what those give.

A convolutional encoder commutes with time. Windows of neighbouring samples share most of what the first layers compute:
where a batch covers about as many samples as the part holds, these run once over each series, and the last layers at
the drawn samples alone. How many layers belong to either is a function of shapes, so that a rerun takes the same way;
all ways agree to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ..data.masking import Mask, mask_generator, masked
from ..data.timeline import Timeline
from ..models.bags import SparseSeries, worth_sparse
from ..models.encoder import Encoder
from ..models.table import Architecture
from .device import moved
from .network import Network

Plan = tuple[Tensor, Tensor | None, list[int], int | None]
GATHER = 8  # multiplications that take the time of moving one number into a window and its gradient back, as measured


def whole_layers(
    architecture: Architecture, widths: Sequence[Sequence[int]], lengths: Sequence[int], drawn: int
) -> int:
    """How many layers to run over `lengths` samples a session, so that `drawn` embeddings of each cost least.

    widths: of each session's encoder the channels before each layer, and after the last. None of the layers where the
    encoder skips moments: a series gives no embedding for most of its samples then.
    """
    layers = architecture.layers
    if architecture.stride > 1:
        return 0
    rows = len(architecture.offset) - np.cumsum([0, *(layer.kernel - 1 for layer in layers)])  # a window has so many

    def cost(depth: int) -> float:
        total = 0.0
        for length, width in zip(lengths, widths, strict=True):
            work = [layer.work(a, b) for layer, a, b in zip(layers, width, width[1:], strict=False)]
            total += length * sum(work[:depth]) + drawn * sum(rows[depth + 1 :] * work[depth:])
            total += GATHER * drawn * int(rows[depth]) * width[depth]
        return total

    return min(range(len(layers) + 1), key=cost)


class Encoding:
    """Embeds drawn samples, with the first `depth` layers of every encoder over the whole series.

    masks: of each session, laid over every drawn window anew; with them `depth` is 0.
    """

    def __init__(
        self,
        network: Network,
        series: Sequence[Tensor],
        timeline: Timeline,
        depth: int,
        masks: Sequence[Sequence[Mask]] | None = None,
    ):
        self.network, self.timeline, self.depth, self.masks = network, timeline, depth, masks
        layers = network.architecture.layers[:depth] if depth else ()  # a model of a user's own has none that we know
        self.inputs = [_input(x, layers[0]) for x in series] if depth else list(series)
        window = len(timeline.offset) - sum(layer.kernel - 1 for layer in layers)
        self.taps = torch.arange(window, device=series[0].device)[:, None]

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
        return self.network.finish(parts[0] if places is None else torch.cat(parts).index_select(0, places))

    def _of_session(self, session: int, rows: Tensor, cover: torch.Generator | None) -> Tensor:
        encoder, x = self.network.encoders[session], self.inputs[session]
        whole = encoder(x, layers=slice(0, self.depth)) if self.depth else x
        windows = whole.index_select(0, (self.taps + rows).flatten())  # time first, then window
        if self.depth:
            return encoder(windows, len(rows), layers=slice(self.depth, None))
        if self.masks is not None and self.masks[session]:
            apart = windows.view(len(self.taps), len(rows), -1).permute(1, 2, 0)
            windows = masked(apart, self.masks[session], cover).permute(2, 0, 1).flatten(0, 1)
        return encoder(windows, len(rows))

    def __str__(self) -> str:
        return f"{self.depth} layers over whole series" if self.depth else "windows"


def encoding(
    network: Network,
    series: Sequence[Tensor],
    timeline: Timeline,
    drawn: int,
    masks: Sequence[Sequence[Mask]] | None = None,
) -> Encoding:
    """The cheapest for `drawn` samples of each session a step; windows where they have masks of their own."""
    if masks is not None and any(masks):
        return Encoding(network, series, timeline, 0, masks)
    if not all(isinstance(e, Encoder) for e in network.encoders):
        return Encoding(network, series, timeline, 0)
    widths = [e.widths for e in network.encoders]
    return Encoding(
        network, series, timeline, whole_layers(network.architecture, widths, [len(x) for x in series], drawn)
    )


def _input(series: Tensor, first: object) -> Tensor | SparseSeries:
    return SparseSeries.of(series, first.kernel) if first.plain and worth_sparse(series) else series

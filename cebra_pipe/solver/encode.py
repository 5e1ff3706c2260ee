"""Embeddings of drawn samples, in the cheaper of two ways that agree to rounding.

A convolutional encoder commutes with time: where a batch covers about as many samples as the part holds, each series is
encoded once and rows are gathered; where it covers far fewer, windows are cut and encoded. The choice is a function of
shapes, so a rerun takes the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ..data.timeline import Timeline
from ..models.encoder import Encoder
from ..models.layers import SparseSeries, worth_sparse
from ..models.table import Architecture
from .network import Network

Plan = tuple[Tensor, ...]


def whole_is_cheaper(
    architecture: Architecture, work: Sequence[tuple[int, ...]], lengths: Sequence[int], drawn: int
) -> bool:
    """Whether `lengths` samples a session take fewer multiplications than `drawn` windows from each session.

    Never where the encoder skips moments: a series gives no embedding for most of its samples then.
    """
    if architecture.stride > 1:
        return False
    rows = np.array(len(architecture.offset) - np.cumsum([layer.kernel - 1 for layer in architecture.layers]))
    whole = sum(length * sum(each) for length, each in zip(lengths, work, strict=True))
    return whole <= sum(drawn * float(rows @ np.array(each)) for each in work)


class WholeSeries:
    """Encodes every session once a step and gathers the drawn rows."""

    def __init__(self, network: Network, series: Sequence[Tensor], timeline: Timeline):
        self.network, self.timeline = network, timeline
        first = network.architecture.layers[0]
        self.inputs = [SparseSeries.of(x, first.kernel) if first.plain and worth_sparse(x) else x for x in series]

    def plan(self, index: np.ndarray) -> Iterator[Plan]:
        """(step, n) flat indices -> for each step the rows of the stitched output."""
        offset = self.timeline.offset
        rows = index - offset.left - self.timeline.session[index] * (len(offset) - 1)
        return ((step,) for step in _moved(rows, self.network))

    def __call__(self, rows: Tensor) -> Tensor:
        out = [encoder(x) for encoder, x in zip(self.network.encoders, self.inputs, strict=True)]
        out = out[0] if len(out) == 1 else torch.cat(out)
        return self.network.finish(out.index_select(0, rows))


class CutWindows:
    """Cuts the window of every drawn sample and encodes it."""

    def __init__(self, network: Network, series: Sequence[Tensor], timeline: Timeline):
        self.network, self.timeline, self.series = network, timeline, series
        offset = timeline.offset
        self.around = torch.arange(-offset.left, offset.right, device=series[0].device)[:, None]

    def plan(self, index: np.ndarray) -> Iterator[Plan]:
        """(step, n) flat indices -> for each step: samples by session, their places before, how many a session."""
        session = self.timeline.session[index]
        order = np.argsort(session, axis=1, kind="stable")
        inside = index - self.timeline.start[session]
        counts = (session[:, :, None] == np.arange(self.timeline.sessions)).sum(1)
        samples = _moved(np.take_along_axis(inside, order, 1), self.network)
        return zip(samples, _moved(np.argsort(order, axis=1), self.network), counts.tolist(), strict=True)

    def __call__(self, samples: Tensor, places: Tensor, counts: list[int]) -> Tensor:
        parts = []
        for encoder, series, mine in zip(self.network.encoders, self.series, samples.split(counts), strict=True):
            if len(mine):
                windows = series[mine + self.around]  # (window, n, neuron)
                parts.append(encoder(windows.flatten(0, 1), len(mine)))
        return self.network.finish(torch.cat(parts).index_select(0, places))


def encoding(network: Network, series: Sequence[Tensor], timeline: Timeline, drawn: int) -> WholeSeries | CutWindows:
    """The cheaper way for `drawn` samples of each session a step."""
    if not all(isinstance(e, Encoder) for e in network.encoders):
        return CutWindows(network, series, timeline)
    whole = whole_is_cheaper(network.architecture, [e.work for e in network.encoders], [len(x) for x in series], drawn)
    return (WholeSeries if whole else CutWindows)(network, series, timeline)


def _moved(index: np.ndarray, network: Network) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(index)).to(network.device)

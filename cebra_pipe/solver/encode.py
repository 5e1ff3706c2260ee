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

from ..data.masking import Mask, mask_generator, masked
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

    def plan(self, index: np.ndarray, stream: np.random.Generator | None = None) -> Iterator[Plan]:
        """(step, n) flat indices -> for each step the rows of the stitched output."""
        offset = self.timeline.offset
        rows = index - offset.left - self.timeline.session[index] * (len(offset) - 1)
        return ((step,) for step in _moved(rows, self.network))

    def __call__(self, rows: Tensor) -> Tensor:
        out = [encoder(x) for encoder, x in zip(self.network.encoders, self.inputs, strict=True)]
        out = out[0] if len(out) == 1 else torch.cat(out)
        return self.network.finish(out.index_select(0, rows))


class CutWindows:
    """Cuts the window of every drawn sample, masks it by the masks of its session, and encodes it."""

    def __init__(
        self,
        network: Network,
        series: Sequence[Tensor],
        timeline: Timeline,
        masks: Sequence[Sequence[Mask]] | None = None,
    ):
        self.network, self.timeline, self.series, self.masks = network, timeline, series, masks
        offset = timeline.offset
        self.around = torch.arange(-offset.left, offset.right, device=series[0].device)[:, None]

    def plan(self, index: np.ndarray, stream: np.random.Generator | None = None) -> Iterator[Plan]:
        """(step, n) flat indices -> for each step: samples by session, their places before, how many a session.

        With masks also a seed, from `stream`.
        """
        session = self.timeline.session[index]
        order = np.argsort(session, axis=1, kind="stable")
        inside = index - self.timeline.start[session]
        counts = (session[:, :, None] == np.arange(self.timeline.sessions)).sum(1)
        samples = _moved(np.take_along_axis(inside, order, 1), self.network)
        seeds = [None] * len(index) if self.masks is None else stream.integers(0, 2**63, len(index)).tolist()
        return zip(samples, _moved(np.argsort(order, axis=1), self.network), counts.tolist(), seeds, strict=True)

    def __call__(self, samples: Tensor, places: Tensor, counts: list[int], seed: int | None = None) -> Tensor:
        parts, masks = [], self.masks or [()] * len(counts)
        generator = None if seed is None else mask_generator(seed, self.network.device)
        rows = zip(self.network.encoders, self.series, samples.split(counts), masks, strict=True)
        for encoder, series, mine, given in rows:
            if len(mine):
                windows = series[mine + self.around]  # (window, n, neuron)
                if given:
                    windows = masked(windows.permute(1, 2, 0), given, generator).permute(2, 0, 1)
                parts.append(encoder(windows.flatten(0, 1), len(mine)))
        return self.network.finish(torch.cat(parts).index_select(0, places))


def encoding(
    network: Network,
    series: Sequence[Tensor],
    timeline: Timeline,
    drawn: int,
    masks: Sequence[Sequence[Mask]] | None = None,
) -> WholeSeries | CutWindows:
    """The cheaper way for `drawn` samples of each session a step; windows where they have masks of their own."""
    if masks is not None and any(masks):
        return CutWindows(network, series, timeline, masks)
    if not all(isinstance(e, Encoder) for e in network.encoders):
        return CutWindows(network, series, timeline)
    whole = whole_is_cheaper(network.architecture, [e.work for e in network.encoders], [len(x) for x in series], drawn)
    return (WholeSeries if whole else CutWindows)(network, series, timeline)


def _moved(index: np.ndarray, network: Network) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(index)).to(network.device)

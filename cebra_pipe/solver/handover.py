"""The seam between solvers and the engine: built-in loaders are handed over whole, others are read batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..data.base import Dataset, Loader
from ..data.datasets import TensorDataset
from ..data.datatypes import Offset
from ..data.multi_session import MultiSessionDataset
from ..data.sampling import DrawnLoader, sessions_of
from ..data.timeline import Timeline
from ..distributions.sampling import embedded
from .encode import Encoding, encoding
from .memory import check_memory
from .network import Network
from .objective import Objective

OPEN = ("__getitem__", "expand_index", "load_batch")  # what a data set may define anew


@dataclass(frozen=True, eq=False)
class Handover:
    """What the engine needs of a loader and a network."""

    network: Network
    encoding: Encoding
    objectives: tuple[Objective, ...]
    batch: int
    steps: int
    stream: np.random.Generator


def own_parts(loader: Loader) -> list[str]:
    """What a user's own code defines of a loader or its data sets, and why batches have to be read one by one."""
    if not isinstance(loader, DrawnLoader):
        return [f"{type(loader).__name__}.get_indices"]
    found = [
        f"{type(loader).__name__}.{name}" for name in ("get_indices", "__iter__") if _changed(loader, DrawnLoader, name)
    ]
    if loader.dataset.multisession:
        found += [
            f"{type(loader.dataset).__name__}.{name}"
            for name in OPEN
            if _changed(loader.dataset, MultiSessionDataset, name)
        ]
    for session in sessions_of(loader.dataset):
        kind = type(session).__name__
        if not isinstance(session, TensorDataset):
            found.append(f"{kind}.__getitem__")
        else:
            found += [f"{kind}.{name}" for name in OPEN if _changed(session, TensorDataset, name)]
    return sorted(set(found))


def _changed(value: object, built_in: type, name: str) -> bool:
    return getattr(type(value), name) is not getattr(built_in, name)


def hand_over(network: Network, loader: DrawnLoader, offset: Offset, spans: Sequence[tuple[str, int, int, bool]]):
    """The engine's view of a loader: one objective for each of `spans` (name, first, dimensions, renormalize)."""
    timeline, samplings = loader.timeline(offset), loader.samplings(offset)
    objectives = tuple(
        Objective(name, sampling, dimensions, first, renormalize)
        for (name, first, dimensions, renormalize), sampling in zip(spans, samplings, strict=True)
    )
    batch = loader.batch_size or max(len(c) for c in timeline.centres)
    drawn = embedded(samplings, batch)
    series = series_of(loader.dataset, timeline)
    training = network.encoders[0].training
    masks = [session.masks for session in sessions_of(loader.dataset)] if training else None
    way = encoding(network, series, timeline, drawn, masks)
    check_memory(way, series, drawn)
    return Handover(network, way, objectives, batch, loader.num_steps, loader.stream)


def series_of(dataset: Dataset, timeline: Timeline) -> list[Tensor]:
    """(sample, neuron) of each session, of the timeline's samples."""
    found = []
    for s, session in enumerate(sessions_of(dataset)):
        samples = timeline.sample[timeline.start[s] : timeline.start[s + 1]]
        whole = len(samples) == len(session.neural)
        found.append(session.neural if whole else session.neural[torch.from_numpy(samples).to(session.neural.device)])
    return found

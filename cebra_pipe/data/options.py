"""Which loaders fit a data set."""

from __future__ import annotations

from .base import Dataset, Loader
from .multi_session import (
    ContinuousMultiSessionDataLoader,
    DiscreteMultiSessionDataLoader,
    HybridMultiSessionDataLoader,
    MixedMultiSessionDataLoader,
)
from .single_session import (
    ContinuousDataLoader,
    DiscreteDataLoader,
    FullDataLoader,
    HybridDataLoader,
    MixedDataLoader,
)

# (continuous index, discrete index) that is needed -> loaders of one session, and of several
NEEDED = {
    (True, False): (
        (ContinuousDataLoader, HybridDataLoader, FullDataLoader),
        (ContinuousMultiSessionDataLoader, HybridMultiSessionDataLoader),
    ),
    (False, True): ((DiscreteDataLoader,), (DiscreteMultiSessionDataLoader,)),
    (True, True): ((MixedDataLoader,), (MixedMultiSessionDataLoader,)),
}


def loader_options(dataset: Dataset) -> list[type[Loader]]:
    """Loaders whose labels `dataset` has."""
    has = dataset.continuous_index is not None, dataset.discrete_index is not None
    return [
        loader
        for needed, rows in NEEDED.items()
        if all(there or not wanted for there, wanted in zip(has, needed, strict=True))
        for loader in rows[dataset.multisession]
    ]

"""Which loaders there are, and which fit a data set."""

from __future__ import annotations

from .base import Dataset, Loader
from .multi_session import (
    ContinuousMultiSessionDataLoader,
    DiscreteMultiSessionDataLoader,
    HybridMultiSessionDataLoader,
    MixedMultiSessionDataLoader,
)
from .sampling import DrawnLoader
from .single_session import (
    ContinuousDataLoader,
    DiscreteDataLoader,
    FullDataLoader,
    HybridDataLoader,
    MixedDataLoader,
)

# What is drawn -> the loader of one session, and of several
LOADERS: dict[str, tuple[type[DrawnLoader], ...]] = {
    "continuous": (ContinuousDataLoader, ContinuousMultiSessionDataLoader),
    "hybrid": (HybridDataLoader, HybridMultiSessionDataLoader),
    "full": (FullDataLoader,),
    "discrete": (DiscreteDataLoader, DiscreteMultiSessionDataLoader),
    "mixed": (MixedDataLoader, MixedMultiSessionDataLoader),
}
# (continuous index, discrete index) that is needed -> what can be drawn
NEEDED = {(True, False): ("continuous", "hybrid", "full"), (False, True): ("discrete",), (True, True): ("mixed",)}


def loader_options(dataset: Dataset) -> list[type[Loader]]:
    """Loaders whose labels `dataset` has."""
    has = dataset.continuous_index is not None, dataset.discrete_index is not None
    return [
        LOADERS[mode][dataset.multisession]
        for needed, modes in NEEDED.items()
        if all(there or not wanted for there, wanted in zip(has, needed, strict=True))
        for mode in modes
        if dataset.multisession < len(LOADERS[mode])
    ]

"""Data sets and loaders of a single session. A loader here says what is drawn; data/sampling.py draws it."""

from __future__ import annotations

from dataclasses import dataclass

from .aims import ContinuousAims, DiscreteAims, HybridAims, MixedAims, check_option
from .base import Dataset
from .datatypes import Batch, BatchIndex
from .sampling import DrawnLoader


class SingleSessionDataset(Dataset):
    """One recording: signal (sample, neuron), and labels beside it."""

    def load_batch(self, index: BatchIndex) -> Batch:
        """Windows (n, neuron, window) of the references, positives and negatives."""
        return Batch(self[index.reference], self[index.positive], self[index.negative])


@dataclass
class DiscreteDataLoader(DiscreteAims, DrawnLoader):
    """Positives share the reference's class.

    prior: `empirical` draws references and negatives uniformly over samples, `uniform` equally often from every class.
    """

    prior: str = "empirical"

    @property
    def index(self):
        """(sample,) classes."""
        return self.dataset.discrete_index


@dataclass
class ContinuousDataLoader(ContinuousAims, DrawnLoader):
    """Positives by the continuous index, or by time alone.

    conditional: `time` (the sample `time_offset` later), `time_delta` (nearest to the reference's label plus a change
    that occurs over `time_offset` samples), `delta_normal` (nearest to the label plus a normal change of standard
    deviation `delta`). Schneider, Lee and Mathis 2023, Methods.
    """

    conditional: str = "time_delta"
    time_offset: int = 10
    delta: float = 0.1

    @property
    def index(self):
        """(sample, label) continuous labels."""
        return self.dataset.continuous_index


@dataclass
class MixedDataLoader(MixedAims, DrawnLoader):
    """Positives share the reference's class, and are chosen inside it by the continuous index."""

    conditional: str = "time_delta"
    time_offset: int = 10
    delta: float = 0.1
    prior: str = "empirical"


@dataclass
class HybridDataLoader(HybridAims, DrawnLoader):
    """Two objectives: positives by the continuous index, and by time. Every draw has `batch_size` of either."""

    conditional: str = "time_delta"
    time_distribution: str = "time"
    time_offset: int = 10
    delta: float = 0.1

    def __post_init__(self):
        check_option("time_distribution", self.time_distribution, ["time"])
        super().__post_init__()

    @property
    def index(self):
        """(sample, label) continuous labels."""
        return self.dataset.continuous_index


@dataclass
class FullDataLoader(ContinuousDataLoader):
    """Every sample is a reference in every batch, and every sample a negative.

    A sample without a whole window is neither, and one without a positive (`time`) is no reference.
    """

    full = True

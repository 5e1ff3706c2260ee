"""Data sets and loaders of a single session. A loader here says what is drawn; data/sampling.py draws it."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Dataset
from .datatypes import Batch, BatchIndex
from .sampling import PRIORS, Aim, DrawnLoader

CONTINUOUS = {"time": "time", "time_delta": "time_delta", "delta_normal": "delta_normal", "delta": "delta_normal"}


class SingleSessionDataset(Dataset):
    """One recording: signal (sample, neuron), and labels beside it."""

    def load_batch(self, index: BatchIndex) -> Batch:
        """Windows (n, neuron, window) of the references, positives and negatives."""
        return Batch(self[index.reference], self[index.positive], self[index.negative])


def check_option(name: str, value: str, known: object) -> None:
    """ValueError where `value` is none of `known`."""
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}, found {value!r}.")


@dataclass
class DiscreteDataLoader(DrawnLoader):
    """Positives share the reference's class.

    prior: `empirical` draws references and negatives uniformly over samples, `uniform` equally often from every class.
    """

    prior: str = "empirical"

    def __post_init__(self):
        check_option("prior", self.prior, PRIORS)
        super().__post_init__()

    @property
    def aims(self):
        return (Aim("discrete", labels=False, classes=True, prior=self.prior),)

    @property
    def index(self):
        """(sample,) classes."""
        return self.dataset.discrete_index


@dataclass
class ContinuousDataLoader(DrawnLoader):
    """Positives by the continuous index, or by time alone.

    conditional: `time` (the sample `time_offset` later), `time_delta` (nearest to the reference's label plus a change
    that occurs over `time_offset` samples), `delta_normal` (nearest to the label plus a normal change of standard
    deviation `delta`). Schneider, Lee and Mathis 2023, Methods.
    """

    conditional: str = "time_delta"
    time_offset: int = 10
    delta: float = 0.1

    def __post_init__(self):
        check_option("conditional", self.conditional, CONTINUOUS)
        super().__post_init__()

    @property
    def aims(self):
        return (Aim(CONTINUOUS[self.conditional], lag=self.time_offset, delta=self.delta),)

    @property
    def index(self):
        """(sample, label) continuous labels."""
        return self.dataset.continuous_index


@dataclass
class MixedDataLoader(DrawnLoader):
    """Positives share the reference's class, and are chosen inside it by the continuous index."""

    conditional: str = "time_delta"
    time_offset: int = 10
    delta: float = 0.1
    prior: str = "empirical"

    def __post_init__(self):
        check_option("conditional", self.conditional, [name for name in CONTINUOUS if name != "time"])
        check_option("prior", self.prior, PRIORS)
        super().__post_init__()

    @property
    def aims(self):
        kind = CONTINUOUS[self.conditional]
        return (Aim(kind, classes=True, prior=self.prior, lag=self.time_offset, delta=self.delta),)


@dataclass
class HybridDataLoader(DrawnLoader):
    """Two objectives: positives by the continuous index, and by time. Every draw has `batch_size` of either."""

    conditional: str = "time_delta"
    time_distribution: str = "time"
    time_offset: int = 10
    delta: float = 0.1

    def __post_init__(self):
        check_option("conditional", self.conditional, [name for name in CONTINUOUS if name != "time"])
        check_option("time_distribution", self.time_distribution, ["time"])
        super().__post_init__()

    @property
    def aims(self):
        labels = Aim(CONTINUOUS[self.conditional], lag=self.time_offset, delta=self.delta)
        return (labels, Aim("time", lag=self.time_offset))

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

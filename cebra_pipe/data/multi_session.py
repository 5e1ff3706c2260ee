"""Data sets and loaders of several sessions. A loader here says what is drawn; data/sampling.py draws it.

Every session brings `batch_size` references and negatives. Label objectives take positives and negatives from all
sessions; the time objective from the reference's own, and does not align sessions.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from .aims import ContinuousAims, DiscreteAims, HybridAims, MixedAims
from .base import Dataset
from .datatypes import Batch, BatchIndex
from .masking import Value
from .sampling import DrawnLoader


class MultiSessionDataset(Dataset):
    """Recordings with labels of one dimension, and signals of any number of neurons."""

    multisession = True

    @property
    @abstractmethod
    def num_sessions(self) -> int:
        """Sessions."""

    @property
    def input_dimension(self) -> int:
        raise NotImplementedError("Sessions differ in neurons: use get_input_dimension(session_id).")

    @abstractmethod
    def get_input_dimension(self, session_id: int) -> int:
        """Neurons of a session."""

    @abstractmethod
    def get_session(self, session_id: int) -> Dataset:
        """The data set of a session."""

    @property
    def session_lengths(self) -> list[int]:
        """Samples of each session."""
        return [len(session) for session in self.iter_sessions()]

    def iter_sessions(self) -> Iterator[Dataset]:
        """The data sets, in order."""
        return (self.get_session(s) for s in range(self.num_sessions))

    def set_masks(self, masks: Mapping[str, Value] | None) -> None:
        """As Dataset.set_masks, for every session."""
        for session in self.iter_sessions():
            session.set_masks(masks)

    def __getitem__(self, where: tuple[int, Tensor]) -> Tensor:
        """(session, (n,) sample numbers) -> (n, neuron, window)"""
        session, index = where
        return self.get_session(session)[index]

    def load_batch(self, index: BatchIndex) -> list[Batch]:
        """One batch a session; `index` and `index_reversed` are those of the draw."""
        draws = zip(index.reference, index.positive, index.negative, strict=True)
        return [
            Batch(*(self[s, each] for each in draw), index.index, index.index_reversed) for s, draw in enumerate(draws)
        ]


@dataclass
class MultiSessionLoader(DrawnLoader):
    """Draws equally often from every session."""

    time_offset: int = 10

    def __post_init__(self):
        if self.dataset is not None and not self.dataset.multisession:
            raise ValueError(f"dataset: expected several sessions, found one {type(self.dataset).__name__}.")
        super().__post_init__()


@dataclass
class ContinuousMultiSessionDataLoader(ContinuousAims, MultiSessionLoader):
    """Positives by the continuous index, or by time inside the reference's own session; see ContinuousDataLoader."""

    conditional: str = "time_delta"
    delta: float = 0.1


@dataclass
class DiscreteMultiSessionDataLoader(DiscreteAims, MultiSessionLoader):
    """Positives share the reference's class."""

    prior: str = "empirical"


@dataclass
class MixedMultiSessionDataLoader(MixedAims, MultiSessionLoader):
    """Positives share the reference's class, and are chosen inside it by the continuous index."""

    conditional: str = "time_delta"
    delta: float = 0.1
    prior: str = "empirical"


@dataclass
class HybridMultiSessionDataLoader(HybridAims, MultiSessionLoader):
    """Two objectives: positives by the continuous index in all sessions, and by time inside the reference's own."""

    conditional: str = "time_delta"
    delta: float = 0.1

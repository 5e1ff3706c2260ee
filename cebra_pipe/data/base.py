"""What every data set and every loader does. Both are open for subclassing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .datatypes import Batch, BatchIndex, Offset
from .devices import HasDevice
from .masking import Mask, Value, masks_of

if TYPE_CHECKING:
    from ..models.model import Model


class Dataset(ABC, HasDevice):
    """A recording, or several, that gives windows of samples.

    `data_url`, `data_checksum` (md5), `location` and `file_name` name a file that is fetched where `download` is set
    and the file is not there.
    """

    def __init__(
        self,
        device: str = "cpu",
        download: bool = False,
        data_url: str | None = None,
        data_checksum: str | None = None,
        location: str | None = None,
        file_name: str | None = None,
    ):
        self.offset = Offset(0, 1)
        if device != "cpu":
            self.to(device)
        if download:
            from ..helper import fetch

            fetch(data_url, data_checksum, location, file_name)

    masks: tuple[Mask, ...] = ()  # that training windows are given
    multisession = False  # whether `iter_sessions` gives the data sets that this one is made of

    @property
    @abstractmethod
    def input_dimension(self) -> int:
        """Neurons (features of the signal)."""

    @property
    def continuous_index(self) -> Tensor | None:
        """(sample, label) float, or None."""
        return None

    @property
    def discrete_index(self) -> Tensor | None:
        """(sample,) int, or None."""
        return None

    @property
    def trial_index(self) -> Tensor | None:
        """(sample,) int: windows, time positives, label changes never leave a run of equal numbers; None: one run."""
        return None

    def __len__(self) -> int:
        """Samples."""
        for index in (self.continuous_index, self.discrete_index, self.trial_index):
            if index is not None:
                return len(index)
        raise TypeError(f"{type(self).__name__} has no labels to count: define __len__.")

    def configure_for(self, model: Model) -> None:
        """Take windows as long as `model` reads."""
        self.offset = model.get_offset()

    def expand_index(self, index: Tensor) -> Tensor:
        """(n,) sample numbers -> (n, window) numbers index - left … index + right - 1.

        A window that would leave the recording, or the sample's trial, is moved inside. ValueError where there is no
        room for one.
        """
        trial = self.trial_index
        if trial is None:
            return self._windows(index, torch.zeros_like(index), torch.full_like(index, len(self)))
        border = torch.cat([torch.ones(1, dtype=torch.bool, device=trial.device), trial[1:] != trial[:-1]])
        starts = torch.cat([border.nonzero()[:, 0], torch.tensor([len(trial)], device=trial.device)])
        run = border.long().cumsum(0)[index] - 1
        return self._windows(index, starts[run], starts[run + 1])

    def expand_index_in_trial(self, index: Tensor, trial_ids: Tensor, trial_borders: Tensor) -> Tensor:
        """(n,) sample numbers -> (n, window), moved inside each sample's trial.

        trial_ids: (sample,) the trial of every sample of the data set; trial_borders: (trial + 1,) first sample of each
        trial, and the end. ValueError where a trial has no room for a window.
        """
        index, borders = torch.as_tensor(index), torch.as_tensor(trial_borders)
        ids = torch.as_tensor(trial_ids)[index]
        return self._windows(index, borders[ids], borders[ids + 1])

    def _windows(self, index: Tensor, begin: Tensor, end: Tensor) -> Tensor:
        room = end - begin
        if len(index) and int(room.min()) < len(self.offset):
            raise ValueError(
                f"window: expected at least {len(self.offset)} samples in a row, found {int(room.min())}. "
                "Take a model with a shorter window, or leave short trials out."
            )
        centre = torch.minimum(torch.maximum(index, begin + self.offset.left), end - self.offset.right)
        around = torch.arange(-self.offset.left, self.offset.right, device=index.device)
        return centre[:, None] + around

    def set_masks(self, masks: Mapping[str, Value] | None) -> None:
        """Mask training windows: name of a mask in data/masking.py -> its value; None: no masks.

        Every window gets one of the masks at random. ValueError for an unknown name or a value that does not fit.
        """
        self.masks = masks_of(masks)

    @abstractmethod
    def __getitem__(self, index: Tensor) -> Tensor:
        """(n,) sample numbers -> (n, neuron, window)."""

    @abstractmethod
    def load_batch(self, index: BatchIndex) -> Batch:
        """The windows of drawn samples."""


def is_count(value: object) -> bool:
    """Whether `value` is a whole number above 0."""
    return isinstance(value, Integral) and not isinstance(value, bool) and value > 0


@dataclass
class Loader(ABC, HasDevice):
    """Gives `num_steps` batches of `batch_size` draws, with replacement.

    `get_indices` of a subclass is what decides; the engine makes the draws of the built-in ones many steps at a time.
    Draws come from `seed`; where it is None from `torch.initial_seed()`, so that the seed set for torch decides. The
    global generators themselves are left alone. ValueError for a `num_steps` or `batch_size` below 1.
    """

    dataset: Dataset | None = None
    num_steps: int | None = None
    batch_size: int | None = None
    seed: int | None = field(default=None, kw_only=True)

    def __post_init__(self):
        if self.dataset is None:
            raise ValueError("dataset: expected a data set, found None.")
        for name, value in (("num_steps", self.num_steps), ("batch_size", self.batch_size)):
            if (value is None and name == "num_steps") or (value is not None and not is_count(value)):
                raise ValueError(f"{name}: expected a whole number above 0, found {value!r}.")
        self._device = self.dataset.device

    def __len__(self) -> int:
        return self.num_steps

    def __iter__(self) -> Iterator[Batch]:
        for _ in range(self.num_steps):
            yield self.dataset.load_batch(self.get_indices(self.batch_size))

    @abstractmethod
    def get_indices(self, num_samples: int) -> BatchIndex:
        """Sample numbers of `num_samples` references, their positives, and negatives."""

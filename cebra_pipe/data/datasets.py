"""Data sets made from arrays."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from .arrays import hidden
from .base import Dataset
from .datatypes import Batch, BatchIndex, Offset
from .multi_session import MultiSessionDataset
from .single_session import SingleSessionDataset

Given = Tensor | np.ndarray
CHECKED = 2**16  # rows looked through at a time: a check should not take the memory of the signal again


class TensorDataset(SingleSessionDataset):
    """One session from arrays.

    neural: (sample, neuron) float. continuous: (sample, label) float, which keep their digits. discrete: (sample,) int,
    or (sample, column), each different row a class. trial: (sample,) int, a run of equal numbers is one trial, which
    windows, time positives and label changes never leave. TypeError for a wrong kind of number, ValueError for lengths
    that differ or for values that are not finite.
    """

    def __init__(
        self,
        neural: Given,
        continuous: Given | None = None,
        discrete: Given | None = None,
        offset: Offset = Offset(0, 1),  # noqa: B008 (a frozen value)
        device: str = "cpu",
        *,
        trial: Given | None = None,
    ):
        super().__init__()
        self.neural = _tensor("neural", neural, floating=True)
        if self.neural.ndim != 2:
            raise ValueError(f"neural: expected (sample, neuron), found {tuple(self.neural.shape)}.")
        self.continuous = _columns(_tensor("continuous", continuous, floating=True))
        self.discrete = _classes("discrete", _tensor("discrete", discrete, floating=False))
        self.trial = _classes("trial", _tensor("trial", trial, floating=False))
        if self.trial is not None and self.trial.ndim > 1:
            raise ValueError(f"trial: expected (sample,), found {tuple(self.trial.shape)}.")
        for name in ("continuous", "discrete", "trial"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.neural):
                raise ValueError(f"{name}: expected {len(self.neural)} samples as in neural, found {len(values)}.")
        self.offset = offset
        self.to(device)

    @property
    def input_dimension(self) -> int:
        return self.neural.shape[1]

    @property
    def continuous_index(self) -> Tensor | None:
        return self.continuous

    @property
    def discrete_index(self) -> Tensor | None:
        return self.discrete

    @property
    def trial_index(self) -> Tensor | None:
        return self.trial

    def __len__(self) -> int:
        return len(self.neural)

    def __getitem__(self, index: Tensor) -> Tensor:
        """(n,) sample numbers -> (n, neuron, window)"""
        index = torch.as_tensor(index, device=self.neural.device)
        return self.neural[self.expand_index(index)].transpose(1, 2)


def _tensor(name: str, values: Given | None, floating: bool) -> Tensor | None:
    if values is None:
        return None
    if number := hidden(values):
        raise ValueError(f"{name}: expected no masked values, found {number}. Fill them, or leave their samples out.")
    tensor = values.detach() if isinstance(values, Tensor) else torch.from_numpy(np.array(values))
    if tensor.is_floating_point() != floating or tensor.dtype in (torch.bool, torch.complex64, torch.complex128):
        kind = "float" if floating else "integer"
        raise TypeError(f"{name}: expected {kind} values, found {tensor.dtype}.")
    if floating and not all(torch.isfinite(part).all() for part in tensor.split(CHECKED)):
        raise ValueError(
            f"{name}: expected finite values, found {int((~torch.isfinite(tensor)).sum())} NaN or infinite."
        )
    # Labels keep their digits: neighbours are searched in float64.
    return tensor if floating and name == "continuous" else tensor.to(torch.float32 if floating else torch.int64)


def _columns(values: Tensor | None) -> Tensor | None:
    if values is None or values.ndim == 2:
        return values
    if values.ndim != 1:
        raise ValueError(f"continuous: expected (sample, label), found {tuple(values.shape)}.")
    return values[:, None]


def _classes(name: str, values: Tensor | None) -> Tensor | None:
    """(sample,), or (sample, column) where there are several."""
    if values is None or values.ndim == 1:
        return values
    if values.ndim != 2:
        raise ValueError(f"{name}: expected (sample,) or (sample, column), found {tuple(values.shape)}.")
    return values[:, 0] if values.shape[1] == 1 else values


class DatasetCollection(MultiSessionDataset):
    """Several sessions, in the order given. ValueError for fewer than two, or where devices or labels differ."""

    def __init__(self, *datasets: Dataset | Iterable[Dataset]):
        super().__init__()
        given = list(datasets)
        if len(given) == 1 and not isinstance(given[0], Dataset):
            given = list(given[0])
        if len(given) < 2:
            raise ValueError(f"datasets: expected at least two sessions, found {len(given)}.")
        if kinds := {type(s).__name__ for s in given if not isinstance(s, Dataset) or s.multisession}:
            raise ValueError(f"datasets: expected data sets of one session each, found {', '.join(sorted(kinds))}.")
        devices = {session.device for session in given}
        if len(devices) > 1:
            raise ValueError(f"datasets: expected one device, found {', '.join(sorted(devices))}.")
        self._sessions = given
        self._device = devices.pop()
        self._labels = {name: self._joined(name) for name in ("continuous_index", "discrete_index")}

    def _joined(self, name: str) -> Tensor | None:
        values = [getattr(session, name) for session in self._sessions]
        if any(v is None for v in values):
            return None
        if len({v.shape[1:] for v in values}) > 1:
            found = ", ".join(str(v.shape[-1]) for v in values)
            raise ValueError(f"{name}: expected as many columns in every session, found {found}.")
        return torch.cat(values)

    @property
    def num_sessions(self) -> int:
        return len(self._sessions)

    def get_input_dimension(self, session_id: int) -> int:
        return self.get_session(session_id).input_dimension

    def get_session(self, session_id: int) -> Dataset:
        return self._sessions[session_id]

    @property
    def continuous_index(self) -> Tensor | None:
        """(sample, label) of all sessions, one after another; None where a session has none."""
        return self._labels["continuous_index"]

    @property
    def discrete_index(self) -> Tensor | None:
        """(sample,) of all sessions, one after another; None where a session has none."""
        return self._labels["discrete_index"]

    def __len__(self) -> int:
        return sum(self.session_lengths)

    def configure_for(self, model: torch.nn.Module | Iterable[torch.nn.Module]) -> None:
        """Take windows as long as the model, or each session's model, reads."""
        models = list(model) if isinstance(model, torch.nn.ModuleList | list | tuple) else [model] * self.num_sessions
        for session, each in zip(self._sessions, models, strict=True):
            session.configure_for(each)
        self.offset = self._sessions[0].offset

    def to(self, device: str):
        for session in self._sessions:
            session.to(device)
        self._labels = {name: v if v is None else v.to(device) for name, v in self._labels.items()}
        return super().to(device)


class DatasetxCEBRA(SingleSessionDataset):
    """One session whose labels have names, for several objectives at once (xCEBRA).

    neural: (sample, neuron) float; labels: name=(sample, …), kept as given.
    """

    def __init__(self, neural: Given, device: str = "cpu", **labels: Given):
        super().__init__()
        self.neural = _tensor("neural", neural, floating=True)
        self.labels = labels
        for name, values in labels.items():
            if len(values) != len(self.neural):
                raise ValueError(f"{name}: expected {len(self.neural)} samples as in neural, found {len(values)}.")
        self.to(device)

    @property
    def input_dimension(self) -> int:
        return self.neural.shape[1]

    def __len__(self) -> int:
        return len(self.neural)

    def __getitem__(self, index: Tensor) -> Tensor:
        """(n,) sample numbers -> (n, neuron, window)"""
        return self.neural[self.expand_index(torch.as_tensor(index, device=self.neural.device))].transpose(1, 2)

    def load_batch_supervised(self, index: BatchIndex, labels_supervised: Iterable[str]) -> Batch:
        """Windows of the references, and as `positive` the list of their labels."""
        if index.positive is not None or index.negative is not None:
            raise ValueError("index: expected references alone for supervised learning, found positives or negatives.")
        rows = index.reference
        labels = [torch.as_tensor(self.labels[name])[rows.cpu()].to(self.device) for name in labels_supervised]
        return Batch(self[rows], labels, None)

    def load_batch_contrastive(self, index: BatchIndex) -> Batch:
        """Windows of references and negatives, and as `positive` a list of windows, one an objective."""
        positive = index.positive if isinstance(index.positive, list | tuple) else [index.positive]
        return Batch(self[index.reference], [self[each] for each in positive], self[index.negative])

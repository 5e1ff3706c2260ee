"""What an estimator does once it is fitted: embeddings, devices, files."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import Problems
from . import doors, storage
from .building import resolve_device
from .declared import Declared
from .labels import is_several, is_trials, signal, trials_of


class Fitted(TransformerMixin, Declared):
    """The use of `solver_` and of what was noted beside it."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def transform(
        self,
        X: ArrayLike,
        batch_size: int | None = None,
        session_id: int | None = None,
        trial: ArrayLike | None = None,
    ) -> np.ndarray:
        """(sample, neuron) -> (sample, output_dimension) float32, by the model of `session_id` where there are several.

        With `trial` (sample,) edges of trials are padded with their own values, and no window crosses them; a warning
        where there were trials in the fit and none are given.
        """
        check_is_fitted(self, "model_")
        doors.check_one(X, self.num_sessions_)
        problems = Problems()
        series = signal(X, "", problems)
        problems.raise_any()
        trial = trials_of(trial, "trial", len(series), problems)
        problems.raise_any()
        doors.check_batch_size(batch_size)
        self.solver_._chosen(session_id)
        doors.check_neurons(series.shape, self._neurons, session_id)
        if self.num_sessions_ is None:
            self._check_names(X)
        if trial is None and self.has_trials_ and len(self.offset_) > 1:
            remedy = "Pass trial=, for a single one trial=np.zeros(len(X), int)"
            doors.warn_without_trials("X is embedded as one run", remedy, stacklevel=3)
        inputs = torch.from_numpy(series)
        options = {
            "pad_before_transform": self.pad_before_transform,
            "session_id": session_id,
            "batch_size": batch_size,
        }
        if trial is None:
            return self.solver_.transform(inputs, **options).cpu().numpy()
        border = np.flatnonzero(np.diff(trial)) + 1
        parts = [self.solver_.transform(part, **options) for part in inputs.tensor_split(border.tolist())]
        return torch.cat(parts).cpu().numpy()

    def _check_names(self, X: ArrayLike) -> None:
        """ValueError where neurons differ from those of the fit in number or, of a data frame, in name.

        In scikit-learn's words, which its own checks look for, with what to do.
        """
        try:
            validate_data(self, X, reset=False, skip_check_array=True)
        except ValueError as error:
            remedy = "For other neurons fit(X, *labels, adapt=True) trains a new first layer of the model."
            raise ValueError(f"{str(error).rstrip()} {remedy}") from None

    @property
    def _neurons(self) -> list[int]:
        """Of each session."""
        return list(self.n_features_) if self.num_sessions_ else [self.n_features_]

    def fit_transform(
        self, X: ArrayLike, y: ArrayLike | None = None, *labels: ArrayLike, **options: object
    ) -> np.ndarray | list[np.ndarray]:
        """`fit`, then the embedding of X; of several sessions a list, one a session."""
        self.fit(X, y, *labels, **options)
        sessions_ = list(X) if is_several(X) else [X]
        trial = options.get("trial")
        trials = [None] * len(sessions_) if trial is None else list(trial) if is_several(X) else [trial]
        numbered = [None] if self.num_sessions_ is None else range(len(sessions_))
        made = [
            self.transform(np.concatenate(x), session_id=s, trial=np.repeat(np.arange(len(x)), [len(t) for t in x]))
            if is_trials(x)
            else self.transform(x, session_id=s, trial=t)
            for s, x, t in zip(numbered, sessions_, trials, strict=True)
        ]
        return made[0] if self.num_sessions_ is None else made

    def to(self, device: str) -> Self:
        """Move the fitted model to `device`."""
        check_is_fitted(self, "model_")
        self.solver_.to(resolve_device(device))
        self.device = self.device_ = resolve_device(device)
        return self

    def save(self, filename: str | Path, backend: str = "sklearn") -> None:
        """Write the fitted model to a file that holds tensors and plain values alone."""
        storage.save(self, Path(filename), backend)

    @classmethod
    def load(
        cls, filename: str | Path, backend: str = "auto", weights_only: bool | None = None, device: str | None = None
    ) -> Self:
        """The model of a file that `save` wrote, on `device` where given; nothing in the file is executed."""
        return storage.load(cls, Path(filename), backend, weights_only, device)

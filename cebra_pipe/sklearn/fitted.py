"""What an estimator does once it is fitted: embeddings, devices, files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data.arrays import is_a
from ..errors import Problem, Problems, UserError
from . import doors, neurons, storage
from .building import resolve_device
from .declared import Declared
from .labels import is_several, is_trials, signal, trials_of


class Fitted(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Declared):
    """The use of `solver_` and of what was noted beside it.

    `get_feature_names_out` gives cebra0, cebra1, …, and `set_output(transform="pandas")` frames with these columns.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def transform(
        self,
        X: ArrayLike | Sequence,
        batch_size: int | None = None,
        session_id: int | None = None,
        trial: ArrayLike | Sequence[ArrayLike] | None = None,
    ) -> np.ndarray | list:
        """(sample, neuron) -> (sample, output_dimension) float32, by the model of `session_id` where there are several.

        With `trial` (sample,) edges of trials are padded with their own values, and no window crosses them; a warning
        where there were trials in the fit and none are given. Lists of sessions, and of trials in them, as `fit` takes
        them give lists of the same shape.
        """
        check_is_fitted(self, "model_")
        self._check_frame(X)
        if not is_several(X):
            return self._embedded(X, batch_size, session_id, trial)
        doors.check_lists(X, self.num_sessions_, session_id, trial)
        numbers = range(len(X)) if self.num_sessions_ and session_id is None else [session_id]
        trials = [None] * len(X) if trial is None else trial
        return [self._of_session(x, batch_size, s, t) for x, s, t in zip(X, numbers, trials, strict=True)]

    def _of_session(self, x: ArrayLike | Sequence[ArrayLike], batch_size: int | None, session: int | None, trial):
        if not is_trials(x):
            return self._embedded(x, batch_size, session, trial)
        return [self._embedded(each, batch_size, session, np.zeros(len(each), int)) for each in x]

    def _embedded(
        self, X: ArrayLike, batch_size: int | None, session_id: int | None, trial: ArrayLike | None
    ) -> np.ndarray:
        """Of one array."""
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
            doors.warn_without_trials("X is embedded as one run", remedy, stacklevel=4)
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

    def _check_frame(self, X: ArrayLike | Sequence) -> None:
        """A UserError where `set_output` asks for a frame that X has no single one of, or with rows that it lacks."""
        kind = getattr(self, "_sklearn_output_config", {}).get("transform", get_config()["transform_output"])
        if kind == "default":
            return
        where = f"set_output(transform={kind!r})"
        if is_several(X):
            remedy = "Embed one after the other with session_id=, or set_output(transform='default')."
            raise UserError(Problem(where, "one array of samples", "a list of them", remedy))
        if (
            kind == "pandas"
            and is_a(X, "pandas", "DataFrame", "Series")
            and not self.pad_before_transform
            and len(self.offset_) > 1
        ):
            remedy = "Set it to True, or pass X.to_numpy()."
            raise UserError(
                Problem(
                    where, "an embedding of every row of X", "pad_before_transform=False, which gives fewer", remedy
                )
            )

    @property
    def _n_features_out(self) -> int:
        """Dimensions of the embedding: what scikit-learn names outputs by, only of a fitted model."""
        check_is_fitted(self, "model_")
        return self.solver_.models[0].num_output

    def _check_names(self, X: ArrayLike) -> None:
        """ValueError where neurons differ from those of the fit in number or, of a data frame, in name.

        In scikit-learn's words, which its own checks look for, and what to do on a line of its own.
        """
        try:
            validate_data(self, X, reset=False, skip_check_array=True)
        except ValueError as error:
            remedy = neurons.remedy(getattr(self, "feature_names_in_", None), getattr(X, "columns", None))
            raise ValueError(f"{str(error).rstrip()}\n{remedy}") from None

    @property
    def _neurons(self) -> list[int]:
        """Of each session."""
        return list(self.n_features_) if self.num_sessions_ else [self.n_features_]

    def fit_transform(self, X: ArrayLike | Sequence, y=None, *labels, **options: object) -> np.ndarray | list:
        """`fit`, then `transform` of the same X and `trial`."""
        return self.fit(X, y, *labels, **options).transform(X, trial=options.get("trial"))

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

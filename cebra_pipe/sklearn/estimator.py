"""The estimator: contrastive embeddings behind scikit-learn's interface."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from .. import models, solver
from ..errors import Problem, Problems, UserError
from ..models import criterions
from ..models.table import MODELS
from ..streams import seed_of
from . import storage
from .labels import Session, is_several, is_trials, sessions, signal, trials_of
from .modes import Plan, dataset_of, loader_of, plan, time_offset_of
from .seeding import fresh_seed, seeded

CRITERIA = {
    ("constant", "cosine"): criterions.FixedCosineInfoNCE,
    ("constant", "euclidean"): criterions.FixedEuclideanInfoNCE,
    ("auto", "cosine"): criterions.LearnableCosineInfoNCE,
    ("auto", "euclidean"): criterions.LearnableEuclideanInfoNCE,
}
LOOKS = 20  # validations over a fit where no frequency is given


class CEBRA(TransformerMixin, BaseEstimator):
    """Contrastive embedding of neural recordings (Schneider, Lee and Mathis 2023, doi 10.1038/s41586-023-06031-6).

    Args:
        model_architecture: a name of `cebra_pipe.models.get_options()`.
        device: cpu, cuda, cuda:n, mps, or cuda_if_available (else the CPU).
        criterion: infonce.
        distance: cosine or euclidean.
        conditional: time, time_delta or delta_normal; None: time_delta where there are continuous labels, else time.
        temperature, temperature_mode, min_temperature: divides similarities; `auto` trains it, not below the minimum.
        time_offsets: samples between a reference and its positive, or over which label changes are taken.
        delta: standard deviation of delta_normal.
        max_iterations, max_adapt_iterations: steps of a fit, and of a fit with adapt=True.
        batch_size: references of each session a step; None: all samples (a single session, time or continuous labels).
        learning_rate, optimizer, optimizer_kwargs: Adam and its arguments.
        output_dimension, num_hidden_units: of the model.
        verbose: show a progress bar.
        pad_before_transform: give an embedding for every sample, edges repeated; else only where the window fits.
        masking_kwargs: masks of training windows, name -> value: RandomNeuronMask, RandomTimestepMask, NeuronBlockMask,
            TimeBlockMask (data/masking.py).
        hybrid: train on labels and time at once; labels shape the first three dimensions, time all.
        random_state: seed of weights and draws; None: a new one each fit, kept in `random_state_`.
        num_negatives: negatives of each session a step; None: batch_size.
        prior: empirical (uniform over samples) or uniform (over classes); None: empirical.
        causal: windows end at their sample instead of around it: an embedding reads nothing later.
        label_weights, label_periods: one number a continuous column; a period above 0 makes the column circular.
    """

    def __init__(
        self,
        model_architecture: str = "offset1-model",
        device: str = "cuda_if_available",
        criterion: str = "infonce",
        distance: str = "cosine",
        conditional: str | None = None,
        temperature: float = 1.0,
        temperature_mode: str = "constant",
        min_temperature: float | None = 0.1,
        time_offsets: int = 1,
        delta: float | None = None,
        max_iterations: int = 10000,
        max_adapt_iterations: int = 500,
        batch_size: int | None = None,
        learning_rate: float = 3e-4,
        optimizer: str = "adam",
        output_dimension: int = 8,
        verbose: bool = False,
        num_hidden_units: int = 32,
        pad_before_transform: bool = True,
        hybrid: bool = False,
        optimizer_kwargs: tuple = (("betas", (0.9, 0.999)), ("eps", 1e-8), ("weight_decay", 0), ("amsgrad", False)),
        masking_kwargs: dict | None = None,
        *,
        random_state: int | None = None,
        num_negatives: int | None = None,
        prior: str | None = None,
        label_weights: Sequence[float] | None = None,
        label_periods: Sequence[float] | None = None,
        causal: bool = False,
    ):
        self.model_architecture = model_architecture
        self.device = device
        self.criterion = criterion
        self.distance = distance
        self.conditional = conditional
        self.temperature = temperature
        self.temperature_mode = temperature_mode
        self.min_temperature = min_temperature
        self.time_offsets = time_offsets
        self.delta = delta
        self.max_iterations = max_iterations
        self.max_adapt_iterations = max_adapt_iterations
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.output_dimension = output_dimension
        self.verbose = verbose
        self.num_hidden_units = num_hidden_units
        self.pad_before_transform = pad_before_transform
        self.hybrid = hybrid
        self.optimizer_kwargs = optimizer_kwargs
        self.masking_kwargs = masking_kwargs
        self.random_state = random_state
        self.num_negatives = num_negatives
        self.prior = prior
        self.label_weights = label_weights
        self.label_periods = label_periods
        self.causal = causal

    # Fitting --------------------------------------------------------------------------------------------------------

    def fit(
        self,
        X: ArrayLike | Sequence[ArrayLike],
        y: ArrayLike | Sequence[ArrayLike] | None = None,
        *labels: ArrayLike | Sequence[ArrayLike],
        adapt: bool = False,
        callback: Callable[[int, solver.Solver], None] | None = None,
        callback_frequency: int | None = None,
        trial: ArrayLike | Sequence[ArrayLike] | None = None,
        validation_data: tuple | None = None,
        validation_frequency: int | None = None,
        patience: int | None = None,
        session_id: int | None = None,
    ) -> CEBRA:
        """Train afresh; with `adapt` only a new first layer of the model there is, for other neurons.

        X: (sample, neuron), or a list of those, one a session; a session may be a list of trials. y, labels: any number
        of label sets, (sample,) or (sample, column) each, one a session for several: floats are continuous, integers
        are the one discrete label. trial: (sample,) int, runs of equal numbers that windows and positives never leave.
        callback(step, solver): every `callback_frequency` steps. validation_data: (X, *labels), scored on the way; the
        best model is kept, and training ends after `patience` scores without a better one. session_id: the session
        whose model is adapted, where several were fitted. ValueError with all that does not fit.
        """
        found = self._sessions(X, (y, *labels), trial)
        extra = self._extra(callback, callback_frequency, validation_data, validation_frequency, patience)
        if adapt and self._fitted():
            with self._kept():
                self._adapt(found, extra, session_id)
            return self._note_names(X)
        if session_id is not None:
            raise UserError(
                Problem("session_id", "None unless a model of several sessions is adapted", repr(session_id))
            )
        with self._kept():
            self.random_state_ = fresh_seed() if self.random_state is None else int(self.random_state)
            self.solver_ = None
            self._train(found, self.max_iterations, extra)
        return self._note_names(X)

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        """What was fitted stays as it was where the block fails or is interrupted."""
        before = {name: value for name, value in vars(self).items() if name.endswith("_")}
        try:
            yield
        except BaseException:
            for name in [name for name in vars(self) if name.endswith("_")]:
                delattr(self, name)
            vars(self).update(before)
            raise

    def partial_fit(
        self,
        X: ArrayLike | Sequence[ArrayLike],
        y: ArrayLike | Sequence[ArrayLike] | None = None,
        *labels: ArrayLike | Sequence[ArrayLike],
        callback: Callable[[int, solver.Solver], None] | None = None,
        callback_frequency: int | None = None,
        trial: ArrayLike | Sequence[ArrayLike] | None = None,
    ) -> CEBRA:
        """Train on from where the last call ended, on the data given now: as many neurons, labels of the same kind."""
        if not self._fitted():
            return self.fit(X, y, *labels, callback=callback, callback_frequency=callback_frequency, trial=trial)
        found = self._sessions(X, (y, *labels), trial)
        if self.num_sessions_ is None and not is_several(X):
            validate_data(self, X, reset=False, skip_check_array=True)
        self._check_same(found)
        return self._train(found, self.max_iterations, self._extra(callback, callback_frequency, None, None, None))

    def _sessions(self, X, y, trial) -> list[Session]:
        given = [each for each in y if each is not None]
        found = sessions(X, given, trial)
        if is_several(X) and len(found) < 2 and not isinstance(X[0], list | tuple):
            raise UserError(Problem("X", "one array, or a list of at least two sessions", "a list of one"))
        return found

    def _extra(self, callback, callback_frequency, validation_data, validation_frequency, patience) -> dict:
        """What goes to the solver beside the data."""
        problems = Problems()
        if (callback is None) != (callback_frequency is None):
            problems.add("callback", "a callback and a callback_frequency, or neither", "one of them")
        if validation_data is None and (validation_frequency is not None or patience is not None):
            problems.add("validation_data", "held-out data beside validation_frequency or patience", "None")
        problems.raise_any()
        extra = {"save_hook": callback, "save_frequency": callback_frequency}
        if validation_data is not None:
            held_out = validation_data if isinstance(validation_data, tuple) else (validation_data,)
            extra |= {"valid": self._sessions(held_out[0], held_out[1:], None), "patience": patience}
            extra |= {"valid_frequency": validation_frequency, "restore_best": True}
        return extra

    def _train(self, found: list[Session], steps: int, extra: dict, models_: list[nn.Module] | None = None) -> CEBRA:
        self._check_options()
        chosen = plan(found, self.conditional, self.hybrid, self.batch_size)
        device = self._device()
        number = len(self.solver_.history) if self.solver_ is not None else 0
        seed = seed_of("estimator", self.random_state_, number)
        with seeded(seed):
            if self.solver_ is None:
                self._build(chosen, models_ or self._models(found), device)
            extra = dict(extra)
            valid = extra.pop("valid", None)
            loader = self._loader(chosen, found, steps, device, seed)
            if valid is not None:
                extra["valid_frequency"] = extra["valid_frequency"] or max(1, steps // LOOKS)
                extra["valid_loader"] = self._loader(chosen, valid, 16, device, seed_of("valid", seed))
            self.solver_.fit(loader, **extra)
        self._note(chosen, found, device)
        return self

    def _loader(self, chosen: Plan, found: list[Session], steps: int, device: str, seed: int):
        dataset = dataset_of(found, device)
        dataset.set_masks(self.masking_kwargs)
        dataset.configure_for(self.solver_.models[0])
        options = {name: getattr(self, name) for name in ("batch_size", "num_negatives", "delta", "prior")}
        options |= {name: getattr(self, name) for name in ("label_weights", "label_periods")}
        options["time_offset"] = time_offset_of(self.time_offsets)
        return loader_of(chosen, dataset, steps, options, seed)

    def _models(self, found: Sequence[Session]) -> list[nn.Module]:
        return [self._model(session.neural.shape[1]) for session in found]

    def _model(self, neurons: int) -> nn.Module:
        sizes = {"num_neurons": neurons, "num_units": self.num_hidden_units, "num_output": self.output_dimension}
        if not self.causal:
            return models.init(self.model_architecture, **sizes)
        row = MODELS.get(self.model_architecture)
        if row is not None and len(row.offset) == 1:
            raise UserError(Problem("causal", "False for a window of one sample, where it has no effect", "True"))
        return models.init(self.model_architecture, **sizes, causal=True)

    def _build(self, chosen: Plan, made: list[nn.Module], device: str) -> None:
        model = (nn.ModuleList(made) if chosen.several else made[0]).to(device)
        criterion = self._criterion().to(device)
        trained = [p for p in itertools.chain(model.parameters(), criterion.parameters()) if p.requires_grad]
        options = {**dict(self.optimizer_kwargs), "lr": self.learning_rate, "fused": True}
        optimizer = torch.optim.Adam(trained, **options)
        self.solver_ = solver.init(
            chosen.solver, model=model, criterion=criterion, optimizer=optimizer, tqdm_on=self.verbose
        )

    def _criterion(self) -> nn.Module:
        extra = {"min_temperature": self.min_temperature} if self.temperature_mode == "auto" else {}
        return CRITERIA[self.temperature_mode, self.distance](temperature=self.temperature, **extra)

    def _note(self, chosen: Plan, found: list[Session], device: str) -> None:
        self.model_, self.solver_name_, self.device_ = self.solver_.model, chosen.solver, device
        neurons = [session.neural.shape[1] for session in found]
        self.n_features_ = neurons if chosen.several else neurons[0]
        self.n_features_in_ = neurons[0]
        self.num_sessions_ = len(found) if chosen.several else None
        self.offset_ = self.solver_.models[0].get_offset()
        self.label_types_ = found[0].kinds
        self.state_dict_ = self.solver_.state_dict()

    def _adapt(self, found: list[Session], extra: dict, session_id: int | None) -> CEBRA:
        """A model with a new first layer; all other weights are those of the fitted one, and stay."""
        if len(found) > 1:
            raise NotImplementedError("adapt: expected one new session at a time.")
        if self.num_sessions_ is None and session_id is not None:
            raise UserError(Problem("session_id", "None for a model of a single session", repr(session_id)))
        base = self.solver_._chosen(session_id if self.num_sessions_ is None else session_id or 0)
        self.random_state_ = fresh_seed() if self.random_state is None else int(self.random_state)
        self.solver_ = None
        with seeded(seed_of("adapt", self.random_state_)):
            (made,) = self._models(found)
        adopt(made, base)
        return self._train(found, self.max_adapt_iterations, extra, [made])

    def _note_names(self, X: object) -> CEBRA:
        """Names of neurons, where X is a data frame; scikit-learn compares them in `transform`."""
        if self.num_sessions_ is None and not is_several(X):
            validate_data(self, X, skip_check_array=True)
        return self

    def _check_same(self, found: list[Session]) -> None:
        neurons = [session.neural.shape[1] for session in found]
        fitted = self.n_features_ if self.num_sessions_ else [self.n_features_]
        problems = Problems()
        if neurons != list(fitted):
            problems.add("X", f"{fitted} neurons, as fitted before", str(neurons), "Call fit, or fit(adapt=True).")
        if found[0].kinds != tuple(self.label_types_):
            problems.add("y", "labels of the kinds and columns that were fitted before", "others", "Call fit.")
        problems.raise_any()

    def _check_options(self) -> None:
        problems = Problems()
        known = {"criterion": ("infonce",), "distance": ("cosine", "euclidean")}
        known["temperature_mode"] = ("constant", "auto")
        for name, values in known.items():
            if getattr(self, name) not in values:
                problems.add(name, " or ".join(values), repr(getattr(self, name)))
        if self.optimizer != "adam":
            raise NotImplementedError(f"optimizer: expected adam, found {self.optimizer!r}.")
        for name in ("max_iterations", "max_adapt_iterations"):
            if not getattr(self, name) >= 1:
                problems.add(name, "at least 1", repr(getattr(self, name)))
        problems.raise_any()

    def _device(self) -> str:
        return resolve_device(self.device)

    def _fitted(self) -> bool:
        return "solver_" in vars(self) and self.solver_ is not None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    # Use ------------------------------------------------------------------------------------------------------------

    def transform(
        self,
        X: ArrayLike,
        batch_size: int | None = None,
        session_id: int | None = None,
        trial: ArrayLike | None = None,
    ) -> np.ndarray:
        """(sample, neuron) -> (sample, output_dimension) float32, by the model of `session_id` where there are several.

        With `trial` (sample,) edges of trials are padded with their own values, and no window crosses them.
        """
        check_is_fitted(self, "model_")
        problems = Problems()
        series = signal(X, "", problems)
        problems.raise_any()
        trial = trials_of(trial, "trial", len(series), problems)
        problems.raise_any()
        if self.num_sessions_ is None:
            validate_data(self, X, reset=False, skip_check_array=True)
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

    def to(self, device: str) -> CEBRA:
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
    ) -> CEBRA:
        """The model of a file that `save` wrote, on `device` where given; nothing in the file is executed."""
        return storage.load(cls, Path(filename), backend, weights_only, device)

    @staticmethod
    def supported_model_architectures(pattern: str = "*") -> list[str]:
        """Names of architectures that give an embedding for every sample."""
        left_out = ("subsample", "resample", "supervised")
        return [name for name in models.get_options(pattern) if not any(part in name for part in left_out)]


def adopt(made: nn.Module, base: nn.Module) -> None:
    """Weights of `base` for all but the first layer of `made`; they stay as they are in training."""
    state, first = base.state_dict(), first_layer(base)
    made.load_state_dict({name: value for name, value in state.items() if name not in first}, strict=False)
    for name, parameter in made.named_parameters():
        parameter.requires_grad_(name in first)


def first_layer(model: nn.Module) -> tuple[str, ...]:
    """Names of weight and bias of the layer that reads the neurons: the first two entries of the state."""
    return tuple(itertools.islice(model.state_dict(), 2))


def resolve_device(device: str) -> str:
    """A device that torch has; ValueError else."""
    if device == "cuda_if_available":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not isinstance(device, str | torch.device):
        raise TypeError(f"device: expected a text, found {type(device).__name__}.")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        found = f"{str(device)!r}, which torch does not have here"
        raise UserError(Problem("device", "cpu, cuda, cuda:n, mps or cuda_if_available", found)) from error
    return str(device)

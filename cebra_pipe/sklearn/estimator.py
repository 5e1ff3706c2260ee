"""The estimator: contrastive embeddings behind scikit-learn's interface."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data
from torch import nn

from .. import models, solver
from ..errors import Problem, UserError
from ..solver.adapt import adopt
from ..streams import seed_of
from . import doors
from .building import joined, network, resolve_device, solver_of
from .collapse import warn_of_collapse
from .fitted import Fitted
from .labels import Session, has_trials, is_several, is_trials, sessions
from .modes import Plan, check_effect, dataset_of, loader_of, options_of, plan
from .parameters import ARCHITECTURE, SETTLED, check_parameters, check_settled, settled
from .seeding import fresh_seed, seeded
from .unlikely import NEAR, doubts, moved, ranges, united, warn

LOOKS = 20  # validations over a fit where no frequency is given


class CEBRA(Fitted):
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
        """Train afresh; with `adapt` only a new first layer of the model there is, for a session with other neurons.

        X: (sample, neuron), or a list of those, one a session; a session may be a list of trials. y, labels: any number
        of label sets, (sample,) or (sample, column) each, one a session for several: floats are continuous, integers
        are the one discrete label. trial: (sample,) int, runs of equal numbers that windows and positives never leave.
        callback(step, solver): every `callback_frequency` steps. validation_data: (X, *labels), scored on the way; the
        best model is kept, and training ends after `patience` scores without a better one. session_id: where a model
        of several sessions is adapted, the session whose layers are taken over: sessions share none. An adapted model
        has the labels of the fit, or none: then it adapts by time. ValueError with all that does not fit.
        """
        check_parameters(self)
        found = self._sessions(X, (y, *labels), trial)
        extra = self._extra(found, callback, callback_frequency, validation_data, validation_frequency, patience)
        if adapt and not self._fitted():
            raise UserError(Problem("adapt", "a fitted model to adapt", "none", "Call fit without adapt first."))
        if session_id is not None and not adapt:
            raise UserError(Problem("session_id", "None without adapt=True", repr(session_id)))
        doors.check_signal(found)
        if not adapt:  # which has the labels of the fit, also where a new recording holds one of its classes
            doors.check_varies(found)
        warn(doubts(found, self), stacklevel=2)
        with self._kept():
            if adapt:
                self._adapt(found, extra, session_id)
            else:
                self.random_state_ = fresh_seed() if self.random_state is None else int(self.random_state)
                self.solver_ = None
                self._train(found, self.max_iterations, extra)
        warn_of_collapse(self.solver_.models, found, stacklevel=2)
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
        check_parameters(self)
        check_settled(self, SETTLED, "partial_fit", "Call fit to train afresh, or put it back.")
        found = self._sessions(X, (y, *labels), trial)
        if self.num_sessions_ is None and not is_several(X):
            doors.check_neurons(found[0].neural.shape, self._neurons, None)
            self._check_names(X)
        doors.check_like(found, self._neurons, self.label_types_, "Call fit.", "Call fit, or fit(adapt=True).")
        doors.check_signal(found)
        known = self.label_ranges_
        warn([*doubts(found, self), *moved(known, found, self, NEAR)], stacklevel=2)
        extra = self._extra(found, callback, callback_frequency, None, None, None)
        self._train(found, self.max_iterations, extra)
        self.label_ranges_ = united(known, self.label_ranges_)
        warn_of_collapse(self.solver_.models, found, stacklevel=2)
        return self

    def _sessions(self, X, y, trial) -> list[Session]:
        given = [each for each in y if each is not None]
        found = sessions(X, given, trial)
        if is_several(X) and len(found) < 2 and not is_trials(X[0]):
            remedy = "Pass X[0], and its labels without the list."
            raise UserError(Problem("X", "one array, or a list of at least two sessions", "a list of one", remedy))
        return found

    def _extra(self, found, callback, callback_frequency, validation_data, validation_frequency, patience) -> dict:
        """What goes to the solver beside the data; a UserError where held-out data are not like those of the fit."""
        doors.check_run(callback, callback_frequency, validation_data, validation_frequency, patience)
        extra = {"save_hook": callback, "save_frequency": callback_frequency}
        if validation_data is None:
            return extra
        X, *y = validation_data if isinstance(validation_data, tuple) else (validation_data,)
        with doors.inside("validation_data"):
            valid = self._sessions(X, y, None)
            neurons = [session.neurons for session in found]
            doors.check_like(valid, neurons, found[0].kinds, "Pass a tuple (X, *labels).")
        if has_trials(found) and not has_trials(valid):
            remedy = "Pass X and labels as lists of trials: ([[X1, X2]], [[y1, y2]])"
            doors.warn_without_trials("validation_data are one run", remedy, stacklevel=3)
        return extra | {
            "valid": valid,
            "patience": patience,
            "valid_frequency": validation_frequency,
            "restore_best": True,
        }

    def _train(self, found: list[Session], steps: int, extra: dict, made: list[nn.Module] | None = None) -> CEBRA:
        chosen = plan(found, self.conditional, self.hybrid, self.batch_size)
        check_effect(chosen, options_of(self))
        device = resolve_device(self.device)
        number = len(self.solver_.history) if self.solver_ is not None else 0
        seed, extra = seed_of("estimator", self.random_state_, number), dict(extra)
        valid = extra.pop("valid", None)
        with seeded(seed):
            if self.solver_ is None:
                made = made or [network(self, session.neurons) for session in found]
                self.solver_ = solver_of(self, chosen.solver, joined(made, chosen.several), device)
                self.settled_ = settled(self)
            self._take_rate()
            loader = self._loader(chosen, found, steps, device, seed)
            if valid is not None:
                extra["valid_frequency"] = extra["valid_frequency"] or max(1, steps // LOOKS)
                with doors.inside("validation_data"):
                    extra["valid_loader"] = self._loader(chosen, valid, 16, device, seed_of("valid", seed))
            self.solver_.fit(loader, **extra)
        self._note(chosen, found, device)
        return self

    def _take_rate(self) -> None:
        """What a model that is trained on can take up of changed parameters."""
        self.solver_.tqdm_on = self.verbose
        for group in self.solver_.optimizer.param_groups:
            group["lr"] = self.learning_rate

    def _loader(self, chosen: Plan, found: list[Session], steps: int, device: str, seed: int):
        dataset = dataset_of(found, device)
        dataset.set_masks(self.masking_kwargs)
        dataset.configure_for(self.solver_.models[0])
        return loader_of(chosen, dataset, steps, options_of(self), seed)

    def _note(self, chosen: Plan, found: list[Session], device: str) -> None:
        self.model_, self.solver_name_, self.device_ = self.solver_.model, chosen.solver, device
        neurons = [session.neurons for session in found]
        self.n_features_ = neurons if chosen.several else neurons[0]
        self.n_features_in_ = neurons[0]
        self.num_sessions_ = len(found) if chosen.several else None
        self.offset_ = self.solver_.models[0].get_offset()
        self.label_types_, self.label_ranges_ = found[0].kinds, [ranges(session) for session in found]
        self.has_trials_ = has_trials(found)
        self.state_dict_ = self.solver_.state_dict()

    def _adapt(self, found: list[Session], extra: dict, session_id: int | None) -> CEBRA:
        """A model with a new first layer; all other weights are those of the fitted one, and stay."""
        doors.check_adapted(found, self.label_types_, self.num_sessions_, session_id)
        check_settled(self, ARCHITECTURE, "adapt", "Put it back: only the first layer is new.")
        known = self.label_ranges_ and [self.label_ranges_[session_id or 0]]
        warn(moved(known, found, self), stacklevel=3)
        base = self.solver_._chosen(session_id)
        self.random_state_ = fresh_seed() if self.random_state is None else int(self.random_state)
        self.solver_ = None
        with seeded(seed_of("adapt", self.random_state_)):
            made = network(self, found[0].neurons)
            wider = network(self, self._neurons[session_id or 0] + 1)
        adopt(made, base, wider)
        return self._train(found, self.max_adapt_iterations, extra, [made])

    def _note_names(self, X: object) -> CEBRA:
        """Names of neurons, where X is a data frame; scikit-learn compares them in `transform`."""
        vars(self).pop("feature_names_in_", None)  # of an earlier fit
        if self.num_sessions_ is None and not is_several(X):
            validate_data(self, X, skip_check_array=True)
        return self

    def _fitted(self) -> bool:
        return "solver_" in vars(self) and self.solver_ is not None

    @staticmethod
    def supported_model_architectures(pattern: str = "*") -> list[str]:
        """Names of architectures that give an embedding for every sample."""
        left_out = ("subsample", "resample", "supervised")
        return [name for name in models.get_options(pattern) if not any(part in name for part in left_out)]

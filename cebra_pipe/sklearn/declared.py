"""The parameters of the estimator, as scikit-learn wants them: declared by a constructor that computes nothing."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence

from sklearn.base import BaseEstimator

from ..errors import Problem, WrongType, did_you_mean


def _known_names(constructor: Callable[..., None]) -> Callable[..., None]:
    """The constructor with the same signature; a WrongType that names the estimator for a keyword that is none."""
    _, *known = inspect.signature(constructor).parameters

    @functools.wraps(constructor)
    def checked(self: object, *args: object, **given: object) -> None:
        for name in given:
            if name not in known:
                expected = "a parameter of the estimator"
                raise WrongType(Problem(type(self).__name__, expected, repr(name), did_you_mean(name, known)))
        constructor(self, *args, **given)

    return checked


class Declared(BaseEstimator):
    """What can be set; each parameter is explained at `CEBRA`."""

    @_known_names
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

"""What the parameters of an estimator may be, which of them have an effect, and which are settled by a fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real

import numpy as np

from ..data.base import is_count
from ..errors import NotSupported, Problem, Problems, UserError, short
from ..models.table import MODELS
from .declared import Declared

Rule = tuple[str, Callable[[object], bool]]  # what is expected, and whether a value is that
# Of parameters that some models do not read: untouched they are never told.
DEFAULTS = {"min_temperature": 0.1, "num_hidden_units": 32, "time_offsets": 1}
OPTIMIZER = (
    "betas",
    "eps",
    "weight_decay",
    "amsgrad",
    "decoupled_weight_decay",
)  # arguments of Adam beside the learning rate


def _is_positive(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < value < np.inf


def _or_none(rule: Rule) -> Rule:
    told, holds = rule
    return f"{told}, or None", lambda value: value is None or holds(value)


def _one_of(*names: str) -> Rule:
    return " or ".join(names), lambda value: isinstance(value, str) and value in names


def _is_pairs(value: object) -> bool:
    try:
        return all(isinstance(name, str) for name in dict(value))
    except (TypeError, ValueError):
        return False


def _is_numbers(value: object) -> bool:
    try:
        given = np.asarray(value, np.float64)  # None becomes NaN
    except (TypeError, ValueError):
        return False
    return given.ndim <= 1 and bool((np.isfinite(given) & (given >= 0)).all())


def _is_weights(value: object) -> bool:
    return _is_numbers(value) and bool(np.asarray(value, np.float64).any())


COUNT: Rule = "a whole number above 0", is_count
POSITIVE: Rule = "a number above 0", _is_positive
TRUTH: Rule = "True or False", lambda value: isinstance(value, bool | np.bool_)
WHOLE: Rule = "a whole number", lambda value: isinstance(value, Integral) and not isinstance(value, bool)
RULES: dict[str, Rule] = {
    "model_architecture": ("the name of an architecture", lambda value: isinstance(value, str)),
    "criterion": _one_of("infonce"),
    "distance": _one_of("cosine", "euclidean"),
    "temperature_mode": _one_of("constant", "auto"),
    "temperature": POSITIVE,
    "min_temperature": _or_none(POSITIVE),
    "max_iterations": COUNT,
    "max_adapt_iterations": COUNT,
    "batch_size": _or_none(COUNT),
    "num_negatives": _or_none(COUNT),
    "learning_rate": POSITIVE,
    "output_dimension": COUNT,
    "num_hidden_units": COUNT,
    "verbose": TRUTH,
    "pad_before_transform": TRUTH,
    "hybrid": TRUTH,
    "causal": TRUTH,
    "random_state": _or_none(WHOLE),
    "optimizer_kwargs": ("pairs of a name and a value", _is_pairs),
    "label_weights": _or_none(("numbers from 0, one a continuous column, not all of them 0", _is_weights)),
    "label_periods": _or_none(("numbers from 0, one a continuous column, 0 where it is no circle", _is_numbers)),
    "masking_kwargs": _or_none(("a mapping of masks to values", lambda value: isinstance(value, Mapping))),
}
ARCHITECTURE = ("model_architecture", "num_hidden_units", "output_dimension", "causal")
# What a fit settles: a model that is trained on goes on with these as they were.
SETTLED = (*ARCHITECTURE, "distance", "temperature", "temperature_mode", "min_temperature", "hybrid")
SETTLED += ("optimizer_kwargs", "random_state")


def check_parameters(estimator: Declared) -> None:
    """A UserError with every parameter that is none, or that has no effect whatever the data are."""
    given, problems = estimator.get_params(deep=False), Problems()
    if estimator.optimizer != "adam":
        raise NotSupported(Problem("optimizer", "adam", repr(estimator.optimizer)))
    for name, (expected, holds) in RULES.items():
        if not holds(value := given[name]):
            whole = isinstance(value, float) and value.is_integer() and value > 0 and COUNT[0] in expected
            problems.add(name, expected, short(value), f"Write {int(value)}." if whole else "")
    problems.raise_any()
    _check_effect(given, problems)
    problems.raise_any()


def _check_effect(given: Mapping[str, object], problems: Problems) -> None:
    constant, least = given["temperature_mode"] == "constant", given["min_temperature"]
    if constant and least not in (None, DEFAULTS["min_temperature"]):
        remedy = "Set temperature_mode='auto' to train the temperature, or leave min_temperature out."
        problems.add("min_temperature", "its default where the temperature is constant", repr(least), remedy)
    if not constant and least is not None and given["temperature"] < least:
        expected, remedy = f"min_temperature, {least:g}, or more", "Raise temperature or lower min_temperature."
        problems.add("temperature", expected, repr(given["temperature"]), remedy)
    if given["hybrid"] and given["output_dimension"] < 3:
        expected, remedy = "3 or more with hybrid=True", "Labels shape the first three dimensions, time all."
        problems.add("output_dimension", expected, repr(given["output_dimension"]), remedy)
    for name in dict(given["optimizer_kwargs"]):
        if name not in OPTIMIZER:
            remedy = "Set learning_rate in its place." if name == "lr" else ""
            problems.add("optimizer_kwargs", f"names among {', '.join(OPTIMIZER)}", repr(name), remedy)
    row, units = MODELS.get(given["model_architecture"]), given["num_hidden_units"]
    if row is not None and not row.free and units != DEFAULTS["num_hidden_units"]:
        expected = f"its default for {given['model_architecture']}, whose layers follow from output_dimension"
        problems.add("num_hidden_units", expected, repr(units), "Leave it out.")


def settled(estimator: Declared) -> dict[str, object]:
    """What a fit with these parameters settles."""
    return {name: getattr(estimator, name) for name in SETTLED}


def check_settled(estimator: Declared, names: tuple[str, ...], what: str, remedy: str) -> None:
    """A UserError where parameters were changed since the fit, and `what` cannot heed them."""
    problems = Problems()
    for name in names:
        before, now = estimator.settled_[name], getattr(estimator, name)
        if name == "optimizer_kwargs":
            before, now = dict(before), dict(now)
        if before != now:
            problems.add(name, f"{before!r} in {what}, as in the fit", repr(now), remedy)
    problems.raise_any()


def time_offset_of(value: object) -> int:
    """The one number of samples that `time_offsets` gives; a UserError for another."""
    if isinstance(value, list | tuple):
        if len(value) != 1:
            raise NotSupported(Problem("time_offsets", "one number of samples", str(len(value))))
        (value,) = value
    if not is_count(value):
        raise UserError(Problem("time_offsets", "a whole number of samples from 1", repr(value)))
    return int(value)

"""From X and y of an estimator to data sets: what each label is, and whether it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array

from ..data.arrays import detached, hidden, joined, plain
from ..errors import Problems, counted

FLOATS, INTEGERS = "f", "iu"
LINE = 160  # characters of another package's message that are shown
UNMASK = "Fill them (.filled), or leave these samples out of X and of every label."


@dataclass(frozen=True, eq=False)
class Session:
    """One recording: signal, labels and trials, checked."""

    neural: np.ndarray  # (sample, neuron) float32
    continuous: np.ndarray | None  # (sample, label) float64
    discrete: np.ndarray | None  # (sample,) int64
    trial: np.ndarray | None  # (sample,) int64

    @property
    def kinds(self) -> tuple[bool, int]:
        """Whether it has classes, and how many continuous columns."""
        return self.discrete is not None, 0 if self.continuous is None else self.continuous.shape[1]

    @property
    def neurons(self) -> int:
        """Columns of the signal."""
        return self.neural.shape[1]


def has_trials(found: Sequence[Session]) -> bool:
    """Whether any session says where trials begin."""
    return any(session.trial is not None for session in found)


def told(classes: bool, columns: int) -> str:
    """Kinds of labels in words."""
    parts = ["a discrete label"] * classes + [f"{columns} continuous column{'s' * (columns > 1)}"] * (columns > 0)
    return " and ".join(parts) or "no labels"


def is_several(X: object) -> bool:
    """Whether X is a list of sessions: a list or tuple whose items are two-dimensional, or lists of such."""
    return isinstance(X, list | tuple) and len(X) > 0 and all(_is_matrix(x) or is_trials(x) for x in X)


def _is_matrix(x: object) -> bool:
    return not isinstance(x, list | tuple) and np.ndim(x) == 2


def is_trials(x: object) -> bool:
    return isinstance(x, list | tuple) and len(x) > 0 and all(_is_matrix(each) for each in x)


def sessions(X: object, y: Sequence[object], trial: object = None) -> list[Session]:
    """The sessions of X with their labels.

    X: (sample, neuron), or a list of those, one a session; a session may itself be a list of trials. y: labels, one
    array a label set and session in the same shape of lists. float labels are continuous, integer ones discrete.
    ValueError with all that does not fit.
    """
    several = is_several(X)
    given = list(X) if several else [X]
    trials = (list(trial) if trial is not None else [None] * len(given)) if several else [trial]
    _check_lists(given, y, trials, several)
    labels = [[each[s] for each in y] for s in range(len(given))] if several else [list(y)]
    problems = Problems()
    found = [
        _session(f" of session {s}" if several else "", *parts, problems)
        for s, parts in enumerate(zip(given, labels, trials, strict=True))
    ]
    problems.raise_any()
    _check_alike(found)
    return found


def _check_lists(given: list, y: Sequence[object], trials: list, several: bool) -> None:
    problems = Problems()
    if several:
        for i, each in enumerate(y):
            if not isinstance(each, list | tuple) or len(each) != len(given):
                told = f"{len(each)} items" if isinstance(each, list | tuple) else type(each).__name__
                problems.add(f"y[{i}]", f"a list with one array a session ({len(given)})", told)
    if len(trials) != len(given):
        problems.add("trial", f"one array a session ({len(given)})", f"{len(trials)}")
    problems.raise_any()


def _session(where: str, X: object, y: list, trial: object, problems: Problems) -> Session | None:
    if is_trials(X):
        if trial is not None:
            problems.add(f"trial{where}", "nothing beside a list of trials", "an array")
        trial = np.repeat(np.arange(len(X)), [len(x) for x in X])
        X, y = joined(X), [joined(each) if isinstance(each, list | tuple) else each for each in y]
    neural = signal(X, where, problems)
    length = None if neural is None else len(neural)
    other = 0 if neural is None else neural.shape[1]
    columns, classes = [], []
    for i, each in enumerate(y):
        values = _label(each, f"y[{i}]{where}", length, problems, other)
        if values is not None:
            (columns if values.dtype.kind == FLOATS else classes).append(values)
    if len(classes) > 1:
        problems.add(f"y{where}", "at most one discrete (integer) label", f"{len(classes)}", "Join them to one class.")
    if classes and classes[0].ndim == 2 and classes[0].shape[1] != 1:
        remedy = (
            "Pass floats for continuous labels; rows are numbered as classes by "
            "np.unique(y, axis=0, return_inverse=True)[1]."
        )
        problems.add(f"y{where}", "one column of integers", f"{classes[0].shape[1]}", remedy)
    if problems:
        return None
    trial = trials_of(trial, f"trial{where}", length, problems)
    return Session(
        neural,
        np.concatenate([c.reshape(length, -1) for c in columns], axis=1).astype(np.float64) if columns else None,
        classes[0].reshape(-1).astype(np.int64) if classes else None,
        trial,
    )


def trials_of(trial: object, where: str, length: int, problems: Problems) -> np.ndarray | None:
    """(sample,) int64 numbers of trials, or None where there are none or they are wrong."""
    values = None if trial is None else _label(trial, where, length, problems)
    if values is None:
        return None
    if values.dtype.kind not in INTEGERS or values.size != len(values):
        problems.add(where, "(sample,) whole numbers", f"{values.dtype} of shape {values.shape}")
        return None
    return values.reshape(-1).astype(np.int64)


def signal(X: ArrayLike, where: str, problems: Problems) -> np.ndarray | None:
    """(sample, neuron) float32, or None where it is none; a TypeError where it is sparse."""
    X = detached(X)
    if number := hidden(X):
        problems.add(f"X{where}", "numbers without a mask", f"{counted(number, 'masked value')}", UNMASK)
        return None
    try:
        return check_array(X, dtype=np.float32, input_name="X", copy=False)
    except ValueError as error:
        found, remedy = _unlike(X) or (f"no such array ({' '.join(str(error).splitlines()).rstrip('.')[:LINE]})", "")
        problems.add(f"X{where}", "(sample, neuron) finite numbers", found, remedy)
        return None


def _unlike(X: ArrayLike) -> tuple[str, str] | None:
    """What of an array is no signal, and what to do; None where neither shape, kind nor a missing value is it.

    In words that scikit-learn's own checks look for.
    """
    try:
        values = _numeric(np.asarray(X))
    except ValueError:
        return None
    if not len(np.atleast_1d(values)):
        return f"no samples (an array of shape {values.shape})", ""
    if values.ndim == 2 and not values.size:
        return f"no neurons: 0 feature(s) (shape={values.shape}) while a minimum of 1 is required", ""
    if values.dtype.kind == "c":
        return "complex numbers (Complex data not supported)", "Pass X.real, or abs(X) for amplitudes."
    if values.ndim != 2:
        remedy = "Reshape your data: X.reshape(-1, 1) is one neuron, X.reshape(1, -1) one sample."
        return f"an array of shape {values.shape}", remedy if values.ndim == 1 else ""
    bad = np.argwhere(~np.isfinite(values)) if values.dtype.kind == FLOATS else ()
    if not len(bad):
        return None
    first = "sample {}, neuron {}".format(*bad[0])
    return (
        f"NaN or infinity ({counted(len(bad), 'value')}, the first in {first})",
        "Mend them, or leave these samples out.",
    )


def _label(each: object, where: str, length: int | None, problems: Problems, other: int = 0) -> np.ndarray | None:
    """The values of one label; `other`: columns of X, which are its samples where X is turned."""
    if number := hidden(each):
        problems.add(where, "numbers without a mask", f"{counted(number, 'masked value')}", UNMASK)
        return None
    values = _numeric(plain(each))
    if values.dtype.kind not in FLOATS + INTEGERS or values.ndim not in (1, 2) or not values.size:
        remedy = "Pass y.astype(int): its values are classes." if values.dtype.kind == "b" else _named(values)
        expected = "(sample,) or (sample, column) float or integer labels"
        problems.add(where, expected, f"{values.dtype} {values.shape}" if values.size else "no values", remedy)
        return None
    if not np.isfinite(values).all():
        problems.add(
            where, "finite numbers", f"contains NaN or infinity ({counted((~np.isfinite(values)).sum(), 'value')})"
        )
    if length is not None and len(values) != length:
        problems.add(where, f"{length} samples as in X", str(len(values)), _lying(values, length, other))
        return None
    return values


def _lying(values: np.ndarray, length: int, other: int) -> str:
    """What to do about labels of another length: they or X lie on their side, or have a clock of their own."""
    if values.shape == (1, length):
        return f"It is one row of {length}, as MATLAB keeps vectors: pass y.ravel()."
    if len(values) == other:
        return f"X has {other} columns: if they are the samples, pass X.T, (sample, neuron)."
    if values.dtype.kind == FLOATS:
        means = "each column by " * (values.ndim == 2) + "np.interp(times_of_X, times_of_y, y)"
    else:
        means = "y[np.searchsorted(times_of_y, times_of_X).clip(max=len(y) - 1)], the next class after each sample"
    return f"Labels with a clock of their own are brought to the samples first: {means}."


def _named(values: np.ndarray) -> str:
    """What to do about labels that are texts."""
    if values.dtype.kind != "U" and not (values.dtype.kind == "O" and all(isinstance(v, str) for v in values.flat)):
        return ""
    return "Number texts by np.unique(y, return_inverse=True)[1], those of several sessions together."


def _numeric(values: np.ndarray) -> np.ndarray:
    """Python objects as the numbers that they are, where they are numbers."""
    if values.dtype.kind != "O":
        return values
    try:
        return values.astype(np.int64 if all(isinstance(v, int) for v in values.flat) else np.float64)
    except (TypeError, ValueError):
        return values


def _check_alike(found: list[Session]) -> None:
    problems = Problems()
    kinds = [session.kinds for session in found]
    if len(set(kinds)) > 1:
        told = "; ".join(f"session {s}: {n} continuous columns{', classes' * c}" for s, (c, n) in enumerate(kinds))
        problems.add("y", "labels of the same kinds and columns in every session", told)
    problems.raise_any()

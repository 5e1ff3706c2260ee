"""What is wrong with data and options of one call of an estimator, told before anything is computed."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..data.base import is_count
from ..errors import Problem, Problems, UserError, short
from .labels import Session, is_trials, told


@contextlib.contextmanager
def inside(where: str) -> Iterator[None]:
    """Problems of the block are told as those of `where`."""
    try:
        yield
    except UserError as error:
        raise UserError(*(replace(p, where=f"{where}: {p.where}") for p in error.problems)) from None
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def check_like(
    given: Sequence[Session], neurons: Sequence[int], kinds: tuple[bool, int], remedy: str, of_neurons: str = ""
) -> None:
    """A UserError with all that sets `given` apart from the fit: sessions, neurons of each, kinds of labels.

    of_neurons: what to do about another number of neurons.
    """
    problems = Problems()
    if len(given) != len(neurons):
        problems.add("X", f"{len(neurons)} session{'s' * (len(neurons) > 1)}, as in the fit", str(len(given)), remedy)
    else:
        for s, (session, wanted) in enumerate(zip(given, neurons, strict=True)):
            if session.neurons != wanted:
                where = f"X of session {s}" if len(given) > 1 else "X"
                what = _turned(len(session.neural), wanted) or of_neurons
                problems.add(where, f"{wanted} neurons, as in the fit", str(session.neurons), what)
    if given[0].kinds != tuple(kinds):
        problems.add("y", f"labels as in the fit: {told(*kinds)}", told(*given[0].kinds), remedy)
    problems.raise_any()


def check_signal(found: Sequence[Session]) -> None:
    """A UserError for each session in which every neuron has one value in all samples."""
    problems = Problems()
    for s, session in enumerate(found):
        if len(session.neural) > 1 and (session.neural == session.neural[0]).all():
            where = f"X of session {s}" if len(found) > 1 else "X"
            told = "0 everywhere" if not session.neural.any() else "each at one value"
            held = f"all {session.neurons} neurons {told} in {len(session.neural)} samples"
            problems.add(where, "neurons that vary", held, "See whether the right array, columns and rows were read.")
    problems.raise_any()


def check_varies(found: Sequence[Session]) -> None:
    """A UserError with every label that has one value in all samples of all sessions."""
    problems, (classes, columns) = Problems(), found[0].kinds
    given = {f"y, continuous column {c}": [s.continuous[:, c] for s in found] for c in range(columns)}
    if classes:
        given["y, classes"] = [s.discrete for s in found]
    for where, values in given.items():
        joined = np.concatenate(values)
        if len(joined) > 1 and (joined == joined[0]).all():
            remedy = "Leave the label out: nothing can be learned from it."
            problems.add(where, "a label that varies", f"{joined[0]:g} in all {len(joined)} samples", remedy)
    problems.raise_any()


def check_adapted(given: Sequence[Session], kinds: tuple[bool, int], sessions: int | None, chosen: object) -> None:
    """A UserError unless there is one new session, with the labels of the fit or none, and it is said what it adapts.

    sessions: of the model, None for a single one; chosen: the session whose layers are taken over.
    """
    problems = Problems()
    if len(given) > 1:
        remedy = "Adapt a copy of the model to each: copy.deepcopy(model).fit(X[s], adapt=True)."
        problems.add("X", "one new session where a model is adapted", f"{len(given)}", remedy)
    if sessions is None and chosen is not None:
        problems.add("session_id", "None for a model of a single session", repr(chosen))
    elif sessions is not None and chosen not in range(sessions):
        remedy = "Sessions share no layers: say whose are taken over; only the first one is trained anew."
        problems.add("session_id", f"0 to {sessions - 1}, a session of the fit", repr(chosen), remedy)
    if given[0].kinds not in (tuple(kinds), (False, 0)):
        expected = f"labels as in the fit: {told(*kinds)}; or none, to adapt by time"
        problems.add("y", expected, told(*given[0].kinds), "Call fit without adapt for another objective.")
    problems.raise_any()
    if given[0].kinds != tuple(kinds):
        text = f"no labels, where the fit had {told(*kinds)}: the new first layer is trained by time alone"
        warnings.warn(text, stacklevel=4)


def check_lists(X: Sequence, sessions: int | None, session: int | None, trial: object) -> None:
    """A UserError unless a list X is of the sessions of the fit, or of one whose number is given.

    sessions: of the model, None for a single one.
    """
    problems, number = Problems(), 1 if session is not None else sessions or 1
    trials = [is_trials(x) for x in X]
    if len(X) != number or (sessions is None and not trials[0]):
        if number > 1:
            expected, remedy = (
                f"the {number} sessions of the fit",
                "One of them: its array, or [its trials], with session_id=s.",
            )
        else:
            expected, remedy = (
                "one array (sample, neuron)",
                "Pass X[0]." if len(X) == 1 else "Trials of one session: [X].",
            )
        problems.add("X", expected, f"a list of {len(X)}", remedy)
    elif trial is not None and any(trials):
        problems.add("trial", "nothing beside a list of trials", "an array")
    elif trial is not None and (not isinstance(trial, list | tuple) or len(trial) != len(X)):
        problems.add("trial", f"one array a session ({len(X)})", type(trial).__name__)
    problems.raise_any()


def check_neurons(shape: tuple[int, int], neurons: Sequence[int], session: int | None) -> None:
    """A UserError where `transform` is given X (sample, neuron) of another session, or a turned one.

    Any other number of neurons for a model of a single session is left to scikit-learn, which compares names too.
    """
    samples, found = shape
    wanted = neurons[session or 0]
    if found == wanted or (len(neurons) == 1 and samples != wanted):
        return
    like = [f"session_id={s}" for s, number in enumerate(neurons) if number == found]
    remedy = _turned(samples, wanted) or (f"With {found} neurons: {', '.join(like)}." if like else "")
    where = "X" if len(neurons) == 1 else f"X of session_id={session}"
    raise UserError(Problem(where, f"{wanted} neurons, as in the fit", str(found), remedy))


def _turned(samples: int, neurons: int) -> str:
    """What to do about X with as many rows as there should be neurons."""
    return f"X has {samples} rows: if they are the neurons, pass X.T, (sample, neuron)." if samples == neurons else ""


def check_batch_size(batch_size: object) -> None:
    """A UserError where `transform` is given something else, as labels in its place."""
    if batch_size is None or is_count(batch_size):
        return
    remedy = "" if np.isscalar(batch_size) else "transform takes no labels: pass X alone."
    raise UserError(Problem("batch_size", "a whole number above 0, or None", short(batch_size), remedy))


def check_run(
    callback: Callable | None,
    callback_frequency: int | None,
    validation_data: object,
    validation_frequency: int | None,
    patience: int | None,
) -> None:
    """A UserError with what is wrong with the options of one fit."""
    problems = Problems()
    frequencies = {"callback_frequency": callback_frequency, "validation_frequency": validation_frequency}
    for name, value in (frequencies | {"patience": patience}).items():
        if value is not None and not is_count(value):
            problems.add(name, "a whole number above 0", short(value))
    if (callback is None) != (callback_frequency is None):
        problems.add("callback", "a callback and a callback_frequency, or neither", "one of them")
    elif callback is not None and not callable(callback):
        problems.add("callback", "a function of step and solver", type(callback).__name__)
    if validation_data is None and (validation_frequency is not None or patience is not None):
        problems.add("validation_data", "held-out data beside validation_frequency or patience", "None")
    if isinstance(validation_data, tuple) and not validation_data:
        problems.add("validation_data", "(X, *labels)", "an empty tuple")
    problems.raise_any()


def warn_without_trials(what: str, remedy: str, stacklevel: int) -> None:
    """A warning where the fit had trials, and data that go beside it have none."""
    text = f"no trial, where the fit had trials: {what}, and windows cross trials. {remedy}"
    warnings.warn(text, stacklevel=stacklevel + 1)

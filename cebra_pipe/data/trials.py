"""Trials: given as numbers, or derived from gaps, from changes of discrete labels and from jumps of continuous ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problem, Problems, UserError, did_you_mean
from .clocks import TOLERANCE, difference

FEWEST = 3  # trials that a label has to tell apart

if TYPE_CHECKING:
    from ..pipeline.config.recording import LabelConfig, RecordingConfig


def names_of(config: RecordingConfig) -> list[str]:
    """The labels that trials are derived from: one name, or several with commas between them."""
    given = config.trials.from_ if config.trials is not None else None
    return [] if given in (None, "gaps") else [name.strip() for name in given.split(",")]


def check_trials(config: RecordingConfig, name: str) -> Problems:
    """What is wrong with `trials`, before any file is read."""
    problems, where = Problems(), f"recordings.{name}.trials"
    if config.trials is None:
        return problems
    names = names_of(config)
    given = [option for option in ("column", "file", "key", "time") if getattr(config.trials, option) is not None]
    for label in names:
        if label not in config.labels:
            problems.add(
                f"{where}.from",
                "the name of a label, or gaps",
                repr(label),
                did_you_mean(label, [*config.labels, "gaps"]),
            )
    kinds = [config.labels[label].kind for label in names if label in config.labels]
    if config.trials.from_ is not None and given:
        problems.add(
            where, "trials that are given or derived", f"{', '.join(given)} beside from", "Keep one of the two."
        )
    if "continuous" in kinds and config.trials.jump is None:
        problems.add(
            where, "`jump` with a continuous label", "none", "Give the change between two samples that ends a trial."
        )
    if config.trials.jump is not None and "continuous" not in kinds:
        problems.add(
            f"{where}.jump", "a continuous label in `from`", "none", "Leave `jump` out: it has no effect here."
        )
    return problems


def given_trials(values: np.ndarray, where: str) -> np.ndarray:
    """(time,) trial numbers as floats, NaN outside of trials; a number that comes back later is another trial."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known) or (values[known] != np.round(values[known])).any():
        found = "none" if not len(known) else f"{values[known][values[known] != np.round(values[known])][0]:g}"
        raise UserError(
            Problem(where, "whole numbers of trials", found, "Number the trials; NaN marks samples outside of trials.")
        )
    border = np.concatenate([[False], np.diff(values[known]) != 0])
    return _spread(np.cumsum(border), known, len(values))


def derived_trials(
    config: RecordingConfig, labels: Mapping[str, np.ndarray], time: np.ndarray, limit: float
) -> np.ndarray:
    """(time,) trial numbers; without any rule a single trial."""
    border = np.zeros(len(time) - 1, bool)
    if config.trials is not None and config.trials.from_ == "gaps":
        border |= np.diff(time) > limit + TOLERANCE
    for name in names_of(config):
        border |= _cuts(labels[name], config.labels[name], config.trials.jump)
    return np.concatenate([[0], np.cumsum(border)]).astype(np.float64)


def _cuts(values: np.ndarray, label: LabelConfig, jump: float | None) -> np.ndarray:
    """(time - 1,) whether a trial ends between two samples; unknown values are passed over."""
    known = np.flatnonzero(np.isfinite(values))
    change = np.abs(difference(values[known], label.period))
    # A hair below the jump: 0.25 in single precision may lie on either side of it.
    cut = change != 0 if label.kind == "discrete" else change >= jump * (1 - 1e-6)
    border = np.zeros(len(values) - 1, bool)
    border[known[1:][cut] - 1] = True
    return border


def counting(name: str, values: np.ndarray, trial: np.ndarray, discrete: bool) -> str:
    """What is to be said of a label (time,) that tells trials apart and nothing else; empty of any other.

    trial: (time,) numbers that do not fall. A class in each trial that no other has, or a number in each that rises or
    falls from trial to trial: of a trial that is held out no value was learned, and what drifts tells its number.
    """
    start = np.flatnonzero(np.diff(trial, prepend=trial[0] - 1))
    each = values[start]
    inside = np.repeat(each, np.diff(np.append(start, len(trial))))
    if len(start) < FEWEST or (values != inside).any():
        return ""
    steps = np.diff(each)
    counts = len(np.unique(each)) == len(each) if discrete else bool((steps > 0).all() or (steps < 0).all())
    told = "has one value in each trial and another in the next, as a number of trials has"
    return (
        f"{name} {told}: of a trial that is held out none was learned from, and what drifts tells it" if counts else ""
    )


def _spread(numbers: np.ndarray, known: np.ndarray, length: int) -> np.ndarray:
    trial = np.full(length, np.nan)
    trial[known] = numbers
    return trial

"""Which samples of a recording are used, and why the others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problems, did_you_mean
from .clocks import TOLERANCE, difference
from .recording import epochs_of

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig, SelectConfig


def check_select(config: RecordingConfig, name: str) -> Problems:
    """What is wrong with `select`, before any file is read."""
    problems, select, where = Problems(), config.select, f"recordings.{name}.select"
    if (select.speed_of is None) != (select.minimum_speed is None):
        problems.add(where, "speed_of and minimum_speed together", "one of them", "Give both, or neither.")
    if select.speed_of is not None and select.speed_of not in config.labels:
        problems.add(
            f"{where}.speed_of",
            "the name of a label",
            repr(select.speed_of),
            did_you_mean(select.speed_of, config.labels),
        )
    elif select.speed_of is not None and config.labels[select.speed_of].kind == "discrete":
        problems.add(
            f"{where}.speed_of",
            "a continuous label",
            f"{select.speed_of!r}, which is discrete",
            "Choose another label.",
        )
    if select.start is not None and select.stop is not None and select.start >= select.stop:
        problems.add(where, "start before stop", f"{select.start:g} and {select.stop:g}", "Mend the two.")
    return problems


def speed(values: np.ndarray, time: np.ndarray, epoch: np.ndarray, period: float | None) -> np.ndarray:
    """(time,) units per second: mean of the steps before and after a sample, as far as its epoch has them, else 0."""
    step = difference(values, period) / np.diff(time)
    step[np.diff(epoch) != 0] = np.nan
    sides = np.stack([np.concatenate([[np.nan], step]), np.concatenate([step, [np.nan]])])
    known = np.isfinite(sides)
    return np.abs(np.where(known, sides, 0).sum(axis=0)) / np.maximum(known.sum(axis=0), 1)


def slow(
    select: SelectConfig, values: np.ndarray, time: np.ndarray, trial: np.ndarray, limit: float, period: float | None
) -> np.ndarray:
    """(time,) whether a sample moves slower than asked for; one whose place is unknown does not count as slow."""
    known, found = np.isfinite(values), np.zeros(len(values), bool)
    numbered, clock = np.nan_to_num(trial, nan=-1)[known], time[known]  # steps lead to the next known place
    found[known] = speed(values[known], clock, epochs_of(clock, numbered, limit), period) < select.minimum_speed
    return found


def outside(select: SelectConfig, time: np.ndarray) -> dict[str, np.ndarray]:
    """(time,) samples before `start` and after `stop`."""
    start = -np.inf if select.start is None else select.start
    stop = np.inf if select.stop is None else select.stop
    return {"before start": time < start - TOLERANCE, "after stop": time > stop + TOLERANCE}


def keep(rules: dict[str, np.ndarray], length: int) -> tuple[np.ndarray, dict[str, int]]:
    """The samples that no rule drops, and how many each rule dropped that those before it had not."""
    kept, dropped = np.ones(length, bool), {}
    for rule, mask in rules.items():
        if number := int((kept & mask).sum()):
            dropped[rule] = number
        kept &= ~mask
    return kept, dropped

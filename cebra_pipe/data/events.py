"""Times of events, as of rewards, as a label of the samples: seconds since the last one, or until the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problems
from .clocks import TOLERANCE
from .shelf import Read
from .trial_columns import given_of

if TYPE_CHECKING:
    from ..pipeline.config.recording import LabelConfig, RecordingConfig

UNKNOWN = {"since": "before the first event", "until": "after the last event"}  # samples of which nothing is known
OF_VALUES = ("time", "resample", "period", "classes")  # options of a label that is measured
REMEDY = (
    "Times of events, as of rewards, are read by `events: since` (seconds since the last one) or `events: until` (to "
    "the next one) in place of `time`."
)


def check_options(label: LabelConfig, where: str, problems: Problems) -> None:
    """Options of a label that have no effect beside `events` go to `problems`."""
    if label.events is None:
        return
    idle = [*given_of(label, OF_VALUES), *["kind: discrete"] * (label.kind == "discrete")]
    if label.unit not in ("", "s"):
        idle.append(f"unit: {label.unit}")
    if idle:
        remedy = "Leave these out: the label is in seconds of the recording's clock. `scale` turns other times into s."
        problems.add(where, "`events` with where their times lie", f"{', '.join(idle)} beside it", remedy)


def roles(config: RecordingConfig) -> list[str]:
    """Roles of the arrays that are times of events, as many as there are events."""
    return [f"labels.{name}" for name, label in config.labels.items() if label.events is not None]


def check(config: RecordingConfig, read: Mapping[str, Read], name: str) -> None:
    """A UserError where times of events are none, or where a label that is to be measured is its own clock."""
    problems, events = Problems(), roles(config)
    for role, item in read.items():
        clock, where = read.get(f"{role}.time"), f"recordings.{name}.{role} ({item.where})"
        if role in events and clock is not None:
            remedy = "Name the array of its time stamps, of an NWB series the one that ends in /timestamps."
            problems.add(where, "times of events", "a series of values with a clock", remedy)
        elif role in events and (item.classes or not np.isfinite(item.values).all() or not len(item.values)):
            problems.add(where, "times of events, finite numbers", "others, or none", "Remove empty rows.")
        elif role in events and 2 * (several := len(np.unique(item.values))) < len(item.values):
            told = f"{len(item.values)} numbers, of which {several} are different, as of an array that marks samples"
            remedy = (
                "Give the times themselves: of marked samples those of the recording's clock where the mark is set."
            )
            problems.add(where, "times of events", told, remedy)
        elif role.startswith("labels.") and clock is not None and np.array_equal(item.values, clock.values):
            problems.add(where, "values that were taken at these time stamps", "the time stamps themselves", REMEDY)
    problems.raise_any()


def hint(read: Mapping[str, Read], together: Collection[str]) -> str:
    """Which labels among arrays of one clock may be times of events: fewer than the samples, and always rising."""
    most = max(len(read[role].values) for role in together)
    likely = [
        role
        for role in together
        if role.startswith("labels.")
        and len(values := read[role].values) < most / 2
        and not read[role].classes
        and (np.diff(values) > 0).all()
    ]
    return f" If {', '.join(likely)} holds times of events, write `events: since` or `until`." if likely else ""


def seconds(events: np.ndarray, time: np.ndarray, how: str) -> np.ndarray:
    """(time,) seconds from the last of `events` (event,) to a sample, or from it to the next; NaN where there is none.

    A sample at the time of an event, to the tolerance of clocks, is 0 s from it either way.
    """
    edges = np.concatenate([[-np.inf], np.sort(events), [np.inf]])
    if how == "since":
        apart = time - edges[np.searchsorted(edges, time + TOLERANCE, "right") - 1]
    else:
        apart = edges[np.searchsorted(edges, time - TOLERANCE)] - time
    return np.where(np.isfinite(apart), np.maximum(apart, 0.0), np.nan)


def check_any(events: np.ndarray, time: np.ndarray, where: str, problems: Problems) -> None:
    """A problem where no event lies among the samples (time,): the label would be their clock, moved or turned."""
    if not _within(events, time).any():
        told = f"events from {events.min():.9g} to {events.max():.9g} s, samples from {time[0]:.9g} to {time[-1]:.9g} s"
        remedy = "Do both count seconds from one moment? `scale: 0.001` turns ms into s."
        problems.add(where, "events between the first sample and the last", told, remedy)


def doubts(events: Mapping[str, np.ndarray], time: np.ndarray) -> dict[str, str]:
    """Label -> what is doubted: that its events are on the clock of the samples (time,), as few lie within."""
    counted = {name: (int(_within(values, time).sum()), len(values)) for name, values in events.items()}
    return {
        name: f"{name}: {inside} of {number} events lie between the first sample and the last"
        for name, (inside, number) in counted.items()
        if 2 * inside < number
    }


def _within(events: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(event,) which lie between the first sample and the last."""
    return (events >= time[0] - TOLERANCE) & (events <= time[-1] + TOLERANCE)

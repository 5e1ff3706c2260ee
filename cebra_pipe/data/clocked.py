"""Neural samples on one clock: time stamps that are given, or counted at the rate; spikes as counts in bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problem, UserError
from . import clocks, spikes, trial_table, units
from .shelf import Read

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig


@dataclass(frozen=True, eq=False)
class Clocked:
    """Samples on one clock, before any is dropped."""

    neural: np.ndarray  # (time, neuron)
    neurons: tuple[str, ...]
    time: np.ndarray  # (time,) seconds
    rate: float
    notes: dict[str, object]
    table: trial_table.Placed | None = None  # the trials, where a table gives them
    unobserved: np.ndarray | None = None  # (time,) bins in which not all units were observed, where the file says


def on_clock(config: RecordingConfig, read: Mapping[str, Read], name: str) -> Clocked:
    """Neural samples with their time stamps: given, or counted at `rate`; spikes are binned."""
    time = read["time"].values.astype(np.float64) if "time" in read else None
    rate = config.rate
    if time is not None:
        if config.start is not None:  # of a series that brings its clock along; beside `time` the config is refused
            remedy = "The file says when each sample was taken: leave `start` out."
            raise UserError(Problem(f"recordings.{name}.start", "a clock that is counted", "time stamps", remedy))
        clocks.check_rising(time, read["time"].where)
        rate = clocks.rate_of(time, rate, read["time"].where, name)
    if config.spikes is not None:
        return binned(config, read, time, rate)
    neural = read["neural"]
    if time is None:
        time = (config.start or 0.0) + np.arange(len(neural.values)) / rate
    return Clocked(neural.values, neural.columns, time, rate, {})


def binned(config: RecordingConfig, read: Mapping[str, Read], time: np.ndarray | None, rate: float) -> Clocked:
    """Spike times as counts, in the bins around `time` where that is given."""
    times, neurons, ends = read["spikes.times"], read.get("spikes.neurons"), read.get("spikes.ends")
    seconds, owner = times.values.astype(np.float64), None if neurons is None else neurons.values
    if ends is not None:
        owner = spikes.owners(ends.values, len(seconds), ends.where)
    spikes.check_spikes(seconds, owner, times.where, neurons.where if neurons else "")
    start, stop, trains = config.spikes.start, config.spikes.stop, times.trains
    if trains is not None:
        units.check_observed(trains, times.where)
        first, last = units.span(trains)
        start, stop = first if start is None else start, last if stop is None else stop
    middles = spikes.bins(seconds, rate, start, stop, times.where) if time is None else time
    counts, names = spikes.count(seconds, owner, middles, rate, times.where, () if trains is None else trains.names)
    notes = {"spikes": len(seconds), "spikes_outside_bins": len(seconds) - int(counts.sum())}
    notes |= {} if ends is None else {"silent_units": len(ends.values) - len(names)}
    if trains is None:
        return Clocked(counts, names, middles, rate, notes)
    missed = units.unobserved(trains, middles, rate)
    about = units.notes(trains, missed)
    return Clocked(counts, names, middles, rate, notes | {"units": about}, unobserved=missed)

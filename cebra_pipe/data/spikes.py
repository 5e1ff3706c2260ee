"""Spike times binned to counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import Problem, UserError, counted

MOST = 1 << 32  # counts that are held at once


def bins(times: np.ndarray, rate: float, start: float | None, stop: float | None, where: str) -> np.ndarray:
    """Middles of the whole bins from `start` to `stop`; without a stop the last spike's bin is there too."""
    first = float(times.min()) if start is None else start
    last = float(times.max()) if stop is None else stop
    number = int(np.floor((last - first) * rate + 1e-6)) + (stop is None)
    if number < 1:
        raise UserError(
            Problem(
                where,
                "a stretch of time to bin",
                f"{first:g} to {last:g} s",
                "Mend `start` and `stop`; times are in seconds.",
            )
        )
    check_number(number, where, last - first)
    return first + (np.arange(number) + 0.5) / rate


def check_number(number: int, where: str, seconds: float) -> None:
    """A UserError where there are more counts than can be held, which is what times in samples look like."""
    if number > MOST:
        raise UserError(
            Problem(
                where,
                "spike times in seconds",
                f"a span of {seconds:.3g}, {number} counts",
                "Divide the times by their sampling rate.",
            )
        )


def count(
    times: np.ndarray,
    neurons: np.ndarray | None,
    middles: np.ndarray,
    rate: float,
    where: str,
    names: tuple[str, ...] = (),
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Counts (time, neuron) of the spikes within half a bin of each middle, and the neurons' names in order of number.

    A bin holds its beginning and not its end. Spikes in no bin are not counted. names: of all neurons, which `neurons`
    then counts from 0; without them those are there that have a spike.
    """
    ids, column = np.unique(np.zeros(len(times), int) if neurons is None else neurons, return_inverse=True)
    names, column = (names, neurons) if names else (tuple(f"unit{i:g}" for i in ids.tolist()), column)
    check_number(len(middles) * len(names), where, float(np.ptp(times)))
    beginnings = middles - 0.5 / rate
    row = np.searchsorted(beginnings - 1e-9, times, side="right") - 1
    inside = (row >= 0) & (times < beginnings[row] + 1 / rate - 1e-9)
    counts = np.zeros((len(middles), len(names)), np.uint32)
    np.add.at(counts, (row[inside], column[inside]), 1)
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0)))), names


def owners(ends: np.ndarray, number: int, where: str) -> np.ndarray:
    """(spike,) the neuron of each of `number` spikes that lie neuron after neuron.

    ends: (neuron,) how many spikes there are up to the end of each, as an index of NWB says.
    Raises: UserError unless they are whole, do not fall, and the last one is all spikes.
    """
    ends = ends.astype(np.float64)  # of unsigned numbers no difference is below 0
    whole = np.isfinite(ends).all() and (ends == np.round(ends)).all()
    if not len(ends) or not whole or ends[0] < 0 or (np.diff(ends) < 0).any() or ends[-1] != number:
        last = f"{ends[-1]:g} at last" if len(ends) else "none"
        expected = f"numbers that rise to {number}, that of the spikes"
        remedy = "NWB keeps them in `units/spike_times_index`; a neuron for each spike is `neurons`."
        raise UserError(Problem(where, expected, f"{len(ends)} numbers, {last}", remedy))
    return np.repeat(np.arange(len(ends)), np.diff(ends.astype(np.int64), prepend=0))


def lines(notes: Mapping[str, object]) -> list[str]:
    """What a recording's notes say of spikes and units that are not counted, for `check` and the log."""
    outside, silent = notes.get("spikes_outside_bins", 0), notes.get("silent_units", 0)
    told = [f"{outside} of {counted(notes['spikes'], 'spike')} in no bin"] if outside else []
    return told + [f"{counted(silent, 'unit')} of `ends` without a spike, left out"] * bool(silent)


def check_spikes(times: np.ndarray, neurons: np.ndarray | None, where: str, where_neurons: str) -> None:
    """A UserError unless the times are finite and each has its neuron."""
    bad = np.flatnonzero(~np.isfinite(times))
    if len(bad) or not len(times):
        found = f"{len(bad)} NaN or infinite, the first in row {bad[0]}" if len(bad) else "none"
        raise UserError(Problem(where, "finite spike times", found, "Remove these rows."))
    if neurons is None:
        return
    if len(neurons) != len(times):
        remedy = "Each spike needs its neuron: take both from the same list of spikes."
        raise UserError(
            Problem(
                f"{where} and {where_neurons}", "equal lengths", f"{len(times)} times, {len(neurons)} neurons", remedy
            )
        )
    if not np.isfinite(neurons).all():
        raise UserError(
            Problem(where_neurons, "a number for each spike's neuron", "NaN or infinite values", "Remove these spikes.")
        )

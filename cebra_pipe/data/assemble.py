"""A recording from the files that its config names: one clock, labels on it, trials, selected samples, epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problem, Problems, UserError
from . import (
    chosen_neurons,
    circles,
    clocks,
    describe,
    events,
    lacking,
    measured,
    moments,
    overlap,
    trial_table,
    trials,
)
from .check_values import check_cells, checked_label
from .checks import NO_CLOCK, check_apart, check_bins, check_lengths, check_options, own_clocks
from .clocked import Clocked, on_clock
from .recording import Recording, epochs_of
from .select import keep, outside, slow
from .shelf import Read, Shelf, read_all
from .sources import sources

if TYPE_CHECKING:
    from ..pipeline.config.recording import LabelConfig, RecordingConfig

__all__ = ["assemble", "sources"]


def assemble(
    config: RecordingConfig, data_folder: str | Path, name: str, files: Mapping[str, Path] | None = None
) -> Recording:
    """The recording `name`; its paths start at `data_folder` unless `files` says where they lie."""
    check_options(config, name)
    sources(config, f"recordings.{name}")
    read = read_all(config, Shelf(data_folder, files), name)
    check_lengths(config, read, name)
    check_apart(read, name)
    if chosen_neurons.ROLE in read:
        read = chosen_neurons.chosen(read, name)
    events.check(config, read, name)
    samples = on_clock(config, read, name)
    check_bins(read, own_clocks(config, read), len(samples.time))
    beside = overlap.doubts(config, read, samples.time, samples.rate, name)
    table = trial_table.place(config, read, samples.time, samples.rate, name)
    limit = clocks.gap_limit(config.largest_gap, samples.rate)
    about = {"overlap": beside} | moments.notes(config, read, samples.time, limit)
    samples = replace(samples, notes=samples.notes | about, table=table)
    labels, unknown = on_samples(config, read, samples, name)
    if table is not None:
        trial = table.trial
    elif "trials" in read:
        trial = trials.given_trials(trial_numbers(read, samples.time), read["trials"].where)
    else:
        trial = trials.derived_trials(config, labels, samples.time, limit)
    kept, dropped = keep(rules(config, samples, labels, unknown, trial, limit), len(samples.time))
    if not kept.any():
        raise UserError(
            Problem(
                f"recordings.{name}",
                "samples that are used",
                f"none of {len(kept)} ({told(dropped)})",
                "Loosen `select`, or mend the clocks.",
            )
        )
    return finish(config, read, samples, labels, trial, kept, dropped, limit, name)


def on_samples(
    config: RecordingConfig, read: Mapping[str, Read], samples: Clocked, recording: str
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Each label (time,) as floats, and the samples for which a label's own clock says nothing."""
    labels, unknown, problems, time = {}, {}, Problems(), samples.time
    for name, label in config.labels.items():
        values = as_read(config, read, name)
        clock = read.get(f"labels.{name}.time")
        if label.period is not None:
            where = f"recordings.{recording}.labels.{name} ({read[f'labels.{name}'].where})"
            seconds = time if clock is None else clock.values
            steps = np.arange(len(values)) if label.trial_column is not None else seconds
            circles.check_period(values, label.period, steps, where, problems)
        if label.trial_column is not None:
            labels[name] = samples.table.spread(values)
            continue
        if label.events is not None:
            where = f"recordings.{recording}.labels.{name} ({read[f'labels.{name}'].where})"
            labels[name] = events.seconds(values, time, label.events)
            events.check_any(values, time, where, problems)
            unknown[f"{events.UNKNOWN[label.events]} of {name}"] = ~np.isfinite(labels[name])
            continue
        if clock is None:
            if label.resample is not None:
                problems.add(f"recordings.{recording}.labels.{name}.resample", *NO_CLOCK)
            labels[name] = values
            continue
        try:
            clocks.check_rising(clock.values, clock.where)
        except UserError as error:
            problems.extend_from(error)
            continue
        labels[name], apart = brought_over(values, clock.values.astype(np.float64), time, label, config.largest_gap)
        unknown |= {f"{rule} of {name}": mask for rule, mask in apart.items()}
    problems.raise_any()
    return labels, unknown


def trial_numbers(read: Mapping[str, Read], time: np.ndarray) -> np.ndarray:
    """(time,) the given number of each sample's trial; that of the nearest time stamp where trials have their own."""
    given, clock = read["trials"].values.astype(np.float64), read.get("trials.time")
    if clock is None:
        return given
    clocks.check_rising(clock.values, clock.where)
    return clocks.resample(given, clock.values.astype(np.float64), time, "nearest", None)


def as_read(config: RecordingConfig, read: Mapping[str, Read], label: str) -> np.ndarray:
    """(time,) the values of a label in its unit, on whatever clock it has."""
    scale = config.labels[label].scale
    return read[f"labels.{label}"].values.astype(np.float64) * (1.0 if scale is None else scale)


def brought_over(
    values: np.ndarray, clock: np.ndarray, time: np.ndarray, label: LabelConfig, largest_gap: float
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A label of its own clock at the samples, and for which of them that clock says nothing."""
    how = label.resample or ("nearest" if label.kind == "discrete" else "linear")
    apart = {"outside the clock": (time < clock[0] - clocks.TOLERANCE) | (time > clock[-1] + clocks.TOLERANCE)}
    if how == "linear":
        apart["in a gap of the clock"] = clocks.holes(clock, time, largest_gap)
    return clocks.resample(values, clock, time, how, label.period), apart


def rules(
    config: RecordingConfig, samples: Clocked, labels: dict, unknown: dict, trial: np.ndarray, limit: float
) -> dict[str, np.ndarray]:
    """(time,) what each rule drops, in the order in which they are counted."""
    found = {**outside(config.select, samples.time), **unknown, "outside of trials": ~np.isfinite(trial)}
    if samples.unobserved is not None:
        found["outside obs_intervals"] = samples.unobserved
    if config.select.speed_of is not None:
        name = config.select.speed_of
        found["slower than minimum_speed"] = slow(
            config.select, labels[name], samples.time, trial, limit, config.labels[name].period
        )
    return found | (lacking.rules(samples.neural, labels) if config.select.missing == "drop" else {})


def finish(
    config, read, samples: Clocked, labels: dict, trial, kept, dropped: dict, limit: float, name: str
) -> Recording:
    """The recording of the samples that are kept, checked, with notes on what was done."""
    rows, problems = np.flatnonzero(kept), Problems()
    made = {}
    for label, given in config.labels.items():
        where = f"recordings.{name}.labels.{label} ({read[f'labels.{label}'].where})"
        source, lines = read[f"labels.{label}"], rows
        if given.trial_column is not None:
            lines = samples.table.row[rows]
            if not trial_table.check_filled(as_read(config, read, label), lines, source, where, problems):
                continue
        unknown = samples.time[rows[~np.isfinite(labels[label][rows])]]
        if not check_cells(config, read, label, unknown, where, problems):
            continue
        # On a clock of its own, as of events, a label has other rows than the samples.
        place = None if f"labels.{label}.time" in read or given.events else source.place
        made[label] = checked_label(labels[label][rows], given, where, lines, problems, source.classes, place)
        made[label] = replace(made[label], unit=measured.unit_of(given, source.unit))
    neural = samples.neural[rows]
    where = f"recordings.{name}.{'neural' if 'neural' in read else 'spikes'}"
    chosen = None if config.neural is None else config.neural.columns
    flagged = config.select.neurons is not None
    lacking.check_neural(neural, rows, where, read, problems, chosen, flagged)
    time = samples.time[rows]
    lacking.check_pace(config.select, time, samples.rate, where, problems)
    problems.raise_any()
    numbers = np.unique(trial[rows], return_inverse=True)[1].astype(np.int32)
    epoch = epochs_of(time, numbers, limit)
    given = len(np.unique(trial[np.isfinite(trial)]))
    notes = {"samples_read": len(kept), "trials_given": given, "dropped": dropped, **samples.notes}
    times = {label: as_read(config, read, label) for label, given in config.labels.items() if given.events}
    notes["doubts"] = doubts(config, read) | events.doubts(times, samples.time)
    counts = {n: trials.counting(n, label.values, numbers, label.discrete) for n, label in made.items()}
    notes["doubts"] |= {name: text for name, text in counts.items() if text}
    notes |= {} if samples.table is None else {"trial_table": samples.table.notes}
    notes |= describe.notes(neural, samples.rate, made, time, epoch, numbers, limit, two_valued(config, read))
    return Recording(
        neural, samples.rate, made, time, epoch, numbers, samples.neurons, config.select.minimum_rate, notes
    )


def two_valued(config: RecordingConfig, read: Mapping[str, Read]) -> list[str]:
    """Continuous labels that are read as two values; on a clock of its own such a label is interpolated to more."""
    values = {
        name: read[f"labels.{name}"].values
        for name, label in config.labels.items()
        if label.kind == "continuous" and not label.events
    }
    return [name for name, found in values.items() if len(np.unique(found[np.isfinite(found)])) == 2]


def doubts(config: RecordingConfig, read: Mapping[str, Read]) -> dict[str, str]:
    """Label -> what is to be known of it before a score of it is believed."""
    found = {}
    for name, label in config.labels.items():
        period = circles.doubt(name, as_read(config, read, name), label.period)
        unit = measured.doubt(name, label, read[f"labels.{name}"].unit)
        found[name] = "; ".join(text for text in (period, unit) if text)
    return {name: text for name, text in found.items() if text}


def told(dropped: Mapping[str, int]) -> str:
    """How many samples each rule dropped, in words."""
    return ", ".join(f"{number} {rule}" for rule, number in dropped.items())

"""What is refused before samples are made: contradicting options, unequal lengths, columns that tell themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problems
from . import chosen_neurons, events
from .select import check_select
from .shelf import Read
from .spans import collapsed
from .trial_columns import check_columns, columns
from .trials import check_trials

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig

NO_CLOCK = "`time`, the label's own clock", "none", "Leave `resample` out."
CLOCK = 50  # samples over which a value that always rises is doubted first


def may_have_clock(file: str | None) -> bool:
    """Whether the arrays of a file may say when their rows were taken."""
    return file is not None and file.lower().endswith(".nwb")


def check_options(config: RecordingConfig, name: str) -> None:
    """A UserError for options that contradict each other or have no effect."""
    problems = check_trials(config, name)
    problems.extend(check_columns(config, name))
    problems.extend(check_select(config, name))
    problems.extend(chosen_neurons.check_options(config, name))
    for label, given in config.labels.items():
        where = f"recordings.{name}.labels.{label}"
        events.check_options(given, where, problems)
        idle = [
            option for option in ("period", "scale") if given.kind == "discrete" and getattr(given, option) is not None
        ]
        if given.kind == "continuous" and given.classes is not None:
            problems.add(
                where, "`kind: discrete` with `classes`", "a continuous label", "Set `kind: discrete`, or leave it out."
            )
        if idle:
            problems.add(
                where,
                "no " + ", ".join(idle) + " with a discrete label",
                "given",
                "Leave it out, or set `kind: continuous`.",
            )
        if given.resample is not None and given.time is None and not may_have_clock(given.file or config.file):
            problems.add(f"{where}.resample", *NO_CLOCK)
        if given.resample == "linear" and given.kind == "discrete":
            problems.add(
                f"{where}.resample", "nearest for a discrete label", "linear", "Classes have no values between them."
            )
    if (
        config.time is not None
        and config.spikes is not None
        and (config.spikes.start, config.spikes.stop) != (None, None)
    ):
        problems.add(
            f"recordings.{name}.spikes",
            "no start and stop beside `time`",
            "given",
            "The time stamps say which bins there are; use `select`.",
        )
    problems.raise_any()


def own_clocks(config: RecordingConfig, read: Mapping[str, Read]) -> list[str]:
    """Roles of arrays that need not be as long as the neural data."""
    own = [role for role in read if f"{role}.time" in read]
    return [
        *own,
        *(f"{role}.time" for role in own),
        "spikes.times",
        "spikes.neurons",
        "spikes.ends",
        chosen_neurons.ROLE,
        *columns(config),
        *events.roles(config),
    ]


def check_lengths(config: RecordingConfig, read: Mapping[str, Read], name: str) -> None:
    """A UserError that lists every source with its length where those that share a clock differ."""
    problems = Problems()
    apart = own_clocks(config, read)
    groups = [
        [role for role in read if role not in apart],
        *([role, f"{role}.time"] for role in apart if f"{role}.time" in read),
    ]
    for group in groups:
        lengths = {role: len(read[role].values) for role in group}
        if len(set(lengths.values())) > 1:
            listed = "; ".join(f"{role} {n} ({read[role].where})" for role, n in lengths.items())
            remedy = "Cut them to the same samples, or give labels and trials their own `time`."
            if each := [role for role in group if _is_of_trials(read, role)]:
                remedy = _by_column(each)
            elif _is_turned(read, lengths):
                turn = "leave `transpose` out." if config.neural.transpose else "set `transpose: true`."
                remedy = f"The neural array is {' × '.join(map(str, read['neural'].values.shape))}: {turn}"
            remedy += events.hint(read, group)
            problems.add(f"recordings.{name}", "as many samples in each", listed, remedy)
    problems.raise_any()


def _is_of_trials(read: Mapping[str, Read], role: str) -> bool:
    """Whether a label has one value for each row of the table of trials."""
    rows = read.get("trials.start")
    return rows is not None and role.startswith("labels.") and len(read[role].values) == len(rows.values)


def _by_column(roles: list[str]) -> str:
    has = f"{', '.join(roles)} {'has' if len(roles) == 1 else 'have'} one value for each row of the table of `trials`"
    return f"{has}: name its column by `trial_column`, in place of where it lies."


def _is_turned(read: Mapping[str, Read], lengths: Mapping[str, int]) -> bool:
    """Whether the others are as long as the neural array is wide."""
    others = {length for role, length in lengths.items() if role != "neural"}
    return "neural" in lengths and others == {read["neural"].values.shape[1]}


def check_apart(read: Mapping[str, Read], name: str) -> None:
    """A UserError where a column of the neural array is a clock, or a label, the trials or the time again.

    It would tell itself.
    """
    if "neural" not in read:
        return
    neural, problems = read["neural"], Problems()
    columns = neural.columns or tuple(map(str, range(neural.values.shape[1])))
    taken = {role: _equal_columns(neural.values, other.values) for role, other in read.items() if role != "neural"}
    clocks = _rising(neural.values)
    known = clocks.union(*taken.values())
    free = ", ".join(collapsed([i for i in range(len(columns)) if i not in known], columns))
    remedy = f"Name the neural columns alone: columns: [{free}]." if free else "Name the key of the neural data."
    for role, same in taken.items():
        if same:
            listed = ", ".join(columns[i] for i in sorted(same))
            found = f"column {listed} of the neural array ({neural.where}), value for value"
            problems.add(f"recordings.{name}.{role}", "values of its own, that are no neuron", found, remedy)
    if others := sorted(clocks.difference(*taken.values())):
        listed = ", ".join(columns[i] for i in others)
        found = f"column {listed} ({neural.where}), which rises from each sample to the next, as a clock does"
        problems.add(f"recordings.{name}.neural", "activity of neurons", found, remedy)
    problems.raise_any()


def _equal_columns(neural: np.ndarray, other: np.ndarray) -> set[int]:
    if other.ndim != 1 or other.dtype.kind not in "biuf" or len(other) != len(neural) or not other.any():
        return set()
    return {i for i in np.flatnonzero(neural[0] == other[0]) if np.array_equal(neural[:, i], other)}


def _rising(neural: np.ndarray) -> set[int]:
    """Columns whose every value is above the one before: no neuron's are, over that many samples."""
    if len(neural) < CLOCK or neural.dtype.kind not in "iuf":
        return set()
    likely = np.flatnonzero((neural[1:CLOCK] > neural[: CLOCK - 1]).all(0))
    return {i for i in likely.tolist() if (neural[1:, i] > neural[:-1, i]).all()}


def check_bins(read: Mapping[str, Read], apart: list[str], bins: int) -> None:
    """A UserError where an array has not one value for each bin of the spikes, whose number is known only now."""
    problems = Problems()
    for role, item in read.items():
        if role not in apart and len(item.values) != bins:
            remedy = "Give labels and trials their own `time`, or set `start` and `stop` of the spikes."
            if _is_of_trials(read, role):
                remedy = _by_column([role])
            problems.add(f"{role} ({item.where})", f"{bins} values, one for each bin", str(len(item.values)), remedy)
    problems.raise_any()

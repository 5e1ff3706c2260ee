"""What is refused before a recording is made: options that contradict, lengths that differ, values of no use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problems, counted
from .clocks import missing
from .formats.entries import by_row
from .recording import Label
from .select import check_select
from .sources import Read
from .spans import collapsed
from .trial_columns import check_columns, columns
from .trials import check_trials

if TYPE_CHECKING:
    from ..pipeline.config.recording import LabelConfig, RecordingConfig

FILL = (
    "Write a name into empty cells ('none', for instance), or list one that looks like a missing value, as NA, under "
    "`classes`; `select: {start: …, stop: …}` leaves out the ends of the recording."
)
NO_CLOCK = "`time`, the label's own clock", "none", "Leave `resample` out."
CLOCK = 50  # samples over which a value that always rises is doubted first
INDICATORS = 2_000_000_000  # samples times classes: the bytes that a split takes to tell a label's memory


def may_have_clock(file: str | None) -> bool:
    """Whether the arrays of a file may say when their rows were taken."""
    return file is not None and file.lower().endswith(".nwb")


def check_options(config: RecordingConfig, name: str) -> None:
    """A UserError for options that contradict each other or have no effect."""
    problems = check_trials(config, name)
    problems.extend(check_columns(config, name))
    problems.extend(check_select(config, name))
    for label, given in config.labels.items():
        where = f"recordings.{name}.labels.{label}"
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
    return [*own, *(f"{role}.time" for role in own), "spikes.times", "spikes.neurons", "spikes.ends", *columns(config)]


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
            if _is_turned(read, lengths):
                turn = "leave `transpose` out." if config.neural.transpose else "set `transpose: true`."
                remedy = f"The neural array is {' × '.join(map(str, read['neural'].values.shape))}: {turn}"
            problems.add(f"recordings.{name}", "as many samples in each", listed, remedy)
    problems.raise_any()


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
            problems.add(f"{role} ({item.where})", f"{bins} values, one for each bin", str(len(item.values)), remedy)
    problems.raise_any()


def check_cells(
    config: RecordingConfig, read: Mapping[str, Read], label: str, time: np.ndarray, where: str, problems: Problems
) -> bool:
    """False, and a problem that names the rows of its file, where a label of numbers with its own clock lacks some.

    time: seconds of the samples that are used and have no value.
    """
    item, clock = read[f"labels.{label}"], read.get(f"labels.{label}.time")
    if clock is None or item.classes or not len(rows := missing(item.values, clock.values, time)):
        return True
    given = config.labels[label]
    found = f"{counted(len(rows), 'cell')} without one in the file, the first in {item.place(int(rows[0]))} at "
    found += f"{clock.values[rows[0]]:.9g} s, beside {counted(len(time), 'sample')}"
    left = (
        f"a line is then drawn over up to `largest_gap` ({config.largest_gap:g} s); samples in longer ones are dropped"
    )
    if given.kind == "discrete" or given.resample == "nearest":
        left = "samples then take the value of the nearest row"
    problems.add(where, "a finite value beside each sample", found, f"Fill these cells, or remove their rows: {left}.")
    return False


def checked_label(
    values: np.ndarray,
    label: LabelConfig,
    where: str,
    rows: np.ndarray,
    problems: Problems,
    names: tuple[str, ...] = (),
    place: Callable[[int], str] | None = by_row,
) -> Label:
    """The label of the samples that are kept; what is wrong with it goes to `problems`.

    names: of the codes, where the file holds texts.
    place: Where the row of a sample stands in that file, for messages; None where the label has a clock of its own.
    """
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        first = int(rows[bad[0]])
        if names:
            problems.add(where, "a name in all samples that are used", _unnamed(len(bad), first, place), FILL)
        else:
            found = f"{len(bad)} NaN or infinite values, the first in row {first}"
            remedy = "Mend them, or leave them out by `select: {start: …, stop: …}`."
            problems.add(where, "finite values in all samples that are used", found, remedy)
        return Label(values, label.kind, label.unit, label.period)
    if len(values) and (values == values[0]).all():
        problems.add(
            where,
            "a label that varies",
            f"{values[0]:g} in all {len(values)} samples",
            "Leave the label out: nothing can be learned from it.",
        )
    if label.kind == "continuous":
        return Label(values, "continuous", label.unit, label.period)
    if (broken := np.flatnonzero(values != np.round(values))).size:
        found = f"{values[broken[0]]:g} in row {rows[broken[0]]} ({len(broken)} such values)"
        problems.add(
            where, "whole numbers for a discrete label", found, "Number the classes, or set `kind: continuous`."
        )
    classes, most = len(np.unique(values)), INDICATORS // max(len(values), 1)
    if classes > max(most, 2):
        expected = f"at most {most} classes in {len(values)} samples"
        remedy = "If it measures something, as a frame or a position does, set `kind: continuous`; else merge classes."
        problems.add(where, expected, f"{classes} distinct values", remedy)
    names = names or tuple(label.classes or ())
    if names and (beyond := np.flatnonzero((values < 0) | (values >= len(names)))).size:
        found = f"{values[beyond[0]]:g} in row {rows[beyond[0]]} ({len(beyond)} such values)"
        remedy = "`classes` names the values 0, 1, 2… in this order: name all, or leave it out."
        problems.add(where, f"values from 0 to {len(names) - 1}, as there are {len(names)} classes", found, remedy)
    return Label(values.astype(np.int64), "discrete", label.unit, None, names)


def _unnamed(number: int, first: int, place: Callable[[int], str] | None) -> str:
    """How many samples of a label of texts have no name, and the first of them."""
    if place is None:
        return f"{counted(number, 'sample')} without one, as their cells are empty or NA, the first is sample {first}"
    return f"{counted(number, 'cell')} without one, empty or NA, the first in {place(first)}"


def check_neural(
    neural: np.ndarray, rows: np.ndarray, where: str, read: Mapping[str, Read], problems: Problems
) -> None:
    """Finite numbers that vary; what is wrong goes to `problems`."""
    where = f"{where} ({read['neural' if 'neural' in read else 'spikes.times'].where})"
    bad = np.argwhere(~np.isfinite(neural))
    if len(bad):
        found = f"{len(bad)} NaN or infinite values, the first in row {rows[bad[0, 0]]}, column {bad[0, 1]}"
        problems.add(
            where,
            "finite values in all samples that are used",
            found,
            "Mend them, read the other neurons by `columns`, or leave samples out by `select: {start: …, stop: …}`.",
        )
    elif (neural == neural[0]).all():
        problems.add(
            where,
            "neural data that vary",
            "every neuron constant",
            "Choose another key, or mend the clock of the spikes.",
        )
    if len(rows) < 2:
        problems.add(where, "at least two samples", str(len(rows)), "Loosen `select`.")

"""What is refused of the samples that are used: values that are missing, say nothing, or are no classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problems, counted
from .clocks import missing
from .formats.entries import by_row
from .lacking import DROP
from .recording import Label
from .shelf import Read

if TYPE_CHECKING:
    from ..pipeline.config.recording import LabelConfig, RecordingConfig


FILL = (
    "Write a name into empty cells ('none', for instance), or list one that looks like a missing value, as NA, under "
    "`classes`; `select: {missing: drop}` leaves out these samples, `start` and `stop` the ends of the recording."
)


INDICATORS = 2_000_000_000  # samples times classes: the bytes that a split takes to tell a label's memory


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
    everywhere = counted(int((~np.isfinite(item.values)).sum()), "cell")
    found = f"{counted(len(time), 'sample')} beside cells without one, the first of these in "
    found += f"{item.place(int(rows[0]))} at {clock.values[rows[0]]:.9g} s ({everywhere} without one in the whole file)"
    left = (
        f"a line is then drawn over up to `largest_gap` ({config.largest_gap:g} s); samples in longer ones are dropped"
    )
    if given.kind == "discrete" or given.resample == "nearest":
        left = "samples then take the value of the nearest row"
    remedy = f"Fill these cells, or remove their rows: {left}. `select: {{missing: drop}}` leaves out such samples."
    problems.add(where, "a finite value beside each sample", found, remedy)
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
            remedy = f"Mend them, or leave them out: {DROP}, `start` and `stop` the ends."
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

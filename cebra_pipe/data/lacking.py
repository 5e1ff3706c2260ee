"""Neural values that are no numbers: which neurons and which samples lack them, and leaving such samples out."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problems, counted
from .shelf import Read
from .spans import BETWEEN, collapsed, expanded

if TYPE_CHECKING:
    from ..pipeline.config.recording import SelectConfig

NAMED, LISTED = 8, 20  # columns or ranges that a message names of those that lack, and of the others
DROP = "`select: {missing: drop}` leaves out samples in which a neuron or a label has no value"


def rules(neural: np.ndarray, labels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """(time,) of which samples (time, neuron) no value of a neuron is known, and of which none of each label.

    A neuron without any value counts in no sample: all would be dropped for it, and it is refused.
    """
    lost = ~np.isfinite(neural)
    found = {"without a value of a neuron": lost[:, ~lost.all(0)].any(1)}
    return found | {f"without a value of {name}": ~np.isfinite(values) for name, values in labels.items()}


def check_neural(
    neural: np.ndarray,
    rows: np.ndarray,
    where: str,
    read: Mapping[str, Read],
    problems: Problems,
    chosen: Sequence[int | str] | None = None,
    flagged: bool = False,
) -> None:
    """Finite numbers that vary; what is wrong goes to `problems`.

    rows: (sample that is used,) its place in what was read. chosen: the columns that the config asks for.
    flagged: whether flags choose the neurons.
    """
    item = read["neural" if "neural" in read else "spikes.times"]
    where = f"{where} ({item.where})"
    lost = ~np.isfinite(neural)
    if lost.any():
        names = Names(_names(item, chosen, neural.shape[1]), chosen is None and not flagged)
        found = _told(lost, rows, names, item)
        problems.add(where, "finite values in all samples that are used", found, _remedy(lost, names, flagged))
    elif (neural == neural[0]).all():
        remedy = "Choose another key, or mend the clock of the spikes."
        problems.add(where, "neural data that vary", "every neuron constant", remedy)
    if len(rows) < 2:
        problems.add(where, "at least two samples", str(len(rows)), "Loosen `select`.")


def check_pace(select: SelectConfig, time: np.ndarray, rate: float, where: str, problems: Problems) -> None:
    """Samples without values that are left out now and then, not every other one: windows count samples."""
    if select.missing != "drop" or len(time) < 3 or (step := float(np.median(np.diff(time)))) <= 1.5 / rate:
        return
    told = f"one every {step:.4g} s (median) once those without a value are left out"
    remedy = "Give what has fewer values a `time` of its own (a label is interpolated), or choose other samples."
    problems.add(where, f"samples {1 / rate:.4g} s apart, as `rate` says", told, remedy)


@dataclass(frozen=True)
class Names:
    """Neurons as a config names their columns."""

    each: Sequence[str]
    all: bool  # of the file: else what lies between two of them may be a column that was not asked for

    def listed(self, numbers: np.ndarray) -> list[str]:
        """Those of these numbers, as ranges where they may be."""
        return list(collapsed(numbers.tolist(), self.each)) if self.all else [self.each[i] for i in numbers]


def _names(item: Read, chosen: Sequence[int | str] | None, count: int) -> Sequence[str]:
    """By name where the file has names, else by number in the file."""
    if item.columns or not all(str(one).replace(BETWEEN, "").isdecimal() for one in chosen or ["no number"]):
        return item.columns or tuple(map(str, range(count)))
    return tuple(map(str, expanded(chosen, (), sys.maxsize, item.where)))


def _told(lost: np.ndarray, rows: np.ndarray, names: Names, item: Read) -> str:
    """How many values, the first of them, and whether whole neurons or whole samples lack."""
    sample, neuron = np.argwhere(lost)[0]
    empty = lost.all(0)
    others = lost[:, ~empty]
    parts = []
    if empty.any():
        listed = names.listed(np.flatnonzero(empty))
        more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
        number = counted(int(empty.sum()), "neuron")
        parts.append(f"{number} without any value ({', '.join(listed[:NAMED])}{more})")
    whole = others.all(1) & (others.shape[1] > 0)
    other = "other " if empty.any() else ""
    for mask, which in ((whole, f"any {other}neuron"), (others.any(1) & ~whole, f"some {other}neurons")):
        if mask.any():
            number, first = counted(int(mask.sum()), "sample"), item.place(int(rows[mask.argmax()]))
            parts.append(f"{number} without one of {which} ({first}, …)")
    first = f"the first in {item.place(int(rows[sample]))}, neuron {names.each[neuron]}"
    return f"{counted(int(lost.sum()), 'NaN or infinite value')}, {first}: {', '.join(parts)}"


def _remedy(lost: np.ndarray, names: Names, flagged: bool) -> str:
    """What leaves out what lacks: columns or flags for whole neurons, samples for the others."""
    empty, ways = lost.all(0), []
    if empty.all():
        return "Choose another key, or mend the file."
    if empty.any() and flagged:
        ways.append("Leave neurons without any value out by `select: {neurons: …}`, flags of 0")
    elif empty.any():
        others = names.listed(np.flatnonzero(~empty))
        told = f"columns: [{', '.join(others)}]" if len(others) <= LISTED else "columns"
        ways.append(f"Read the other neurons by `{told}`")
    if lost[:, ~empty].any():
        ways.append(DROP)
    return f"{'; '.join(ways)}."

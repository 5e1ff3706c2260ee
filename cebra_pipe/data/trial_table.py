"""Trials of a table (one row each, with its start and stop) on the samples of a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problem, Problems, UserError, counted
from .clocks import TOLERANCE
from .overlap import other_unit
from .trial_columns import columns

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig, TrialsConfig
    from .shelf import Read

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0}  # of a unit of start and stop
WRITTEN = {"ms": "ms", "µs": "us", "min": "min"}  # a unit that `overlap` suspects -> as the config writes it
SHOWN = 3  # rows that a message shows of those that are wrong


@dataclass(frozen=True, eq=False)
class Placed:
    """Where the trials of a table lie among the samples."""

    row: np.ndarray  # (time,) row of the table; -1 outside of all trials
    trial: np.ndarray  # (time,) number in order of time; NaN for samples that are dropped
    notes: dict[str, object]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """(time,) the value of each sample's trial; NaN outside of trials. values: (row,)."""
        return np.where(self.row >= 0, values[self.row], np.nan)


@dataclass(frozen=True, eq=False)
class Rows:
    """The starts and stops of a table beside the clock of the samples, in one unit."""

    start: np.ndarray  # (row,) seconds; samples where the table counts them
    stop: np.ndarray  # (row,)
    clock: np.ndarray  # (time,)
    samples: bool  # whether these are numbers of samples

    @property
    def slack(self) -> float:
        return 0.0 if self.samples else TOLERANCE

    @property
    def known(self) -> np.ndarray:
        return np.isfinite(self.start) & np.isfinite(self.stop)

    @property
    def forward(self) -> np.ndarray:
        return self.known & (self.stop > self.start)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """(row,) the first sample of a trial and the one after its last: start <= clock < stop."""
        return tuple(np.searchsorted(self.clock, ends - self.slack) for ends in (self.start, self.stop))

    def overlapping(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of some rows, those that begin before an earlier one has ended, and of each the one before that ends last."""
        order = rows[np.lexsort((self.stop[rows], self.start[rows]))]
        stop = self.stop[order]
        ended = np.maximum.accumulate(stop)
        last = np.maximum.accumulate(np.where(stop == ended, np.arange(len(order)), 0))
        wrong = np.flatnonzero(self.start[order[1:]] < ended[:-1] - self.slack)
        return order[wrong + 1], order[last[wrong]]


def place(config: RecordingConfig, read: Mapping[str, Read], time: np.ndarray, rate: float, name: str) -> Placed | None:
    """The trials of the config's table on samples at `time` (time,) seconds; None where it has no table.

    A trial holds the samples at start <= time < stop, so that one may begin when another ends. Samples outside of all
    are dropped, or with `outside: keep` each stretch of them is a trial of its own.

    Raises: UserError with every kind of row that cannot be: no number, stop before start, overlap, no sample inside.
    """
    if "trials.start" not in read:
        return None
    table, where = config.trials, f"recordings.{name}.trials ({read['trials.start'].where})"
    check_lengths(config, read, where)
    rows = rows_of(table, read, time)
    first, last = rows.bounds()
    usable = rows.forward & (last > first)
    lenient = table.unrecorded == "drop"
    problems = told(rows, usable, lenient, read, where)
    if not problems and not usable.any():
        problems.add(where, "a trial with samples", _beside(rows), hint(rows) or _moment(rows))
    problems.raise_any()
    kept = np.flatnonzero(usable)
    row = np.full(len(time), -1)
    for i in kept:
        row[first[i] : last[i]] = i
    order = kept[np.argsort(rows.start[kept])]
    number = np.full(len(usable), np.nan)
    number[order] = np.arange(len(order))
    stretches = np.concatenate([[0.0], np.cumsum(np.diff(row) != 0)])
    trial = stretches if table.outside == "keep" else np.where(row >= 0, number[row], np.nan)
    return Placed(row, trial, notes(table, rows, kept, row, rate))


def check_lengths(config: RecordingConfig, read: Mapping[str, Read], where: str) -> None:
    """A UserError where what is to be columns of one table differs in length, as a ragged column does."""
    lengths = {role: len(read[role].values) for role in columns(config)}
    if len(set(lengths.values())) > 1:
        listed = "; ".join(f"{role} {n} ({read[role].where})" for role, n in lengths.items())
        remedy = "Name columns with one value a trial."
        raise UserError(Problem(where, "columns of one table, as many rows in each", listed, remedy))


def rows_of(table: TrialsConfig, read: Mapping[str, Read], time: np.ndarray) -> Rows:
    """Start and stop of each row in the unit of the samples' clock."""
    start, stop = (read[f"trials.{end}"].values.astype(np.float64) for end in ("start", "stop"))
    if table.unit == "samples":
        return Rows(start, stop, np.arange(len(time), dtype=np.float64), True)
    factor = SECONDS[table.unit or "s"]
    return Rows(start * factor, stop * factor, time, False)


def told(rows: Rows, usable: np.ndarray, lenient: bool, read: Mapping[str, Read], where: str) -> Problems:
    """What is wrong with the rows; lenient: those without numbers or samples are left out, and no problem."""
    problems, given = Problems(), {end: read[f"trials.{end}"] for end in ("start", "stop")}

    def row(i: int) -> str:
        return f"{given['start'].place(int(i))}: {_span(*(given[end].values[i] for end in given))}"

    def add(wrong: np.ndarray, expected: str, remedy: str, beside: Sequence[int] = ()) -> None:
        if not len(wrong):
            return
        listed = [row(i) for i in wrong[:SHOWN]]
        listed = [f"{one}, after {row(i)}" for one, i in zip(listed, beside, strict=False)] or listed
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        number = f"{len(wrong)} of {counted(len(usable), 'row')}"
        problems.add(where, expected, f"{number} without it ({'; '.join(listed)}{more})", remedy)

    skip = "or set `unrecorded: drop`, which leaves out rows without numbers or samples."
    if not lenient:
        add(np.flatnonzero(~rows.known), "a start and a stop in each row", f"Fill these cells, remove the rows, {skip}")
    back = np.flatnonzero(rows.known & ~rows.forward)
    turned = len(back) == len(usable) and bool((rows.stop < rows.start).all())
    add(back, "stop after start", "Exchange `start` and `stop`." if turned else "Mend these rows.")
    whole = usable if lenient else rows.forward
    remedy = "A sample is of one trial: cut or merge these rows."
    later, earlier = rows.overlapping(np.flatnonzero(whole))
    add(later, "a start when the trials before it have ended", remedy, earlier)
    if not lenient:
        lasts = f"the recording's clock goes from {_lasts(rows)}"
        asked = hint(rows) or _moment(rows)
        empty = np.flatnonzero(rows.forward & ~usable)
        add(empty, f"a sample in each trial, where {lasts}", f"{asked} Else remove these rows, {skip}")
    return problems


def _span(start: float, stop: float) -> str:
    return f"{start:.9g} to {stop:.9g}"


def _lasts(rows: Rows) -> str:
    return f"{rows.clock[0]:.9g} to {rows.clock[-1]:.9g} {'samples' if rows.samples else 's'}"


def _moment(rows: Rows) -> str:
    return f"Do both count {'samples from 0' if rows.samples else 'seconds from one moment'}?"


def _beside(rows: Rows) -> str:
    """Where the rows of a table lie of which none holds a sample, beside the recording's clock."""
    number, known = counted(len(rows.start), "row"), rows.known
    if not known.any():
        return f"none in {number}: no start and stop"
    span = _span(rows.start[known].min(), rows.stop[known].max())
    return f"none in {number}, which go from {span} where the recording's clock goes from {_lasts(rows)}"


def hint(rows: Rows) -> str:
    """The unit that explains how long the table is beside the recording; empty where none does."""
    known = rows.known
    if rows.samples or not known.any() or not rows.start[known].min() < rows.stop[known].max():
        return ""
    span = float(rows.start[known].min()), float(rows.stop[known].max())
    clock = float(rows.clock[0]), float(rows.clock[-1])
    unit = other_unit(span, clock) if clock[1] > clock[0] else None
    longer = span[1] - span[0] > clock[1] - clock[0]
    # Of a table in ms the recording seems short, of one in minutes long.
    if unit is not None and longer != (unit == "min"):
        return f"Is the table in {unit}? Set `unit: {WRITTEN[unit]}`."
    ends = np.concatenate([rows.start[known], rows.stop[known]])
    counted_out = clock[1] < span[1] <= len(rows.clock) and bool((ends == np.round(ends)).all())
    return "Are these numbers of samples? Set `unit: samples`." if counted_out else ""


def notes(table: TrialsConfig, rows: Rows, kept: np.ndarray, row: np.ndarray, rate: float) -> dict[str, object]:
    """Plain numbers for the recording's metadata."""
    step = 1.0 if rows.samples else 1 / rate  # between two samples
    lasting = (rows.stop - rows.start)[kept] / step / rate
    cut = (rows.start[kept] < rows.clock[0] - step) | (rows.stop[kept] > rows.clock[-1] + 1.5 * step)
    return {
        "rows": len(rows.start),
        "trials": len(kept),
        "seconds": [round(float(np.quantile(lasting, q)), 6) for q in (0, 0.5, 1)],
        "inside": int((row >= 0).sum()),
        "outside": int((row < 0).sum()),
        "kept": table.outside == "keep",
        "cut": int(cut.sum()),
    }


def line(told: Mapping[str, object]) -> str:
    """What became of a table of trials, in one sentence."""
    shortest, median, longest = told["seconds"]
    became = "each stretch of them a trial of its own" if told["kept"] else "dropped"
    parts = [
        f"{counted(told['trials'], 'trial')} of a table, {shortest:.4g} to {longest:.4g} s long (median {median:.4g})",
        f"{counted(told['inside'], 'sample')} inside, {told['outside']} outside of all"
        + (f" ({became})" if told["outside"] else ""),
    ]
    if left := told["rows"] - told["trials"]:
        parts.append(f"{counted(left, 'row')} left out for want of a start, a stop or a sample")
    if cut := told["cut"]:
        parts.append(f"{counted(cut, 'trial')} cut short, where the recording begins or ends")
    return "; ".join(parts)


def check_filled(values: np.ndarray, row: np.ndarray, item: Read, where: str, problems: Problems) -> bool:
    """False, and a problem, where a trial of samples that are used has no value of a label.

    values: (row of the table,); row: (sample that is used,) its row.
    """
    used = np.unique(row)
    bad = used[~np.isfinite(values[used])]
    if len(bad):
        listed = ", ".join(item.place(int(i)) for i in bad[:SHOWN]) + (", …" if len(bad) > SHOWN else "")
        found = f"{len(bad)} of {counted(len(used), 'trial')} without one, empty or NA ({listed})"
        remedy = "Fill these cells, or remove their rows from the table."
        problems.add(where, "a value in each trial that is used", found, remedy)
    return not len(bad)

"""Spike trains of a table of units: which of them are chosen, and in which bins all of these were observed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Problem, Problems, UserError, counted, did_you_mean, short

SHOWN = 20  # values of a column that a message lists
TOLERANCE = 1e-6  # seconds: the ends of intervals and of bins are sums of floats


@dataclass(frozen=True, eq=False)
class Trains:
    """Spike trains of units, one behind the other."""

    times: np.ndarray  # (spike,) seconds
    ends: np.ndarray  # (unit,) where the spikes of each end among `times`
    ids: np.ndarray  # (unit,)
    observed: tuple[np.ndarray, ...] = ()  # (interval, 2) seconds of each unit; empty where nothing is said
    left_out: int = 0  # units that were not chosen

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def owner(self) -> np.ndarray:
        """(spike,) the unit of each spike, counted from 0."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.ends, prepend=0)

    @property
    def names(self) -> tuple[str, ...]:
        ids = self.ids.tolist()
        return tuple(f"unit{i}" for i in (ids if len(set(ids)) == len(self) else range(len(self))))

    def chosen(self, keep: np.ndarray) -> Trains:
        """Those of `keep` (unit,)."""
        observed = tuple(each for each, kept in zip(self.observed, keep, strict=True) if kept) if self.observed else ()
        return replace(
            self,
            times=self.times[np.repeat(keep, self.lengths)],
            ends=np.cumsum(self.lengths[keep]),
            ids=self.ids[keep],
            observed=observed,
            left_out=int((~keep).sum()),
        )


def select(
    trains: Trains, columns: Mapping[str, np.ndarray | None], wanted: Mapping[str, object], where: str
) -> Trains:
    """The units that have one of the wanted values in each of these columns.

    columns: name -> (unit,), None for one that is not asked for. wanted: name -> a value, or a list of them. Texts are
    compared as they are written, with letters composed (NFC) and without blanks around them; true is not 1.

    Raises: UserError for a column that the table lacks, a value that no unit has, and where no unit fits all.
    """
    keep, problems = np.ones(len(trains), bool), Problems()
    for name, values in wanted.items():
        if name not in columns:
            problems.add(f"{where}.{name}", "a column of the table of units", "none", did_you_mean(name, columns))
            continue
        there = [_comparable(value) for value in columns[name].tolist()]
        asked = [_comparable(value) for value in (values if isinstance(values, list) else [values])]
        known = sorted(set(there), key=lambda each: str(each[1]))
        for value in asked:
            if value not in known:
                listed = ", ".join(short(each) for _, each in known[:SHOWN])
                listed += f", … {len(known)} in all" * (len(known) > SHOWN)
                problems.add(f"{where}.{name}", f"values of some unit: {listed}", short(value[1]))
        keep &= np.array([value in asked for value in there], bool)
    problems.raise_any()
    if not keep.any():
        found = f"none of {len(trains)} that fits {', '.join(wanted)} together"
        raise UserError(Problem(where, "units", found, "Leave one of them out."))
    return trains.chosen(keep)


def _comparable(value: object) -> tuple[bool, object]:
    """A value beside whether it is a truth value: that is no number, though Python takes it for 0 or 1."""
    return isinstance(value, bool), unicodedata.normalize("NFC", value.strip()) if isinstance(value, str) else value


def check_observed(trains: Trains, where: str) -> None:
    """A UserError unless every interval is two finite times, the later one behind."""
    for name, intervals in zip(trains.names, trains.observed, strict=False):
        good = intervals.ndim == 2 and intervals.shape[1] == 2 and np.isfinite(intervals).all()
        if not good or (intervals[:, 1] <= intervals[:, 0]).any():
            found = f"other ones in {name}"
            remedy = "Mend `obs_intervals` in the file; without this column every bin counts as observed."
            raise UserError(Problem(where, "obs_intervals with a start before their stop", found, remedy))


def span(trains: Trains) -> tuple[float | None, float | None]:
    """First and last second in which all units are observed; None, None where nothing is said of any."""
    said = [intervals for intervals in trains.observed if len(intervals)]
    if not said:
        return None, None
    return max(float(each.min()) for each in said), min(float(each.max()) for each in said)


def unobserved(trains: Trains, middles: np.ndarray, rate: float) -> np.ndarray | None:
    """(time,) whether some unit was not observed in all of a bin, where 0 spikes would be no count; None if not said.

    middles: (time,) seconds. A unit without intervals, beside others that have some, counts as always observed.
    """
    said = {each.tobytes(): each for each in trains.observed if len(each)}
    if not said:
        return None
    begin, end, missed = (
        middles - 0.5 / rate + TOLERANCE,
        middles + 0.5 / rate - TOLERANCE,
        np.zeros(len(middles), bool),
    )
    for intervals in said.values():
        starts, stops = _merged(intervals)
        at = np.searchsorted(starts, begin, side="right") - 1
        missed |= (at < 0) | (end > stops[at])
    return missed


def _merged(intervals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Starts and stops of intervals that neither overlap nor touch."""
    ordered = intervals[np.argsort(intervals[:, 0], kind="stable")]
    last = np.maximum.accumulate(ordered[:, 1])
    first = np.concatenate([[True], ordered[1:, 0] > last[:-1] + TOLERANCE])
    return ordered[first, 0], last[np.concatenate([np.flatnonzero(first)[1:] - 1, [len(ordered) - 1]])]


def notes(trains: Trains, missed: np.ndarray | None) -> dict[str, int | None]:
    """Plain numbers for the recording's metadata; missed: (time,) of `unobserved`, None where nothing is said."""
    return {
        "chosen": len(trains),
        "left_out": trains.left_out,
        "without_spikes": int((trains.lengths == 0).sum()),
        "unobserved_bins": None if missed is None else int(missed.sum()),
    }


def line(notes: Mapping[str, int | None]) -> str:
    """What a recording's notes say of its units, for `check` and the log."""
    told = [f"units: {notes['chosen']} of {notes['chosen'] + notes['left_out']}"]
    told += [f"{notes['without_spikes']} without spikes"] * bool(notes["without_spikes"])
    bins = counted(notes["unobserved_bins"] or 0, "bin")
    return ", ".join(told + [f"{bins} outside obs_intervals, dropped"] * bool(notes["unobserved_bins"]))

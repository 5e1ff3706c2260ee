"""The arrays of a recording, read: from which entry of which file, in what shape, with what the file says of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problem, Problems, UserError
from .contents import indices, telling
from .formats.entries import NUMBERS, Clock, Entry, by_row
from .load import Contents, open_file
from .picking import chosen_columns, names_of, picked, turned
from .sources import Wanted, is_file_name, located, wanted
from .trial_columns import Column, entry_of
from .units import Trains, select
from .words import are_texts, coded, refuse

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig
    from ..pipeline.config.source import Source


OPTIONS = ("header", "separator", "minimum_likelihood")


@dataclass(frozen=True, eq=False)
class Read:
    """One array that was read, with where it came from for messages."""

    values: np.ndarray
    where: str
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()  # of texts that were read as the codes 0, 1, 2…
    place: Callable[[int], str] = by_row  # where a row stands in the file
    clock: Clock | None = None  # of a series that has one
    unit: str = ""  # as the file gives it
    trains: Trains | None = None  # of a table of units


class Shelf:
    """Files that were opened, each once for the same options."""

    def __init__(self, data_folder: str | Path, files: Mapping[str, Path] | None = None):
        self.folder, self.files = data_folder, files or {}
        self.opened: dict[tuple, Contents] = {}

    def open(self, item: Wanted) -> Contents:
        """The contents of the source's file."""
        options = {name: getattr(item.source, name) for name in OPTIONS} | {"trust": item.source.trust or None}
        options = {name: value for name, value in options.items() if value is not None}
        key = (item.file, *sorted(options.items()))
        if key not in self.opened:
            self.opened[key] = open_file(self.files.get(item.file, located(self.folder, item.file)), **options)
        return self.opened[key]

    def read(self, item: Wanted) -> Read:
        """The array of a source, transposed and cut to its columns."""
        source, contents = item.source, self.open(item)
        with _no_path(source.key):
            if isinstance(source, Column):
                name, source = entry_of(contents, source)
            else:
                name = contents.only() if source.key is None else contents.name_of(source.key)
        where, chosen, entry = contents.where(name), chosen_columns(source, contents, name), contents.entries[name]
        if entry.trains is not None and chosen is None:
            return _units(item, entry, where)
        if item.where:
            remedy = "Leave `where` out, or name the table of units of an NWB file."
            raise UserError(Problem(where, "a table of units, as `where` chooses among them", str(entry), remedy))
        about = {"clock": entry.clock, "unit": entry.unit}
        if source.transpose:
            values = turned(contents.read(name), where)
            return Read(values if chosen is None else picked(values, chosen, where), where, **about)
        if (texts := _texts(source, entry, chosen, where)) is not None:
            return replace(texts, **about)
        values = contents.read(name, chosen)
        column = values[:, 0] if source.column is not None else values
        return Read(column, where, names_of(contents, name, chosen), place=entry.place, **about)


def _units(item: Wanted, entry: Entry, where: str) -> Read:
    """The spike times of the chosen units of a table."""
    if item.where is None:
        remedy = f"Write `spikes: {item.source.key}` and `rate`, the bins per second; a label takes one `column`."
        raise UserError(Problem(where, "an array", "a table of units with their spike times", remedy))
    with telling(where):
        columns = {name: entry.raw(entry.columns.index(name)) for name in item.where if name in entry.columns}
        known = dict.fromkeys(entry.columns) | columns
        trains = select(entry.trains(), known, item.where, f"{where}, where")
    return Read(trains.times, where, trains=trains)


def _texts(source: Source, entry: Entry, chosen: list | None, where: str) -> Read | None:
    """A label of texts as codes; None where it holds numbers, is no label, or is no single column."""
    kind = getattr(source, "kind", None)
    if kind is None or entry.raw is None or (len(entry.shape) == 2 and len(chosen or entry.columns) != 1):
        return None
    with telling(where):
        column = indices(entry, chosen)[0] if chosen else 0
        values = entry.raw(column)
    if values.dtype.kind in NUMBERS or not are_texts(values):
        return None
    where = f"{where}, column {entry.columns[column]!r}" if entry.columns else where
    if kind == "continuous":
        refuse(values, where, entry.place)
    codes, classes = coded(values, source.classes, where, entry.place)
    return Read(codes, where, classes=classes, place=entry.place)


@contextmanager
def _no_path(key: str | int) -> Iterator[None]:
    """Where a key names no entry and looks like a path, that is said."""
    try:
        yield
    except UserError as error:
        if not is_file_name(str(key)):
            raise
        told = [replace(p, remedy=f"A path is no key: write {{file: {key}}}.") for p in error.problems]
        raise UserError(*told) from None


def read_all(config: RecordingConfig, shelf: Shelf, name: str) -> dict[str, Read]:
    """Every array of the recording by role, neural as (time, neuron) and the rest as (time,); all problems at once."""
    problems, found, asked = Problems(), {}, wanted(config)
    for role, item in asked.items():
        try:
            read = shelf.read(item)
            read = as_matrix(read) if role == "neural" else as_vector(read, role, item.source.columns or ())
            found |= {role: read} | told_by_file(role, read, asked)
        except UserError as error:
            problems.extend(
                Problem(f"recordings.{name}.{role} ({p.where})", p.expected, p.found, p.remedy) for p in error.problems
            )
    problems.raise_any()
    return found


def told_by_file(role: str, read: Read, asked: Collection[str]) -> dict[str, Read]:
    """What a file says beside the values of a role: the clock of a series, the owners of the spikes of a table."""
    if read.trains is not None:
        if beside := [way for way in ("neurons", "ends") if f"spikes.{way}" in asked]:
            remedy = "Leave it out: the table says whose each spike is."
            raise UserError(Problem(read.where, "a table of units alone", f"`{beside[0]}` beside it", remedy))
        return {"spikes.neurons": Read(read.trains.owner, read.where)}
    clock = "time" if role == "neural" else f"{role}.time"
    if read.clock is None or clock in asked or not (role in ("neural", "trials") or role.startswith("labels.")):
        return {}
    with telling(read.where):
        return {clock: Read(read.clock.read(len(read.values)).astype(np.float64), f"{read.where}, its clock")}


def as_matrix(read: Read) -> Read:
    """(time, neuron), of a dtype that a parquet column can have."""
    if read.values.ndim == 1 and _look_like_times(read.values):
        found = f"{len(read.values)} values that only rise, as spike times do"
        remedy = "Put them under `spikes` (times, neurons) in place of `neural`."
        raise UserError(Problem(read.where, "activity, as an array (time, neuron)", found, remedy))
    values = read.values[:, None] if read.values.ndim == 1 else read.values
    if values.ndim != 2 or 0 in values.shape:
        raise UserError(
            Problem(read.where, "an array (time, neuron)", f"shape {read.values.shape}", "Choose another key.")
        )
    return replace(read, values=plain(values))


def _look_like_times(values: np.ndarray) -> bool:
    """(n,) values that never fall and hardly repeat: no activity does that."""
    rising = len(values) > 2 and bool((np.diff(values.astype(np.float64)) >= 0).all())
    return rising and len(np.unique(values)) > len(values) / 2


def as_vector(read: Read, role: str, chosen: Sequence[int | str] = ()) -> Read:
    """(time,) of a vector, or of a matrix with one row or column; `chosen`: the columns that its source asked for."""
    values, names = read.values, read.columns or [c for c in chosen if isinstance(c, int)]
    if values.ndim == 2 and 1 in values.shape:
        values = values.ravel()
    if values.ndim != 1:
        last = values.shape[-1] - 1 if values.ndim else 0
        ways = [f"`column: {name}`" for name in names] or ["`column: 0`", f"`column: {last}`"]
        listed = " or ".join(ways) if names and len(ways) < 4 else f"{ways[0]} to {ways[-1]}"
        ending = {"trials": " of a number for each sample, or `start` and `stop` of a table with one row a trial."}
        remedy = f"Give {listed}" + (", one label for each." if role.startswith("labels") else ending.get(role, "."))
        raise UserError(
            Problem(
                read.where,
                "one column (time,)",
                f"shape {values.shape}",
                remedy if values.ndim == 2 else "Choose another key.",
            )
        )
    return replace(read, values=plain(values), columns=())


def plain(values: np.ndarray) -> np.ndarray:
    """Native byte order, no truth values and no half precision."""
    narrow = {"b1": np.uint8, "f2": np.float32, "f16": np.float64}.get(values.dtype.str[1:])
    return values.astype(narrow or values.dtype.newbyteorder("="), copy=False)

"""Columns of a table of trials, one row a trial: which the config names, where a file keeps them, which options fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import MissingEntry, Problem, Problems, did_you_mean
from .contents import Contents

if TYPE_CHECKING:
    from ..pipeline.config.recording import LabelConfig, RecordingConfig, TrialsConfig

OF_TABLE = ("unit", "outside", "unrecorded")  # options of trials that say how start and stop are read
OF_NUMBERS = ("column", "columns", "transpose", "keypoints", "minimum_likelihood", "time", "from_", "jump")
OF_SOURCE = ("file", "key", "column", "columns", "header", "separator", "transpose", "trust", "keypoints")
OF_SOURCE += ("minimum_likelihood", "time", "resample", "events")  # options of a label that has a place of its own
INSIDE = "/."  # between a group and its arrays: HDF5; structs of MATLAB and nested containers


@dataclass(frozen=True)
class Column:
    """A source of one column, with the options that a file is opened by."""

    file: str | None
    key: str | int | None
    column: int | str | None
    header: bool | None
    separator: str | None
    trust: bool | None
    kind: str | None = None  # of a label, which may hold texts
    classes: list[str] | None = None
    columns: None = None
    transpose: bool = False
    keypoints: None = None
    minimum_likelihood: None = None


def columns(config: RecordingConfig) -> dict[str, Column]:
    """Role -> each column of the table that is read; empty where trials are given in another way."""
    table = config.trials
    if table is None or table.start is None or table.stop is None:
        return {}
    found = {"trials.start": _column(table, table.start), "trials.stop": _column(table, table.stop)}
    labels = {name: label for name, label in config.labels.items() if label.trial_column is not None}
    return found | {f"labels.{name}": _column(table, label.trial_column, label) for name, label in labels.items()}


def _column(table: TrialsConfig, column: int | str, label: LabelConfig | None = None) -> Column:
    about = {} if label is None else {"kind": label.kind, "classes": label.classes}
    return Column(table.file, table.key, column, table.header, table.separator, table.trust, **about)


def entry_of(contents: Contents, source: Column) -> tuple[str, Column]:
    """The entry that holds a column, and the source inside it.

    A table is an entry of several columns (csv, parquet, a sheet, a data frame), or a group of arrays of one length: a
    group of HDF5 (NWB), a struct, or without `key` the arrays of the file.
    """
    whole, key = replace(source, column=None), None if source.key is None else str(source.key).strip("/")
    if key is None:
        if (name := str(source.column)) in contents.entries and not contents.entries[name].columns:
            return name, whole
        if len(contents.entries) > 1:
            known = (*contents.entries, *(c for entry in contents.entries.values() for c in entry.columns))
            remedy = f"{did_you_mean(name, known)} A table among several, or a group of arrays, is named by `key`."
            raise MissingEntry(Problem(str(contents.path), "an array of that name", repr(name), remedy))
        return contents.only(), source
    if key in contents.entries or not isinstance(source.key, str):
        return contents.name_of(source.key), source
    for sign in INSIDE:
        if (name := f"{key}{sign}{source.column}") in contents.entries:
            return name, whole
    inside = [name[len(key) + 1 :] for name in contents.entries if name.startswith(tuple(key + s for s in INSIDE))]
    if inside:
        remedy = did_you_mean(str(source.column), inside)
        raise MissingEntry(Problem(contents.where(key), "a column of this table", repr(source.column), remedy))
    for name in contents.entries:  # `trials` for `intervals/trials`
        for sign in INSIDE:
            if name.endswith(f"{sign}{key}{sign}{source.column}"):
                meant = name[: -len(f"{sign}{source.column}")]
                problem = Problem(contents.where(key), "a table of trials", "no such key", f"Write `key: {meant}`.")
                raise MissingEntry(problem)
    return contents.name_of(source.key), source


def check_columns(config: RecordingConfig, name: str) -> Problems:
    """What is wrong with a table of trials and labels of its columns, before any file is read."""
    problems, table, where = Problems(), config.trials, f"recordings.{name}.trials"
    tabled = table is not None and (table.start is not None or table.stop is not None)
    if tabled and (table.start is None or table.stop is None):
        found = "`start` alone" if table.stop is None else "`stop` alone"
        problems.add(where, "start and stop, two columns of a table with one row a trial", found, "Give both.")
    if tabled and (idle := given_of(table, OF_NUMBERS)):
        remedy = "Keep one of the two: a row a trial (start, stop), or a number for each sample (column), or from."
        problems.add(where, "trials given in one way", f"{', '.join(idle)} beside start and stop", remedy)
    if table is not None and not tabled and (idle := given_of(table, OF_TABLE)):
        remedy = "They belong to a table of trials: name its columns by `start` and `stop`, or leave them out."
        problems.add(where, "options that have an effect here", ", ".join(idle), remedy)
    for label, given in config.labels.items():
        if given.trial_column is not None:
            _check_label(given, table if tabled else None, f"recordings.{name}.labels.{label}", problems)
    return problems


def _check_label(given: LabelConfig, table: TrialsConfig | None, where: str, problems: Problems) -> None:
    if table is None:
        remedy = "Name the table's columns in `trials: {file: …, start: …, stop: …}`."
        problems.add(f"{where}.trial_column", "trials given as a table", "none", remedy)
    elif table.outside == "keep":
        remedy = "Leave out `outside: keep` of the trials, or this label."
        problems.add(f"{where}.trial_column", "samples in trials alone", "`outside: keep`", remedy)
    if idle := given_of(given, OF_SOURCE):
        remedy = (
            "Leave these out: the column lies in the table of the trials, and every sample takes its trial's value."
        )
        problems.add(where, "`trial_column` alone, or where the label lies", f"both ({', '.join(idle)})", remedy)


def given_of(options: LabelConfig | TrialsConfig, names: Iterable[str]) -> list[str]:
    """Those of some options that were given, as the config calls them; 0 is a column."""
    return [name.rstrip("_") for name in names if (value := getattr(options, name)) is not None and value is not False]

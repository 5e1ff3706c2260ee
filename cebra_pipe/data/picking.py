"""Which columns of an array a source asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problem, UserError
from .contents import Contents, indices, telling
from .spans import check_once, expanded

if TYPE_CHECKING:
    from ..pipeline.config.source import Source


def chosen_columns(source: Source, contents: Contents, name: str) -> list | None:
    """The columns that a source names, in whichever of the three ways."""
    given = {"column": source.column, "columns": source.columns, "keypoints": source.keypoints}
    used = {way: value for way, value in given.items() if value is not None}
    where = contents.where(name)
    if len(used) > 1:
        raise UserError(Problem(where, "one of column, columns, keypoints", ", ".join(used), "Keep one of them."))
    if "keypoints" in used and not contents.entries[name].groups:
        raise UserError(
            Problem(where, "a DeepLabCut track for `keypoints`", str(contents.entries[name]), "Use `columns`.")
        )
    way, value = next(iter(used.items()), ("", None))
    if way != "columns":
        return [value] if way == "column" else value
    entry = contents.entries[name]
    count = (*entry.shape, 0, 0)[0 if source.transpose else 1]
    names = () if source.transpose else entry.columns
    parts = [[each] if each in entry.groups else expanded([each], names, count, where) for each in value]
    if not entry.refused and len(entry.shape) == 2:  # else what reads it tells why it has no columns
        with telling(where):
            if source.transpose:  # what is no number is refused where the columns are picked
                places = [[c for c in part if isinstance(c, int) and c >= 0] for part in parts]
            else:
                places = [indices(entry, part) for part in parts]
            check_once(value, places, names, where)
    return [column for part in parts for column in part]


def names_of(contents: Contents, name: str, chosen: list | None) -> tuple[str, ...]:
    """Names of the columns that were read, where the file has some and they are distinct."""
    entry = contents.entries[name]
    if chosen is None:
        names = entry.columns
    else:
        names = tuple(c if isinstance(c, str) else entry.columns[c] for c in chosen) if entry.columns else ()
    return names if len(set(names)) == len(names) and not set(names) & set(entry.groups) else ()


def turned(values: np.ndarray, where: str) -> np.ndarray:
    """(neuron, time) as (time, neuron)."""
    if values.ndim != 2:
        raise UserError(Problem(where, "a 2-D array to transpose", f"shape {values.shape}", "Leave `transpose` out."))
    return values.T


def picked(values: np.ndarray, chosen: list, where: str) -> np.ndarray:
    """Columns by number of an array that was transposed."""
    bad = [c for c in chosen if not isinstance(c, int) or not 0 <= c < values.shape[1]]
    if bad:
        found = ", ".join(map(repr, bad))
        raise UserError(Problem(where, f"columns from 0 to {values.shape[1] - 1} of the transposed array", found))
    return values[:, chosen[0]] if len(chosen) == 1 else values[:, chosen]

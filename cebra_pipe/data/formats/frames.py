"""Data frames that pandas wrote to HDF5, and DeepLabCut's tracks, which are such frames.

They are taken apart here and not by pandas: PyTables unpickles attributes of a file as it opens them, so that a
forged file would run. pandas has two layouts: "fixed" (blocks of columns) and "table" (records, blocks in fields).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from ..unpickle import loads
from .deeplabcut import DEFAULT_LIKELIHOOD, is_multi_animal, is_track, track_entry
from .entries import REMEDIES, Entry, Refusal, Unsupported, allowance, check_size, table_entry
from .hdf5_arrays import as_text, checked, elsewhere, load_array, member

DATES = ("datetime", "timedelta")


@dataclass(frozen=True)
class Column:
    """Where a frame keeps one column."""

    name: object  # text or number; a tuple where columns have several levels
    load: Callable[[], np.ndarray]


def frame_of(path: Path, name: str, group, minimum_likelihood: float | None) -> Entry:
    """The columns of a frame; of DeepLabCut's tracks the body parts."""
    kind = as_text(group.attrs["pandas_type"])
    if kind not in LAYOUTS:
        raise Unsupported(f"a frame of kind {', '.join(LAYOUTS)}", repr(kind), "Save it with DataFrame.to_parquet.")
    length, columns = LAYOUTS[kind](path, group)
    names = [column.name for column in columns]

    def load(i: int) -> np.ndarray:
        return columns[i].load()

    if is_multi_animal(names):
        return Entry((length, len(names)), "track", load, refused="DeepLabCut tracks of several animals")
    if is_track(names):
        return track_entry(
            length, names, load, DEFAULT_LIKELIHOOD if minimum_likelihood is None else minimum_likelihood
        )
    numbered = {n: i for i, n in enumerate(names) if isinstance(n, int)}
    return replace(table_entry(length, [flat(n) for n in names], load), numbered=numbered)


def _fixed(path: Path, group) -> tuple[int, list[Column]]:
    """Blocks of equal dtype; `axis0` names all columns in order, `block…_items` those of each block."""
    length, found = 0, {}
    for block in range(int(group.attrs["nblocks"])):
        values = member(group, f"block{block}_values")
        items = _labels(path, group, f"block{block}_items")
        upright = bool(values.attrs.get("transposed", 0))
        whole = cache(partial(_block, path, values.name, upright))
        found |= {item: Column(item, partial(_column, whole, i)) for i, item in enumerate(items)}
        if values.ndim == 2:
            length = values.shape[0 if upright else 1]
    return length, [found[item] for item in _labels(path, group, "axis0") if item in found]


def _block(path: Path, name: str, upright: bool) -> np.ndarray:
    import h5py

    with h5py.File(path, "r") as file:
        if file[name].dtype.kind == "O":
            return np.asarray(["a pickled object"], object)
        values = checked(file[name], path)
        dates = as_text(file[name].attrs.get("value_type", "")).startswith(DATES)
    return _dated(values if upright else values.T, dates)


def _column(whole: Callable[[], np.ndarray], i: int) -> np.ndarray:
    values = whole()
    return values[:, i] if values.ndim == 2 else values


def _dated(values: np.ndarray, dates: bool) -> np.ndarray:
    return values.astype("datetime64[ns]") if dates else values


def _labels(path: Path, group, axis: str) -> list:
    """Names of columns; several levels are stored as codes into each level's values."""
    if as_text(group.attrs[f"{axis}_variety"]) != "multi":
        return _names(path, member(group, axis))
    levels = range(int(group.attrs[f"{axis}_nlevels"]))
    values = [_names(path, member(group, f"{axis}_level{level}")) for level in levels]
    codes = [checked(member(group, f"{axis}_label{level}"), path) for level in levels]
    return [tuple(v[c] for v, c in zip(values, row, strict=True)) for row in zip(*codes, strict=True)]


def _names(path: Path, node) -> list:
    if node.dtype.kind == "O":
        raise Refusal(
            "columns named by text or numbers",
            "names that are pickled objects",
            "Save the frame with DataFrame.to_parquet.",
        )
    return [value.decode("utf-8") if isinstance(value, bytes) else value for value in checked(node, path).tolist()]


def _series(path: Path, group) -> tuple[int, list[Column]]:
    """One block of values without a name of its own."""
    values = member(group, "values")
    return len(values), [Column("values", partial(load_array, path, values.name, False))]


def _table(path: Path, group) -> tuple[int, list[Column]]:
    """Records; each field holds the columns that its attribute `…_kind` lists, levels of the row index among them."""
    table = member(group, "table")
    levels = loads(_raw(group.attrs["levels"])) if isinstance(group.attrs.get("levels"), bytes) else []
    fields = [f for f in table.dtype.names if f != "index" and f not in levels and f"{f}_kind" in table.attrs]
    found = {}
    for name in fields:
        whole = cache(partial(_field, path, table.name, name))
        items = loads(_raw(table.attrs[f"{name}_kind"]))
        found |= {item: Column(item, partial(_column, whole, i)) for i, item in enumerate(items)}
    (_, order), *_ = loads(_raw(group.attrs["non_index_axes"]))
    return len(table), [found[item] for item in order if item in found]


def _field(path: Path, table: str, name: str) -> np.ndarray:
    import h5py

    with h5py.File(path, "r") as file:
        node = file[table]
        if told := elsewhere(node):
            raise Refusal("values that lie in the file", told, REMEDIES[told])
        check_size(node.size * node.dtype.itemsize, allowance(path.stat().st_size))
        return _dated(node.fields(name)[()], as_text(node.attrs.get(f"{name}_dtype", "")).startswith(DATES))


LAYOUTS = {"frame": _fixed, "series": _series, "frame_table": _table, "series_table": _table}


def flat(name: object) -> str:
    """Levels of a column's name joined by dots."""
    return ".".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _raw(value: object) -> bytes:
    return value.tobytes() if isinstance(value, np.void) else bytes(value)

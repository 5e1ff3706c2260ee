"""npy and npz: arrays of numbers read by their header; pickled object arrays only on trust."""

from __future__ import annotations

import math
import zipfile
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..arrays import is_a
from .entries import Entry, Refusal, allowance, array_entry, check_size, flatten, lazy_entry, numbers_entry, table_entry

# Versions 2 and 3 differ in the encoding of field names only, and arrays with fields are not read.
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,
}


def read_npy(path: Path, *, trust: bool = False) -> dict[str, Entry]:
    """The one array of the file."""
    if trust:
        return trusted({"": np.load(path, allow_pickle=True)})
    with open(path, "rb") as file:
        shape, _, dtype = read_header(file)
        if dtype.kind in "biuf":
            check_size(nbytes(shape, dtype), path.stat().st_size - file.tell())
    return {"": lazy_entry(shape, dtype, partial(_load_npy, path))}


def read_npz(path: Path, *, trust: bool = False) -> dict[str, Entry]:
    """The arrays of the archive, in its order."""
    if trust:
        with np.load(path, allow_pickle=True) as archive:
            return trusted({name: archive[name] for name in archive})
    entries = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as file:
                    shape, _, dtype = read_header(file)
                entries[name.removesuffix(".npy")] = lazy_entry(shape, dtype, partial(_load_member, path, name))
    return entries


def read_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether in Fortran order, dtype."""
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise Refusal("an npy header of version 1, 2 or 3", f"version {version}", "Save the file anew.")
    return HEADERS[version](file)


def nbytes(shape: tuple[int, ...], dtype: np.dtype) -> int:
    """Bytes of the array; -1 where a length is negative, which no check of sizes lets pass."""
    return -1 if min(shape, default=0) < 0 else math.prod(map(int, shape)) * dtype.itemsize


def read_values(file: BinaryIO, limit: int) -> np.ndarray:
    """The array of an npy stream, its size checked before memory is asked for."""
    shape, fortran, dtype = read_header(file)
    size = nbytes(shape, dtype)
    check_size(size, limit)
    data = file.read(size)
    if len(data) < size:
        raise Refusal(f"{size} bytes", f"{len(data)}: the file was cut short", "Copy or save it anew.")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C").copy(order="K")


def _load_npy(path: Path) -> np.ndarray:
    with open(path, "rb") as file:
        return read_values(file, path.stat().st_size)


def _load_member(path: Path, name: str) -> np.ndarray:
    with zipfile.ZipFile(path) as archive, archive.open(name) as file:
        return read_values(file, allowance(path.stat().st_size))


def trusted(values: object) -> dict[str, Entry]:
    """The arrays of what an ordinary unpickler gave: objects are opened, data frames become tables."""
    return flatten(values, trusted_leaf)


def trusted_leaf(value: object) -> Entry | None:
    if isinstance(value, np.ndarray):
        return array_entry(_numbers_of(value))
    if is_a(value, "pandas", "DataFrame", "Series"):
        frame = value.to_frame() if value.ndim == 1 else value
        return table_entry(len(frame), tuple(map(str, frame.columns)), lambda i: frame.iloc[:, i].to_numpy())
    return numbers_entry(value)


def _numbers_of(array: np.ndarray) -> np.ndarray:
    """Numbers that were stored as objects, as numbers."""
    try:
        return array.astype(np.float64) if array.dtype == object else array
    except (TypeError, ValueError):
        return array

"""MATLAB files: version 5 through scipy, version 7.3 (which is HDF5) through h5py, structs by dotted names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .entries import Entry, array_entry, flatten
from .hdf5 import arrays_of

HDF5 = b"\x89HDF\r\n\x1a\n"
HEADER = 512  # bytes that MATLAB puts before the HDF5 signature


def read_mat(path: Path) -> dict[str, Entry]:
    """The arrays of the file, shaped as MATLAB shows them."""
    with open(path, "rb") as file:
        start = file.read(HEADER + len(HDF5))
    if start.startswith(HDF5) or start[HEADER:] == HDF5:
        # MATLAB stores columns first, so that HDF5 sees every array transposed.
        return {name.replace("/", "."): entry for name, entry in arrays_of(path, transposed=True).items()}
    from scipy.io import loadmat

    values = loadmat(path)
    return flatten({name: open_struct(value) for name, value in values.items() if not name.startswith("__")}, _leaf)


def open_struct(value: object, depth: int = 0) -> object:
    """A struct of one element as a dictionary; a larger one or a cell array stays what it is."""
    if not isinstance(value, np.ndarray) or value.dtype.names is None or value.size != 1 or depth > 8:
        return value
    return {name: open_struct(value.flat[0][name], depth + 1) for name in value.dtype.names}


def _leaf(value: object) -> Entry | None:
    return array_entry(value) if isinstance(value, np.ndarray) else None

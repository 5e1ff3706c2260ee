"""MATLAB files: versions 4 and 5 to 7 by their own readers, 7.3 (which is HDF5) by h5py; structs by dotted names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import mat4, mat5
from .entries import Entry, allowance, array_entry, flatten
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
    # Version 4 begins with a small number, the others with a text.
    variables = mat4.variables if 0 in start[:4] else mat5.variables
    return flatten(dict(variables(path.read_bytes(), allowance(path.stat().st_size))), _leaf)


def _leaf(value: object) -> Entry | None:
    return array_entry(value) if isinstance(value, np.ndarray) else None

"""HDF5 files as a whole: their arrays, and the data frames that pandas wrote to them."""

from __future__ import annotations

from pathlib import Path

from .entries import Entry
from .frames import frame_of
from .hdf5_arrays import array_of, nodes


def read_hdf5(path: Path, *, minimum_likelihood: float | None = None) -> dict[str, Entry]:
    """The arrays and frames of the file, by their paths inside it."""
    import h5py

    with h5py.File(path, "r") as file:
        return {
            name: frame_of(path, name, node, minimum_likelihood)
            if isinstance(node, h5py.Group)
            else array_of(path, name, node)
            for name, node in nodes(file, set())
        }


def arrays_of(path: Path, transposed: bool) -> dict[str, Entry]:
    """The arrays alone, with their axes reversed where `transposed`."""
    import h5py

    with h5py.File(path, "r") as file:
        return {
            name: array_of(path, name, node, transposed)
            for name, node in nodes(file, set())
            if not isinstance(node, h5py.Group)
        }

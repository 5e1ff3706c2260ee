"""What lies in an HDF5 file: its arrays, by their paths; links out of it are told and never followed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from .entries import LINK, OTHER_FILE, REMEDIES, Entry, Refusal, allowance, check_size, lazy_entry

INDICES = "_i_table"  # PyTables' search indices, no data of the user


def nodes(group, seen: set, every: bool = False) -> Iterator[tuple[str, object]]:
    """Datasets, pandas' groups, and links that are not followed under `group`; no group is entered twice.

    every: what is no data of the user as well, and what lies in pandas' groups in place of these.
    """
    import h5py

    for name in group:
        if not every and (name.startswith("#") or name == INDICES):
            continue
        link, path = group.get(name, getlink=True), f"{group.name}/{name}".strip("/")
        if not isinstance(link, h5py.HardLink):
            yield path, link
            continue
        node = group[name]
        if isinstance(node, h5py.Dataset) or (not every and "pandas_type" in node.attrs):
            yield path, node
        elif isinstance(node, h5py.Group) and (address := h5py.h5o.get_info(node.id).addr) not in seen:
            seen.add(address)
            yield from nodes(node, seen, every)


def elsewhere(node) -> str:
    """Where the values of a node lie if not in it; a file could else show what its user never meant to open."""
    import h5py

    if isinstance(node, h5py.ExternalLink):
        return OTHER_FILE
    if isinstance(node, h5py.SoftLink):
        return LINK
    return OTHER_FILE if isinstance(node, h5py.Dataset) and (node.is_virtual or node.external) else ""


def member(group, name: str):
    """What lies in `group` under `name`, itself and no link to it."""
    if told := elsewhere(group.get(name, getlink=True)):
        raise Refusal(f"the values of {name!r} in the group itself", told, REMEDIES[told])
    return group[name]


def array_of(path: Path, name: str, node, transposed: bool = False) -> Entry:
    """A dataset, or a link that is not followed."""
    import h5py

    if told := elsewhere(node):
        return Entry((), "link", lambda columns: np.zeros(0), refused=told)
    text = as_text(node.attrs.get("MATLAB_class", "")) in ("char", "cell") or node.shape is None
    shape = (node.shape or ())[::-1] if transposed else node.shape or ()
    if not text and not transposed and len(shape) == 1 and h5py.check_string_dtype(node.dtype):
        return lazy_entry(shape, np.dtype("U"), partial(load_texts, path, name))
    return lazy_entry(shape, np.dtype("S1") if text else node.dtype, partial(load_array, path, name, transposed))


def load_array(path: Path, name: str, transposed: bool = False) -> np.ndarray:
    """All of the dataset `name`."""
    import h5py

    with h5py.File(path, "r") as file:
        values = checked(file[name], path)
    return values.T if transposed else values


def load_texts(path: Path, name: str) -> np.ndarray:
    """(n,) texts. All rows may point to one long text: no more are read at a time than could be as long as the file."""
    import h5py

    with h5py.File(path, "r") as file:
        node, size = file[name], path.stat().st_size
        limit = allowance(size)
        check_size(node.size * node.dtype.itemsize, limit)
        texts, length, rows = [], 0, max(1, limit // max(size, 1))
        for first in range(0, node.size, rows):
            texts += node.asstr("utf-8", "replace")[first : first + rows].tolist()
            length += sum(map(len, texts[first:]))
            check_size(length, limit)
    return np.asarray(texts, object)


def checked(node, path: Path) -> np.ndarray:
    """All of a dataset, whose declared size is plausible and whose bytes lie in the file itself."""
    if told := elsewhere(node):
        raise Refusal("values that lie in the file", told, REMEDIES[told])
    check_size(node.size * node.dtype.itemsize, allowance(path.stat().st_size))
    return node[()]


def as_text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

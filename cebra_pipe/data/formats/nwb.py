"""Neurodata Without Borders 2 (.nwb): series with their clocks and units, tables, spike trains of units.

pynwb says what a file holds: which groups are series and which are tables, where links inside the file lead, what the
types of an extension are made of. Numbers are read by h5py, from datasets whose declared size their file can hold.
Schema: nwb-schema.readthedocs.io (TimeSeries, DynamicTable, Units), hdmf-common-schema.readthedocs.io (VectorIndex).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ..units import Trains
from .entries import OTHER_FILE, REMEDIES, Clock, Entry, Refusal, allowance, check_size, lazy_entry, table_entry
from .hdf5 import read_hdf5
from .hdf5_arrays import array_of, elsewhere, load_array, load_texts, nodes

OWN = {"core", "hdmf-common", "hdmf-experimental"}  # schemas that pynwb brings along; others are read from the file
RAGGED = ("spike_times", "spike_times_index")  # of a table of units: all times, and where each unit's end
OBSERVED = ("obs_intervals", "obs_intervals_index")  # when each unit was observed, in the same form
CONVERT = "Copy the file by NWBHDF5IO.export of pynwb, with write_args={'link_data': False}, which takes the values in."


def read_nwb(path: Path) -> dict[str, Entry]:
    """Series and tables of the file, by their paths inside it; those that a link inside it leads to by its path too.

    A series is (time, …) `data` · `conversion` + `offset` in its `unit`, with its clock. A table has its columns of one
    value a row. The datasets that these are made of are entries as well, as they lie there, and not listed.
    A file that does not say that it is one of version 2 is read as plain HDF5.
    """
    import h5py

    with h5py.File(path, "r") as file:
        plain, extended = "nwb_version" not in file.attrs, bool(set(file.get("specifications", ())) - OWN)
        if not plain:
            _check_attributes("/", file)
            file.visititems(_check_attributes)
            links, parts = _inside(path, file)
    if plain:
        return read_hdf5(path)
    with _opened(path, extended) as (pynwb, io, content):
        found: dict[str, Entry] = {}
        for each in content.objects.values():
            key = _key(io, each)
            if isinstance(each, pynwb.base.TimeSeries):
                found |= _series(path, key, each)
            elif isinstance(each, pynwb.core.DynamicTable):
                found |= _table(path, key, each)
    linked = {name: found[to] for name, to in _linked(links, found)}
    return parts | dict(sorted(found.items())) | linked


def _check_attributes(name: str, node) -> None:
    """A Refusal for attributes of a type that NWB does not have: HDF5 crashes as it reads one that damage made such."""
    import h5py

    for i in range(h5py.h5a.get_num_attrs(node.id)):
        attribute = h5py.h5a.open(node.id, index=i)
        if attribute.get_type().detect_class(h5py.h5t.VLEN):
            found = f"{attribute.name.decode('utf-8', 'replace')[:40]!r} of {name}, lists of any length"
            raise Refusal("attributes that are texts and numbers", found, "The file is damaged: copy or save it anew.")


def _inside(path: Path, file) -> tuple[dict[str, str], dict[str, Entry]]:
    """Soft links of a file with where they lead, and its datasets.

    Raises: Refusal for what would read another file, or too much at once.
    """
    import h5py

    links, parts, limit = {}, {}, allowance(path.stat().st_size)
    for name, node in nodes(file, set(), every=True):  # pynwb follows the links of every group
        if isinstance(node, h5py.ExternalLink):
            raise Refusal("values that lie in the file", f"{name!r}, a link to {node.filename!r}", CONVERT)
        if isinstance(node, h5py.SoftLink):
            links[name] = _absolute(name, node.path)
            continue
        if isinstance(node, h5py.Dataset):
            parts[name] = replace(array_of(path, name, node), part=True)
            if node.shape == ():  # pynwb reads single values as it opens a file
                if told := elsewhere(node):
                    raise Refusal("values that lie in the file", f"{name!r}, {told}", REMEDIES[OTHER_FILE])
                check_size(node.dtype.itemsize, limit)
    return links, parts


def _absolute(name: str, target: str) -> str:
    return target.strip("/") if target.startswith("/") else f"{name.rpartition('/')[0]}/{target}".strip("/")


def _linked(links: dict[str, str], found: dict[str, Entry]) -> Iterator[tuple[str, str]]:
    """Other names of entries: a link to one of them, or to a group that holds some."""
    for name, target in links.items():
        for key in found:
            if key == target or key.startswith(f"{target}/"):
                yield name + key[len(target) :], key


@contextmanager
def _opened(path: Path, extended: bool) -> Iterator[tuple]:
    """pynwb, its reader and what it reads; `extended`: with the schemas of extensions that the file brings along."""
    # Without it pynwb keeps its types as a pickle in the user's home, which jobs that start together overwrite.
    os.environ.setdefault("PYNWB_NO_CACHE_DIR", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pynwb
        except OSError as error:
            remedy = "Set the variable XDG_CACHE_HOME to a folder that may be written to."
            raise Refusal("pynwb, which makes a folder for its cache", f"{error}", remedy) from error
        try:
            with pynwb.NWBHDF5IO(str(path), "r", load_namespaces=extended) as io:
                yield pynwb, io, io.read()
        except (Refusal, MemoryError):
            raise
        except Exception as error:
            why = (str(error).strip().splitlines() or [""])[0][:160]
            remedy = "`pynwb-validate` says more; of a copy named `.h5` single arrays are read by their paths."
            raise Refusal("a whole NWB file that pynwb can read", f"{type(error).__name__}: {why}", remedy) from error


def _key(io, container) -> str:
    builder = io.manager.get_builder(container)
    return f"{builder.location}/{builder.name}".strip("/")


def _dataset(data: object) -> object | None:
    """The dataset behind a field; None where it has none, as values that lie outside or are left out have."""
    import h5py

    return data if isinstance(data, h5py.Dataset) and data.shape is not None else None


def _texts(node) -> bool:
    import h5py

    return h5py.check_string_dtype(node.dtype) is not None


def _series(path: Path, key: str, series) -> dict[str, Entry]:
    node = _dataset(series.data)
    if node is None:
        return {}
    clock = _clock(path, series)
    if _texts(node):
        return {key: replace(lazy_entry(node.shape, np.dtype("U1"), partial(load_texts, path, node.name)), clock=clock)}
    channels = _dataset(getattr(series, "channel_conversion", None))
    factors = series.conversion, series.offset, None if channels is None else channels.name
    plain = factors == (1.0, 0.0, None)
    dtype = node.dtype if plain or node.dtype.kind not in "iu" else np.dtype(np.float64)
    load = partial(load_array, path, node.name) if plain else partial(_converted, path, node.name, *factors)
    unit = series.unit if isinstance(series.unit, str) else ""
    return {key: replace(lazy_entry(node.shape, dtype, load), clock=clock, unit=unit)}


def _converted(path: Path, name: str, conversion: float, offset: float, channels: str | None) -> np.ndarray:
    """`data` in its unit: · conversion · that of each channel + offset."""
    values = load_array(path, name)
    factor = conversion if channels is None else conversion * load_array(path, channels)
    return values * factor + offset


def _clock(path: Path, series) -> Clock:
    stamps, start, rate = _dataset(series.timestamps), series.starting_time, series.rate
    if stamps is not None:
        return Clock(partial(_stamped, path, stamps.name))
    return Clock(partial(_counted, 0.0 if start is None else float(start), rate), rate)


def _stamped(path: Path, name: str, number: int) -> np.ndarray:
    return load_array(path, name)


def _counted(start: float, rate: float | None, number: int) -> np.ndarray:
    if rate is None or not 0 < rate < np.inf or not np.isfinite(start):
        raise Refusal("a series with time stamps, or with a rate above 0", f"rate {rate} from {start} s", "Mend it.")
    return start + np.arange(number) / rate


def _table(path: Path, key: str, table) -> dict[str, Entry]:
    """The columns of one value a row: ragged ones and references to other places are left out."""
    from hdmf.common import DynamicTableRegion

    columns = {each.name: each for each in table.columns if not isinstance(each, DynamicTableRegion)}
    ragged = {name.removesuffix("_index") for name in columns if name.endswith("_index")}
    data = {"id": _dataset(table.id.data)}
    data |= {name: _dataset(each.data) for name, each in columns.items()}
    loads = {
        name: partial(_column, path, node.name, _texts(node))
        for name, node in data.items()
        if node is not None and len(node.shape) == 1 and _is_plain(node) and name.removesuffix("_index") not in ragged
    }
    names = list(loads)
    entry = table_entry(len(table.id), names, lambda i: loads[names[i]]())
    there = {name: node.name for name, node in data.items() if name in (*RAGGED, *OBSERVED) and node is not None}
    if not set(RAGGED) <= set(there):
        return {key: entry}
    return {key: replace(entry, trains=partial(_trains, path, there, loads["id"]))}


def _is_plain(node) -> bool:
    return node.dtype.kind in "biuf" or _texts(node)


def _column(path: Path, name: str, texts: bool) -> np.ndarray:
    return load_texts(path, name) if texts else load_array(path, name)


def _trains(path: Path, there: dict[str, str], ids: Callable[[], np.ndarray]) -> Trains:
    """All spike trains of a table of units, with when each unit was observed where the table says so."""
    (times, ends), numbers = _ragged(path, *(there[name] for name in RAGGED)), ids()
    if len(numbers) != len(ends):
        raise Refusal("spike times of each unit", f"{len(ends)} beside {len(numbers)} units", "Write the table anew.")
    observed: tuple[np.ndarray, ...] = ()
    if set(OBSERVED) <= set(there):
        intervals, stops = _ragged(path, *(there[name] for name in OBSERVED))
        observed = tuple(np.split(intervals.astype(np.float64), stops[:-1]))
        if len(observed) != len(ends):
            raise Refusal("intervals of each unit", f"those of {len(stops)}, not {len(ends)}", "Write the table anew.")
    return Trains(times.astype(np.float64), ends, numbers, observed)


def _ragged(path: Path, values: str, index: str) -> tuple[np.ndarray, np.ndarray]:
    """Values of all rows and where each row's end; the index is the sum of lengths so far."""
    values, ends = load_array(path, values), load_array(path, index).astype(np.int64)
    if len(ends) and ((np.diff(ends, prepend=0) < 0).any() or ends[-1] != len(values)):
        found = f"one that ends at {ends[-1]} of {len(values)}"
        raise Refusal("an index that rises to the number of values", found, "The table is damaged: write it anew.")
    return values, ends

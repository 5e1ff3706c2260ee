"""Arrays from files of any documented format, read without executing anything in them.

`load_data` and `load_deeplabcut` are the documented functions; `open_file` is what they and the chain stand on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import MissingEntry, MissingFile, Problem, UnknownFormat, UserError, did_you_mean
from .contents import Contents, telling
from .formats.arrays import read_npy, read_npz
from .formats.entries import ANIMALS, Entry
from .formats.hdf5 import read_hdf5
from .formats.matlab import read_mat
from .formats.nwb import read_nwb
from .formats.pickles import read_joblib, read_pickle, read_torch
from .formats.tables import read_csv, read_excel, read_parquet


@dataclass(frozen=True)
class Format:
    """A reader and the options that mean something to it."""

    read: Callable[..., dict[str, Entry]]
    options: tuple[str, ...] = ()
    package: str = ""  # what has to be installed beside the core
    ordered: bool = False  # whether a number as key counts the entries
    framed: bool = False  # whether a data frame that is not alone has to be asked for by key
    extra: str = "formats"  # of this project, which installs the package


EXCEL = Format(read_excel, ("header",), "pandas with openpyxl (xls: xlrd)", ordered=True)
HDF5 = Format(read_hdf5, ("minimum_likelihood",), "h5py", framed=True)
FORMATS = {
    ".npy": Format(read_npy, ("trust",)),
    ".npz": Format(read_npz, ("trust",)),
    **dict.fromkeys((".h5", ".hdf", ".hdf5", ".h"), HDF5),
    **dict.fromkeys((".pt", ".pth"), Format(read_torch, ("trust",), "torch")),
    ".csv": Format(read_csv, ("header", "separator")),
    ".parquet": Format(read_parquet),
    **dict.fromkeys((".xls", ".xlsx", ".xlsm"), EXCEL),
    **dict.fromkeys((".jl", ".joblib"), Format(read_joblib, ("trust",), "joblib")),
    **dict.fromkeys((".pkl", ".p"), Format(read_pickle, ("trust",), "torch")),
    ".mat": Format(read_mat, (), "h5py"),
    ".nwb": Format(read_nwb, (), "pynwb", framed=True, extra="nwb"),
}
ZARR = (".zgroup", ".zattrs", ".zmetadata", "zarr.json")  # of which a store of Zarr has some


def load_data(
    file: str | Path,
    key: str | int | None = None,
    columns: list | None = None,
    *,
    header: bool | None = None,
    separator: str | None = None,
    trust: bool = False,
    minimum_likelihood: float | None = None,
) -> np.ndarray:
    """One array of a file, in the dtype that it has there, which may be written to.

    Without `key` it is the first one; of an HDF5 file with data frames the only one. `columns` picks columns of a 2-D
    array or table by name or number, of a DeepLabCut track by body part. A csv or Excel file may have a header, which
    is found out (`header` says so), as is the `separator`. `minimum_likelihood` is load_deeplabcut's `pcutoff`.
    Nothing in the file is executed, unless `trust` is set: then pickles run what they say.

    Raises a UserError that is also: FileNotFoundError (no such file), OSError (no known suffix), AttributeError (no
    such key, column or array), NotImplementedError (contents that are not read: objects, tracks of several animals).
    """
    options = {
        "header": header,
        "separator": separator,
        "trust": trust or None,
        "minimum_likelihood": minimum_likelihood,
    }
    contents = open_file(file, **{name: value for name, value in options.items() if value is not None})
    return contents.read(key if key is not None else contents.default(), columns)


def load_deeplabcut(filepath: str | Path, keypoints: list | None = None, pcutoff: float = 0.6) -> np.ndarray:
    """(frame, 2 · keypoint) x and y of each body part in the order asked, as long as the video.

    Frames whose likelihood is below `pcutoff` are interpolated: linearly between the nearest good frames, and from the
    nearest one at the ends. An annotated file without likelihoods has its missing positions filled alike.

    Raises a UserError (ValueError) that is also: FileNotFoundError (no such file), AttributeError (no such body part),
    NotImplementedError (several animals).
    """
    if FORMATS.get(Path(filepath).suffix.lower()) is not HDF5:
        raise UserError(
            Problem(str(filepath), "a DeepLabCut .h5 file", repr(Path(filepath).suffix), "Export the track as h5.")
        )
    contents = open_file(filepath, minimum_likelihood=pcutoff)
    tracks = [name for name, entry in contents.entries.items() if entry.groups or entry.refused == ANIMALS]
    if not tracks:
        raise UserError(
            Problem(
                str(filepath),
                "a track with columns scorer, body part and coordinate",
                contents.listing(),
                "Use load_data for other h5 files.",
            )
        )
    return contents.read(tracks[0], keypoints)


def open_file(file: str | Path, **options: object) -> Contents:
    """What `file` holds; a UserError that names it where it is missing, damaged or of no known format."""
    path = Path(file)
    check_no_zarr(path)
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        near = did_you_mean(path.suffix.lower(), FORMATS)
        raise UnknownFormat(Problem(str(path), "a known file format", f"suffix {path.suffix!r}", near))
    check_there(path)
    idle = sorted(set(options) - set(found.options))
    if idle:
        remedy = f"Options of {path.suffix} files: {', '.join(found.options) or 'none'}."
        raise UserError(Problem(str(path), "options that have an effect here", ", ".join(idle), remedy))
    with telling(str(path), found.package, found.extra):
        entries = found.read(path, **options)
    return Contents(path, entries, found.ordered, found.framed, "minimum_likelihood" in options)


def check_no_zarr(path: Path) -> None:
    """A UserError for a folder of Zarr, as some NWB data are kept in."""
    if path.suffix.lower() == ".zarr" or any((path / name).is_file() for name in ZARR):
        remedy = "Write it as HDF5: NWBHDF5IO.export of pynwb, from NWBZarrIO of hdmf-zarr."
        raise UnknownFormat(Problem(str(path), "one file, such as NWB in HDF5", "a Zarr store", remedy))


def check_there(path: Path) -> None:
    """A UserError unless `path` is a file with something in it."""
    if path.is_dir():
        raise UnknownFormat(Problem(str(path), "a file", "a folder", "Give a file inside it."))
    if not path.exists():
        raise MissingFile(Problem(str(path), "a file", "no such file", meant(path)))
    if not path.stat().st_size:
        raise MissingEntry(Problem(str(path), "a file with content", "an empty one", "Copy or save it anew."))


def meant(path: Path) -> str:
    """A remedy for a file that is not there: what lies in its folder, the name most like it first."""
    if not os.path.isdir(path.parent):
        return f"There is no folder {path.parent}."
    try:
        there = sorted(os.listdir(path.parent))
    except OSError:
        return f"The folder {path.parent} cannot be listed."
    shown = [name for name in there if path.name.startswith(".") or not name.startswith(".")]
    return did_you_mean(path.name, shown) if shown else f"The folder {path.parent} is empty."

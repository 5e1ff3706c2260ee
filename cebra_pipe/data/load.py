"""Arrays from files of any documented format, read without executing anything in them.

`load_data` and `load_deeplabcut` are the documented functions; `open_file` is what they and the chain stand on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import Problem, UserError, did_you_mean
from .formats.arrays import read_npy, read_npz
from .formats.entries import Entry, Refusal
from .formats.hdf5 import read_hdf5
from .formats.matlab import read_mat
from .formats.pickles import read_joblib, read_pickle, read_torch
from .formats.tables import read_csv, read_excel, read_parquet


@dataclass(frozen=True)
class Format:
    """A reader and the options that mean something to it."""

    read: Callable[..., dict[str, Entry]]
    options: tuple[str, ...] = ()
    package: str = ""  # what has to be installed beside the core
    ordered: bool = False  # whether a number as key counts the entries


EXCEL = Format(read_excel, ("header",), "pandas with openpyxl (xls: xlrd)", ordered=True)
HDF5 = Format(read_hdf5, ("minimum_likelihood",), "h5py")
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
}


REMEDIES = {  # for what is no array of numbers
    "Python objects": "Save plain arrays, or set `trust` if you wrote the file yourself: that runs what the file says.",
    "DeepLabCut tracks of several animals": "Save one animal's columns in a file of their own.",
}


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
    """One array of a file, in the dtype that it has there; without `key` the first one.

    `columns` picks columns of a 2-D array or table by number or name, of a DeepLabCut track by body part.
    `trust` unpickles freely, which runs what the file says.
    """
    options = {
        "header": header,
        "separator": separator,
        "trust": trust or None,
        "minimum_likelihood": minimum_likelihood,
    }
    contents = open_file(file, **{name: value for name, value in options.items() if value is not None})
    return contents.read(key if key is not None else contents.first(), columns)


def load_deeplabcut(filepath: str | Path, keypoints: list | None = None, pcutoff: float = 0.6) -> np.ndarray:
    """(frame, 2 · keypoint) x and y of each body part in the order asked, as long as the video.

    Frames whose likelihood is below `pcutoff` are interpolated: linearly between the nearest good frames, and from the
    nearest one at the ends.
    """
    if FORMATS.get(Path(filepath).suffix.lower()) is not HDF5:
        raise UserError(
            Problem(str(filepath), "a DeepLabCut .h5 file", repr(Path(filepath).suffix), "Export the track as h5.")
        )
    contents = open_file(filepath, minimum_likelihood=pcutoff)
    tracks = [name for name, entry in contents.entries.items() if entry.groups or "DeepLabCut" in entry.refused]
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


@dataclass(frozen=True)
class Contents:
    """What an opened file holds."""

    path: Path
    entries: Mapping[str, Entry]
    ordered: bool = False
    likelihood: bool = False  # whether a limit of likelihood was asked for, which only tracks have

    def numeric(self) -> list[str]:
        """Names of the entries that hold arrays of numbers, single values left out where there is another."""
        numbers = [name for name, entry in self.entries.items() if not entry.refused]
        return [name for name in numbers if self.entries[name].shape] or numbers

    def first(self) -> str:
        """The first array of numbers."""
        numeric = self.numeric()
        if not numeric:
            refused = next((entry.refused for entry in self.entries.values()), "")
            remedy = REMEDIES.get(refused, "Save plain arrays of numbers.")
            raise UserError(Problem(str(self.path), "an array of numbers", self.listing(), remedy))
        return numeric[0]

    def only(self) -> str:
        """The one array of numbers; where there are several, the user has to say which."""
        name = self.first()
        if len(self.numeric()) > 1:
            raise UserError(
                Problem(
                    str(self.path),
                    "`key` to say which array",
                    f"several: {self.listing()}",
                    "Give one of these as `key`.",
                )
            )
        return name

    def read(self, key: str | int, columns: Sequence[str | int] | None = None) -> np.ndarray:
        """The array under `key`, as an array of its own that may be changed."""
        name = self.name_of(key)
        entry = self.entries[name]
        with telling(self.where(name)):
            if entry.refused:
                raise Refusal("an array of numbers", entry.refused, REMEDIES.get(entry.refused, "Choose another key."))
            if self.likelihood and not entry.groups:
                raise Refusal(
                    "a DeepLabCut track, as a limit of likelihood was given",
                    str(entry),
                    "Leave `minimum_likelihood` out.",
                )
            return np.array(entry.read(None if columns is None else indices(entry, columns)))

    def name_of(self, key: str | int) -> str:
        """The entry that `key` names."""
        name = str(key).strip("/") if str(key).strip("/") in self.entries else str(key)
        if name in self.entries:
            return name
        if self.ordered and isinstance(key, int) and 0 <= key < len(self.entries):
            return list(self.entries)[key]
        raise UserError(Problem(f"{self.path}, key {key!r}", *self._unknown(name)))

    def _unknown(self, name: str) -> tuple[str, str, str]:
        """Expected, found and remedy for a key that is not there."""
        if any(name in entry.columns for entry in self.entries.values()):
            return "the name of an array or sheet", "the name of a column", f"Write `column: {name}` in its place."
        if list(self.entries) == [""]:
            return "no key", f"a file of one array ({self.listing()})", "Leave the key out."
        return f"one of {self.listing()}", "no such key", did_you_mean(name, self.entries)

    def where(self, name: str) -> str:
        return f"{self.path}, key {name!r}" if name else str(self.path)

    def listing(self, most: int = 20) -> str:
        """Every entry with its shape and dtype."""
        told = [f"{name or 'one array'} ({entry})" for name, entry in self.entries.items()]
        return ", ".join(told[:most]) + (f", … {len(told)} in all" if len(told) > most else "") if told else "nothing"


def open_file(file: str | Path, **options: object) -> Contents:
    """What `file` holds; a UserError that names it where it is missing, damaged or of no known format."""
    path = Path(file)
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise UserError(
            Problem(
                str(path), "a known file format", f"suffix {path.suffix!r}", did_you_mean(path.suffix.lower(), FORMATS)
            )
        )
    check_there(path)
    idle = sorted(set(options) - set(found.options))
    if idle:
        remedy = f"Options of {path.suffix} files: {', '.join(found.options) or 'none'}."
        raise UserError(Problem(str(path), "options that have an effect here", ", ".join(idle), remedy))
    with telling(str(path), found.package):
        return Contents(path, found.read(path, **options), found.ordered, "minimum_likelihood" in options)


def check_there(path: Path) -> None:
    """A UserError unless `path` is a file with something in it."""
    if path.is_dir():
        raise UserError(Problem(str(path), "a file", "a folder", "Give a file inside it."))
    if not path.exists():
        near = (
            did_you_mean(path.name, sorted(p.name for p in path.parent.iterdir()))
            if path.parent.is_dir()
            else f"There is no folder {path.parent}."
        )
        raise UserError(Problem(str(path), "a file", "no such file", near))
    if not path.stat().st_size:
        raise UserError(Problem(str(path), "a file with content", "an empty one", "Copy or save it anew."))


@contextmanager
def telling(where: str, package: str = "") -> Iterator[None]:
    """Turns what readers raise into one message. Parsers of foreign files raise anything at all on damaged ones."""
    try:
        yield
    except UserError:
        raise
    except Refusal as refusal:
        raise UserError(Problem(where, refusal.expected, refusal.found, refusal.remedy)) from refusal
    except ImportError as error:
        raise UserError(
            Problem(where, f"{package or 'a package'} to read it", f"{error}", "Install cebra_pipe[formats].")
        ) from error
    except PermissionError as error:
        raise UserError(
            Problem(where, "a file that may be read", "permission denied", "Change its permissions.")
        ) from error
    except Exception as error:
        why = (str(error).strip().splitlines() or [""])[0][:160]
        raise UserError(
            Problem(
                where,
                "a readable, whole file",
                f"a damaged one ({type(error).__name__}: {why})",
                "Copy or save it anew.",
            )
        ) from error


def indices(entry: Entry, columns: Sequence[str | int]) -> list[int]:
    """Positions of the columns that were asked for; a body part of a track stands for x and y."""
    if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
        raise Refusal("a list of columns", repr(columns), "Write ['a', 'b'].")
    if len(entry.shape) != 2:
        raise Refusal("a 2-D array to pick columns of", f"shape {entry.shape}", "Leave the columns out.")
    return [i for column in columns for i in _indices(entry, column)]


def _indices(entry: Entry, column: str | int) -> Sequence[int]:
    if column in entry.groups:
        return entry.groups[column]
    if isinstance(column, int) and not isinstance(column, bool):
        if not -entry.shape[1] <= column < entry.shape[1]:
            raise Refusal(f"a column from 0 to {entry.shape[1] - 1}", str(column), f"The array is {entry}.")
        return [column % entry.shape[1]]
    if not entry.columns:
        raise Refusal("columns by number", repr(column), f"The array is {entry} and names no columns.")
    if entry.columns.count(column) > 1:
        raise Refusal(
            "a name that one column has",
            f"{entry.columns.count(column)} columns {column!r}",
            "Give the column's number.",
        )
    if column not in entry.columns:
        raise Refusal("a known column", repr(column), did_you_mean(column, (*entry.groups, *entry.columns)))
    return [entry.columns.index(column)]

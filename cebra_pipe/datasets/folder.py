"""The folder where data sets lie, and how their files get there."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from ..data.download import download, md5_of, unpack
from ..errors import MissingFile, NotDownloaded, Problem, UserError

# The first that is set counts; the last is the reference's.
VARIABLES = ("CEBRA_PIPE_DATADIR", "CEBRA_PIPE_DATA", "CEBRA_DATADIR")
DEFAULT = "data"


def get_datapath(path: str | Path | None = None) -> str:
    """The folder of the data sets, or `path` inside it: an environment variable's, else `data` where one works."""
    folder = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), DEFAULT)
    return folder if path is None else str(Path(folder) / path)


def set_datapath(path: str | Path) -> None:
    """Look for data sets in `path`, here and in processes that start from here (it sets CEBRA_PIPE_DATADIR).

    Raises:
        MissingFile: (a UserError and FileNotFoundError) no such folder.
        UserError: `path` is a file.
    """
    folder = Path(path)
    if not folder.exists():
        raise MissingFile(Problem(str(path), "a folder", "none", "Make it first."))
    if not folder.is_dir():
        raise UserError(Problem(str(path), "a folder", "a file", "Give the folder it is in."))
    os.environ[VARIABLES[0]] = str(path)


@dataclass(frozen=True)
class Source:
    """A data set's file, by any of its names below the folder of the data sets."""

    names: tuple[str, ...]  # the published one first
    origin: str  # where to get it
    md5: str | None = None  # of the published file
    url: str | None = None  # where it is fetched from, if it may be; packed, where the address ends in .gz
    packed_md5: str | None = None

    def find(self, fetch: bool = True) -> Path:
        """The file; fetched where it has an address and `fetch` allows it.

        Raises:
            MissingFile: (a UserError and FileNotFoundError) it is not there, or did not come; the message says where
                to put it.
        """
        for name in self.names:
            path = Path(get_datapath(name))
            if path.is_file():
                self._compare(path)
                return path
        if self.url is None or not fetch:
            raise MissingFile(self._missing())
        try:
            return self._fetch(Path(get_datapath(self.names[0])))
        except NotDownloaded as error:
            raise MissingFile(*error.problems, self._missing()) from None

    def _fetch(self, path: Path) -> Path:
        """The published file at `path`, checked."""
        if not self.url.endswith(".gz"):
            return download(self.url, path, self.md5)
        packed = download(self.url, path.with_name(f"{path.name}.gz"), self.packed_md5)
        unpack(packed, path, self.md5)
        packed.unlink()
        return path

    def _missing(self) -> Problem:
        wanted = " or ".join(get_datapath(name) for name in self.names)
        remedy = (
            f"Get it from {self.origin} and put it there, or name the folder it is in: set_datapath(folder), "
            f"or the environment variable {VARIABLES[0]}."
        )
        return Problem("data set", wanted, "no such file", remedy)

    def _compare(self, path: Path) -> None:
        """A warning where a file has the name of the published one, and another content."""
        if self.md5 is not None and path.name == Path(self.names[0]).name and md5_of(path) != self.md5:
            told = f"{path} differs from the published file (md5 {self.md5}): numbers will not be comparable."
            warnings.warn(told, UserWarning, stacklevel=3)

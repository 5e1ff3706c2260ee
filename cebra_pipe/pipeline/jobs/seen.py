"""Files by content: sha256, remembered by path, size, times and inode so that a file is read once.

A program that writes a file may put its modification time back; no program sets the time of the change itself (ctime),
and a file that is put in another's place has another inode. Where a file was written just before it was read, one more
write may leave all of these as they were, the clock of a file system being coarse: such a hash is not noted.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ...data.seal import digests
from ...data.table import replacing

YOUNG = 2 * 10**9  # ns; the coarsest clock of a file system in use, that of FAT


@dataclass(frozen=True)
class Seen:
    """A file as it was at one moment."""

    path: str
    size: int
    mtime: int  # ns, as all times here
    ctime: int
    inode: int
    looked: int  # when it was read
    sha256: str
    body: str  # of a parquet file: sha256 of its columns, which its seal names

    @property
    def about(self) -> tuple[int, ...]:
        return self.size, self.mtime, self.ctime, self.inode

    def still(self) -> bool:
        """Whether the file is, by size, times and inode, as it was."""
        return self.about == _about(self.path)

    def settled(self) -> bool:
        """Whether any write since would show."""
        return self.looked - self.ctime >= YOUNG


def look(path: str | Path, notes: str | Path | None = None) -> Seen:
    """The file as it is now; the hash from `notes`, a folder, where it is noted there for a file like this."""
    about = _about(path)
    noted = _noted(str(path), str(notes)) if notes else None
    return noted if noted and noted.about == about else _seen(str(path), about)


def remember(files: Collection[Seen], notes: str | Path) -> None:
    """Note the hashes of these files, of those that were not just written."""
    for seen in files:
        if seen.settled() and _noted(seen.path, str(notes)) != seen:
            with replacing(_note(seen.path, notes), sync=False) as temporary:
                temporary.write_text(json.dumps(asdict(seen)) + "\n", encoding="utf-8")


def forgotten(paths: Collection[str], notes: str | Path) -> list[Path]:
    """The notes of other files than these."""
    known = {_note(path, notes) for path in paths}
    return sorted(file for file in Path(notes).glob("*") if file not in known) if os.path.isdir(notes) else []


def file_digest(path: str | Path) -> str:
    """sha256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _about(path: str | Path) -> tuple[int, ...]:
    about = os.stat(path)
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


@cache
def _seen(path: str, about: tuple[int, ...]) -> Seen:
    looked = time.time_ns()  # before it is read: what is written from then on is later
    return Seen(path, *about, looked, *digests(path))


def _note(path: str, notes: str | Path) -> Path:
    return Path(notes, hashlib.sha256(path.encode()).hexdigest()[:32])


def _noted(path: str, notes: str) -> Seen | None:
    try:
        return Seen(**json.loads(_note(path, notes).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # not noted, or a note that was cut short
        return None

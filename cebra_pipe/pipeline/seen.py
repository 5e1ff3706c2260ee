"""Files by content: sha256, remembered by path, size and modification time so that a file is read once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ..data.table import replacing


@dataclass(frozen=True)
class Seen:
    """A file as it was at one moment."""

    path: str
    size: int
    mtime: int  # ns
    sha256: str

    def still(self) -> bool:
        """Whether the file is, by size and time, as it was."""
        return (self.size, self.mtime) == _about(self.path)


def look(path: str | Path, notes: str | Path | None = None) -> Seen:
    """The file as it is now; the hash from `notes`, a folder, where it is noted there for this size and time."""
    size, mtime = _about(path)
    noted = _noted(str(path), str(notes)) if notes else None
    if noted and (noted.size, noted.mtime) == (size, mtime):
        return noted
    return Seen(str(path), size, mtime, _sha256(str(path), size, mtime))


def remember(files: Collection[Seen], notes: str | Path) -> None:
    """Note the hashes of these files."""
    for seen in files:
        if _noted(seen.path, str(notes)) != seen:
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


def _about(path: str | Path) -> tuple[int, int]:
    about = os.stat(path)
    return about.st_size, about.st_mtime_ns


@cache
def _sha256(path: str, size: int, mtime: int) -> str:
    return file_digest(path)


def _note(path: str, notes: str | Path) -> Path:
    return Path(notes, hashlib.sha256(path.encode()).hexdigest()[:32])


def _noted(path: str, notes: str) -> Seen | None:
    try:
        return Seen(**json.loads(_note(path, notes).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # not noted, or a note that was cut short
        return None

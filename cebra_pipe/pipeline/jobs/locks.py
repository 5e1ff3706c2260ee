"""Locks of an artifact, held by the job that writes it, and of a run; freed by the kernel however the holder ends."""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

# Seconds after each look at the lock of a run: another's look, too, holds it for a moment, a run for long.
LOOKS = (0.01, 0.03, 0.06, 0.0)


@contextmanager
def lock(output: Path) -> Iterator[None]:
    """Holds a lock on an artifact; the kernel frees it when the process ends, however it ends."""
    path = lock_path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{output}: another job is writing it; waiting for it to end.", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lock_path(output: Path) -> Path:
    """Where the lock of an artifact lies: beside it, hidden."""
    return Path(output).with_name(f".{Path(output).name}.lock")


def is_running(path: str) -> bool:
    """Whether a job holds the lock of this artifact."""
    file_of_lock = lock_path(Path(path))
    if not file_of_lock.exists():
        return False
    with open(file_of_lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def hold(root: str | Path) -> TextIO:
    """Says that a run of the study in a folder is under way, for as long as the file is open; others may be as well."""
    path = lock_path(Path(root, "run"))
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")  # a run that finds nothing to do leaves the file as it was; read, too, as NFS asks for
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def is_under_way(root: str | Path) -> bool:
    """Whether a run of the study in a folder holds its lock, be a job at work or not; no where it may not be asked."""
    path = lock_path(Path(root, "run"))
    try:
        file = path.open("r+")  # NFS gives the lock of one alone only to who may write
    except OSError:  # none yet, no permission, or a disk that is read only
        return False
    with file:
        for pause in LOOKS:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return False
            except BlockingIOError:
                time.sleep(pause)
    return True

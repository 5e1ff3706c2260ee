"""The lock of an artifact: held by the job that writes it, freed by the kernel however that job ends."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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

"""The files of recordings, and what is in them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ..data.sources import located, sources
from .study import Resolved


def files_of(study: Resolved, recording: str) -> list[str]:
    """The files of a recording, as paths from the working folder."""
    folder = study.config.data_folder
    found = sources(study.config.recordings[recording], f"recordings.{recording}")
    # Normalised: Snakemake warns of paths that start with ./
    return [located(folder, name) for name in found]


def content_hash(path: str, root: str) -> str:
    """sha256 of a file, remembered by path, size and modification time under the study's folder."""
    about = os.stat(path)
    key = f"{os.path.abspath(path)}|{about.st_size}|{about.st_mtime_ns}"
    store = Path(root, ".hashes", hashlib.sha256(key.encode()).hexdigest()[:32])
    if store.exists() and len(text := store.read_text().strip()) == 64:
        return text
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    store.parent.mkdir(parents=True, exist_ok=True)
    temporary = store.with_suffix(f".{os.getpid()}")
    temporary.write_text(found)
    os.replace(temporary, store)
    return found

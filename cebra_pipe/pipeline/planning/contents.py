"""The files of recordings."""

from __future__ import annotations

from ...data.sources import located, sources
from ..config.study import Resolved


def files_of(study: Resolved, recording: str) -> list[str]:
    """The files of a recording, as paths from the working folder."""
    folder = study.config.data_folder
    found = sources(study.config.recordings[recording], f"recordings.{recording}")
    return [located(folder, name) for name in found]

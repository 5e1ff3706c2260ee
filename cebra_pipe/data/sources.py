"""The arrays that a recording is made of, before any file is opened: which sources, and in which files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Problems
from .load import FORMATS
from .trial_columns import Column, columns

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig
    from ..pipeline.config.source import Source


@dataclass(frozen=True)
class Wanted:
    """One array to read: its source, and its file as the user wrote it."""

    source: Source | Column
    file: str | None
    where: Mapping[str, object] | None = None  # spike times alone: which units of a table are chosen


def wanted(config: RecordingConfig) -> dict[str, Wanted]:
    """Every array of a recording by its role. A clock lies in the file of what it times unless it names its own."""
    found: dict[str, Wanted] = {}

    def want(role: str, source: Source | Column | None, *files: str | None) -> None:
        if source is not None:
            found[role] = Wanted(source, next((f for f in (source.file, *files, config.file) if f), None))

    want("neural", config.neural)
    if config.spikes is not None:
        want("spikes.times", config.spikes.times)
        found["spikes.times"] = replace(found["spikes.times"], where=config.spikes.where or {})
        for role in ("neurons", "ends"):
            want(f"spikes.{role}", getattr(config.spikes, role), config.spikes.times.file)
    want("select.neurons", config.select.neurons, config.neural and config.neural.file)
    want("time", config.time)
    for name, label in config.labels.items():
        want(f"labels.{name}", label if label.trial_column is None else None)
        want(f"labels.{name}.time", label.time, label.file)
    tabled = columns(config)
    for role, column in tabled.items():
        want(role, column)
    if config.trials is not None and config.trials.from_ is None and not tabled:
        want("trials", config.trials)
        want("trials.time", config.trials.time, config.trials.file)
    return found


def sources(config: RecordingConfig, where: str = "recording") -> list[str]:
    """Every file of a recording as the user wrote it, sorted, each once; `where` names it in messages."""
    if config.simulate is not None:
        return []
    found, problems = wanted(config), Problems()
    for role, item in found.items():
        if item.file is None:
            key = str(item.source.key)
            meant = f"{{file: {key}}}" if is_file_name(key) else "`file` here, or for the whole recording"
            problems.add(f"{where}.{role}", "a file", f"none (key {key!r})", f"Give {meant}.")
    problems.raise_any()
    return sorted({item.file for item in found.values()})


def located(folder: str | Path, name: str) -> str:
    """The path of a file of a recording; `~` is the user's home in either."""
    return os.path.normpath(os.path.join(os.path.expanduser(folder), os.path.expanduser(name)))


def is_file_name(text: str) -> bool:
    return Path(text).suffix.lower() in FORMATS

"""Labels that are the number of a sample's trial: of a trial that is held out there is nothing to learn it from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .recording import RecordingConfig
from .source import Source


def trial_numbers(recordings: Mapping[str, RecordingConfig], names: Iterable[str]) -> set[str]:
    """The labels that are, in any of the recordings, what gives its trials."""
    return {label for name in names if name in recordings for label in _of(recordings[name])}


def _of(entry: RecordingConfig) -> list[str]:
    given = entry.trials
    if given is None or given.from_ is not None or given.start is not None:
        return []
    return [name for name, label in entry.labels.items() if label.trial_column is None and _same(label, given, entry)]


def _same(one: Source, other: Source, entry: RecordingConfig) -> bool:
    """Whether two sources are one array of one file."""
    mine, its = ((source.file or entry.file, source.key, source.column) for source in (one, other))
    return mine == its

"""What an artifact says of where it comes from, whatever kind of file holds it: the shape of that, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from .table import damaged


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_digests(value: object) -> bool:
    """Hashes of files by role."""
    return isinstance(value, dict) and all(
        isinstance(v, list) and all(isinstance(d, str) for d in v) for v in value.values()
    )


# What a job's provenance holds: name -> whether a value is of its kind. `beside` is a witness's alone.
SHAPE: Mapping[str, Callable[[object], bool]] = {
    **{name: lambda value: isinstance(value, str) for name in ("stage", "spec_hash", "code", "device")},
    "spec": lambda value: isinstance(value, dict),
    "inputs": _is_digests,
    "versions": _is_texts,
}


def checked(path: Path, about: object) -> dict:
    """The provenance of `path`; a UserError where it is none, in whatever way the file holds it."""
    if not isinstance(about, dict):
        raise damaged(path, "its provenance is no mapping")
    wrong = [name for name, is_right in SHAPE.items() if name not in about or not is_right(about[name])]
    wrong += [] if _is_texts(about.get("beside", {})) else ["beside"]
    if wrong:
        raise damaged(path, f"its provenance has no right {', '.join(wrong)}")
    return about

"""The files of recordings, splits and comparisons by name: there is one of each in a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..data.recording import Recording
from ..data.table import Table, read_table
from ..errors import Problem, UserError
from .shown import Study


def recordings(study: Study, paths: Sequence[Path]) -> dict[str, Recording]:
    """The recordings by name: by the file's name where all files are named so, else in the study's order."""
    return {name: Recording.read(path) for name, path in named(study, paths, "recordings").items()}


def splits(study: Study, paths: Sequence[Path]) -> dict[str, Table]:
    return {name: read_table(path, stage="split") for name, path in named(study, paths, "splits").items()}


def named(study: Study, paths: Sequence[Path], role: str) -> dict[str, Path]:
    """One file a recording: by its name where all files are named so, else in the study's order."""
    if len(paths) != len(study.recordings):
        expected = f"{len(study.recordings)} files, one a recording ({', '.join(study.recordings)})"
        raise UserError(Problem(f"--input {role}", expected, str(len(paths)), "Give the files as the rule does."))
    stems = {Path(path).stem: Path(path) for path in paths}
    if set(stems) == set(study.recordings):
        return {name: stems[name] for name in study.recordings}
    return dict(zip(study.recordings, map(Path, paths), strict=True))


def comparisons(study: Study, paths: Sequence[Path]) -> list[tuple[Mapping[str, str], Path]]:
    """Each comparison of the study with its file."""
    names = [entry["name"] for entry in study.comparisons]
    if len(paths) != len(names):
        expected, remedy = f"{len(names)} files, one a comparison", "Give the files as the rule does."
        raise UserError(Problem("--input consistency", expected, str(len(paths)), remedy))
    stems = {Path(path).stem: path for path in paths}
    ordered = [stems[name] for name in names] if set(stems) == set(names) else paths
    return list(zip(study.comparisons, ordered, strict=True))

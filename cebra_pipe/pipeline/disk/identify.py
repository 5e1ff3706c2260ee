"""What a file is that no study made, or that does not say so: as far as it can be told without a guess."""

from __future__ import annotations

import json
import shlex
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from ...data.load import FORMATS, open_file
from ...errors import UserError, named
from ..config.reading import read_yaml
from .archive import MANIFEST, read_manifest
from .status import KINDS

# Folders of a study, and a tail of hidden files, that are no artifacts.
BESIDE = {
    "records": "what a job cost: host, times, command, packages",
    "logs": "the log of a job",
    "benchmarks": "times and memory of a job, as Snakemake measured them",
    ".jobs": "the options of a job",
    ".hashes": "the hash of a file that jobs read",
}
TAILS = {
    ".checkpoint": "the state of a fit that runs, or was killed and goes on from here",
    ".lock": "the lock of an artifact; the kernel holds it while a job writes",
}


def identified(path: Path) -> Iterator[str]:
    """What the file is, line by line; nothing where that cannot be told."""
    yield from next((lines for reader in READERS if (lines := reader(path))), [])


def study_of(path: Path) -> Path | None:
    """The folder of the study that a file lies in, by the names of the folders."""
    above = [folder for folder in path.absolute().parents if folder.name in (*KINDS, *BESIDE)]
    found = [folder.parent for folder in above if any((folder.parent / kind).is_dir() for kind in KINDS)]
    return found[-1] if found else None


def _beside(path: Path) -> list[str]:
    """A file of a study that is no artifact."""
    for tail, what in TAILS.items():
        if path.name.startswith(".") and path.name.endswith(tail):
            return [f"{what}: of {path.name.removeprefix('.').removesuffix(tail)}"]
    study = study_of(path)
    return [what for folder, what in BESIDE.items() if study and study / folder in path.absolute().parents]


def _estimator(path: Path) -> list[str]:
    """A saved estimator, ours or cebra's."""
    if not zipfile.is_zipfile(path):
        return []
    from ...sklearn.storage import described

    if (found := described(path)) is None:
        return []
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    parameters = yaml.safe_dump(_plain(found["parameters"]), sort_keys=True, width=110).splitlines()
    first = "an estimator that CEBRA.save wrote: CEBRA.load reads it. It does not hold what it was fitted on"
    return [first, f"saved with {versions}", f"neurons: {found['neurons']}", "parameters:", *parameters]


def _plain(value: object) -> object:
    """Tuples as lists, and what is no plain value by its name."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float | str) else type(value).__name__


def _archive(path: Path) -> list[str]:
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        if MANIFEST not in archive.namelist():
            return []
    try:
        study = read_manifest(path)["study"]
    except UserError:
        return []
    return [f"the archive of the study {study}: `cebra-pipe verify` compares the files on disk with it"]


def _training(path: Path) -> list[str]:
    """Files of `cebra-pipe train`, which lie in one folder."""
    if path.name not in ("scores.json", "options.json") or not (path.parent / "options.json").is_file():
        return []
    try:
        options = json.loads((path.parent / "options.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    what = "losses of the best model" if path.name == "scores.json" else "options"
    return [f"{what} of a run of `cebra-pipe train`, with", *yaml.safe_dump(options, width=110).splitlines()]


def _config(path: Path) -> list[str]:
    """The config of a study, which may have mistakes in it."""
    if path.suffix.lower() not in (".yaml", ".yml"):
        return []
    try:
        found = read_yaml(path)
    except UserError:
        return []
    if not {"study", "recordings", "conditions"} <= found.keys():
        return []
    given = shlex.quote(str(path))
    how = f"`cebra-pipe check {given}` tells what it asks for, `cebra-pipe status {given}` what is made of it"
    return [f"the config of the study {named(found['study'])}: {how}"]


def _data(path: Path) -> list[str]:
    """Arrays, such as those of a recording."""
    if path.suffix.lower() not in FORMATS:
        return []
    try:
        return [f"a file of arrays, such as a recording: {open_file(path).listing()}"]
    except UserError:
        return []


READERS: tuple[Callable[[Path], list[str]], ...] = (_beside, _estimator, _archive, _training, _config, _data)

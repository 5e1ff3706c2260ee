"""Where one artifact comes from, told by the file itself, and by the record beside it where there is one.

Of any other file it says what it is, where that can be told, and that it says nothing of where it comes from.
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from ...data.load import check_there
from ...errors import UserError
from ..jobs import provenance
from ..jobs.roles import WITNESS
from ..jobs.seen import file_digest
from ..planning.layout import STAGES
from . import claims
from .identify import identified, study_of
from .status import KINDS

WIDTH = 10


def _witnesses() -> Iterator[tuple[str, str, str]]:
    """What the name of a file ends with, its role, and what the name of its witness has in place of that ending."""
    for stage, witness in WITNESS.items():
        endings = {role: Path(place).name.rpartition("}")[2] for role, place in STAGES[stage].items()}
        yield from ((ending, role, endings[witness]) for role, ending in endings.items() if role != witness)


WITNESSES = tuple(_witnesses())


def main(options: argparse.Namespace) -> int:
    """Print it; exit 1 where the file does not say where it comes from."""
    check_there(options.file)
    about, changed = told(options.file)
    lines = explained(options.file, about, changed) if about else others(options.file)
    print("\n".join(lines))
    return 0 if about and not changed else 1


def others(path: Path) -> Iterator[str]:
    """Lines of a file without provenance."""
    yield from _line("file", f"{path} (sha256 {file_digest(path)})")
    for i, line in enumerate(identified(path)):
        yield from _line("what" if i == 0 else "", line)
    yield from _line("made by", "not told: the file carries no provenance of a study, or none that can be read")
    if study := study_of(path):
        yield from _line("", f"it lies in the study {study.name}: `cebra-pipe status CONFIG` tells how its files stand")


def explained(path: Path, about: Mapping, changed: str = "") -> Iterator[str]:
    """Lines: what made the file, of what config and inputs, where and how long it took, and how it is made again.

    Args:
        about: Provenance.
        changed: What names another content than the file has: its witness, or its own seal.
    """
    made_with = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    spec = about["spec"]
    seeds = {"seed": spec.get("seed", spec.get("seeds")), "study seed": spec.get("study_seed")}
    yield from _line("file", f"{path} (sha256 {file_digest(path)})")
    if changed:
        yield from _line("CHANGED", f"since it was made, or in place of another: {changed} names another sha256")
    yield from _line("made by", f"{about['stage']}, on {about['device']}{_threads(spec)}, with {made_with}")
    yield from _line("code", about["code"])
    if any(value is not None for value in seeds.values()):
        yield from _line("seed", ", ".join(f"{name} {value}" for name, value in seeds.items() if value is not None))
    files = _input_files(path, about["stage"])
    for role, digests in about["inputs"].items():
        names = files.get(role, [])
        for i, digest in enumerate(digests):
            yield from _line("input" if i == 0 else "", f"{role}: sha256 {digest}" + (f"  {names[i]}" if names else ""))
    yield from _record(path, about["stage"])
    yield from _line("again", _again(path))
    yield f"config (hash {about['spec_hash']}):"
    yield from (f"  {line}" for line in yaml.safe_dump(_as_written(spec), sort_keys=True, width=110).splitlines())


def _again(path: Path) -> str:
    study = study_of(path)
    command = claims.again(study, path) if study else ""
    return command or f"snakemake --forcerun {shlex.quote(str(path))}   (with the --configfile of its study)"


def _as_written(value: object) -> object:
    """A spec by the names that its options have in a config."""
    if not isinstance(value, Mapping):
        return value
    return {"shifts" if name == "null" else name: _as_written(inner) for name, inner in value.items()}


def _threads(spec: Mapping) -> str:
    """Of torch, in a fit; empty of other stages, whose numbers no thread changes."""
    training = spec.get("training")
    number = training.get("threads") if isinstance(training, dict) else None
    return f", {number} thread{'s' * (number != 1)}" if number else ""


def told(path: Path) -> tuple[Mapping | None, str]:
    """The provenance of a file, by its own word or its witness's; and which of them names another content, if any."""
    own = _read(path)
    if own and not provenance.intact(path):
        return own, "its own seal"
    for ending, role, tail in WITNESSES:
        if not path.name.endswith(ending):
            continue
        witness = path.with_name(path.name.removesuffix(ending) + tail)
        about = _read(witness) or {}
        if role in about.get("beside", {}):
            same = about["beside"][role] == file_digest(path)
            return own or about, "" if same else witness.name
    return own, ""


def _read(path: Path) -> Mapping | None:
    """What a file says of itself; None where it says nothing, or is not whole."""
    try:
        return provenance.said(path) if path.is_file() else None
    except UserError:
        return None


def _line(name: str, text: str) -> Iterator[str]:
    yield f"{name:{WIDTH}s}{text}"


def _beside(path: Path, stage: str, kind: tuple[str, ...], suffix: str) -> Path | None:
    """The record or the options of the job: the place of its first output in another tree; None outside of a study."""
    at = next((i for i, part in enumerate(path.parts) if part in KINDS), None)
    if at is None or stage not in STAGES:
        return None
    first = Path(next(iter(STAGES[stage].values()))).name
    stem = path.name.split(".")[0] if "{" in first else Path(first).stem
    found = Path(*path.parts[:at], *kind, *path.parts[at:-1], stem + suffix)
    return found if found.is_file() else None


def _record(path: Path, stage: str) -> Iterator[str]:
    found = _beside(path, stage, ("records",), ".json")
    if found is None:
        yield from _line("record", "none beside it")
        return
    try:
        record = json.loads(found.read_text(encoding="utf-8"))
        cost = f"{record['seconds']} s ({record['cpu_seconds']} s of CPU, {record['peak_memory_mb']} MB)"
        yield from _line("record", f"{record['started']} on {record['host']}, {cost}")
        again = shlex.join(["cebra-pipe", *record["command"]])
    except (OSError, ValueError, KeyError, TypeError):  # cut short, or of another version
        yield from _line("record", f"one that cannot be read: {found}")
        return
    if parts := [str(record[name]) for name in ("processor", "gpu") if name in record]:
        yield from _line("", ", ".join(parts))
    yield from _line("by hand", again)


def _input_files(path: Path, stage: str) -> dict[str, list[str]]:
    """Names of the inputs by role, from the options of the job, where they are still there."""
    found, roles, mine = _beside(path, stage, (".jobs", stage), ".args"), {}, None
    for word in found.read_text(encoding="utf-8").splitlines() if found else ():
        if word.startswith("--"):
            mine = [] if word == "--input" else None
        elif mine is not None and not mine:
            mine = roles.setdefault(word, [])
            mine.append("")
        elif mine is not None:
            mine.append(word)
    return {role: names[1:] for role, names in roles.items()}

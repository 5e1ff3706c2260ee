"""Where one artifact comes from, told by the file itself, and by the record beside it where there is one."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from ..errors import Problem, UserError
from . import provenance
from .plan import STAGES
from .seen import file_digest
from .status import KINDS

SIBLINGS = (".png", ".json", ".parquet")  # what tells for a file that holds no provenance itself
WIDTH = 10


def main(options: argparse.Namespace) -> int:
    """Print it."""
    print("\n".join(explained(options.file)))
    return 0


def explained(path: Path) -> Iterator[str]:
    """Lines: what made the file, of what config and inputs, where and how long it took, and how it is made again."""
    about = told(path)
    made_with = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    spec = about["spec"]
    seeds = {"seed": spec.get("seed", spec.get("seeds")), "study seed": spec.get("study_seed")}
    yield from _line("file", f"{path} (sha256 {file_digest(path)})")
    yield from _line("made by", f"{about['stage']}, on {about['device']}, with {made_with}")
    yield from _line("code", about["code"])
    if any(value is not None for value in seeds.values()):
        yield from _line("seed", ", ".join(f"{name} {value}" for name, value in seeds.items() if value is not None))
    files = _input_files(path, about["stage"])
    for role, digests in about["inputs"].items():
        names = files.get(role, [])
        for i, digest in enumerate(digests):
            yield from _line("input" if i == 0 else "", f"{role}: sha256 {digest}" + (f"  {names[i]}" if names else ""))
    yield from _record(path, about["stage"])
    yield from _line("again", f"snakemake --forcerun {shlex.quote(str(path))}   (with the --configfile of its study)")
    yield f"config (hash {about['spec_hash']}):"
    yield from (f"  {line}" for line in yaml.safe_dump(spec, sort_keys=True, width=110).splitlines())


def told(path: Path) -> Mapping:
    """The provenance of a file, or of one beside it that was made with it; a UserError where there is none."""
    if not path.is_file():
        raise UserError(Problem(str(path), "an artifact of a study", "no such file"))
    beside = [path.with_suffix(suffix) for suffix in SIBLINGS if path.with_suffix(suffix) != path]
    for each in (path, *(p for p in beside if p.is_file())):
        if about := provenance.read(each):
            return about
    raise UserError(Problem(str(path), "a file that a study made", "one that says nothing of itself"))


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
    record = json.loads(found.read_text(encoding="utf-8"))
    cost = f"{record['seconds']} s ({record['cpu_seconds']} s of CPU, {record['peak_memory_mb']} MB)"
    yield from _line("record", f"{record['started']} on {record['host']}, {cost}")
    yield from _line("by hand", shlex.join(["cebra-pipe", *record["command"]]))


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

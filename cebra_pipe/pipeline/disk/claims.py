"""Which configs wrote a study's folder: two of one `study` would remake and prune each other's results.

A run notes its config in the folder. Another config is refused there while one that is noted still exists, would still
be run into this folder and says something else. So a config may be renamed, edited or copied at will: a copy counts
once it was run, and for as long as both are there and differ. Folders are compared as they lie on the disk, whatever
their spelling.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from ...data.table import replacing
from ...errors import Problem, UserError
from ..config.changes import merged
from ..config.options import Study
from ..config.reading import read_yaml, resolve
from ..planning.plan import Plan

NOTE = ".configs"  # in the study's folder

PLACE = ("results", "study")  # the keys that name the folder


@dataclass(frozen=True)
class Noted:
    """A config as it was run, with real paths; in the note they start from the study's folder, which may be copied."""

    files: tuple[str, ...]  # what Snakemake merges into one config
    cwd: str  # where it was run: its `results` starts there
    given: Mapping[str, str]  # what of PLACE is not as the files say: the command line gave it


def check(plan: Plan, files: Sequence[str | Path]) -> None:
    """A UserError where the study's folder is another config's."""
    rivals = [other for other in noted(plan.root) if _claims(plan, other, files)]
    if not rivals:
        return
    found = f"one of {_named(map(os.path.relpath, rivals[0].files))}, which names this study too and differs"
    remedy = (
        "Each would remake and prune the results of the other: give one of them another `study`. "
        f"Where this one takes the place of the other, remove the other, or {_place(plan)}."
    )
    raise UserError(Problem(plan.root, f"results of {_named(files)}", found, remedy))


def note(plan: Plan, files: Sequence[str | Path]) -> None:
    """Add these files to the configs that wrote the study's folder; those that are gone are forgotten."""
    if not files:  # a study that --config gave whole
        return
    mine = Noted(tuple(map(os.path.realpath, files)), os.getcwd(), _given(plan, files))
    others = [
        other for other in noted(plan.root) if all(map(os.path.isfile, other.files)) and other.files != mine.files
    ]
    start = os.path.realpath(plan.root)
    told = [
        {
            "files": [os.path.relpath(file, start) for file in each.files],
            "cwd": os.path.relpath(each.cwd, start),
            "given": each.given,
        }
        for each in (*others, mine)
    ]
    text = json.dumps({"configs": told}, ensure_ascii=False) + "\n"
    if not _place(plan).exists() or _place(plan).read_text(encoding="utf-8") != text:
        with replacing(_place(plan), sync=False) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _place(plan: Plan) -> Path:
    return Path(plan.root, NOTE)


def noted(root: str | Path) -> list[Noted]:
    """The configs that wrote in a study's folder; none where there is no note that can be read."""
    start = os.path.realpath(root)

    def real(path: str) -> str:
        return os.path.realpath(os.path.join(start, path))

    try:
        found = json.loads(Path(root, NOTE).read_text(encoding="utf-8"))["configs"]
        return [Noted(tuple(map(real, each["files"])), real(each["cwd"]), dict(each["given"])) for each in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def again(root: Path, path: Path) -> str:
    """The command that makes a file of a study's folder once more; empty where no config of it is noted."""
    for one in (one for one in noted(root) if all(map(os.path.isfile, one.files))):
        try:
            place = Plan(resolve({**_read(one.files), **one.given}, _named(one.files))).root
        except UserError:  # being edited, maybe
            continue
        files = [os.path.relpath(file, one.cwd) for file in one.files]
        given = [] if files == ["config.yaml"] else ["--configfile", *files]
        given += ["--config", *(f"{key}={value}" for key, value in one.given.items())] if one.given else []
        target = os.path.join(place, os.path.relpath(os.path.realpath(path), os.path.realpath(root)))
        command = shlex.join(["snakemake", *given, "--forcerun", target])
        here = os.path.relpath(one.cwd)
        return command if here == "." else f"cd {shlex.quote(here)} && {command}"
    return ""


def _claims(plan: Plan, other: Noted, files: Sequence[str | Path]) -> bool:
    """Whether `other` is another config than `files` that is there and whose study lies in the same folder."""
    if not all(map(os.path.isfile, other.files)) or other.files == tuple(map(os.path.realpath, files)):
        return False
    try:
        theirs = Plan(resolve({**_read(other.files), **other.given}, _named(other.files)))
    except UserError:  # being edited, maybe: it named this study when it ran
        return True
    here = os.path.realpath(os.path.join(other.cwd, theirs.root)) == os.path.realpath(plan.root)
    return here and _content(theirs) != _content(plan)


def _given(plan: Plan, files: Sequence[str | Path]) -> dict[str, str]:
    """What of PLACE the command line gave, beside the files."""
    config = plan.study.config
    try:
        said = {key: field.default for key, field in type(config).model_fields.items()} | _read(files)
    except UserError:  # a format that Snakemake reads and this does not: they are refused as a rival's, too
        said = {}
    return {key: getattr(config, key) for key in PLACE if said.get(key) != getattr(config, key)}


def _content(plan: Plan) -> Study:
    """What a config says beside its folder, which has many spellings."""
    return plan.study.config.model_copy(update=dict.fromkeys(PLACE, ""))


def _read(files: Sequence[str | Path]) -> dict:
    return reduce(merged, map(read_yaml, files), {})


def _named(files: Iterable[str | Path]) -> str:
    return " + ".join(map(str, files)) or "a config without a file"

"""Which configs wrote a study's folder: two of one `study` would remake and prune each other's results.

A run notes its config files in the folder. Another config is refused there while one that is noted still exists,
still names the same study and says something else. So a config may be renamed, edited or copied at will: a copy
counts once it was run, and for as long as both are there and differ.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import reduce
from pathlib import Path

from ..data.table import replacing
from ..errors import Problem, UserError
from .changes import merged
from .plan import Plan
from .reading import read_yaml, resolve

NOTE = ".configs"  # in the study's folder

Files = tuple[str, ...]  # what Snakemake merges into one config, from the working folder or absolute


def check(plan: Plan, files: Sequence[str | Path]) -> None:
    """A UserError where the study's folder is another config's."""
    rivals = [other for other in _noted(plan) if _claims(plan, other, files)]
    if not rivals:
        return
    found = f"one of {_named(rivals[0])}, which names this study too and differs"
    remedy = (
        "Each would remake and prune the results of the other: give one of them another `study`. "
        f"Where this one takes the place of the other, remove the other, or {_place(plan)}."
    )
    raise UserError(Problem(plan.root, f"results of {_named(files)}", found, remedy))


def note(plan: Plan, files: Sequence[str | Path]) -> None:
    """Add these files to the configs that wrote the study's folder; those that are gone are forgotten."""
    mine = tuple(map(str, files))
    if not mine:  # a study that --config gave whole
        return
    others = [other for other in _noted(plan) if all(map(os.path.isfile, other)) and not _same(other, mine)]
    base = os.path.realpath(plan.root)
    relative = [[os.path.relpath(os.path.realpath(file), base) for file in each] for each in (*others, mine)]
    text = json.dumps({"configs": relative}, ensure_ascii=False) + "\n"
    if not _place(plan).exists() or _place(plan).read_text(encoding="utf-8") != text:
        with replacing(_place(plan), sync=False) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _place(plan: Plan) -> Path:
    return Path(plan.root, NOTE)


def _noted(plan: Plan) -> list[Files]:
    """The configs that wrote here, as paths from the working folder; none where there is no note that can be read."""
    try:
        found = json.loads(_place(plan).read_text(encoding="utf-8"))["configs"]
        base = os.path.realpath(plan.root)
        return [tuple(os.path.relpath(os.path.join(base, file)) for file in each) for each in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _claims(plan: Plan, other: Files, files: Sequence[str | Path]) -> bool:
    """Whether `other` is another config than `files` that is there and whose study lies in the same folder."""
    if not all(map(os.path.isfile, other)) or _same(other, files):
        return False
    try:
        raw = reduce(merged, map(read_yaml, other), {})
        theirs = Plan(resolve(raw, _named(other)))
    except UserError:  # being edited, maybe: it named this study when it ran
        return True
    return theirs.root == plan.root and theirs.study.config != plan.study.config


def _same(one: Sequence[str | Path], other: Sequence[str | Path]) -> bool:
    return [os.path.realpath(file) for file in one] == [os.path.realpath(file) for file in other]


def _named(files: Sequence[str | Path]) -> str:
    return " + ".join(map(str, files)) or "a config without a file"

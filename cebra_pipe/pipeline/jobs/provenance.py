"""What an artifact says of itself, whatever kind of file it is."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from ...data.table import META, damaged, read_meta
from .roles import WITNESS
from .seen import look

KEY = META.decode()  # the name under which a picture holds its provenance


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_digests(value: object) -> bool:
    """Hashes of files by role."""
    return isinstance(value, dict) and all(
        isinstance(v, list) and all(isinstance(d, str) for d in v) for v in value.values()
    )


# What `Job.provenance` writes: name -> whether a value is of its kind. `beside` is a witness's alone.
SHAPE: Mapping[str, Callable[[object], bool]] = {
    **{name: lambda value: isinstance(value, str) for name in ("stage", "spec_hash", "code", "device")},
    "spec": lambda value: isinstance(value, dict),
    "inputs": _is_digests,
    "versions": _is_texts,
}


def read(path: Path) -> dict | None:
    """The provenance of an artifact; None where its kind of file holds none. A UserError where it is damaged."""
    reader = READERS.get(Path(path).suffix)
    return _checked(Path(path), reader(Path(path))) if reader else None


def told_by(paths: Collection[str]) -> dict[str, dict]:
    """What a job's outputs say of themselves, of those that tell it fast. A UserError where one is damaged."""
    told = {}
    for path in paths:
        # A zip file's directory stands at its end: a model that was cut short has none. No torch for that.
        if path.endswith(".pt") and not zipfile.is_zipfile(path):
            raise damaged(Path(path), "no whole model file")
        if reader := QUICK.get(Path(path).suffix):
            told[path] = _checked(Path(path), reader(Path(path)))
    return told


def _checked(path: Path, about: object) -> dict:
    """The provenance of `path`; a UserError where it is none, in whatever way the file holds it."""
    if not isinstance(about, dict):
        raise damaged(path, "its provenance is no mapping")
    wrong = [name for name, is_right in SHAPE.items() if name not in about or not is_right(about[name])]
    wrong += [] if _is_texts(about.get("beside", {})) else ["beside"]
    if wrong:
        raise damaged(path, f"its provenance has no right {', '.join(wrong)}")
    return about


def witness(stage: str, outputs: Mapping[str, str]) -> str:
    """The output that holds the sha256 of the others; empty where each is alone."""
    return outputs[WITNESS[stage]] if stage in WITNESS else ""


def replaced(stage: str, outputs: Mapping[str, str], told: Mapping[str, dict], notes: str) -> set[str]:
    """The outputs of a job, of those that are there, that are not the ones which its witness was made with.

    Args:
        outputs: Files by role.
        told: What they say of themselves; without the witness there is nothing to compare with.
        notes: The folder in which hashes of files are noted.
    """
    by = witness(stage, outputs)
    if by not in told:
        return set()
    made = told[by].get("beside", {})
    others = {role: path for role, path in outputs.items() if path != by and os.path.isfile(path)}
    return {path for role, path in others.items() if look(path, notes).sha256 != made.get(role)}


def _model(path: Path) -> dict:
    from ...solver.artifact import read_provenance

    return read_provenance(path)


def _head(path: Path) -> dict:
    """The text of a picture, without its pixels."""
    return _png(path, pixels=False)


def _png(path: Path, pixels: bool = True) -> dict:
    from PIL import Image

    try:
        with Image.open(path) as image:
            if pixels:
                image.load()
            if KEY not in getattr(image, "text", {}):
                raise ValueError("it carries no provenance")
            return json.loads(image.text[KEY])
    except (OSError, KeyError, ValueError, SyntaxError) as error:
        raise damaged(path, str(error)) from error


def _json(path: Path) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or "provenance" not in content:
            raise ValueError("it carries no provenance")
        return content["provenance"]
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from error


READERS: Mapping[str, Callable[[Path], dict]] = {".parquet": read_meta, ".pt": _model, ".png": _png, ".json": _json}
QUICK: Mapping[str, Callable[[Path], dict]] = {".parquet": read_meta, ".json": _json, ".png": _head}

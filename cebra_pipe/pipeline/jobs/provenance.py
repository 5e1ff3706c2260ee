"""What an artifact says of itself, whatever kind of file it is."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from ...data.origin import checked
from ...data.seal import rows_digest
from ...data.table import META, Footer, changed, damaged, footer, lacking, read_meta
from ...errors import UserError
from ...plot.sealed import has_seal, is_sealed
from .roles import WITNESS
from .seen import look

KEY = META.decode()  # the name under which a picture holds its provenance


def read(path: Path) -> dict | None:
    """The provenance of an artifact; None where its kind of file holds none. A UserError where it is damaged."""
    reader = READERS.get(Path(path).suffix)
    return checked(Path(path), reader(Path(path))) if reader else None


def said(path: Path) -> dict | None:
    """As `read`, also where the seal is broken: for whoever tells of the file and reads no number of it."""
    reader = UNSEALED.get(path.suffix)
    return checked(path, reader(path)) if reader else read(path)


def intact(path: Path) -> bool:
    """Whether a file that says where it comes from holds what was written under these words."""
    try:
        return not edited({str(path): read(path)}, None)
    except UserError:
        return False


def edited(told: Mapping[str, dict], notes: str | Path | None) -> set[str]:
    """The tables whose columns are not those that they were written with.

    Args:
        told: What files say of themselves.
        notes: The folder in which hashes of files are noted.
    """
    tables = {path: about for path, about in told.items() if isinstance(about, Footer)}
    return {path for path, about in tables.items() if look(path, notes).body != about.body}


def told_by(paths: Collection[str]) -> dict[str, dict]:
    """What a job's outputs say of themselves, of those that tell it fast. A UserError where one is damaged."""
    told = {}
    for path in paths:
        # A zip file's directory stands at its end: a model that was cut short has none. No torch for that.
        if path.endswith(".pt") and not zipfile.is_zipfile(path):
            raise damaged(Path(path), "no whole model file")
        if reader := QUICK.get(Path(path).suffix):
            told[path] = checked(Path(path), reader(Path(path)))
    return told


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


def _png(path: Path) -> dict:
    """Of a picture, which has to be the one that was written."""
    about = _text(path)
    if not is_sealed(path.read_bytes()):
        raise changed(path)
    return about


def _text(path: Path) -> dict:
    """What a picture says, without its pixels."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            if KEY not in image.info:  # `image.text` would unpack the pixels
                raise ValueError("it carries no provenance")
            about = json.loads(image.info[KEY])
        if not has_seal(path.read_bytes()):
            raise ValueError("it carries no seal: it was cut short, or another program or version wrote it")
    except (OSError, KeyError, ValueError, SyntaxError) as error:
        raise damaged(path, str(error)) from error
    return about


def _json(path: Path) -> dict:
    """Of a table, whose rows have to be those that it was written with."""
    about, rows = _parts(path)
    if isinstance(about, dict) and rows is not None and about["rows"] != rows_digest(rows):
        raise changed(path)
    return about


def _parts(path: Path) -> tuple[object, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or "provenance" not in content:
            raise ValueError("it carries no provenance")
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from error
    about, rows = content["provenance"], content.get("rows")
    if isinstance(about, dict) and rows is not None and "rows" not in about:
        raise lacking(path, "a hash of its rows in its provenance")
    return about, rows


READERS: Mapping[str, Callable[[Path], dict]] = {".parquet": read_meta, ".pt": _model, ".png": _png, ".json": _json}
QUICK: Mapping[str, Callable[[Path], dict]] = {".parquet": read_meta, ".json": _json, ".png": _png}
UNSEALED: Mapping[str, Callable[[Path], object]] = {
    ".parquet": footer,
    ".json": lambda path: _parts(path)[0],
    ".png": _text,
}

"""What an artifact says of itself, whatever kind of file it is."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from ..data.table import META, damaged, read_meta

KEY = META.decode()  # the name under which a picture holds its provenance


def read(path: Path) -> dict | None:
    """The provenance of an artifact; None where its kind of file holds none. A UserError where it is damaged."""
    reader = READERS.get(Path(path).suffix)
    return reader(Path(path)) if reader else None


def told_by(paths: Collection[str]) -> dict | None:
    """The provenance that one of a job's outputs tells fastest; None where there is none. A UserError where damaged."""
    for path in paths:
        # A zip file's directory stands at its end: a model that was cut short has none. No torch for that.
        if path.endswith(".pt") and Path(path).exists() and not zipfile.is_zipfile(path):
            raise damaged(Path(path), "no whole model file")
    for suffix in QUICK:
        for path in paths:
            if path.endswith(suffix) and Path(path).exists():
                return QUICK[suffix](Path(path))
    return None


def _head(path: Path) -> dict:
    """The text of a picture, without its pixels."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return json.loads(image.text[KEY])
    except (OSError, KeyError, ValueError, SyntaxError) as error:
        raise damaged(path, str(error)) from error


def _model(path: Path) -> dict:
    from ..solver.artifact import read_provenance

    return read_provenance(path)


def _png(path: Path) -> dict:
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
            return json.loads(image.text[KEY])
    except (OSError, KeyError, ValueError, SyntaxError) as error:
        raise damaged(path, str(error)) from error


def _json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["provenance"]
    except (OSError, KeyError, ValueError) as error:
        raise damaged(path, str(error)) from error


READERS: Mapping[str, Callable[[Path], dict]] = {".parquet": read_meta, ".pt": _model, ".png": _png, ".json": _json}
QUICK: Mapping[str, Callable[[Path], dict]] = {".parquet": read_meta, ".json": _json, ".png": _head}

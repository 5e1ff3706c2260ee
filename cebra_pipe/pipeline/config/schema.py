"""The JSON schema of the config and its reference page, made from the config's models."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from ...data.table import replacing
from .mistakes import models_in
from .options import Study

SCHEMA = Path("workflow/schemas/config.schema.json")
REFERENCE = Path("docs/configuration.md")

INTRODUCTION = """# Configuration

Generated from the config's models by `cebra-pipe schema`; do not edit by hand.
`cebra-pipe check CONFIG` says everything that is wrong with a config, and what it means, before anything runs.
Editors that know JSON schema complete and check a config that begins with
`# yaml-language-server: $schema=workflow/schemas/config.schema.json`.
"""


def schema() -> str:
    """The JSON schema as text."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Study.model_json_schema(by_alias=True)}
    return json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def reference() -> str:
    """The reference page as text: a table for each part of the config; options that parts share stand in the first."""
    told: dict[type[BaseModel], str] = {}
    parts = []
    for place, model in _walk(Study, ""):
        parts.append(_part(model, place, {kind: told[kind] for kind in model.__mro__ if kind in told}))
        told.setdefault(model, place)
    return "\n".join([INTRODUCTION, *parts])


def _walk(model: type[BaseModel], place: str, seen: frozenset = frozenset()) -> Iterator[tuple[str, type[BaseModel]]]:
    yield place, model
    for name, field in model.model_fields.items():
        inner = next(iter(models_in(field.annotation)), None)
        if inner is not None and inner not in seen:
            named = ".<name>" if "dict" in str(field.annotation) else ""
            yield from _walk(inner, f"{place}.{field.alias or name}{named}".lstrip("."), seen | {model})


def _part(model: type[BaseModel], place: str, told: dict[type[BaseModel], str]) -> str:
    """The table of a part without the rows of what it shares with those `told` already, model -> place."""
    title = f"## `{place}`" if place else "## Top level"
    about = [(model.__doc__ or "").strip()] * (model not in told)
    above = {_row(name, field): told[kind] for kind in told for name, field in kind.model_fields.items()}
    rows = [_row(name, field) for name, field in model.model_fields.items()]
    own = [row for row in rows if row not in above]
    places = " and ".join(f"`{where}`" for where in dict.fromkeys(above[row] for row in rows if row in above))
    table = ["| option | default | meaning |\n|---|---|---|\n" + "\n".join(own)] * bool(own)
    shared = [f"{'Also the' if own else 'The'} options of {places}."] * bool(places)
    return "\n\n".join([title, *about, *table, *shared]) + "\n"


def _row(name: str, field: Any) -> str:
    default = "required" if field.default is PydanticUndefined and field.default_factory is None else _default(field)
    told = " ".join(filter(None, [(field.description or "").replace("|", chr(92) + "|"), _choices(field.annotation)]))
    return f"| `{field.alias or name}` | {default} | {told} |"


def _choices(annotation: Any) -> str:
    """The values that an option takes, where they are a fixed few."""
    types = (annotation,) if get_origin(annotation) is Literal else getattr(annotation, "__args__", ())
    if any(get_origin(a) is Annotated and a.__origin__ is str for a in types):  # any text does
        return ""
    literals = [a for a in types if get_origin(a) is Literal]
    values = [f"`{value}`" for literal in literals for value in literal.__args__]
    if not values:
        return ""
    numbers = any(get_origin(a) is Annotated and a.__origin__ in (int, float) for a in types)
    return f"A number or {' or '.join(values)}." if numbers else f"One of {', '.join(values)}."


def _default(field: Any) -> str:
    value = field.default_factory() if field.default_factory else field.default
    if value is None or value in ("", {}):
        return ""
    return (
        "see there"
        if isinstance(value, BaseModel)
        else f"`{value}`".lower()
        if isinstance(value, bool)
        else f"`{value}`"
    )


def main(options: argparse.Namespace) -> int:
    """Write both files, or with --check say whether they are as they should be."""
    wanted = {SCHEMA: schema(), REFERENCE: reference()}
    if options.check:
        old = [str(p) for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
        if old:
            print(f"Not up to date: {', '.join(old)}. Run: cebra-pipe schema", file=sys.stderr)
        return 1 if old else 0
    for path, text in wanted.items():
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        print(path)
    return 0

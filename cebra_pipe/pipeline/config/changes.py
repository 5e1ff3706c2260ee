"""Values of a config that are given on the command line: KEY=VALUE, as Snakemake's --config takes them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ...errors import Problem, UserError
from .reading import Loader, read_yaml, resolve
from .study import Resolved


def read_changed(path: Path, entries: Sequence[str]) -> Resolved:
    """The study of a config file with some of its values replaced."""
    return resolve(merged(read_yaml(path), changes(entries)), " ".join([str(path), *entries]))


def changes(entries: Sequence[str]) -> dict[str, Any]:
    """The mapping that KEY=VALUE texts stand for: a key with points leads inside, a value is YAML, none at all null."""
    found: dict[str, Any] = {}
    for entry in entries:
        key, equals, text = entry.partition("=")
        keys = key.split(".")
        if not equals or not all(keys):
            remedy = "As in --config data_folder=/my/data split.gap=2."
            raise UserError(Problem("--config", "KEY=VALUE", repr(entry), remedy))
        try:
            value = yaml.load(text, Loader)
        except (yaml.YAMLError, ValueError) as error:
            raise UserError(Problem(f"--config {key}", "a value in YAML", " ".join(str(error).split()))) from None
        for name in reversed(keys):
            value = {name: value}
        found = merged(found, value)
    return found


def merged(base: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `new`; mappings are merged, all else is replaced."""
    result = dict(base)
    for key, value in new.items():
        old = result.get(key)
        result[key] = merged(old if isinstance(old, Mapping) else {}, value) if isinstance(value, Mapping) else value
    return result


def for_snakemake(path: Path, entries: Sequence[str]) -> str:
    """The options that make Snakemake read the same study: it takes keys of the top level, with mappings as values.

    It hands on numbers inside of them as texts; the config's models take those, but for a bare number of seeds.
    """
    options = [] if str(path) == "config.yaml" else ["--configfile", str(path)]
    given = [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in changes(entries).items()
    ]
    return "".join(f" {shlex.quote(text)}" for text in [*options, *(["--config", *given] if given else [])])

"""From a YAML file to a resolved study; all mistakes in one message, each with its place and a remedy."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ...errors import Problem, Problems, UserError, did_you_mean, short
from . import options as c
from .batches import check_together
from .compared import check_comparisons
from .mistakes import mistakes
from .refit import check_primary
from .resolving import comparisons, condition
from .sense import check
from .study import Resolved
from .without import check_left_out, check_portions


class Loader(yaml.SafeLoader):
    """YAML 1.1 with the numbers people write: 1e-3 is a number, a key given twice an error."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key, where = self.construct_object(key_node, deep=True), _line_of(key_node)
            if not isinstance(key, Hashable):
                raise UserError(Problem(where, "a text as key", short(key), "Write `key: value`."))
            if key in seen:
                raise UserError(Problem(where, "each key once", f"{short(key)} twice", "Remove or rename one."))
            seen.add(key)
        return super().construct_mapping(node, deep)


def _line_of(node: yaml.Node) -> str:
    return f"{node.start_mark.name}, line {node.start_mark.line + 1}"


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def read_yaml(path: Path) -> dict:
    """The mapping in a YAML file."""
    try:
        with open(path, encoding="utf-8") as file:
            data = yaml.load(file, Loader)
    except FileNotFoundError:
        raise UserError(Problem(str(path), "a config file", "no such file", "Give the path of a YAML file.")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(Problem(str(path), "a readable text file", str(error))) from None
    except UserError:
        raise
    except RecursionError:
        raise UserError(Problem(str(path), "valid YAML", "containers in containers without end")) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: dates that do not exist, huge numbers
        raise UserError(Problem(str(path), "valid YAML", " ".join(str(error).split()))) from None
    if not isinstance(data, dict):
        raise UserError(Problem(str(path), "a mapping with `study`, `recordings`, `conditions`", type(data).__name__))
    return data


def check_keys(paths: Iterable[str | Path]) -> None:
    """A UserError for a key given twice in a YAML file; whoever merged the files took the last one without a word."""
    for path in map(Path, paths):
        if path.suffix in (".yaml", ".yml"):
            read_yaml(path)


def read_study(path: Path) -> Resolved:
    """The study of a config file."""
    return resolve(read_yaml(path), str(path))


def resolve(raw: Mapping[str, Any], where: str = "config") -> Resolved:
    """The study of a config mapping; one UserError with all problems where something is wrong."""
    problems = Problems()
    full = _inherit(raw, where, problems)
    try:
        study = c.Study.model_validate({**raw, "conditions": full})
    except ValidationError as error:
        found = [e for e in error.errors() if not _inherited(raw, full, e["loc"])]
        problems.extend(mistakes(where, found))
    problems.raise_any()
    conditions = {name: condition(study, name, problems, where) for name in study.conditions}
    resolved = Resolved(study, conditions, {})
    check(resolved, where, problems)
    check_together(resolved, where, problems)
    for name, one in conditions.items():
        check_left_out(resolved, one, f"{where}: conditions.{name}", problems)
        check_portions(one, f"{where}: conditions.{name}", problems)
    problems.raise_any()
    compared = study.comparisons if study.comparisons is not None else comparisons(resolved)
    resolved = Resolved(study, conditions, compared)
    check_comparisons(resolved, where, problems)
    check_primary(resolved, where, problems)
    problems.raise_any()
    return resolved


def _inherited(raw: Mapping[str, Any], full: Any, place: tuple) -> bool:
    """Whether the value at `place` was taken over from another condition, which tells its mistake itself."""
    section, name, key = (*place, None, None, None)[:3]
    own = raw[section].get(name) if section == "conditions" and isinstance(full, Mapping) else None
    return isinstance(own, Mapping) and "like" in own and key not in own and key in full[name]


def _handed_on(base: Mapping, own: Mapping) -> dict:
    """What `like` takes. The many seeds of a control are draws: further fits feed no p, and their data differ."""
    unasked = ("leave_one_out", "enough_data", "together") if {**base, **own}.get("control") else ()
    return {key: value for key, value in base.items() if key not in unasked}


def _inherit(raw: Mapping[str, Any], where: str, problems: Problems) -> Any:
    """Conditions with `like` filled in, as raw mappings, so that what a user wrote stays told apart from defaults."""
    conditions = raw.get("conditions")
    if not isinstance(conditions, Mapping):
        return conditions

    def full(name: str, chain: tuple[str, ...]) -> dict:
        own = conditions[name]
        parent = own.get("like") if isinstance(own, Mapping) else None
        if parent is None:
            return own
        if not isinstance(parent, str) or parent not in conditions or parent in chain:
            circle = isinstance(parent, str) and parent in chain
            found = f"the circle {' > '.join((*chain, parent))}" if circle else short(parent)
            problems.add(
                f"{where}: conditions.{name}.like",
                "the name of another condition",
                found,
                did_you_mean(short(parent).strip("'"), [other for other in conditions if other != name]),
            )
            return own
        base = full(parent, (*chain, name))
        return {**_handed_on(base, own), **own, "title": own.get("title", "")} if isinstance(base, Mapping) else own

    return {name: full(name, (name,)) for name in conditions}

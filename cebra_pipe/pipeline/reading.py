"""From a YAML file to a resolved study; all mistakes in one message, each with its place and a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from ..errors import Problem, Problems, UserError, did_you_mean
from . import config as c
from .sense import check, check_comparisons
from .study import Resolved, comparisons, condition


class _Loader(yaml.SafeLoader):
    """YAML 1.1 with the numbers people write: 1e-3 is a number, a key given twice an error."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                where = f"{key_node.start_mark.name}, line {key_node.start_mark.line + 1}"
                raise UserError(Problem(where, "each key once", f"{key!r} twice", "Remove or rename one."))
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def read_yaml(path: Path) -> dict:
    """The mapping in a YAML file."""
    try:
        with open(path, encoding="utf-8") as file:
            data = yaml.load(file, _Loader)
    except FileNotFoundError:
        raise UserError(Problem(str(path), "a config file", "no such file", "Give the path of a YAML file.")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(Problem(str(path), "a readable text file", str(error))) from None
    except yaml.YAMLError as error:
        raise UserError(Problem(str(path), "valid YAML", " ".join(str(error).split()))) from None
    if not isinstance(data, dict):
        raise UserError(Problem(str(path), "a mapping with `study`, `recordings`, `conditions`", type(data).__name__))
    return data


def read_study(path: Path) -> Resolved:
    """The study of a config file."""
    return resolve(read_yaml(path), str(path))


def resolve(raw: Mapping[str, Any], where: str = "config") -> Resolved:
    """The study of a config mapping; one UserError with all problems where something is wrong."""
    problems = Problems()
    raw = {**raw, "conditions": _inherit(raw, where, problems)}
    try:
        study = c.Study.model_validate(raw)
    except ValidationError as error:
        problems.extend(_problem(where, e) for e in error.errors())
    problems.raise_any()
    conditions = {name: condition(study, name, problems, where) for name in study.conditions}
    resolved = Resolved(study, conditions, {})
    check(resolved, where, problems)
    problems.raise_any()
    compared = study.comparisons if study.comparisons is not None else dict(comparisons(resolved))
    resolved = Resolved(study, conditions, compared)
    check_comparisons(resolved, where, problems)
    problems.raise_any()
    return resolved


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
            found = f"{parent!r}" if parent not in chain else f"the circle {' > '.join((*chain, parent))}"
            problems.add(
                f"{where}: conditions.{name}.like",
                "the name of another condition",
                found,
                did_you_mean(str(parent), set(conditions) - {name}),
            )
            return own
        base = full(parent, (*chain, name))
        return {**base, **own, "title": own.get("title", "")} if isinstance(base, Mapping) else own

    return {name: full(name, (name,)) for name in conditions}


def _problem(where: str, error: Mapping[str, Any]) -> Problem:
    """One of pydantic's errors in our words."""
    loc = [str(part) for part in error["loc"] if part != "[key]" and not str(part).startswith("function-")]
    place, kind, given = ".".join(loc), error["type"], error["input"]
    if kind == "extra_forbidden":
        known = fields_at(c.Study, [str(part) for part in error["loc"][:-1]])
        return Problem(f"{where}: {place}", "a known option", f"{loc[-1]!r}", did_you_mean(loc[-1], known))
    if kind == "missing":
        return Problem(f"{where}: {place}", "a value", "nothing", "Add this key.")
    message = error["msg"].removeprefix("Value error, ")
    found = repr(given) if not isinstance(given, dict | list) or len(repr(given)) < 60 else type(given).__name__
    return Problem(f"{where}: {place or 'top level'}", message[:1].lower() + message[1:], found)


def fields_at(model: type[BaseModel], loc: list[str]) -> list[str]:
    """Names of the options at a place of the config, for the did-you-mean."""
    for part in loc:
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        inner = list(models_in(field.annotation)) if field else []
        if inner:
            model = inner[0]
    return [f.alias or name for name, f in model.model_fields.items()]


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The config models inside a type such as dict[Name, Annotated[LabelConfig, …]] | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from models_in(inner)

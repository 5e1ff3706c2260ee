"""What is wrong with the form of a config, in our words: pydantic's errors as problems with a place and a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from ...errors import Problem, did_you_mean, named, short
from . import options as c

# what pydantic calls an error -> what was expected
EXPECTED = {
    "model_type": "options, as `option: value`",
    "dict_type": "entries, as `name: …`",
    "list_type": "a list",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number that is not huge",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "too_short": "at least one entry",
    "missing": "a value",
}
# place (of the last keys; * is any) -> what to do where something else than options stands there
REMEDIES = {
    ("recordings", "*"): "Write `file:` with the path below the recording's name.",
    ("neural",): "Write the key alone, or {file: …, key: …}.",
    ("time",): "Write the key alone, or {file: …, key: …}.",
    ("conditions", "*"): "Write {} for a condition of defaults alone.",
}
RANGE = re.compile(r"\s*(.*?)(\d+)\s*(?:\.\.+|…|-|–|:|\bto\b)\s*(.*?)(\d+)\s*")
LONGEST = 50  # entries of a list that are written out


def mistakes(where: str, errors: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """One problem a place. A union tries all its kinds: one that got further inside has the word."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for error in errors:
        found.setdefault(tuple(named(part) for part in error["loc"] if not _is_internal(part)), []).append(error)
    for place, here in found.items():
        if not any(other[: len(place)] == place for other in found if len(other) > len(place)):
            yield _problem(where, place, here)


def _problem(where: str, place: tuple[str, ...], errors: Sequence[Mapping[str, Any]]) -> Problem:
    error, told = errors[0], f"{where}: {'.'.join(place) or 'top level'}"
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        known = fields_at(c.Study, [str(part) for part in error["loc"][:-1]])
        return Problem(told, "a known option", short(error["loc"][-1]), did_you_mean(place[-1], known))
    if kind == "missing":
        return Problem(told, EXPECTED[kind], "nothing", "Add this key.")
    expected = " or ".join(dict.fromkeys(map(_expected, errors)))
    return Problem(told, expected, _found(given), _remedy(kind, place, given))


def _expected(error: Mapping[str, Any]) -> str:
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return EXPECTED.get(error["type"], message[:1].lower() + message[1:])


def _found(given: object) -> str:
    if isinstance(given, Mapping) and given:
        return f"the options {', '.join(named(key) for key in list(given)[:12])}"
    return "nothing" if given is None else short(given)


def _is_internal(part: object) -> bool:
    """Steps of pydantic's own: which kind of a union, which validator."""
    text = str(part) if isinstance(part, str) else ""
    return text == "[key]" or text.startswith("function-") or "[" in text


def _remedy(kind: str, place: tuple[str, ...], given: object) -> str:
    if kind == "list_type" and isinstance(given, str | int | float):
        return _as_list(place[-1], given if isinstance(given, str) else short(given))
    if kind == "int_parsing" and (listed := _counted_out(str(given))):
        return f"Write {', '.join(listed)} in its place."
    if kind == "too_short":
        needed = _is_required(list(place))
        return "Name at least one." if needed else "Leave the key out for what stands in its place."
    for keys, remedy in REMEDIES.items():
        ends = place[-len(keys) :]
        if kind == "model_type" and len(ends) == len(keys) and all(k in ("*", e) for k, e in zip(keys, ends)):
            return remedy
    return ""


def _as_list(key: str, given: str) -> str:
    """How what was given is written as a list: a range as the key takes it, or its entries one by one."""
    found = RANGE.fullmatch(given)
    if found is None or found[3] not in ("", found[1]):
        return f"Write [{named(given)}]."
    if key == "columns":
        return f"Write [{found[1]}{found[2]}..{found[1]}{found[4]}]."
    if key == "seeds" and found[1] == "" and int(found[2]) == 1 <= int(found[4]):
        return f"Write {int(found[4])}."
    listed = _counted_out(given)
    return f"Write [{', '.join(listed)}]." if listed else "Write a list with each entry by itself."


def _counted_out(text: str) -> list[str]:
    """The entries of a range such as 1..5 or rat01-rat12; none of what is no range, or too long to be written out."""
    found = RANGE.fullmatch(text)
    if not found or found[3] not in ("", found[1]) or not 0 <= int(found[4]) - int(found[2]) < LONGEST:
        return []
    width = len(found[2]) if found[2].startswith("0") else 0
    return [f"{found[1]}{str(i).zfill(width)}" for i in range(int(found[2]), int(found[4]) + 1)]


def _is_required(place: list[str]) -> bool:
    """Whether the option at a place has nothing to stand in for it."""
    model = c.Study
    for part in place[:-1]:
        model = _inside(model, part)
    return any(f.is_required() for n, f in model.model_fields.items() if place[-1] in (n, f.alias))


def fields_at(model: type[BaseModel], loc: list[str]) -> list[str]:
    """Names of the options at a place of the config, for the did-you-mean."""
    for part in loc:
        model = _inside(model, part)
    return [f.alias or name for name, f in model.model_fields.items()]


def _inside(model: type[BaseModel], part: str) -> type[BaseModel]:
    """The options that a key holds; `model` itself where the key is a name that the user gave, or holds none."""
    field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
    return next(models_in(field.annotation), model) if field else model


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The config models inside a type such as dict[Name, Annotated[LabelConfig, …]] | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from models_in(inner)

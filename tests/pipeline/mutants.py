"""Configs with one or two things wrong: any value in any place."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator

import numpy as np

VALUES = (
    None, True, False, 0, 1, -1, 3, 2.5, -0.0, 1e308, 1e-308, 10**30, -(10**30), 10**400, 16**5000,
    float("nan"), float("inf"), "", " ", "x", "1", "ä☃\u202e", "\x00", "../up", "/", "a" * 10_000, "joint", "pooled",
    "without_rat1", "each", "position", "rat1", [], {}, [[]], [["p"]], [{}], [None], [0], [1, "a"], ["position"],
    ["rat1", "rat1"], {"a": None}, {"a": {"b": []}}, {1: 2}, {None: 1}, {(1, 2): 3}, {"position": "x"}, b"\xff",
    datetime.date(2020, 1, 1), frozenset(("a",)),
)  # fmt: skip


def places(node: object, path: tuple = ()) -> Iterator[tuple]:
    """The way to every value of a nested mapping, containers included."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def _short(value: object) -> str:
    try:
        return f"{value!r:.40}"
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a huge integer"


def parent(raw: dict, path: tuple) -> object:
    for key in path[:-1]:
        raw = raw[key]
    return raw


def mutants(raw: dict, number: int, seed: int) -> Iterator[tuple[str, dict]]:
    """`number` of them, each with what was done."""
    stream = np.random.default_rng(seed)
    for _ in range(number):
        made, done = copy.deepcopy(raw), []
        for _ in range(int(stream.integers(1, 3))):
            known = list(places(made))
            path = known[stream.integers(len(known))]
            done.append(_change(made, path, known, stream))
        yield "; ".join(done), made


def _change(raw: dict, path: tuple, known: list[tuple], stream: np.random.Generator) -> str:
    place, key, told = parent(raw, path), path[-1], ".".join(map(_short, path))
    way = stream.choice(["set", "set", "set", "remove", "rename", "swap", "add"])
    value = VALUES[stream.integers(len(VALUES))]
    if way == "set":
        place[key] = copy.deepcopy(value)
        return f"{told} = {_short(value)}"
    if way == "remove":
        del place[key]
        return f"no {told}"
    if way == "swap":
        other = known[stream.integers(len(known))]
        place[key] = copy.deepcopy(parent(raw, other)[other[-1]])
        return f"{told} = what is at {'.'.join(map(_short, other))}"
    if isinstance(place, list):
        place.append(copy.deepcopy(value))
        return f"{told} and {_short(value)}"
    name = value if isinstance(value, str | int | float | bool | bytes | tuple | None) else "new"
    place[name] = place.pop(key) if way == "rename" else copy.deepcopy(VALUES[stream.integers(len(VALUES))])
    return f"{told}: {way} {_short(name)}"

"""Pickles and joblib files read without executing anything.

A pickle is a program for a stack machine that may import and call any name. Here names come from one short table
(`admitted.py`), stand for inert builders of ours, and all else is refused.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .admitted import ADMITTED, REMEDY, Array, Dtype, plain_key
from .expand import Bounded, expanded
from .formats.entries import Refusal, Unsupported


@dataclass(frozen=True)
class Admitted:
    """A name of the table: can be called by the pickle, and no more (no attribute of it can be set)."""

    name: str

    def __call__(self, *args: object) -> object:
        return ADMITTED[self.name](*args)


class Restricted(pickle._Unpickler):  # the Python one: joblib's bytes stand in mid-stream, which the C one would buffer
    """Containers, numbers, text, and the names of `ADMITTED`."""

    dispatch: ClassVar[dict] = dict(pickle._Unpickler.dispatch)

    def __init__(self, source: Bounded):
        super().__init__(source, encoding="latin1")
        self.source = source

    def find_class(self, module: str, name: str) -> Admitted:
        full = f"{module}.{name}"
        if full not in ADMITTED:
            raise Unsupported(
                "numbers, text, containers and arrays", f"{full!r}, which would have to be imported", REMEDY
            )
        return Admitted(full)

    def new_object(self) -> None:
        args, made = self.stack.pop(), self.stack.pop()
        self.append(made(*args))

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, Dtype | Array):
            raise Refusal("arrays", f"a state for {type(target).__name__}", REMEDY)
        target.build(state, self.source)

    def set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.stack[-1][plain_key(key)] = value

    def set_items(self) -> None:
        items = self.pop_mark()
        self.stack[-1].update(_pairs(items))

    def new_dict(self) -> None:
        items = self.pop_mark()  # before `append`, which it rebinds
        self.append(_pairs(items))

    def new_set(self) -> None:
        self.append([])

    def add_items(self) -> None:
        items = self.pop_mark()
        self.stack[-1].extend(items)

    def new_frozen_set(self) -> None:
        items = self.pop_mark()
        self.append(items)

    def new_bytearray(self) -> None:
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(length)))

    dispatch[pickle.BYTEARRAY8[0]] = new_bytearray  # the original asks for the declared length first
    dispatch[pickle.NEWOBJ[0]] = new_object
    dispatch[pickle.BUILD[0]] = build
    dispatch[pickle.SETITEM[0]] = set_item
    dispatch[pickle.SETITEMS[0]] = set_items
    dispatch[pickle.DICT[0]] = new_dict
    # Sets become lists, as above.
    dispatch[pickle.EMPTY_SET[0]] = new_set
    dispatch[pickle.ADDITEMS[0]] = add_items
    dispatch[pickle.FROZENSET[0]] = new_frozen_set
    # The extension registry of the running process would bypass the table.
    for _opcode in (
        pickle.EXT1,
        pickle.EXT2,
        pickle.EXT4,
        pickle.INST,
        pickle.OBJ,
        pickle.NEWOBJ_EX,
        pickle.PERSID,
        pickle.BINPERSID,
    ):
        del dispatch[_opcode[0]]


def _pairs(items: list) -> dict:
    return {plain_key(key): value for key, value in zip(items[::2], items[1::2], strict=True)}


@contextmanager
def _damage_told() -> Iterator[None]:
    """Whatever a broken program for the stack machine runs into is damage of the file."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        raise Refusal(
            "a whole pickle", f"a damaged one ({type(error).__name__}: {str(error)[:80]})", "Save it anew."
        ) from error


def loads(data: bytes) -> object:
    """The value of a pickle in memory."""
    with _damage_told():
        return Restricted(Bounded(io.BytesIO(data), len(data))).load()


def load_file(path: Path) -> object:
    """The value of a pickle or joblib file, compressed or not."""
    with open(path, "rb") as file, _damage_told():
        source = expanded(file, path.stat().st_size)
        value = Restricted(source).load()
        source.read(1)  # past the end: a compressed stream checks itself there
        return value

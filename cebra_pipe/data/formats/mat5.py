"""MATLAB's version 5 files (save -v6, -v7): elements of a tag and data, each length checked before it is believed.

scipy's reader of this format trusts the tags: a damaged file ends the whole process. The layout is that of the
MAT-File Format document of The MathWorks.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from .entries import Refusal, check_size

# kind of element -> dtype of its numbers
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
DOUBLES, MATRIX, COMPRESSED = 9, 14, 15
CELL, STRUCT, OBJECT, CHAR, SPARSE = 1, 2, 3, 4, 5  # classes of a matrix
NUMBERS = range(6, 16)
COMPLEX = 0x0800  # flag
HEADER, DEEPEST = 128, 8  # bytes before the first element; structs inside structs


def damaged(what: str) -> Refusal:
    return Refusal("a whole MATLAB file", f"a damaged one ({what})", "Copy or save it anew.")


def variables(data: bytes, limit: int) -> Iterator[tuple[str, object]]:
    """Names and values: an array, a dictionary for a struct of one element; of text and cells only shape and kind.

    `limit`: bytes that a compressed variable or a sparse matrix may expand to.
    """
    order = {b"IM": "<", b"MI": ">"}.get(data[HEADER - 2 : HEADER])
    if order is None:
        raise damaged("no header of version 5")
    for kind, body in elements(memoryview(data)[HEADER:], order):
        if kind == COMPRESSED:
            kind, body = _only(elements(memoryview(_inflated(body, limit)), order))
        if kind != MATRIX:
            raise damaged(f"an element of kind {kind} in the place of a variable")
        name, value = matrix(body, order, limit)
        if name and value is not None:
            yield name, value


def elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Kind and bytes of each element; up to four bytes stand inside the tag itself."""
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            raise damaged("it ends inside a tag")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        small = kind >> 16
        body = data[at + 4 : at + 4 + small] if small else data[at + 8 : at + 8 + size]
        if small > 4 or (not small and len(body) < size):
            raise damaged("an element longer than what holds it")
        yield (kind & 0xFFFF if small else kind), body
        # Elements begin at multiples of eight bytes, but for what follows a compressed one.
        at += 8 if small else 8 + size + (0 if kind == COMPRESSED else -size % 8)


def matrix(body: memoryview, order: str, limit: int, depth: int = 0) -> tuple[str, object]:
    """The name and value of one variable, cell or field; None for functions and objects of MATLAB's own."""
    parts = elements(body, order)
    if not len(body):
        return "", np.zeros((0, 0))  # how an empty field is written
    flags, shape = _numbers(_next(parts), order, "4"), _numbers(_next(parts), order, "4")
    if len(flags) != 2 or not 2 <= len(shape) <= 32 or shape.min() < 0:
        raise damaged("flags or a shape that cannot be")
    name = bytes(_next(parts)[1]).decode("utf-8", "replace")
    kind, many, shape = int(flags[0]) & 0xFF, bool(flags[0] & COMPLEX), tuple(shape.tolist())
    if kind in NUMBERS:
        return name, _dense(parts, order, shape, many)
    if kind == SPARSE:
        return name, _sparse(parts, order, shape, many, limit)
    if kind in (CHAR, CELL) or (kind in (STRUCT, OBJECT) and math.prod(shape) != 1):
        check_size(math.prod(shape), len(body))
        return name, np.empty(shape, "U1" if kind == CHAR else object)
    if kind in (STRUCT, OBJECT) and depth < DEEPEST:
        return name, _fields(parts, order, limit, depth, kind)
    return name, None


def _dense(parts: Iterator, order: str, shape: tuple[int, ...], many: bool) -> np.ndarray:
    values = _numbers(_next(parts), order)
    if many:
        values = _together(values, _numbers(_next(parts), order))
    if len(values) != math.prod(shape):
        raise damaged(f"{len(values)} numbers for a shape of {' × '.join(map(str, shape))}")
    return values.reshape(shape, order="F")


def _sparse(parts: Iterator, order: str, shape: tuple[int, ...], many: bool, limit: int) -> np.ndarray:
    """Rows of the entries, where each column's begin, and the entries."""
    rows, begin = _numbers(_next(parts), order, "4"), _numbers(_next(parts), order, "4")
    number, kept = int(begin[-1]) if len(begin) else -1, _next(parts)
    # Truth values are written one byte each under the kind of doubles.
    truth = kept[0] == DOUBLES and len(kept[1]) < 8 * number
    values = np.frombuffer(kept[1], "u1") if truth else _numbers(kept, order)
    if many:
        values = _together(values, _numbers(_next(parts), order))
    check_size(math.prod(shape) * values.dtype.itemsize, limit)
    if len(shape) != 2 or len(begin) != shape[1] + 1 or not 0 <= number <= min(len(rows), len(values)):
        raise damaged("a sparse matrix whose columns do not fit its shape")
    rows, counts = rows[:number], np.diff(begin.astype(np.int64))
    if begin[0] or (counts < 0).any() or (number and not 0 <= rows.min() <= rows.max() < shape[0]):
        raise damaged("a sparse matrix whose entries do not fit its shape")
    dense = np.zeros(shape, values.dtype)
    dense[rows, np.repeat(np.arange(shape[1]), counts)] = values[:number]
    return dense


def _fields(parts: Iterator, order: str, limit: int, depth: int, kind: int) -> dict[str, object]:
    if kind == OBJECT:
        _next(parts)  # the name of its class
    length = _numbers(_next(parts), order, "4")
    text = bytes(_next(parts)[1])
    if len(length) != 1 or length[0] < 1 or len(text) % int(length[0]):
        raise damaged("names of fields that do not fit their length")
    found = {}
    for at in range(0, len(text), int(length[0])):
        name = text[at : at + int(length[0])].split(b"\0")[0].decode("utf-8", "replace")
        inner, body = _next(parts)
        if inner != MATRIX:
            raise damaged(f"an element of kind {inner} in the place of field {name!r}")
        found[name] = matrix(body, order, limit, depth + 1)[1]
    return found


def _numbers(element: tuple[int, memoryview], order: str, wanted: str = "") -> np.ndarray:
    """The numbers of an element, in this machine's byte order."""
    kind, body = element
    if kind not in TYPES or (wanted and TYPES[kind][1:] != wanted):
        raise damaged(f"an element of kind {kind} in the place of numbers")
    if len(body) % int(TYPES[kind][1]):
        raise damaged("a part of a number")
    return np.frombuffer(body, order + TYPES[kind]).astype(TYPES[kind])


def _together(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    if len(real) != len(imaginary):
        raise damaged("real and imaginary parts of unequal length")
    return real + 1j * imaginary


def _next(parts: Iterator) -> tuple[int, memoryview]:
    found = next(parts, None)
    if found is None:
        raise damaged("a variable without all of its parts")
    return found


def _only(parts: Iterator) -> tuple[int, memoryview]:
    found = _next(parts)
    if next(parts, None) is not None:
        raise damaged("several variables in one compressed element")
    return found


def _inflated(body: memoryview, limit: int) -> bytes:
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(body, limit + 1)
    check_size(len(data), limit)
    if not unpacker.eof:
        raise damaged("a compressed variable that is cut short")
    return data

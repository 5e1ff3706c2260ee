"""MATLAB's version 4 files: a header of five integers, a name and the numbers, each length checked first."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from .entries import check_size
from .mat5 import damaged

TYPES = ("f8", "f4", "i4", "i2", "u2", "u1")  # by the tens digit of the first integer
FULL, TEXT, SPARSE = 0, 1, 2  # its ones digit
HEADER = 20


def variables(data: bytes, limit: int) -> Iterator[tuple[str, np.ndarray]]:
    """Names and arrays; a sparse matrix may expand to `limit` bytes."""
    at = 0
    while at < len(data):
        if at + HEADER > len(data):
            raise damaged("it ends inside a header")
        order = "<" if 0 <= struct.unpack_from("<i", data, at)[0] < 1000 else ">"
        made, rows, columns, many, length = struct.unpack_from(f"{order}5i", data, at)
        kind, number = made % 10, made // 10 % 10
        begin = at + HEADER + length
        if made != (order == ">") * 1000 + number * 10 + kind or number >= len(TYPES) or kind > SPARSE:
            raise damaged("a header that cannot be")
        size = rows * columns * int(TYPES[number][1])
        at = begin + size * (2 if many else 1)
        if min(rows, columns, length) < 0 or at > len(data):
            raise damaged("a variable longer than the file")
        name = data[begin - length : begin].split(b"\0")[0].decode("latin-1")
        values = np.frombuffer(data[begin : begin + size], order + TYPES[number]).astype(TYPES[number])
        if many:
            values = values + 1j * np.frombuffer(data[begin + size : at], order + TYPES[number])
        values = values.reshape((rows, columns), order="F")
        yield name, np.empty(values.shape, "U1") if kind == TEXT else _filled(values, limit) if kind else values


def _filled(entries: np.ndarray, limit: int) -> np.ndarray:
    """A sparse matrix: rows of (row, column, value) from 1; the last one holds the shape."""
    if entries.shape[1] == 4:  # real and imaginary parts
        entries = np.column_stack([entries[:, :2], entries[:, 2] + 1j * entries[:, 3]])
    if entries.shape[1] != 3 or not len(entries) or not np.isfinite(entries[:, :2]).all():
        raise damaged("a sparse matrix without rows, columns and values")
    place = entries[:, :2].real
    shape = place[-1]
    check_size(int(shape.prod()) * 8 if (shape >= 0).all() else -1, limit)
    if (place[:-1] < 1).any() or (place[:-1] > shape).any():
        raise damaged("a sparse matrix whose entries do not fit its shape")
    dense = np.zeros(shape.astype(np.int64), entries.dtype)
    dense[tuple(place[:-1].astype(np.int64).T - 1)] = entries[:-1, 2]
    return dense

"""Between numpy and Arrow, over buffers that both know.

`pyarrow.array` and `to_numpy` ask whether they were given a pandas object, and to ask they import pandas wherever it is
installed: half a second of every job.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa


def to_arrow(values: np.ndarray | Sequence[np.ndarray]) -> pa.Array:
    """A column: numbers as they are, text as codes into its distinct values, a list of arrays as lists of floats."""
    if not isinstance(values, np.ndarray):
        flat = np.concatenate([np.zeros(0), *values])
        return pa.ListArray.from_arrays(_numbers(_ends([len(v) for v in values])), _numbers(flat))
    if values.dtype.kind in "OU":
        words = [v.encode() for v in values.tolist()]
        buffers = pa.py_buffer(_ends([len(w) for w in words])), pa.py_buffer(b"".join(words))
        return pa.StringArray.from_buffers(len(words), *buffers).dictionary_encode()
    return _numbers(values)


def to_numpy(column: pa.ChunkedArray) -> np.ndarray | list:
    """The column as `to_arrow` was given it, in memory of its own."""
    if pa.types.is_list(column.type):
        return [np.asarray(v, np.float64) for v in column.to_pylist()]
    if pa.types.is_dictionary(column.type):
        return np.concatenate([np.zeros(0, object), *(_words(chunk) for chunk in column.chunks)])
    if pa.types.is_string(column.type):
        return np.asarray(column.to_pylist(), dtype=object)
    if pa.types.is_boolean(column.type):
        return np.concatenate([np.zeros(0, bool), *(_bits(chunk) for chunk in column.chunks)])
    empty = np.zeros(0, column.type.to_pandas_dtype())  # which is numpy's
    return np.concatenate([empty, *(np.from_dlpack(chunk) for chunk in column.chunks)])


def _words(chunk: pa.DictionaryArray) -> np.ndarray:
    """Text by its codes: a column of one name is one string, not as many objects as it has rows."""
    if chunk.null_count:
        return np.asarray(chunk.to_pylist(), dtype=object)
    return np.asarray(chunk.dictionary.to_pylist(), dtype=object)[np.from_dlpack(chunk.indices)]


def _numbers(values: np.ndarray) -> pa.Array:
    kind, number = pa.from_numpy_dtype(values.dtype), len(values)
    if values.dtype == bool:  # eight to a byte
        values = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(kind, number, [None, pa.py_buffer(np.ascontiguousarray(values))])


def with_missing(column: pa.ChunkedArray) -> np.ndarray:
    """Numbers as float64, NaN where one is missing."""
    return np.concatenate([np.zeros(0), *(_filled(chunk) for chunk in column.cast(pa.float64()).chunks)])


def _filled(chunk: pa.DoubleArray) -> np.ndarray:
    there, values = chunk.buffers()
    numbers = np.frombuffer(values, np.float64)[chunk.offset : chunk.offset + len(chunk)]
    return numbers if there is None else np.where(_unpacked(there, chunk), numbers, np.nan)


def _bits(chunk: pa.BooleanArray) -> np.ndarray:
    return _unpacked(chunk.buffers()[1], chunk)


def _unpacked(buffer: pa.Buffer, chunk: pa.Array) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")
    return bits[chunk.offset : chunk.offset + len(chunk)].astype(bool)


def _ends(lengths: Sequence[int]) -> np.ndarray:
    """Where each begins, and the end of the last."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int32)

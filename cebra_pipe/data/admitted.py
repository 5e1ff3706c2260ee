"""The names that a pickle may call, and the inert builders they stand for (`Array` where the file has an array)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

from .expand import Bounded
from .formats.entries import TRUST, Refusal, check_size

REMEDY = f"Save plain arrays (numpy.savez), or, {TRUST}"
PLAIN = re.compile(r"([?bBhHiIlLqQefdg]|[biufc](1|2|4|8|16|32)|[SU]\d{1,7})")  # dtypes of numbers and text


class Dtype:
    """A dtype of numbers or text, in the byte order that its state names."""

    def __init__(self, text: str, *_: object):
        if not isinstance(text, str) or not PLAIN.fullmatch(text):
            what = "object arrays" if str(text).startswith("O") else f"dtype {str(text)[:40]!r}"
            raise Refusal("arrays of numbers", what, REMEDY)
        self.value = np.dtype(text)

    def build(self, state: tuple, source: Bounded) -> None:
        if any(part is not None for part in state[2:5]):
            raise Refusal("arrays of numbers", "a dtype with fields", REMEDY)
        self.value = self.value.newbyteorder(state[1])


class Array:
    """An array in the making; `values` once its bytes came."""

    values: np.ndarray | None = None

    def fill(self, data: bytes, dtype: Dtype, shape: tuple[int, ...], order: str) -> None:
        if len(data) != size_of(shape, dtype):
            raise Refusal(
                f"{size_of(shape, dtype)} bytes for an array of shape {shape}",
                str(len(data)),
                "The file is damaged; save it anew.",
            )
        self.values = np.frombuffer(data, dtype.value).reshape(shape, order=order)

    def build(self, state: tuple, source: Bounded) -> None:
        """State of numpy's own pickles: version, shape, dtype, Fortran order, bytes."""
        _, shape, dtype, fortran, data = state
        # Python 2 wrote the bytes as text, which reads as latin-1.
        self.fill(data.encode("latin-1") if isinstance(data, str) else data, dtype, shape, "F" if fortran else "C")


class Wrapped(Array):
    """joblib's array: a description in the pickle, its bytes right behind it in the file."""

    def build(self, state: dict, source: Bounded) -> None:
        shape, dtype = state["shape"], state["dtype"]
        check_size(size_of(shape, dtype), source.left)
        if state.get("numpy_array_alignment_bytes") is not None:
            source.exactly(source.exactly(1)[0])
        self.fill(source.exactly(size_of(shape, dtype)), dtype, shape, state["order"])


def size_of(shape: tuple[int, ...], dtype: Dtype) -> int:
    """Bytes of an array; a shape that is none is refused."""
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 32:
        raise Refusal("a shape", repr(shape)[:80], "The file is damaged or forged.")
    return math.prod(shape) * dtype.value.itemsize


def _from_buffer(data: bytes, dtype: Dtype, shape: tuple[int, ...], order: str) -> Array:
    """numpy's arrays in pickle protocol 5."""
    made = Array()
    made.fill(data, dtype, shape, order)
    return made


def _scalar(dtype: Dtype, data: bytes | str) -> object:
    made = Array()
    made.fill(data.encode("latin-1") if isinstance(data, str) else data, dtype, (), "C")
    return made.values.item()


def _encode(text: str, encoding: str) -> bytes:
    """Bytes in pickle protocols 0 to 2."""
    if encoding != "latin1":
        raise Refusal("bytes", f"text in {encoding[:20]!r}", REMEDY)
    return text.encode("latin-1")


def _bytes(data: bytes | str = b"", encoding: str = "latin1") -> bytes:
    """A bytearray; of a number, which would ask for that much memory, it is none."""
    if isinstance(data, str):
        return _encode(data, encoding.replace("-", ""))
    return memoryview(data).tobytes()


def plain_key(key: object) -> object:
    """A key that is cheap to hash."""
    if isinstance(key, str | bytes | int | float | None) or (
        isinstance(key, tuple) and all(isinstance(k, str | int) for k in key)
    ):
        return key
    raise Refusal("dictionary keys that are text or numbers", type(key).__name__, REMEDY)


def _ordered(pairs: list = ()) -> dict:
    return {plain_key(key): value for key, value in pairs}


def _listed(items: list = ()) -> list:
    """A set: its members are not hashed, which nested tuples can make last for ever."""
    return list(items)


def _not_called(*_: object) -> object:
    raise Refusal("an array that numpy.save or joblib.dump wrote", "a call of its class", REMEDY)


NUMPY = ("numpy._core", "numpy.core")  # of numpy 2 and 1
ADMITTED: dict[str, Callable] = {
    "numpy.ndarray": _not_called,
    "numpy.memmap": _not_called,
    "numpy.matrix": _not_called,
    "numpy.matrixlib.defmatrix.matrix": _not_called,
    "numpy.dtype": Dtype,
    "joblib.numpy_pickle.NumpyArrayWrapper": Wrapped,
    "_codecs.encode": _encode,
    **{f"{module}.{kind}": _bytes for module in ("builtins", "__builtin__") for kind in ("bytes", "bytearray")},
    "collections.OrderedDict": _ordered,
    **{f"{module}.{kind}": _listed for module in ("builtins", "__builtin__") for kind in ("set", "frozenset")},
    **{f"{core}.multiarray._reconstruct": lambda *_: Array() for core in NUMPY},
    **{f"{core}.multiarray.scalar": _scalar for core in NUMPY},
    **{f"{core}.numeric._frombuffer": _from_buffer for core in NUMPY},
}

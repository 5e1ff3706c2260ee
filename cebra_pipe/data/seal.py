"""The seal of a table: hashes of all that was written, so that a file which another program changed is told.

A program that changes values and keeps the metadata leaves the table's word of itself, and makes it untrue. So the
footer holds the sha256 of what stands before it, the columns as they lie in the file, and one of their names with the
metadata. The key is one of the footer alone, which programs that write a table anew do not carry over. It tells
changes by accident; whoever wants to forge a file can seal it as well.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

KEY = b"cebra_pipe.seal"
MAGIC = b"PAR1"  # ends a parquet file, after four bytes with the length of the footer
TAIL = 8
CHUNK = 1 << 20


def sealed(body: str, names: Sequence[str], metadata: bytes) -> bytes:
    """The seal, of the sha256 of the columns, their names and the metadata."""
    return f"{body} {_rest(names, metadata)}".encode()


def body_of(footer: Mapping[bytes, bytes], names: Sequence[str], metadata: bytes) -> str:
    """The sha256 that the columns have by the seal; empty where there is none, or of other names or metadata."""
    body, _, rest = footer.get(KEY, b"").decode(errors="replace").partition(" ")
    return body if rest == _rest(names, metadata) else ""


def digests(path: str | Path) -> tuple[str, str]:
    """sha256 of a file, and of what stands before the footer; that is empty where it is no parquet file."""
    whole, length = hashlib.sha256(), before_footer(path)
    with open(path, "rb") as file:
        _feed(whole, file, length)
        body = whole.hexdigest() if length else ""
        _feed(whole, file)
    return whole.hexdigest(), body


def before_footer(path: str | Path) -> int:
    """Bytes that stand before the footer of a parquet file; 0 in another."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - TAIL, 0))
        tail = file.read(TAIL)
    if len(tail) < TAIL or not tail.endswith(MAGIC):
        return 0
    return max(size - TAIL - int.from_bytes(tail[:4], "little"), 0)


def _rest(names: Sequence[str], metadata: bytes) -> str:
    return hashlib.sha256(json.dumps(list(names)).encode() + metadata).hexdigest()


def _feed(digest: hashlib._Hash, file: BinaryIO, length: int | None = None) -> None:
    """The next `length` bytes, or all that are left."""
    while chunk := file.read(CHUNK if length is None else min(CHUNK, length)):
        digest.update(chunk)
        length = None if length is None else length - len(chunk)


def rows_digest(rows: object) -> str:
    """sha256 of the rows of a table in JSON, which its provenance names; whatever the layout of the file."""
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

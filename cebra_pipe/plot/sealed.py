"""The seal of a picture: its last chunk but the end holds the sha256 of all before it, so that an edited one is told.

As the seal of a table (`data.seal`) it tells changes by accident, such as a label moved in a drawing program that keeps
the text inside; whoever wants to forge a picture can seal it as well.
"""

from __future__ import annotations

import hashlib
import zlib

KEY = b"cebra_pipe.seal"


def _chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG: length, kind, data, and the CRC of the last two."""
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def _seal(body: bytes) -> bytes:
    return _chunk(b"tEXt", KEY + b"\0" + hashlib.sha256(body).hexdigest().encode())


END = _chunk(b"IEND", b"")
TAIL = len(_seal(b"")) + len(END)


def sealed(png: bytes) -> bytes:
    """The PNG with its seal."""
    body = png.removesuffix(END)
    return body + _seal(body) + END


def is_sealed(png: bytes) -> bool:
    """Whether the file is, to the byte, the one that was sealed."""
    return png == sealed(png[:-TAIL])


def has_seal(png: bytes) -> bool:
    """Whether the file carries a seal, of whatever content."""
    return KEY in png

"""Byte streams that never give more than a bound: what a file holds, or what a compressed one may expand to."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from typing import BinaryIO

from .formats.entries import Refusal, allowance

CHUNK = 1 << 20  # bytes asked for at once, so that memory follows what came and not what was declared

# First bytes of a compressed joblib file, and what takes it apart. 47: zlib finds out whether it is gzip or zlib.
EXPANDERS = {
    b"\x1f\x8b": lambda: zlib.decompressobj(47),
    b"\x78": lambda: zlib.decompressobj(47),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lambda: lzma.LZMADecompressor(memlimit=1 << 28),
    b"]\x00": lambda: lzma.LZMADecompressor(memlimit=1 << 28),
}
LZ4 = b"\x04\x22\x4d\x18"


class Bounded:
    """A stream that ends after `left` bytes; asking for more is an error, not an allocation."""

    def __init__(self, file: BinaryIO, left: int):
        self.file, self.left = file, left

    def read(self, n: int) -> bytes:
        """Up to n bytes, in pieces."""
        pieces, wanted = [], min(n, self.left)
        while wanted > 0 and (piece := self.file.read(min(wanted, CHUNK))):
            pieces.append(piece)
            wanted -= len(piece)
            self.left -= len(piece)
        return b"".join(pieces)

    def readline(self) -> bytes:
        line = self.file.readline(self.left)
        self.left -= len(line)
        return line

    def exactly(self, n: int) -> bytes:
        """n bytes; fewer are a file cut short."""
        data = self.read(n)
        if len(data) < n:
            raise Refusal(f"{n} more bytes", f"{len(data)}: the file was cut short", "Copy or save it anew.")
        return data


class Expanding(io.RawIOBase):
    """The expanded bytes of a compressed stream, never more at once than asked for."""

    def __init__(self, file: BinaryIO, expander):
        self.file, self.expander = file, expander

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        """zlib hands back what it did not use; bz2 and lzma keep it and say whether they need more."""
        while not self.expander.eof:
            rest = getattr(self.expander, "unconsumed_tail", b"")
            data = rest or (self.file.read(CHUNK) if getattr(self.expander, "needs_input", True) else b"")
            piece = self.expander.decompress(data, len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            if not data and getattr(self.expander, "needs_input", True):
                raise EOFError("the compressed stream was cut short")
        return 0


def expanded(file: BinaryIO, size: int) -> Bounded:
    """The content of `file`, expanded where it begins like a compressed one."""
    start = file.read(6)
    file.seek(0)
    if start.startswith(LZ4):
        raise Refusal(
            "a joblib file that is plain or compressed by zlib, gzip, bz2, xz or lzma",
            "lz4",
            "Save it with another `compress`.",
        )
    expander = next((make() for magic, make in EXPANDERS.items() if start.startswith(magic)), None)
    if expander is None:
        return Bounded(file, size)
    return Bounded(io.BufferedReader(Expanding(file, expander), CHUNK), allowance(size))

"""Writes old Excel files: BIFF8 records in an OLE2 compound file, numbers only. No package in use writes them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

SECTOR = 512
END, FREE, TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD  # marks in the table of sectors
GLOBALS, SHEET = 0x05, 0x10  # kinds of substream


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def start(kind: int) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 0x06))


def sheet(values: np.ndarray) -> bytes:
    cells = [
        record(0x0203, struct.pack("<HHHd", row, column, 0, float(value)))
        for (row, column), value in np.ndenumerate(np.atleast_2d(values))
    ]
    return start(SHEET) + b"".join(cells) + record(0x0A)


def workbook(sheets: dict[str, np.ndarray]) -> bytes:
    """The stream: a directory of sheets by their place in it, then the sheets."""

    def directory(places: list[int]) -> bytes:
        entries = [
            record(0x85, struct.pack("<IBBBB", place, 0, 0, len(name), 0) + name.encode("latin-1"))
            for name, place in zip(sheets, places, strict=True)
        ]
        return start(GLOBALS) + b"".join(entries) + record(0x0A)

    bodies = [sheet(values) for values in sheets.values()]
    first = len(directory([0] * len(bodies)))
    places = first + np.cumsum([0, *map(len, bodies)])[:-1]
    return directory(places.tolist()) + b"".join(bodies)


def entry(name: str, kind: int, child: int, sector: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    links = struct.pack("<HBBIII", len(text) if name else 0, kind, 1, FREE, FREE, child)
    return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<III", sector, size, 0)


def write_xls(path: Path, **sheets: np.ndarray) -> None:
    stream = workbook(sheets)
    stream = stream.ljust(-(-max(len(stream), 4096) // SECTOR) * SECTOR, b"\0")  # shorter ones lie elsewhere
    count = len(stream) // SECTOR
    chain = [TABLE, END, *range(3, 2 + count), END]
    table = struct.pack(f"<{SECTOR // 4}I", *chain, *[FREE] * (SECTOR // 4 - len(chain)))
    folder = (
        entry("Root Entry", 5, 1, END, 0) + entry("Workbook", 2, FREE, 2, len(stream)) + 2 * entry("", 0, FREE, 0, 0)
    )
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    head += bytes(6) + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
    head += struct.pack("<109I", 0, *[FREE] * 108)
    path.write_bytes(head + table + folder + stream)

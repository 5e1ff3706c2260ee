"""The packages that a job runs with, for its record."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


@cache
def installed() -> dict[str, str]:
    """Every package that Python finds, with its version; by the names of their folders, which takes milliseconds."""
    found: dict[str, str] = {}
    for folder in sys.path:
        for entry in Path(folder).glob("*.dist-info"):
            name, _, version = entry.name.removesuffix(".dist-info").rpartition("-")
            found.setdefault(name.lower().replace("_", "-"), version)
    return dict(sorted(found.items()))

"""Recordings: reading files, tables on disk, epochs, parts, controls."""

from ..lazy import exports

__getattr__, __dir__ = exports(__name__, {})

"""Architectures as rows of a table, and criteria."""

from ..lazy import exports

__getattr__, __dir__ = exports(__name__, {})

"""Simulated recordings."""

from ..lazy import exports

__getattr__, __dir__ = exports(__name__, {})

"""Figures: tables in, matplotlib figures out."""

from ..lazy import exports

__getattr__, __dir__ = exports(__name__, {})

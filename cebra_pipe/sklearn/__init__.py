"""Decoders, nulls, maps between embeddings."""

from ..lazy import exports

__getattr__, __dir__ = exports(__name__, {})

"""The training loop, its evaluation and the model file."""

from ..lazy import exports

__getattr__, __dir__ = exports(__name__, {})

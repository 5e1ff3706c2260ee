"""Where references, positives and negatives are drawn from."""

from ..lazy import exports

__getattr__, __dir__ = exports(__name__, {})

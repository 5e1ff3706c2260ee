"""Where the reference keeps its bridges to other packages; here they are `data.load`, `sklearn` and `plot`."""

from ..lazy import exports

__getattr__, __dir__ = exports(__name__, {})

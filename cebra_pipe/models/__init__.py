"""Architectures as rows of a table, and criteria.

Names and makers of models: `get_options`, `init`, `register`, `parametrize`.
"""

from ..lazy import exports
from ..registry import add_helper_functions

__getattr__, __dir__ = exports(__name__, {})
add_helper_functions(__name__, "models.options:OPTIONS", check="models.checks:check_model")

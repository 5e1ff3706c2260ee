"""Named data sets: `init`, `get_options`, `register`, `parametrize`; simulators; the folder where files lie."""

from ..lazy import exports
from ..registry import add_helper_functions

__getattr__, __dir__ = exports(__name__, {"get_datapath": "folder", "set_datapath": "folder"})
add_helper_functions(__name__, "datasets.table:DATASETS")

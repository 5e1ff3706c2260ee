"""Reproducible contrastive-embedding analysis of neural recordings.

Public names are imported when they are first used: `import cebra_pipe` loads neither torch nor numpy.
"""

from importlib import import_module

__version__ = "0.1.0"

# public name -> the module that holds it
NAMES = {
    "load_data": "data.load",
    "load_deeplabcut": "data.load",
}

__all__ = ["__version__", *NAMES]


def __getattr__(name: str) -> object:
    if name in NAMES:
        return getattr(import_module(f".{NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

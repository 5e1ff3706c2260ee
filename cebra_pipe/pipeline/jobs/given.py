"""Options of a spec, as a stage reads them: they were checked and filled in when the config was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TABLES = ("labels", "where")  # options whose keys are names that the user gave


class Given:
    """Options as attributes, nested as they are in the spec; None for what it leaves out, as the config's models give.

    In place of those models, which take longer to import and to build than a recording takes to read.
    """

    def __init__(self, options: Mapping[str, Any]):
        self.__dict__.update({name: _option(name, value) for name, value in options.items()})

    def __getattr__(self, name: str) -> None:
        """Asked for options alone that the spec leaves out."""
        if name.startswith("_"):
            raise AttributeError(name)


def _option(name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: _option("", each) for key, each in value.items()} if name in TABLES else Given(value)

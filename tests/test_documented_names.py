"""Every public name of the documents is there under its dotted path, and says what it is."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import pytest

import cebra_pipe

NAMES = (Path(__file__).parent / "documented_names.txt").read_text().split()


def found(name: str) -> object:
    """What stands at a dotted path, reached from the package alone."""
    value: object = cebra_pipe
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value


def test_the_list_is_whole():
    assert len(NAMES) == len(set(NAMES)) == 142


@pytest.mark.parametrize("name", NAMES)
def test_documented(name):
    value = found(name)
    if isinstance(value, property):
        value = value.fget
    assert callable(value) or isinstance(value, ModuleType)
    assert len(inspect.getdoc(value) or "") > 10
    if isinstance(value, type):
        assert value.__doc__, f"{name} has no docstring of its own"

"""Every row of docs/differences.md has a test that would fail if the row were not so: differences.txt names it.

A new row gets a line there; a test that is renamed is renamed there too.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "differences.md"
BEGINNING = 48  # characters of a row's first cell that tell it from the others


def rows() -> list[str]:
    """The beginning of each row, in the order of the page."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [line.split("|")[1].strip()[:BEGINNING].rstrip() for line in lines if not line.startswith("| what |")]


def shown() -> dict[str, list[str]]:
    """Beginning of a row -> its tests, file::function below tests/."""
    lines = (HERE / "differences.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return {row: tests.split() for row, tests in pairs}


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((HERE.parent / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_has_its_tests():
    assert list(shown()) == rows()
    assert all(shown().values())


def test_the_tests_are_there():
    named = [test.split("::") for tests in shown().values() for test in tests]
    assert not [f"{file}::{name}" for file, name in named if name not in functions(file)]

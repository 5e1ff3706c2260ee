"""docs/models.md: its table says what the table of architectures says, its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cebra_pipe import models, registry
from cebra_pipe.models.options import OPTIONS
from cebra_pipe.models.table import MODELS, SINGLE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
LINES = {
    name: line.split(" | ")
    for line in PAGE.splitlines()
    if line.startswith("| `") and line.count(" | ") == 5
    for name in re.findall(r"`([a-z0-9-]+)`", line.split(" | ")[0])
}


def test_each_architecture_has_its_line():
    assert set(LINES) == set(SINGLE)


@pytest.mark.parametrize("name", SINGLE)
def test_a_line_says_what_the_table_says(name):
    row, (first, kind, _, window, unit, parameters) = MODELS[name], LINES[name]
    made = models.init(name, 50, 32, 3)
    assert kind == f"`{type(made).__name__}`"
    assert OPTIONS[name].target.endswith(f":{type(made).__name__}")
    assert window == f"{row.offset.left} + {row.offset.right}"
    assert (unit == "yes") == row.normalize
    assert ("¹" in first) == bool(row.unfit)
    assert int(parameters.strip(" |")) == sum(p.numel() for p in made.parameters())


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL), ids=lambda e: e[:20].strip())
def test_examples_run(example, monkeypatch):
    own = registry.Registry("cebra_pipe.models", "models.options:OPTIONS", "models.checks:check_model")
    for name in registry.HELPERS:
        monkeypatch.setattr(models, name, getattr(own, name))
    exec(example, {"__name__": "example"})

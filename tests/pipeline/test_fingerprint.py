"""The fingerprint of a stage: what it covers is what the stage imports; what it ignores cannot change a number."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cebra_pipe.cli import STAGES
from cebra_pipe.pipeline.fingerprint import import_closure, meaning


@pytest.mark.parametrize("stage", STAGES)
def test_closure_covers_what_is_imported(stage):
    """Importing the stage loads no module of ours that the static closure misses."""
    module = f"cebra_pipe.pipeline.stages.{stage}"
    code = f"import sys, {module}; print(*[m for m in sys.modules if m.startswith('cebra_pipe')])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    packages = {m for m in out.split() if f"{m}." in out}  # an __init__ holds a docstring or a table of names
    assert set(out.split()) - packages - {"cebra_pipe.lazy"} <= import_closure(module)


@pytest.mark.parametrize(
    ("stage", "other"),
    [
        ("decode", "models.layers"),
        ("decode", "solver"),
        ("fit", "plot"),
        ("figures", "sklearn.decoders"),
        ("split", "models"),
        ("load", "solver"),
    ],
)
def test_code_that_does_not_reach_a_stage(stage, other):
    assert not [m for m in import_closure(f"cebra_pipe.pipeline.stages.{stage}") if m.startswith(f"cebra_pipe.{other}")]


SAME = [
    ("x = 1", "x = 1  # a remark"),
    ("def f(a):\n    return a", "def f(a: int) -> int:\n    '''Doc.'''\n    return a"),
    ("x = Field(1)", "x = Field(1, description='what it is')"),
    ('"""A."""\nx = 1', '"""B."""\nx   =   1'),
]
OTHER = [("x = 1", "x = 2"), ("f(a, b)", "f(b, a)"), ("x = 'a'", "x = 'b'"), ("x = Field(1)", "x = Field(1, gt=0)")]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_same_meaning(one, two):
    assert meaning(one) == meaning(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_other_meaning(one, two):
    assert meaning(one) != meaning(two)


def test_help_loads_nothing_heavy():
    code = "import sys; from cebra_pipe.cli import parser; parser().format_help(); print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"torch", "numpy", "pandas", "scipy", "pyarrow", "matplotlib", "pydantic"}

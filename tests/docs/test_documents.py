"""The code in the documents of the method runs as it is written there, with this package in place of theirs.

The documents are not part of the project: CEBRA_PIPE_DOCUMENTS names a folder that has them. What they show is also in
tests/docs/test_examples.py, in examples of our own.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest

from cebra_pipe import datasets

FOLDER = Path(os.environ.get("CEBRA_PIPE_DOCUMENTS", "/nonexistent"))
OURS = [  # their import -> ours
    (r"^import cebra\.(\S+)$", r"import cebra_pipe.\1; import cebra_pipe as cebra"),
    (r"^import cebra\.(\S+) as (\S+)$", r"import cebra_pipe.\1 as \2"),
    (r"^import cebra$", "import cebra_pipe as cebra"),
    (r"^from cebra(\.\S+)? import", r"from cebra_pipe\1 import"),
]
LONGEST = 60  # lines of one statement and those before it


def statements(text: str) -> Iterator[str]:
    """Runs of lines that are Python and do something; prose is left out."""
    lines, at = [line for line in text.splitlines() if not line.startswith(("%", "!", "$"))], 0
    while at < len(lines):
        ends = range(min(len(lines), at + LONGEST), at, -1)
        end = next((end for end in ends if _is_code("\n".join(lines[at:end]))), None) if lines[at].strip() else None
        if end:
            yield "\n".join(lines[at:end])
        at = end or at + 1


def _is_code(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    doing = ast.Assign | ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef | ast.For | ast.With | ast.Assert
    last = body[-1] if body else None
    calls = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)
    return bool(body) and (isinstance(last, doing) or calls) and not _is_shown(last)


def _is_shown(node: ast.stmt) -> bool:
    """What a notebook printed: a model with its parameters."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "CEBRA"


def ours(source: str) -> str:
    for theirs, here in OURS:
        source = re.sub(theirs, here, source, flags=re.MULTILINE)
    return source


@pytest.fixture
def there(tmp_path, monkeypatch):
    if not FOLDER.is_dir():
        pytest.skip("CEBRA_PIPE_DOCUMENTS names no folder with the documents")
    monkeypatch.chdir(tmp_path)
    with mpl.rc_context({"backend": "agg", "figure.max_open_warning": 0}):
        yield


def run(text: str) -> tuple[int, dict]:
    """How many pieces ran, and what they made."""
    made, number = {"__name__": "__documents__"}, 0
    for piece in statements(text):
        exec(compile(ours(piece), f"piece {number}:\n{piece}", "exec"), made)
        number += 1
    return number, made


@pytest.mark.filterwarnings("ignore")
def test_the_usage_guide_runs(there):
    number, made = run((FOLDER / "usage_guide.txt").read_text())
    assert number >= 35
    assert made["goodness_of_fit"] == made["goodness_of_fit"]
    assert made["x_train_emb"].shape[1] == 2


@pytest.mark.filterwarnings("ignore")
def test_the_multi_session_demo_runs(there, monkeypatch):
    """Four simulated rats in place of the recorded ones, and fewer steps."""
    wanted = iter(range(4))
    simulated = [name for name in datasets.get_options("*simulated*")][:4]
    monkeypatch.setattr(datasets, "init", _replaced(datasets.init, simulated, wanted))
    text = re.sub(r"^\[\d+\]:\s*", "", (FOLDER / "multisession_demo.txt").read_text(), flags=re.MULTILINE)
    number, made = run(text.replace("max_iterations = 15000", "max_iterations = 8"))
    assert number >= 8
    assert len(made["scores"]) == len(made["multi_scores"]) == 12
    assert set(made["multi_embeddings"]) == set(made["names"])


def _replaced(init, simulated, wanted):
    return lambda name, *a, **k: init(simulated[next(wanted)] if name.startswith("rat-") else name, *a, **k)

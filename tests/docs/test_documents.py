"""The code in the documents of the method runs as it is written there, with this package in place of theirs.

The documents are not part of the project: CEBRA_PIPE_DOCUMENTS names a folder that has them, and without it only the
reader of their code is tested. Examples of our own of what they show (labels, sessions, adaptation, files, decoding,
consistency, goodness of fit, grids, solvers) are in docs/estimator.md and docs/solvers.md, which test_pages.py runs.
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
PIECES = {"usage_guide.txt": (39, 459), "multisession_demo.txt": (8, 170)}  # runs of code, and their lines in all


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


def read(name: str) -> str:
    """A document, without the numbers that a notebook gives its cells; no piece of its code may be lost."""
    text = re.sub(r"^\[\d+\]:\s*", "", (FOLDER / name).read_text(), flags=re.MULTILINE)
    assert counted(text) == PIECES[name]
    return text


def counted(text: str) -> tuple[int, int]:
    """Runs of code, and their lines."""
    found = list(statements(text))
    return len(found), sum(len(piece.splitlines()) for piece in found)


def run(text: str) -> dict:
    """What all pieces made."""
    made = {"__name__": "__documents__"}
    for number, piece in enumerate(statements(text)):
        exec(compile(ours(piece), f"piece {number}:\n{piece}", "exec"), made)
    return made


SHOWN = """Fit a model#
import cebra
model = cebra.CEBRA(
    max_iterations = 5,
)
CEBRA(max_iterations=5)
The loss, in nats:
%matplotlib inline
for loss in losses:
    print(loss)
!pip install cebra
total = sum(
"""


def test_code_is_told_from_prose():
    """The last line is a damaged piece: it is left out, which the numbers of a document tell."""
    found = list(statements(SHOWN))
    assert found == [
        "import cebra\nmodel = cebra.CEBRA(\n    max_iterations = 5,\n)",
        "for loss in losses:\n    print(loss)",
    ]
    assert counted(SHOWN) == (2, 6)
    assert counted(SHOWN + "    losses)\n") == (2, 8)


def test_their_imports_become_ours():
    given = "import cebra\nimport cebra.data as d\nfrom cebra import CEBRA\nfrom cebra.data import load"
    assert ours(given).splitlines() == [
        "import cebra_pipe as cebra",
        "import cebra_pipe.data as d",
        "from cebra_pipe import CEBRA",
        "from cebra_pipe.data import load",
    ]


@pytest.mark.filterwarnings("ignore")
def test_the_usage_guide_runs(there):
    made = run(read("usage_guide.txt"))
    assert made["goodness_of_fit"] == made["goodness_of_fit"]
    assert made["x_train_emb"].shape[1] == 2


@pytest.mark.filterwarnings("ignore")
def test_the_multi_session_demo_runs(there, monkeypatch):
    """Four simulated rats in place of the recorded ones, and fewer steps."""
    wanted = iter(range(4))
    simulated = [name for name in datasets.get_options("*simulated*")][:4]
    monkeypatch.setattr(datasets, "init", _replaced(datasets.init, simulated, wanted))
    made = run(read("multisession_demo.txt").replace("max_iterations = 15000", "max_iterations = 8"))
    assert len(made["scores"]) == len(made["multi_scores"]) == 12
    assert set(made["multi_embeddings"]) == set(made["names"])


def _replaced(init, simulated, wanted):
    return lambda name, *a, **k: init(simulated[next(wanted)] if name.startswith("rat-") else name, *a, **k)

"""What all tests share: the evidence that deep tests leave behind."""

from __future__ import annotations

import json
import re
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
EVIDENCE = ROOT / "docs" / "evidence"


def commit() -> str:
    """The commit that is tested; `+` where files differ from it."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", "cebra_pipe", "workflow", "tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def evidence_of(item: pytest.Item | pytest.FixtureRequest) -> Path:
    name = re.sub(r"\W+", "_", item.name.removeprefix("test_")).strip("_")
    return EVIDENCE / f"{name}.json"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A deep test that left its evidence at this very commit is not done again: make test-deep goes on where it was."""
    deep = [item for item in items if item.get_closest_marker("deep")]
    now = commit() if deep else ""
    for item in deep:
        path = evidence_of(item)
        if path.exists() and json.loads(path.read_text())["commit"] == now and not now.endswith("+"):
            item.add_marker(pytest.mark.skip(reason=f"done at this commit: {path.relative_to(ROOT)}"))


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Callable[[object], None]:
    """Writes the figures of a deep test, with the commit, to docs/evidence."""

    def record(figures: object) -> None:
        path = evidence_of(request.node)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"commit": commit(), "test": request.node.nodeid, "figures": figures}, indent=1) + "\n"
        )

    return record


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """cebra 0.6.1, run as an oracle and never read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import cebra
        import cebra.datasets
        import cebra.models
    return cebra

"""The same config gives the same bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from .conftest import Checkout, copy_checkout

pytestmark = pytest.mark.workflow
ARTIFACTS = (".parquet", ".pt", ".png", ".svg", ".csv", ".json")


def hashes(tree: Path) -> dict[str, str]:
    """sha256 of every artifact by its place in the tree; records, logs and benchmarks hold times."""
    paths = [
        p
        for p in sorted(tree.rglob("*"))
        if p.suffix in ARTIFACTS and p.relative_to(tree).parts[0] not in ("records", "benchmarks", "logs")
    ]
    return {str(p.relative_to(tree)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_two_runs_from_scratch(finished, tmp_path):
    other = Checkout(copy_checkout(tmp_path / "elsewhere"))
    other.run("--cores", "1")
    first, second = hashes(finished.tree), hashes(other.tree)
    assert len(first) > 40
    assert first == second

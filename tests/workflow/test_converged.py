"""The default study trains long enough: no fit is better on valid after five times the steps."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .conftest import ROOT, Checkout, copy_checkout

pytestmark = pytest.mark.deep


def test_default_study_is_converged(tmp_path, evidence):
    checkout = Checkout(copy_checkout(tmp_path / "checkout"))
    (checkout.folder / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    checkout.run("--cores", "2", timeout=3600)
    script = str(ROOT / "benchmarks" / "convergence.py")
    command = [sys.executable, script, "config.yaml", "--steps", "5000", "--seeds", "1"]
    out = subprocess.run(command, cwd=checkout.folder, capture_output=True, text=True, check=True).stdout
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in out.splitlines() if line.startswith("|")][
        2:
    ]
    evidence(
        [
            dict(
                zip(
                    ("condition", "unit", "seed", "objective", "study", "longer", "lowest", "difference"),
                    r,
                    strict=False,
                )
            )
            for r in rows
        ]
    )
    assert len(rows) == 21
    assert not [row for row in rows if row[-1] != "converged" and row[0] != "shifted"]

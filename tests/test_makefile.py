"""What `make` says before it is silent."""

from __future__ import annotations

import subprocess

from .conftest import ROOT


def test_what_is_installed_and_that_it_takes_minutes_is_said_first(tmp_path):
    planned = subprocess.run(
        ["make", "--dry-run", "test", f"VENV={tmp_path / 'venv'}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, installing, _ = planned.stdout.partition("pip install")
    assert installing
    assert "echo" in before
    assert "Installing PyTorch" in before
    assert "minutes" in before

"""The same chain on a cluster's profile, in a report, and on a machine without a GPU."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.workflow


def test_slurm_profile_dry_run(finished, tmp_path):
    """Every job asks for memory and time, every fit for a GPU."""
    out = finished.run("--dry-run", "--forceall", "--workflow-profile", "workflow/profiles/slurm", "--verbose").stdout
    fits = re.findall(
        r"^rule fit:\n(?:    .*\n)*?    resources: (.*)$|^Job \d+: fit .*\n(?:.*\n)*?    resources: (.*)$",
        out,
        re.MULTILINE,
    )
    wanted = finished.run(
        "--dry-run", "--forceall", "--workflow-profile", "workflow/profiles/slurm", "--printshellcmds"
    ).stdout
    commands = re.findall(r"-m cebra_pipe fit .*--gpus (\d+)", wanted)
    assert commands
    assert set(commands) == {"1"}
    assert fits is not None


def test_gpu_option_without_a_gpu(finished):
    out = finished.run("--dry-run", "--forceall", "--resources", "gpu=1", "--printshellcmds").stdout
    assert set(re.findall(r"-m cebra_pipe fit .*--gpus (\d+)", out)) <= {"0", "1"}


def test_report(checkout):
    checkout.run("--report", "report.html")
    text = (checkout.folder / "report.html").read_text()
    for figure in ("verdict", "decoding", "embeddings", "goodness_of_fit", "consistency", "data", "losses"):
        assert f"figures/{figure}.png" in text
    assert "http" not in re.findall(r'<script[^>]*src="([^"]*)"', text)

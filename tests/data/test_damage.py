"""Damaged files end in values or in one message: no foreign exception, crash, hang, hunger or partial artifact."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cebra_pipe.data.recording import Recording
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.jobs.seen import file_digest
from cebra_pipe.pipeline.stages import load

from . import damage
from .test_load_stage import job  # noqa: F401  (a fixture)

ROOT = Path(__file__).resolve().parents[2]


def reports(folder: Path, number: int, seed: int, *names: str) -> dict[str, dict]:
    """What became of `number` damaged files of each format, read in another process."""
    command = [sys.executable, "-m", "tests.data.damage", str(folder), str(number), str(seed), *names]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3000)
    found = {one["format"]: one for one in map(json.loads, made.stdout.splitlines())}
    assert made.returncode == 0, f"after {list(found)}: ended with {made.returncode}\n{made.stderr[-2000:]}"
    return found


@pytest.fixture(scope="module")
def sampled(tmp_path_factory) -> dict[str, dict]:
    return reports(tmp_path_factory.mktemp("damage"), 30, 1, *damage.FILES)


def check(report: dict, number: int) -> None:
    assert set(report["ends"]) <= {"read", "told"}
    assert sum(report["ends"].values()) == number
    assert report["ends"]["told"] > 0
    assert report["slowest_s"] < damage.SECONDS
    assert report["memory_mb"] << 20 < damage.MEMORY


@pytest.mark.parametrize("name", damage.FILES)
def test_damaged_files_are_read_or_told(name, sampled):
    check(sampled[name], 30)


@pytest.mark.deep
@pytest.mark.parametrize("name", damage.FILES)
def test_two_thousand_damaged_files(name, tmp_path, evidence):
    report = reports(tmp_path, 2000, 2, name)[name]
    check(report, 2000)
    evidence(report)


def test_a_damaged_file_leaves_a_whole_recording_or_none(job, capsys):  # noqa: F811
    name, (file, other) = "a.npz", job.inputs["files"]
    ends, output = set(), job.outputs["recording"]
    for data in damage.damaged(file.read_bytes(), 24, 1):
        file.write_bytes(data)
        digests = {name: file_digest(file), "x.npy": file_digest(other)}
        output.unlink(missing_ok=True)
        try:
            load.run(replace(job, spec={**job.spec, "files": digests}))
            ends.add(len(Recording.read(output)))
        except UserError:
            ends.add("told")
            assert not output.exists()
        assert {path.name for path in output.parent.glob("*")} <= {output.name}
    assert ends == {8, "told"}

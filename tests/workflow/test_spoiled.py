"""What the machine does to a run: a full disk, a folder that cannot be written, a clock set back, two runs at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Checkout
from .test_equal_bytes import hashes
from .test_trouble import leftovers

pytestmark = pytest.mark.workflow
DAY = 86_400


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[None]:
    """A disk of its own in place of the folder, which keeps what lay there; a skip where mounting is not allowed."""
    aside = place.with_name(f"{place.name}_aside")
    place.rename(aside)
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(aside, place, dirs_exist_ok=True, copy_function=shutil.copy2)
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def size(folder: Path) -> int:
    """Kilobytes that the folder takes on a disk of pages of 4 kB."""
    return sum(-(-path.stat().st_size // 4096) * 4 for path in folder.rglob("*") if path.is_file())


def test_a_full_disk(checkout: Checkout):
    """Every job that finds no room says so, its earlier result stays, and with room again the run is finished."""
    before = hashes(checkout.tree)
    results = checkout.folder / "results"
    with small_disk(results, size(results) + 700):
        room = results / "recording_of_another_study"
        free = shutil.disk_usage(results).free
        room.write_bytes(b"\0" * (free - 20_000))
        first = checkout.run("--cores", "1", "--keep-going", "--forcerun", "simulate", "--until", "split", check=False)
        assert first.returncode != 0
        told = first.stdout + first.stderr
        assert "No space left on device. Free space" in told
        assert "Traceback" not in told
        assert not leftovers(results)
        assert hashes(checkout.tree) == before
        room.write_bytes(b"")
        checkout.run("--cores", "1", "--forcerun", "simulate", "--until", "split")
        assert hashes(checkout.tree) == before


def test_a_folder_that_cannot_be_written(checkout: Checkout):
    """Told once, before any job; what lies there can still be shown."""
    results = checkout.folder / "results"
    with small_disk(results, size(results) + 700):
        subprocess.run(["mount", "-o", "remount,ro", results], check=True)
        for program, arguments in (("cebra_pipe", ["check", "config.yaml"]), ("snakemake", ["--cores", "1", "-F"])):
            out = checkout.run(*arguments, program=program, check=False)
            assert out.returncode != 0
            assert "results: expected a folder that can be written (results/tiny)" in out.stderr
            assert "Traceback" not in out.stdout + out.stderr
        assert "decoding.png" in checkout.run("show", "config.yaml", program="cebra_pipe").stdout


def test_the_clock_set_back(checkout: Checkout):
    """Results from tomorrow are as good as those of today, and older ones do not seem newer."""
    tomorrow = time.time() + DAY
    for path in checkout.tree.rglob("*"):
        os.utime(path, (tomorrow, tomorrow))
    assert checkout.jobs() == set()
    checkout.config(lambda c: c["comparisons"]["rats"].update(shifts=9))
    assert checkout.jobs("--until", "consistency") == {"consistency consistency/rats.parquet"}
    checkout.run("--cores", "1", "--until", "consistency")
    assert checkout.jobs("--until", "consistency") == set()


def test_two_runs_at_once(checkout: Checkout):
    """Both end, with the bytes of one alone."""
    before = hashes(checkout.tree)
    env = {**os.environ, "PYTHONPATH": str(checkout.folder)}
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--forcerun", "simulate", "--until", "split"]
    both = [
        subprocess.Popen(command, cwd=checkout.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    told = [each.communicate(timeout=300)[0].decode() for each in both]
    assert [each.returncode for each in both] == [0, 0], told
    assert hashes(checkout.tree) == before
    assert not leftovers(checkout.tree)

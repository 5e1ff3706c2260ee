"""Ctrl-C: everything ends at once, says how to go on, and leaves what is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from .conftest import Checkout, copy_checkout

SECONDS = 2.0  # on a machine that does nothing else
WORK = 0.2  # seconds of processor time that tell how much of one there is


def as_in_a_terminal() -> None:
    """A process group of its own, which heeds Ctrl-C: in the background of a shell it would be ignored."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stretch() -> float:
    """Seconds that pass in a second of processor time; 1 on an idle machine."""
    passed, worked = time.perf_counter(), time.process_time()
    while time.process_time() - worked < WORK:
        pass
    return (time.perf_counter() - passed) / WORK


@pytest.mark.workflow
def test_ctrl_c_ends_a_run_within_two_seconds_and_says_how_to_go_on(tmp_path):
    checkout = Checkout(copy_checkout(tmp_path / "checkout"))
    long = {"labels": ["position"], "steps": 10_000_000}
    checkout.config(lambda data: data["recordings"].pop("rat2"))
    checkout.config(lambda data: data.update(conditions={"long": long}, comparisons={}))
    log = checkout.tree / "logs/fits/long/rat1/fold0/seed1/model.log"
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--until", "fit"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "preexec_fn": as_in_a_terminal}
    env = {**os.environ, "PYTHONPATH": str(checkout.folder)}
    with subprocess.Popen(command, cwd=checkout.folder, env=env, **streams) as run:
        deadline = time.monotonic() + 300
        while not (log.exists() and "training samples" in log.read_text()):
            assert run.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        slow, pressed = stretch(), time.perf_counter()
        os.killpg(run.pid, signal.SIGINT)
        told, _ = run.communicate(timeout=120)
        took, slow = time.perf_counter() - pressed, max(1.0, slow, stretch())
    assert run.returncode != 0
    assert "cebra-pipe fit: stopped. Run snakemake again to go on with what is missing." in told
    assert "Traceback" not in told
    assert took < SECONDS * slow
    with pytest.raises(ProcessLookupError):
        os.killpg(run.pid, 0)
    assert sorted(path.name for path in checkout.tree.rglob("*.parquet")) == ["rat1.parquet", "rat1.parquet"]
    assert not list(checkout.tree.rglob("*.tmp"))

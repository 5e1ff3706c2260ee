"""What goes wrong ends in one message, loses nothing good, and is mended by running again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from .test_equal_bytes import hashes

pytestmark = pytest.mark.workflow


def leftovers(tree: Path) -> list[str]:
    """Half-written files."""
    return [str(p) for p in tree.rglob("*.tmp")]


def test_a_failed_rerun_keeps_the_earlier_result(checkout):
    """A change that cannot be fitted: the message is shown and the old model stays."""
    model = checkout.tree / "fits/time/rat1/fold0/seed1/model.pt"
    before = model.read_bytes()
    source = checkout.folder / "cebra_pipe/solver/fitting.py"
    good = source.read_text()
    checkout.edit(
        "solver/fitting.py",
        "    given = prepare(task, device, base=base)\n",
        "    raise UserError(Problem('here', 'this', 'that', 'Do so.'))\n",
    )
    out = checkout.run("--cores", "2", str(model.relative_to(checkout.folder)), check=False)
    assert out.returncode != 0
    assert "here: expected this, found that. Do so." in out.stdout + out.stderr
    assert model.read_bytes() == before
    assert not leftovers(checkout.tree)
    # The next run tries again; when the edit is taken back the earlier results are those of the config.
    fits = {f"fit {path.relative_to(checkout.tree)}" for path in checkout.tree.glob("fits/*/*/*/*/model.pt")}
    assert {job for job in checkout.jobs() if job.startswith("fit ")} == fits
    again = checkout.run("--cores", "2", str(model.relative_to(checkout.folder)), check=False)
    assert "here: expected this, found that. Do so." in again.stdout + again.stderr
    source.write_text(good)
    assert checkout.jobs() == set()
    assert "Nothing to be done" in checkout.run("--cores", "2").stderr


def test_no_hooks_is_told(checkout):
    """The options of jobs are written when a run begins; told not to, the message says where they should be."""
    shutil.rmtree(checkout.tree / ".jobs")
    out = checkout.run("--cores", "1", "--no-hooks", "--forcerun", "split", "--until", "split", check=False)
    assert "model.args" not in out.stderr
    assert "results/tiny/.jobs/split/splits/rat1.args: expected the options of a job" in out.stdout + out.stderr


DAMAGES = {
    "cut short": lambda b: b[: len(b) // 2],
    "overwritten": lambda b: b"x" * len(b),
    "empty": lambda b: b"",
}


def test_damaged_artifacts_are_told_and_mended(checkout):
    """Each kind of file is told in each kind of damage; one of each is mended."""
    files = [
        checkout.tree / name
        for name in ("recordings/rat1.parquet", "fits/time/rat1/fold0/seed1/model.pt", "figures/losses.png")
    ]
    good = {path: path.read_bytes() for path in files}
    for turn in range(len(DAMAGES)):
        for number, path in enumerate(files):
            path.write_bytes(list(DAMAGES.values())[(turn + number) % len(DAMAGES)](good[path]))
        out = checkout.run("status", "config.yaml", "--files", program="cebra_pipe", check=False)
        for path in files:
            assert f"damaged         {path.relative_to(checkout.folder)}" in out.stdout
    shown = checkout.run(
        "transform", "--spec", '{"stage":"transform","sessions":["rat1"],"models":[[0,1]]}',
        "--input", "recordings", str(files[0]), "--input", "splits", str(checkout.tree / "splits/rat1.parquet"),
        "--input", "models", str(files[1]), "--output", "embedding", str(checkout.folder / "e.parquet"),
        program="cebra_pipe", check=False,
    )  # fmt: skip
    assert shown.returncode == 2
    assert "rat1.parquet" in shown.stderr
    assert "Traceback" not in shown.stderr
    assert not (checkout.folder / "e.parquet").exists()
    mend = checkout.run("status", "config.yaml", "--commands", program="cebra_pipe", check=False).stdout.split()
    checkout.run(*mend[1:], "--cores", "2")
    assert {path: path.read_bytes() for path in files} == good


def test_a_file_in_place_of_another_is_told_and_mended(checkout):
    """A model of another seed, a picture and a table that were edited: each is remade, with what reads it."""
    places = ("fits/behavior/rat1/fold0/seed1/model.pt", "figures/losses.png", "tables/recordings.csv")
    model, picture, table = files = [checkout.tree / name for name in places]
    good = {path: path.read_bytes() for path in files}
    shutil.copy2(checkout.tree / "fits/behavior/rat1/fold0/seed2/model.pt", model)
    content = good[picture]
    at = content.index(b"IDAT") + 99  # in the pixels: what the picture says of itself stays
    picture.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    table.write_text(table.read_text().replace("rat1", "rat9"))
    out = checkout.run("status", "config.yaml", "--files", program="cebra_pipe", check=False)
    edited = "a damaged one (its content is not what was written: something else changed it since)"
    for path, why in ((picture, edited), (table, "not the one that was made with recordings.json")):
        assert f"damaged         {path.relative_to(checkout.folder)}  ({why})" in out.stdout
    assert f"outdated        {model.relative_to(checkout.folder)}  (config" in out.stdout  # it says which seed it is of
    jobs = checkout.jobs()
    assert {job.split()[1] for job in jobs if job.startswith("fit ")} == {places[0]}
    assert {"figures figures/losses.png", "tables tables/recordings.csv"} <= jobs
    checkout.run("--cores", "2", *(str(path.relative_to(checkout.folder)) for path in files))
    assert {path: path.read_bytes() for path in files} == good


def test_a_config_with_mistakes(checkout):
    checkout.config(lambda c: c["conditions"]["time"].update(stpes=3, learning_rate=-1))
    out = checkout.run("--cores", "2", check=False)
    assert out.returncode != 0
    assert "conditions.time.stpes" in out.stderr
    assert "conditions.time.learning_rate" in out.stderr
    assert "Traceback" not in out.stdout + out.stderr


BAD_FILES = {
    "missing": (lambda path: None, "no such file"),
    "truncated": (lambda path: path.write_bytes(b"PK\x03\x04 nothing more"), "truncated.npz"),
    "no_such_key": (lambda path: np.savez(path, spike=np.ones((300, 4))), "'spikes'"),
    "nan": (lambda path: np.savez(path, spikes=np.full((300, 4), np.nan), position=np.arange(300.0)), "NaN"),
    "lengths": (lambda path: np.savez(path, spikes=np.eye(300), position=np.arange(200.0)), "200"),
    "constant_label": (lambda path: np.savez(path, spikes=np.eye(300), position=np.ones(300)), "a label that varies"),
    "short": (lambda path: np.savez(path, spikes=np.eye(4), position=np.arange(4.0)), "short"),
}
# What is found at once: when files are looked for, when they are read, when windows are cut.
TOGETHER = (("missing",), ("truncated", "no_such_key", "nan", "lengths", "constant_label"), ("short",))


@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[0])
def test_bad_recordings(tmp_path, names):
    """`check` and the run say the same kind of thing of each: the file, what is wrong, no traceback."""
    from .conftest import Checkout, copy_checkout

    checkout, entries = Checkout(copy_checkout(tmp_path / "checkout")), {}
    for name in names:
        BAD_FILES[name][0](tmp_path / f"{name}.npz")
        entry = {"file": str(tmp_path / f"{name}.npz"), "neural": "spikes", "rate": 40}
        entries[name] = entry | {"labels": {"position": "position"}}
    conditions = {"time": {"steps": 5, "model": "offset10-model"}}
    checkout.config(
        lambda c: (
            c.clear(),
            c.update(study="tiny", recordings=entries, conditions=conditions, split={"scheme": "blocks"}),
        )
    )
    out = checkout.run("check", "config.yaml", program="cebra_pipe", check=False)
    assert out.returncode == 2, out.stdout + out.stderr
    run = checkout.run("--cores", "2", "--keep-going", check=False)
    assert run.returncode != 0
    for name in names:
        for told in (out.stderr, run.stdout + run.stderr):
            lines = [line for line in told.splitlines() if name in line and BAD_FILES[name][1] in line]
            assert lines, f"{name}: {told}"
            assert "Traceback" not in told
    assert not leftovers(checkout.folder)


@pytest.mark.parametrize("victim", ["job", "workflow"])
def test_after_kill_9_plain_snakemake_recovers(checkout, finished, victim):
    """A fit, or snakemake itself, killed at work: the next plain run ends with the same bytes as one never killed."""

    def longer(c):
        c["conditions"]["time"].update(steps=300)

    checkout.config(longer)
    env = {**os.environ, "PYTHONPATH": str(checkout.folder)}
    started = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2"],
        cwd=checkout.folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    job = wait_for_fit(checkout.folder)
    os.kill(job if victim == "job" else started.pid, signal.SIGKILL)
    started.wait(timeout=120)
    checkout.run("--cores", "2")
    assert checkout.jobs() == set()
    assert not leftovers(checkout.tree)
    recovered = hashes(checkout.tree)
    changed = [str(path.relative_to(checkout.folder)) for path in checkout.tree.glob("fits/time/*/*/*/model.pt")]
    assert len(changed) == 2
    checkout.run("--cores", "2", "--forcerun", *changed, "--until", "decode")
    assert hashes(checkout.tree) == recovered


def wait_for_fit(folder: Path, seconds: float = 90) -> int:
    """The process of a running fit of this folder."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                here = (entry / "cwd").resolve() == folder.resolve()
            except OSError:
                continue
            if here and b"cebra_pipe" in command and b"fit" in command and b"sh" not in command[0].split(b"/")[-1]:
                return int(entry.name)
        time.sleep(0.05)
    raise AssertionError("no fit was started")

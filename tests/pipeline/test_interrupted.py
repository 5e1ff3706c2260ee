"""A fit that was killed goes on from its last checkpoint and ends with the same bytes."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import pytest
import torch

from cebra_pipe.pipeline.stages import fit, fit_together
from cebra_pipe.solver import fitting, keeper
from cebra_pipe.solver.keeper import Keeper, checkpoint_path
from tests.conftest import ROOT
from tests.pipeline.killed import KINDS
from tests.toys import fit_job, together_job, track


class Stopped(Exception):
    pass


@pytest.fixture
def at_every_look(monkeypatch):
    monkeypatch.setattr(keeper, "FIRST", 0.0)
    monkeypatch.setattr(keeper, "SHARE", float("inf"))


def job_for(folder, out="out", **changed):
    return fit_job(folder, {"rat": track(0)}, out=out, **{"steps": 60, "batch_size": 32, **changed})


def stop_after(monkeypatch, looks: int) -> None:
    """The process ends in the middle of a step, `looks` looks after its start."""
    seen, glance = [], fitting._glance

    def look(task, network, valid, step):
        seen.append(step)
        if len(seen) > looks:
            raise Stopped
        return glance(task, network, valid, step)

    monkeypatch.setattr(fitting, "_glance", look)


def stopped(folder, monkeypatch, looks=4, **changed):
    job = job_for(folder, **changed)
    with monkeypatch.context() as patch:
        stop_after(patch, looks)
        with pytest.raises(Stopped):
            fit.run(job)
    return job


def content(job):
    return [path.read_bytes() for path in job.outputs.values()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    job = job_for(tmp_path_factory.mktemp("whole"))
    fit.run(job)
    return content(job)


def test_a_stopped_fit_ends_with_the_same_bytes(tmp_path, monkeypatch, at_every_look, whole, capsys):
    job = stopped(tmp_path, monkeypatch)
    assert checkpoint_path(job.outputs["model"]).exists()
    fit.run(job)
    assert "goes on after step 30" in capsys.readouterr().err
    assert content(job) == whole
    assert sorted(p.name for p in job.outputs["model"].parent.iterdir()) == ["history.parquet", "model.pt"]


def test_a_stopped_batch_of_seeds_ends_with_the_same_bytes(tmp_path, monkeypatch, at_every_look, capsys):
    """And a batch with another seed, which is another one, leaves its checkpoint alone."""

    def job_of(**changed):
        return together_job(tmp_path, {"rat": track(0)}, **{"steps": 40, "batch_size": 32, **changed})

    def stop(job, looks):
        with monkeypatch.context() as patch:
            stop_after(patch, looks)
            with pytest.raises(Stopped):
                fit_together.run(job)

    whole, job = job_of(out="whole"), job_of()
    fit_together.run(whole)
    stop(job, looks=2 * 3)
    assert checkpoint_path(job.outputs["models"]).exists()
    stop(job_of(seeds=(1, 3)), looks=1)
    assert "of another config" in capsys.readouterr().err
    fit_together.run(job)
    assert "goes on after step 20" in capsys.readouterr().err
    assert content(job) == content(whole)
    assert sorted(p.name for p in job.outputs["models"].parent.iterdir()) == ["history.parquet", "models.pt"]


@pytest.mark.parametrize("change", [{"learning_rate": 2e-3}, {"seed": 2}, {"labels": {"position": 1.0}}])
def test_a_checkpoint_of_another_fit_is_left_alone(tmp_path, monkeypatch, at_every_look, change, capsys):
    stopped(tmp_path, monkeypatch)
    other, alone = job_for(tmp_path, **change), job_for(tmp_path, "alone", **change)
    fit.run(other)
    assert "goes on" not in (told := capsys.readouterr().err)
    assert "of another config" in told
    fit.run(alone)
    assert content(other) == content(alone)


def test_a_checkpoint_of_other_code_is_left_alone(tmp_path, monkeypatch, at_every_look, capsys):
    from dataclasses import replace

    job = replace(stopped(tmp_path, monkeypatch), code="code:other")
    fit.run(job)
    assert "goes on" not in capsys.readouterr().err


DAMAGE = {
    "cut": lambda raw: raw[: len(raw) // 2],
    "empty": lambda raw: b"",
    "first bit": lambda raw: bytes([raw[0] ^ 1]) + raw[1:],
    "middle bit": lambda raw: raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 16]) + raw[len(raw) // 2 + 1 :],
    "last bit": lambda raw: raw[:-1] + bytes([raw[-1] ^ 128]),
    "longer": lambda raw: raw + b"\0",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_set_aside(tmp_path, damage, capsys):
    made = Keeper(tmp_path / "c", "fit")
    made.save({"w": torch.arange(4.0)})
    damaged = DAMAGE[damage](made.path.read_bytes())
    made.path.write_bytes(damaged)
    assert made.restore() is None
    assert "damaged, set aside" in capsys.readouterr().err
    assert not made.path.exists()
    assert made.path.with_name("c.damaged").read_bytes() == damaged


def test_a_fit_with_a_damaged_checkpoint_begins_anew(tmp_path, monkeypatch, at_every_look, whole, capsys):
    job = stopped(tmp_path, monkeypatch)
    path = checkpoint_path(job.outputs["model"])
    path.write_bytes(DAMAGE["middle bit"](path.read_bytes()))
    fit.run(job)
    assert "goes on" not in capsys.readouterr().err
    assert content(job) == whole


def test_every_flipped_bit_is_seen(tmp_path):
    made = Keeper(tmp_path / "c", "fit")
    made.save({"w": torch.arange(4.0)})
    raw = made.path.read_bytes()
    for place in range(0, len(raw), 7):
        made.path.write_bytes(raw[:place] + bytes([raw[place] ^ (1 << place % 8)]) + raw[place + 1 :])
        assert made.restore() is None, place
    made.path.write_bytes(raw)
    assert torch.equal(made.restore()["w"], torch.arange(4.0))


def test_a_file_of_someone_elses_making_executes_nothing(tmp_path):
    """Even one whose sum is right: only tensors and plain values are read."""
    import hashlib
    import pickle

    class Harm:
        def __reduce__(self):
            return exec, ("import pathlib; pathlib.Path('harm').touch()",)

    made = Keeper(tmp_path / "c", "fit")
    body = pickle.dumps(Harm())
    made.path.write_bytes(hashlib.sha256(body).digest() + body)
    assert made.restore() is None
    assert not (ROOT / "harm").exists()


def test_what_a_killed_writer_left_goes(tmp_path):
    made = Keeper(tmp_path / ".model.pt.checkpoint", "fit")
    left = tmp_path / "..model.pt.checkpoint.4711.tmp"
    left.write_bytes(b"half")
    assert made.restore() is None
    assert not left.exists()


def test_checkpoints_take_their_share_of_the_time_and_no_more(tmp_path):
    """By a clock of the test: one that costs 0.1 s is written every 20 s at most."""
    now = [0.0]
    made = Keeper(tmp_path / "c", "fit", lambda: now[0])
    slow = Keeper.save

    def save(state):
        begun = made._clock
        times = iter([now[0], now[0] + 0.1])
        made._clock = lambda: next(times)
        slow(made, state)
        made._clock = begun
        now[0] += 0.1

    saved = []
    while now[0] < 1000:
        if made.due():
            saved.append(now[0])
            save({})
        now[0] += 0.5
    assert saved[0] == 1.0
    assert min(b - a for a, b in itertools.pairwise(saved)) >= 20
    assert 45 <= len(saved) <= 50


def killed(folder, kind: str, moments: int) -> list[dict]:
    command = [sys.executable, "-m", "tests.pipeline.killed", str(folder), kind, str(moments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(told: list[dict]) -> None:
    assert all(each["equal"] for each in told), told
    assert not any(each["left"] for each in told), told


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "together"])  # which the deep test has
def test_killed_at_random_moments(tmp_path, kind):
    check(killed(tmp_path, kind, 2))


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_many_random_moments(tmp_path, kind, evidence):
    told = killed(tmp_path, kind, 20)
    check(told)
    assert sum(each["after"] > 0 for each in told) >= 10, told
    evidence(told)

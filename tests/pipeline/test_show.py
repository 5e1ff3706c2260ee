"""`show` prints the numbers of this config as it stands, and says first what is not."""

from __future__ import annotations

import errno
import fcntl
import json
from pathlib import Path

import pytest

from cebra_pipe.cli import main
from cebra_pipe.pipeline import show
from cebra_pipe.pipeline.config.changes import read_changed
from cebra_pipe.pipeline.disk.status import State
from cebra_pipe.pipeline.jobs import locks
from cebra_pipe.pipeline.jobs.locks import hold, is_under_way, lock_path
from cebra_pipe.pipeline.planning.plan import Plan

TEXT = "study: s\nrecordings: {a: {simulate: {}}}\nconditions: {time: {}}\n"
NUMBERS = "\nthe numbers of the table"


@pytest.fixture
def shown(tmp_path, monkeypatch, capsys):
    """Exit code and lines of `show`, where the table of decoding stands so and all else is current."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(TEXT)
    plan = Plan(read_changed(Path("mine.yaml"), []))
    path = plan.output("tables", "json", table="decoding")
    Path(path).parent.mkdir(parents=True)
    Path(path).write_text(json.dumps({"rows": []}))
    monkeypatch.setattr(show, "BOARDS", {"decoding": lambda rows: [NUMBERS]})
    outputs = [output for job in plan.jobs() for output in job.outputs.values()]

    def run(state: str) -> tuple[int, str]:
        made = [State(output, state if output == path else "current") for output in outputs]
        monkeypatch.setattr(show, "states", lambda plan: iter(made))
        return main(["show", "mine.yaml"]), capsys.readouterr().out

    return run


@pytest.mark.parametrize("state", ["current", "other versions"])
def test_numbers_of_this_config(shown, state):
    code, said = shown(state)
    assert (code, said.startswith("Figures:"), NUMBERS in said) == (0, True, True)


@pytest.mark.parametrize("state", ["outdated", "damaged"])
def test_other_numbers_are_not_printed(shown, state):
    code, said = shown(state)
    assert (code, NUMBERS in said) == (1, False)
    assert said.startswith("1 file is missing, damaged or outdated (of another config, code or data); numbers of such")
    assert "cebra-pipe status mine.yaml --files\n  remake: snakemake --configfile mine.yaml\n" in said
    assert f"\n  {state}: results/s/tables/decoding.json" in said


def test_a_run_that_is_under_way_is_told(shown):
    code, said = shown("running")
    assert code == 1
    assert said.startswith("A run is under way: 1 file being made now")
    assert NUMBERS not in said


def test_a_run_between_two_jobs_is_told(shown):
    with hold("results/s"), hold("results/s"):  # two runs, of other targets
        assert shown("current")[1].startswith("A run is under way.\n")
    assert shown("current")[1].startswith("Figures:")


def test_another_look_at_the_same_moment_is_no_run(monkeypatch, tmp_path):
    with hold(tmp_path):
        assert is_under_way(tmp_path)
    with lock_path(tmp_path / "run").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        monkeypatch.setattr(locks.time, "sleep", lambda seconds: fcntl.flock(other, fcntl.LOCK_UN))
        assert not is_under_way(tmp_path)


@pytest.mark.parametrize("why", [errno.EACCES, errno.EROFS])
def test_a_run_that_may_not_be_asked_for_is_none(monkeypatch, tmp_path, why):
    def refused(*_):
        raise OSError(why, "refused")

    with hold(tmp_path):
        monkeypatch.setattr(Path, "open", refused)
        assert not is_under_way(tmp_path)


def test_a_run_is_seen_on_a_network_file_system(monkeypatch, tmp_path):
    """NFS takes a shared lock of whoever may read the file, and a lock of one alone of whoever may write it."""
    given = fcntl.flock

    def nfs(file, way):
        if not (file.writable() if way & fcntl.LOCK_EX else file.readable()):
            raise OSError(errno.EBADF, "Bad file descriptor")
        given(file, way)

    monkeypatch.setattr(locks.fcntl, "flock", nfs)
    assert not is_under_way(tmp_path)
    with hold(tmp_path):
        assert is_under_way(tmp_path)
    assert not is_under_way(tmp_path)
    with locks.lock(tmp_path / "one.parquet"):
        monkeypatch.setattr(locks, "lock_path", lambda path: tmp_path / ".one.parquet.lock")
        assert locks.is_running("one.parquet")


def test_nothing_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(TEXT)
    assert main(["show", "mine.yaml"]) == 1
    said = capsys.readouterr().out
    assert "files are missing" in said.splitlines()[0]
    assert "\n  not made: results/s/figures/" in said

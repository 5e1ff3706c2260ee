"""`status`: the jobs of a study by rule and condition, its files where they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cebra_pipe.cli import main
from cebra_pipe.pipeline.disk import overview, status
from cebra_pipe.pipeline.disk.status import State

TEXT = """study: s
recordings: {a: {simulate: {}}}
conditions:
  time: {seeds: 100}
  late: {time_offset: 1.0, seeds: 100}
"""
# the job of a seed of `time` -> the states of its model and its history
STATES = {
    "/seed7/": (("current", ""), ("missing", "")),
    "/seed8/": (("outdated", "config, code"), ("outdated", "config, code")),
    "/seed9/": (("outdated", "upstream"), ("outdated", "upstream")),
    "/seed10/": (("running", ""), ("running", "")),
    "/seed11/": (("damaged", "not a parquet file"), ("current", "")),
    "/seed12/": (("other versions", "numpy 1.26"), ("current", "")),
}


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Exit code and lines of `status` of a study of 200 fits, of which some are not current."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(TEXT)

    def run(*options: str, amiss: bool = True) -> tuple[int, list[str]]:
        def of(job, stale):
            for i, path in enumerate(job.outputs.values()):
                found = [s for at, s in STATES.items() if amiss and "fits/time" in path and at in path]
                yield State(path, *(found[0][i] if found else ("current", "")))

        monkeypatch.setattr(status, "_states", of)
        code = main(["status", "mine.yaml", *options])
        return code, capsys.readouterr().out.splitlines()

    return run


def test_two_hundred_fits_are_two_lines(told):
    code, lines = told()
    assert code == 1
    fits = [line.split(maxsplit=4) for line in lines if line.startswith("fit ")]
    others = "1 running, 1 damaged, 1 missing, 1 outdated (config, code), 1 outdated (upstream), 1 other versions"
    assert fits == [["fit", "time", "100", "95", others], ["fit", "late", "100", "100"]]
    assert lines[0].split() == ["rule", "condition", "jobs", "done"]
    assert [line.split() for line in lines if line.startswith("figures")] == [["figures", "7", "7"]]
    assert len(lines) < 20


def test_files_are_named_where_they_are_asked_for(told):
    code, lines = told("--files")
    assert code == 1
    assert "damaged         results/s/fits/time/a/fold0/seed11/model.pt  (not a parquet file)" in lines
    assert len(lines) == sum(state != "current" for pair in STATES.values() for state, _ in pair) + 1
    assert len(told("--all")[1]) > 400


def test_the_sum_over_files_is_the_same_with_and_without_their_names(told):
    start = "results/s: "
    sums = {next(line for line in told(*options)[1] if line.startswith(start)) for options in ((), ("--files",))}
    assert len(sums) == 1
    assert "cebra-pipe status mine.yaml --files" in told()[1][-1]


def test_one_way_of_showing_at_a_time(told, capsys):
    with pytest.raises(SystemExit):
        told("--commands", "--files")
    assert "argument --files: not allowed with argument --commands" in capsys.readouterr().err


def test_nothing_is_asked_for_where_all_is_current(told):
    code, lines = told(amiss=False)
    assert (code, lines[-1].startswith("results/s: ")) == (0, True)


@pytest.mark.parametrize(("i", "state"), [*enumerate(overview.WORST)])
def test_a_job_is_as_its_worst_file(i, state):
    files = [(other, "") for other in overview.WORST[i:]]
    assert overview.standing("fit", {"condition": "time"}, files[::-1]).state == state

"""Files that are no archive are told, and what an archive says of its run; of a whole study: tests/workflow."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from cebra_pipe.cli import main
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.disk import archive
from cebra_pipe.pipeline.disk.environment import environments, lock, recorded, same
from cebra_pipe.pipeline.disk.status import State
from cebra_pipe.pipeline.jobs.packages import installed
from cebra_pipe.pipeline.planning.plan import Plan

OLD, NEW = {"numpy": "1.0", "scipy": "1"}, {"numpy": "2.0", "six": "3"}


def test_the_lock_is_that_of_the_run():
    assert lock({"a": OLD, "b": dict(OLD)}) == "# Installed when the artifacts were made.\nnumpy==1.0\nscipy==1\n"


def test_the_lock_tells_what_is_not_certain():
    """The packages of most artifacts, with what others were made with; of now where nothing is known."""
    notes = [line for line in lock({"a": OLD, "b": OLD, "c": NEW, "d": None}).splitlines() if line.startswith("#")]
    assert notes[1:] == [
        "# Some artifacts were made with numpy 2.0, no scipy, six 3.",
        "# Of 1 artifacts no record says so, the first d.",
    ]
    now = lock({"a": None})
    assert now.startswith("# Installed when the study was archived: no record says")
    assert f"numpy=={installed()['numpy']}\n" in now
    assert environments({"c": None, "b": NEW, "a": NEW}) == [
        {"packages": NEW, "artifacts": ["a", "b"]},
        {"packages": {}, "artifacts": ["c"]},
    ]


def test_a_record_of_another_run_is_not_believed(tmp_path):
    raw = {"study": "s", "results": str(tmp_path), "recordings": {"a": {"simulate": {}}}, "conditions": {"c": {}}}
    plan = Plan(resolve(raw))
    job = next(plan.jobs())
    assert recorded(plan, job, {}) is None
    path = tmp_path / "s/records/recordings/a.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"packages": OLD}))
    assert recorded(plan, job, {"python": "3", "numpy": "1.0"}) == OLD
    assert recorded(plan, job, {"python": "3", "numpy": "2.0"}) is None


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [("2.5.1", "2.5.1+cu124", True), ("2.5.1+cpu", "2.5.1+cu124", False), ("2.5", "2.5.1", False), ("", "1", False)],
)
def test_a_build_that_only_one_side_names_is_no_other_version(one, other, equal):
    assert same(one, other) == same(other, one) == equal


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            {"a": "other versions"},
            "It was made with numpy 1.0: archive it where that is installed, or make all anew by ",
        ),
        ({"a": "other versions"}, "`snakemake --configfile mine.yaml --forceall`"),
        ({"a": "other versions", "b": "outdated"}, "2 files that are not, the first a (other versions). Run snakemake"),
    ],
)
def test_a_study_that_is_not_current_is_told_what_mends_it(found, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("study: s\nrecordings: {a: {simulate: {}}}\nconditions: {time: {}}\n")
    monkeypatch.setattr(archive, "states", lambda plan: [State(p, state, "numpy 1.0") for p, state in found.items()])
    assert main(["archive", "mine.yaml"]) == 2
    assert told in capsys.readouterr().err


WHOLE = {"format": 1, "study": "rats", "results": "results", "artifacts": {}, "versions": {}, "code": {}}


def zipped(path, manifest):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
    return path


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        ({"format": 9}, "format 1, found 9"),
        ({**WHOLE, "artifacts": {"../../etc/passwd": {"sha256": ""}}}, "files below one folder"),
        ({**WHOLE, "artifacts": {"/etc/passwd": {"sha256": ""}}}, "files below one folder"),
        ([], "manifest.json holds no mapping"),
        ({"format": 1}, "no right study, results, artifacts"),
        ({**WHOLE, "artifacts": {"a.parquet": {}}}, "no right sha256 of a.parquet"),
        ({**WHOLE, "versions": []}, "no right versions"),
    ],
)
def test_forged_archives_are_refused(tmp_path, capsys, manifest, found):
    assert main(["verify", str(zipped(tmp_path / "a.zip", manifest))]) == 2
    assert found in capsys.readouterr().err


def test_code_that_this_version_lacks_is_told(tmp_path, capsys):
    code = {"": "code:1", "smooth": "code:2", "figures spiral": "code:3", "figures data x": "code:4", "load": "code:5"}
    path = zipped(tmp_path / "a.zip", {**WHOLE, "results": str(tmp_path), "code": code})
    assert main(["verify", str(path)]) == 0
    said = capsys.readouterr().out
    assert "code     smooth not made by this version, archived with code:2\n" in said
    assert said.count("not made by this version") == 4


def test_other_files_are_told(tmp_path, capsys):
    path = tmp_path / "notes.txt"
    assert main(["verify", str(path)]) == 2
    assert "no such file" in capsys.readouterr().err
    path.write_text("words")
    assert main(["verify", str(path)]) == 2
    assert "notes.txt" in capsys.readouterr().err

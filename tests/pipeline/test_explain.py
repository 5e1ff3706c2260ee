"""What `explain` says of files that are no artifacts, or no longer what they were; artifacts: tests/workflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cebra_pipe import CEBRA
from cebra_pipe.cli import main
from cebra_pipe.data.seal import rows_digest
from cebra_pipe.data.table import Table, write_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline import runner
from cebra_pipe.pipeline.config.changes import read_changed
from cebra_pipe.pipeline.disk import claims
from cebra_pipe.pipeline.disk import explain as told
from cebra_pipe.pipeline.jobs import provenance
from cebra_pipe.pipeline.jobs.roles import WITNESS
from cebra_pipe.pipeline.jobs.seen import file_digest
from cebra_pipe.pipeline.planning.layout import STAGES
from cebra_pipe.pipeline.planning.plan import Plan

from .test_archive import WHOLE, zipped

NOT_TOLD = "made by   not told: the file carries no provenance of a study"
ABOUT = {"stage": "tables", "spec": {"table": "tests"}, "spec_hash": "0", "code": "code:1", "inputs": {}}
ABOUT |= {"versions": {"numpy": "2"}, "device": "cpu"}


CONFIG = "study: rats\nrecordings: {a: {}}\nconditions: {}\n"


def explain(path: Path, capsys) -> tuple[int, str]:
    """Exit code and text, which never says that a file should go."""
    code = main(["explain", str(path)])
    out, err = capsys.readouterr()
    assert not any(word in (out + err).lower() for word in ("remove", "snakemake again", "damaged", "traceback"))
    return code, out or err


def _json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))


def _study(path: Path, write: Callable[[Path], None]) -> None:
    """In the folder of a study."""
    for folder in (path.parent, path.parent.parent / "figures"):
        folder.mkdir(parents=True, exist_ok=True)
    write(path)


FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "mine.png": (lambda path: Image.new("L", (4, 4)).save(path), ""),
    "mine.jpg": (lambda path: Image.new("L", (4, 4)).save(path), ""),
    "jpg as.png": (lambda path: Image.new("L", (4, 4)).save(path, "jpeg"), ""),
    "mine.svg": (lambda path: path.write_text("<svg/>"), ""),
    "mine.json": (lambda path: _json(path, [1, 2]), ""),
    "notes.txt": (lambda path: path.write_text("words"), ""),
    "mine.csv": (lambda path: path.write_text("x,y\n1,2\n3,4\n"), "a file of arrays, such as a recording: "),
    "mine.npz": (lambda path: np.savez(path, spikes=np.ones((30, 4))), "such as a recording: spikes (30 × 4 float64)"),
    "tensor.pt": (lambda path: torch.save(torch.ones(5, 3), path), "such as a recording: "),
    "weights.pt": (lambda path: torch.save({"weight": torch.ones(5, 3)}, path), "such as a recording: weight ("),
    "mine.yaml": (lambda path: path.write_text(CONFIG), "the config of the study rats: `cebra-pipe check "),
    "other.yaml": (lambda path: path.write_text("study: rats\n"), ""),
    "s.zip": (lambda path: zipped(path, WHOLE), "archive of the study rats"),
    "list.zip": (lambda path: zipped(path, []), ""),
    "number.json": (lambda path: _json(path, {"provenance": 3}), ""),
    "empty.json": (lambda path: _json(path, {"provenance": {}}), ""),
    "no spec.parquet": (lambda path: write_table(path, Table({"x": np.arange(2)}, {})), "such as a recording: "),
    "s/logs/a.log": (lambda path: _study(path, lambda p: p.write_text("words")), "the log of a job"),
    "s/.jobs/a.args": (lambda path: _study(path, lambda p: p.write_text("words")), "the options of a job"),
    "s/fits/.model.pt.checkpoint": (lambda path: _study(path, lambda p: p.write_bytes(b"x")), "of a fit that runs"),
    "s/figures/cut.png": (lambda path: _study(path, lambda p: p.write_bytes(b"\x89PNG")), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_of_other_origin(tmp_path, capsys, name):
    path = tmp_path / name
    write, what = FILES[name]
    write(path)
    code, said = explain(path, capsys)
    assert code == 1
    assert f"(sha256 {file_digest(path)})" in said
    assert NOT_TOLD in said
    assert what in said
    assert ("what " in said) == bool(what)
    assert ("it lies in the study s: `cebra-pipe status CONFIG`" in said) == name.startswith("s/")


@pytest.mark.parametrize("name", ["scores.json", "options.json"])
def test_what_train_wrote(tmp_path, capsys, name):
    _json(tmp_path / "options.json", {"num_steps": 7})
    _json(tmp_path / "scores.json", {"best_step": 3, "loss": {"valid": 1.5}})
    code, said = explain(tmp_path / name, capsys)
    assert (code, "of a run of `cebra-pipe train`, with\n          num_steps: 7" in said) == (1, True)


def test_a_saved_estimator(tmp_path, capsys):
    signal, label = np.random.default_rng(0).normal(size=(60, 5)), np.arange(60.0)
    model = CEBRA(max_iterations=1, batch_size=8, num_hidden_units=8, output_dimension=3, device="cpu")
    model.fit([signal, signal[:, :4]], [label, label]).save(tmp_path / "mine.pt")
    code, said = explain(tmp_path / "mine.pt", capsys)
    assert code == 1
    assert "an estimator that CEBRA.save wrote: CEBRA.load reads it" in said
    assert "saved with cebra_pipe 0" in said
    assert "neurons: [5, 4]" in said
    assert "output_dimension: 3" in said
    assert NOT_TOLD in said


@pytest.mark.parametrize("missing", [True, False])
def test_no_file(tmp_path, capsys, missing):
    code, said = explain(tmp_path / "none" if missing else tmp_path, capsys)
    assert (code, ("no such file" if missing else "found a folder") in said) == (2, True)


def test_hidden_files_are_not_offered(tmp_path, capsys):
    for name in (".ci", "figure.csv", ".hidden.csv"):
        (tmp_path / name).write_text("x")
    assert explain(tmp_path / "none.png", capsys)[1].endswith("Known: figure.csv.\n")
    assert "Did you mean '.hidden.csv'?" in explain(tmp_path / ".hiden.csv", capsys)[1]


def test_a_table_that_was_edited(tmp_path, capsys):
    """What stands beside tells of the file that was made with it, and of no other."""
    table = tmp_path / "tests.csv"
    table.write_text("a\n1\n")
    about = {**ABOUT, "beside": {"csv": file_digest(table)}, "rows": rows_digest([{"p": 0.1}])}
    _json(tmp_path / "tests.json", {"provenance": about, "rows": [{"p": 0.1}]})
    code, said = explain(table, capsys)
    assert (code, "made by   tables, on cpu, with numpy 2" in said, "CHANGED" in said) == (0, True, False)
    table.write_text("a\n2\n")
    code, said = explain(table, capsys)
    assert (code, "CHANGED   since it was made, or in place of another: tests.json names" in said) == (1, True)
    assert explain(tmp_path / "tests.json", capsys)[0] == 0
    _json(tmp_path / "tests.json", {"provenance": about, "rows": [{"p": 0.01}]})
    code, said = explain(tmp_path / "tests.json", capsys)
    assert (code, "CHANGED   since it was made, or in place of another: its own seal names" in said) == (1, True)
    _json(tmp_path / "tests.json", {"provenance": ABOUT, "rows": [{"p": 0.01}]})
    with pytest.raises(
        UserError, match=r"tests\.json: expected a hash of its rows .*another version of cebra_pipe made"
    ):
        provenance.read(tmp_path / "tests.json")
    code, said = explain(tmp_path / "tests.json", capsys)
    assert (code, NOT_TOLD in said, "CHANGED" in said) == (1, True, False)  # as of a parquet file of another version
    write_table(tmp_path / "tests.parquet", Table({"x": np.arange(2)}, ABOUT))
    (tmp_path / "tests.json").unlink()
    assert NOT_TOLD in explain(table, capsys)[1]  # a parquet file of that name does not tell of it


def test_the_whole_command_that_makes_it_again_and_options_by_their_names(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("study: s\nrecordings: {a: {simulate: {}}}\nconditions: {time: {}}\n")
    history = Path("results/s/fits/time/a/fold0/seed1/history.parquet")
    about = {**ABOUT, "stage": "fit", "spec": {"decode": {"null": 99}}}
    write_table(history, Table({"x": np.arange(2)}, about))
    assert "(with the --configfile of its study)" in explain(history, capsys)[1]
    claims.note(Plan(read_changed(Path("mine.yaml"), [])), ["mine.yaml"])
    said = explain(history, capsys)[1]
    assert f"again     snakemake --configfile mine.yaml --forcerun {history}\n" in said
    assert "shifts: 99" in said
    assert "null" not in said
    monkeypatch.chdir("results")
    said = explain(history.relative_to("results"), capsys)[1]
    assert f"again     cd .. && snakemake --configfile mine.yaml --forcerun {history}\n" in said


@pytest.mark.parametrize(("threads", "shown"), [(1, "1 thread"), (4, "4 threads")])
def test_what_a_fit_was_computed_on(tmp_path, monkeypatch, capsys, threads, shown):
    """Device, threads and torch by its own word; the names of processor and GPU by the record beside it."""
    history = tmp_path / "study/fits/c/u/fold0/seed1/history.parquet"
    about = {**ABOUT, "stage": "fit", "device": "cuda", "versions": {"torch": "2.9.0"}}
    write_table(history, Table({"x": np.arange(2)}, {**about, "spec": {"training": {"threads": threads}}}))
    assert "record    none beside it" in explain(history, capsys)[1]
    monkeypatch.setattr(runner, "_gpu", lambda: "a GPU")
    monkeypatch.setattr(runner, "_processor", lambda: "a processor")
    record = tmp_path / "study/records/fits/c/u/fold0/seed1/model.json"
    runner._record(record, 0.0, 61.5)
    code, said = explain(history, capsys)
    assert (code, f"made by   fit, on cuda, {shown}, with torch 2.9.0\n" in said) == (0, True)
    assert "record    1970-01-01T00:00:00Z on " in said
    assert "61.5 s (" in said
    assert "\n          a processor, a GPU\n" in said
    for broken in ("{", "[]", "{}"):
        record.write_text(broken)
        assert f"record    one that cannot be read: {record}\n" in explain(history, capsys)[1]


def test_the_processor_has_a_name_and_a_gpu_that_was_not_used_has_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    assert runner._processor()
    assert runner._gpu() == ""


BESIDE = [(stage, role) for stage in WITNESS for role in STAGES[stage] if role != WITNESS[stage]]


@pytest.mark.parametrize(("stage", "role"), BESIDE)
def test_the_witness_of_each_file_is_asked(tmp_path, monkeypatch, stage, role):
    """By the names that the files have in a study."""
    names = {"condition": "c", "unit": "u", "fold": 0, "seed": 1, "figure": "data", "table": "tests"}
    places = {each: tmp_path / Path(place.format(**names)) for each, place in STAGES[stage].items()}
    places[role].parent.mkdir(parents=True)
    places[role].write_text("as it was made")
    about = {"beside": {role: file_digest(places[role])}}
    monkeypatch.setattr(told, "_read", {places[WITNESS[stage]]: about}.get)
    assert told.told(places[role]) == (about, "")
    places[role].write_text("edited")
    assert told.told(places[role]) == (about, places[WITNESS[stage]].name)

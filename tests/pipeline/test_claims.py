"""Two configs of one study: the second is refused, and nothing else that one does with one's own config is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cebra_pipe.cli import main
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.changes import read_changed
from cebra_pipe.pipeline.disk.claims import check, note
from cebra_pipe.pipeline.planning.plan import Plan

TEXT = "study: s\nrecordings: {a: {simulate: {}}}\nconditions: {time: {}}\n"
EDIT = ("time: {}", "time: {steps: 7}")


def ran(file: str, *changes: str) -> None:
    """A run of this config."""
    plan = Plan(read_changed(Path(file), changes))
    check(plan, [file])
    note(plan, [file])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("one.yaml").write_text(TEXT)
    ran("one.yaml")
    Path("two.yaml").write_text(TEXT.replace(*EDIT))


def test_an_edited_copy_is_refused(capsys):
    with pytest.raises(UserError, match=r"results/s: expected results of two.yaml, found one of one.yaml, which names"):
        ran("two.yaml")
    embedding = Path("results/s/embeddings/time/a.parquet")  # another config's, by whatever it says
    foreign = Path("results/s/embeddings/gone/a.parquet")
    for path in (embedding, foreign):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    assert main(["prune", "two.yaml", "--yes"]) == 2
    assert "give one of them another `study`" in capsys.readouterr().err
    assert foreign.exists()
    for verb in ("status", "show"):
        assert main([verb, "two.yaml"]) == 1
        assert "found one of one.yaml" in capsys.readouterr().out
    assert main(["check", "two.yaml"]) == 2
    said = capsys.readouterr()
    assert "found one of one.yaml" in said.err
    assert "in order" not in said.out
    assert main(["prune", "one.yaml", "--yes"]) == 0
    assert (embedding.exists(), foreign.exists()) == (True, False)


ENDS = {
    "the other has another study": lambda: Path("one.yaml").write_text(TEXT.replace("study: s", "study: t")),
    "the other has other results": lambda: Path("one.yaml").write_text(TEXT + "results: elsewhere\n"),
    "the other is removed": lambda: Path("one.yaml").unlink(),
    "renamed": lambda: os.replace("one.yaml", "two.yaml"),
    "the other says the same": lambda: shutil.copy("two.yaml", "one.yaml"),
    "the note is removed": lambda: Path("results/s/.configs").unlink(),
    "the note is damaged": lambda: Path("results/s/.configs").write_text("{"),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_claim(end):
    ENDS[end]()
    ran("two.yaml")


def test_ones_own_config_may_change():
    """By whatever name it is given, with other values from the command line, beside a copy that was never run."""
    Path("link.yaml").symlink_to("one.yaml")
    for seed, name in enumerate(("one.yaml", os.path.abspath("one.yaml"), "link.yaml", "./one.yaml"), start=1):
        Path("one.yaml").write_text(TEXT.replace("time: {}", f"time: {{steps: {seed}}}"))
        ran(name, f"seed={seed}")


def test_a_copy_that_was_run_claims_once_it_differs():
    shutil.copy("one.yaml", "two.yaml")
    ran("two.yaml")
    Path("two.yaml").write_text(TEXT.replace(*EDIT))
    with pytest.raises(UserError, match=r"found one of one\.yaml"):
        ran("two.yaml")
    with pytest.raises(UserError, match=r"found one of two\.yaml"):
        ran("one.yaml")


def test_a_config_that_cannot_be_read_keeps_its_claim():
    Path("one.yaml").write_text("study: [")
    with pytest.raises(UserError, match=r"found one of one\.yaml"):
        ran("two.yaml")


def test_a_copied_folder_brings_its_note(tmp_path, monkeypatch):
    """Paths are relative: what was copied is as it was, and the first folder's config is none of it."""
    shutil.copytree(tmp_path, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    ran("one.yaml")
    with pytest.raises(UserError, match=r"found one of one\.yaml"):
        ran("two.yaml")


def _linked() -> str:
    Path("link").symlink_to("results")
    return "link"


SPELLINGS = {
    "absolute": lambda: os.path.abspath("results"),
    "with points": lambda: "x/../results",
    "by a link": _linked,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_folder_has_many_spellings(spelling):
    results = SPELLINGS[spelling]()
    with pytest.raises(UserError, match=r"found one of one\.yaml"):
        ran("two.yaml", f"results={results}")
    Path("two.yaml").write_text(f"{TEXT}results: {results}\n")  # says the same
    ran("two.yaml")
    Path("two.yaml").write_text(TEXT.replace(*EDIT) + f"results: {results}\n")
    with pytest.raises(UserError, match=r"found one of two\.yaml"):
        ran("one.yaml")


@pytest.mark.parametrize("given", [["results=scratch"], ["study=t"], ["results=scratch", "study=t"]])
def test_a_folder_that_the_command_line_named(given):
    ran("one.yaml", *given)
    with pytest.raises(UserError, match=r"found one of one\.yaml"):
        ran("two.yaml", *given)
    ran("two.yaml", "study=another")
    ran("one.yaml", "seed=3", *given)
    Path("one.yaml").unlink()
    ran("two.yaml", *given)


def test_a_folder_that_was_named_from_another_working_folder(monkeypatch):
    Path("below").mkdir()
    monkeypatch.chdir("below")
    with pytest.raises(UserError, match=r"found one of \.\./one\.yaml"):
        ran("../two.yaml", "results=../results")
    ran("../one.yaml", "results=scratch")
    monkeypatch.chdir("..")
    with pytest.raises(UserError, match=r"found one of one\.yaml"):
        ran("two.yaml", "results=below/scratch")
    ran("two.yaml", "results=scratch")

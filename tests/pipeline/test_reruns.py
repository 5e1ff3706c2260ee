"""What is outdated is told by the artifacts; what a job is to do lies in a file; nothing else decides."""

from __future__ import annotations

import argparse
import json
import os
import queue
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image, PngImagePlugin

from cebra_pipe.cli import expanded, main
from cebra_pipe.data.seal import rows_digest
from cebra_pipe.data.table import META, Table, read_meta, write_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline import runner
from cebra_pipe.pipeline.config.reading import read_yaml, resolve
from cebra_pipe.pipeline.disk import archive, reruns
from cebra_pipe.pipeline.disk.prune import _empty_folders, stale_checkpoints
from cebra_pipe.pipeline.disk.reruns import OPEN, OUTDATED, SETTLED, arguments, leftovers, prepare, standing
from cebra_pipe.pipeline.disk.status import states
from cebra_pipe.pipeline.jobs import locks, provenance, seen
from cebra_pipe.pipeline.jobs.fingerprint import fingerprint, sources
from cebra_pipe.pipeline.jobs.job import Job, canonical, digest
from cebra_pipe.pipeline.jobs.locks import hold, lock
from cebra_pipe.pipeline.jobs.provenance import KEY
from cebra_pipe.pipeline.jobs.roles import ROLES, WITNESS
from cebra_pipe.pipeline.jobs.seen import file_digest, look, remember
from cebra_pipe.pipeline.planning.plan import Plan, Planned
from cebra_pipe.plot.sealed import END, TAIL, sealed

from ..toys import kept, save, track

TINY = Path(__file__).resolve().parents[2] / "config" / "tiny.yaml"
FIT = "results/tiny/.jobs/fit/fits/time/rat1/fold0/seed1/model.args"


EVERY_STAGE = {"leave_one_out": {}, "seeds": 2, "together": True}  # what the tiny study lacks


def planned(change: Callable[[dict], None] = lambda raw: None) -> Plan:
    raw = read_yaml(TINY)
    raw["conditions"]["joint"].update(EVERY_STAGE)
    change(raw)
    return Plan(resolve(raw))


def make(job: Planned) -> None:
    """The outputs of a job with nothing in them but what they say of themselves."""
    spec = json.loads(job.spec)
    inputs = {role: [file_digest(path) for path in paths] for role, paths in job.inputs.items()}
    about = {"stage": job.stage, "spec": spec, "spec_hash": digest(job.spec), "code": job.code, "inputs": inputs}
    about |= {"device": "cpu"}
    for role in sorted(job.outputs, key=lambda role: role == WITNESS.get(job.stage)):  # the witness last
        path, others = Path(job.outputs[role]), {r: p for r, p in job.outputs.items() if r != role}
        beside = {r: file_digest(p) for r, p in others.items()} if role == WITNESS.get(job.stage) else {}
        path.parent.mkdir(parents=True, exist_ok=True)
        MADE[path.suffix](path, {**about, "beside": beside, "versions": {}})


def _picture(path: Path, about: dict) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text(KEY, json.dumps(about))
    Image.new("L", (4, 4), 255).save(path, pnginfo=text)
    path.write_bytes(sealed(path.read_bytes()))


MADE = {
    ".parquet": lambda path, about: write_table(path, Table({"x": np.arange(2)}, about)),
    ".pt": lambda path, about: zipfile.ZipFile(path, "w").close(),
    ".png": _picture,
    ".json": lambda path, about: path.write_text(json.dumps({"provenance": about})),
    ".svg": lambda path, about: path.write_text(""),
    ".csv": lambda path, about: path.write_text(""),
}


@pytest.fixture
def plan(tmp_path, monkeypatch) -> Plan:
    """The tiny study, finished."""
    monkeypatch.chdir(tmp_path)
    plan = planned()
    for job in plan.jobs():
        make(job)
    return plan


def jobs(found: dict[str, str], state: str) -> set[str]:
    return {Path(name).relative_to("results/tiny/.jobs").as_posix() for name, s in found.items() if s == state}


def test_finished_is_settled(plan):
    assert set(standing(plan).values()) == {SETTLED}


def test_nothing_made_is_open(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set(standing(planned()).values()) == {OPEN}


def test_a_change_and_its_end(plan):
    """A condition that is changed is outdated, what reads it open, and all is settled when it is put back."""
    found = standing(planned(lambda raw: raw["conditions"]["time"].update(temperature=0.5)))
    below = {"transform/embeddings/time/rat1.args", "decode/decoding/time/rat1.args", "align/aligned/time.args"}
    assert "fit/fits/time/rat1/fold0/seed1/model.args" in jobs(found, OUTDATED)
    assert below <= jobs(found, OPEN)
    assert {"decode/decoding/behavior/rat1.args", "split/splits/rat1.args"} <= jobs(found, SETTLED)
    assert set(standing(planned()).values()) == {SETTLED}


def test_the_order_of_seeds_says_nothing(plan):
    """Of single fits as of a batch."""
    found = standing(planned(lambda raw: [raw["conditions"][k].update(seeds=[2, 1]) for k in ("behavior", "joint")]))
    assert set(found.values()) == {SETTLED}


FORCED = {
    "align": {"figures/figures/embeddings.args", *(f"align/aligned/{k}.args" for k in ("time", "behavior", "joint"))},
    "results/tiny/aligned/time.parquet": {"align/aligned/time.args"},
    "results/tiny/aligned/behavior.parquet": {"align/aligned/behavior.args", "figures/figures/embeddings.args"},
}


@pytest.mark.parametrize("forced", FORCED)
def test_what_is_forced_is_open(plan, forced):
    assert jobs(standing(plan, [forced]), OPEN) == FORCED[forced]


def test_times_do_not_count(plan):
    """A copied tree, in whatever order it was copied."""
    for number, path in enumerate(sorted(Path("results").rglob("*"), reverse=True)):
        os.utime(path, (10**9 + number, 10**9 + number))
    assert set(standing(plan).values()) == {SETTLED}


DAMAGE = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:20]),
    "removed": lambda path: path.unlink(),
    "other content": lambda path: write_table(path, Table({"x": np.arange(3)}, {"stage": "fit", **OTHER})),
}
OTHER = {"spec": {}, "spec_hash": "", "code": "", "inputs": {}}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("name", ["model.pt", "history.parquet"])
def test_damage(plan, kind, name):
    """Either output of a job makes it outdated; one that is another job's by its content as well."""
    DAMAGE[kind](Path("results/tiny/fits/time/rat1/fold0/seed1", name))
    assert standing(plan)[FIT] == OUTDATED


ABOUT = {**OTHER, "stage": "tables", "versions": {}, "device": "cpu"}
NO_PROVENANCE = [{}, 3, [], *({k: v for k, v in ABOUT.items() if k != name} for name in ABOUT)]
NO_PROVENANCE += [{**ABOUT, "inputs": {"scores": "0"}}, {**ABOUT, "versions": {"numpy": 2}}, {**ABOUT, "beside": []}]
KINDS = {
    ".json": (lambda path, about: path.write_text(json.dumps({"provenance": about})), "tables/tests.json"),
    ".png": (lambda path, about: _picture(path, about), "figures/losses.png"),
    ".parquet": (lambda path, about: _footer(path, about), "splits/rat1.parquet"),
    ".pt": (
        lambda path, about: torch.save({"format": 1, "provenance": about}, path),
        "fits/time/rat1/fold0/seed1/model.pt",
    ),
}


def _footer(path: Path, about: object) -> None:
    """A table whose metadata hold this; under the seal where they may."""
    if isinstance(about, dict):
        return write_table(path, Table({"x": np.arange(1)}, about))
    pq.write_table(pa.table({"x": [1]}).replace_schema_metadata({META: json.dumps(about)}), path)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_provenance_is_told_as_damage(tmp_path, kind):
    path = tmp_path / f"file{kind}"
    write, _ = KINDS[kind]
    write(path, ABOUT)
    assert provenance.read(path)["stage"] == "tables"
    for about in NO_PROVENANCE:
        write(path, about)
        with pytest.raises(UserError, match="damaged"):
            provenance.read(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_an_empty_provenance_is_outdated(plan, kind):
    write, name = KINDS[kind]
    write(Path("results/tiny", name), {})
    assert {state.path: state.state for state in states(plan)}[f"results/tiny/{name}"] == "damaged"
    assert OUTDATED in standing(plan).values()


def test_a_table_whose_metadata_are_no_json_is_damaged(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": [1]}).replace_schema_metadata({META: "{"}), path)
    with pytest.raises(UserError, match="damaged"):
        read_meta(path)


OTHERS = [(stage, role) for stage in WITNESS for role in ROLES[stage][1] if role != WITNESS[stage]]
LIKE_IT = {  # a file of the same kind that a glance cannot tell from the right one
    ".pt": lambda path: _zip(path, "of another seed"),
    ".parquet": lambda path: write_table(path, Table({"x": np.arange(9)}, read_meta(path))),
    ".svg": lambda path: path.write_text("<svg/>"),
    ".csv": lambda path: path.write_text("edited"),
}


def _zip(path: Path, inside: str) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(inside, "")


def test_every_stage_of_several_files_has_a_witness():
    assert {stage for stage, (_, outputs) in ROLES.items() if len(outputs) > 1} == WITNESS.keys()
    assert all(role in ROLES[stage][1] for stage, role in WITNESS.items())


@pytest.mark.parametrize(("stage", "role"), OTHERS)
def test_a_file_in_place_of_another(plan, stage, role):
    """What says nothing of itself, or says the right thing, is believed only where its witness names its content."""
    chosen = {"figures": {"figure": "data"}, "tables": {"table": "recordings"}}.get(stage)
    job = next(job for job in plan.jobs() if job.stage == stage and (chosen is None or job.wildcards == chosen))
    path = Path(job.outputs[role])
    LIKE_IT[path.suffix](path)
    found = standing(plan)
    readers = {other.arguments for other in plan.jobs() if any(str(path) in read for read in other.inputs.values())}
    assert {name for name, state in found.items() if state == OUTDATED} == {job.arguments, *readers}
    if stage in ("figures", "tables"):  # of the recordings; status reads whole models: tests/workflow/test_trouble.py
        told = {state.path: state for state in states(plan)}[str(path)]
        name = Path(job.outputs[WITNESS[stage]]).name
        assert (told.state, told.why) == ("damaged", f"not the one that was made with {name}")


@pytest.mark.parametrize(("harm", "said"), [("cut short", "damaged"), ("removed", "missing")])
def test_without_its_witness_a_file_is_not_believed(plan, harm, said):
    DAMAGE[harm](Path("results/tiny/tables/tests.json"))
    told = {state.path: state for state in states(plan)}["results/tiny/tables/tests.csv"]
    assert (told.state, told.why) == ("outdated", f"nothing tells of it: tests.json is {said}")


EDITED = "results/tiny/embeddings/behavior/rat1.parquet"


def edit(path: str) -> None:
    """Another program changes a value, and keeps what the file says of itself."""
    table = pq.read_table(path)
    kept(Path(path), table.set_column(0, "x", pa.array([7, 7])))


def test_a_table_that_another_program_edited(plan, capsys):
    """It says the right thing of itself, and no witness tells of it: its seal does. Its job is run, others are not."""
    edit(EDITED)
    found = standing(plan)
    made = next(job for job in plan.jobs() if EDITED in job.outputs.values())
    readers = {job.arguments for job in plan.jobs() if any(EDITED in paths for paths in job.inputs.values())}
    assert {name for name, state in found.items() if state == OUTDATED} == {made.arguments, *readers}
    told = {state.path: state for state in states(plan)}[EDITED]
    assert told.state == "damaged"
    assert "its content is not what was written" in told.why
    assert main(["explain", EDITED]) == 1
    said = capsys.readouterr().out
    assert "CHANGED   since it was made, or in place of another: its own seal names another sha256" in said
    assert "made by   transform, on cpu" in said
    assert f"again     snakemake --forcerun {EDITED}" in said


def test_an_edited_table_of_whatever_stage_is_outdated(plan):
    tables = {
        job.stage: (job, path) for job in plan.jobs() for path in job.outputs.values() if path.endswith("parquet")
    }
    assert tables.keys() == set(ROLES) - {"figures", "tables", "load"}
    for job, path in tables.values():
        edit(path)
        assert reruns._own(job) == OUTDATED, job.stage


def test_rows_of_a_table_in_json_that_were_edited(plan):
    """`show` prints them: whoever edits one is told, whatever its provenance says and however the file is laid out."""
    path = Path("results/tiny/tables/tests.json")
    job = next(job for job in plan.jobs() if str(path) in job.outputs.values())
    about = provenance.read(path) | {"rows": rows_digest([{"p": 0.5}])}
    path.write_text(json.dumps({"provenance": about, "rows": [{"p": 0.5}]}, indent=3))
    assert reruns._own(job) == SETTLED
    path.write_text(json.dumps({"provenance": about, "rows": [{"p": 0.01}]}))
    assert reruns._own(job) == OUTDATED
    with pytest.raises(UserError, match="its content is not what was written"):
        provenance.read(path)


def _painted(path: Path) -> None:
    """Another program paints a dot, and keeps all text of the file, the seal too."""
    with Image.open(path) as image:
        image.load()
        text = PngImagePlugin.PngInfo()
        for key, value in image.text.items():
            text.add_text(key, value)
        assert len(image.text) == 2
        image.putpixel((1, 1), 0)
        image.save(path, pnginfo=text)


def _flipped(path: Path) -> None:
    """A bit of the pixels changes on the disk."""
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 6] ^= 1
    path.write_bytes(content)


def _unsealed(path: Path) -> None:
    """Another program writes it anew, with the provenance alone."""
    _picture(path, provenance.read(path))
    path.write_bytes(path.read_bytes()[:-TAIL] + END)


REPAINTED = {
    "painted": (_painted, "its content is not what was written: something else changed it since"),
    "flipped": (_flipped, "its content is not what was written: something else changed it since"),
    "without a seal": (_unsealed, "it carries no seal: it was cut short, or another program or version wrote it"),
}


@pytest.mark.parametrize("harm", REPAINTED)
def test_an_edited_picture_is_told_remade_and_not_archived(plan, capsys, monkeypatch, harm):
    """Whatever it says of itself: what is sealed is the whole file."""
    path = Path("results/tiny/figures/data.png")
    change, why = REPAINTED[harm]
    change(path)
    assert jobs(standing(plan), OUTDATED) == {"figures/figures/data.args"}
    told = {state.path: state for state in states(plan)}
    assert (told[str(path)].state, told[str(path)].why) == ("damaged", f"a damaged one ({why})")
    assert told["results/tiny/figures/data.svg"].why == "nothing tells of it: data.png is damaged"
    monkeypatch.setattr(archive, "states", lambda plan: [told[str(path)]])  # models of this study are empty
    with pytest.raises(UserError, match=rf"1 files that are not, the first {path} \(damaged\)"):
        archive.main(argparse.Namespace(config=TINY, changes=[], to=Path("a.zip")))
    assert main(["explain", str(path)]) == 1
    assert ("CHANGED" in capsys.readouterr().out) == (harm != "without a seal")


def test_an_edited_table_is_not_archived(plan):
    first = next(path for job in plan.jobs() for path in job.outputs.values())
    edit(first)
    with pytest.raises(UserError, match=rf"files that are not, the first {first} \(damaged\)"):
        archive.main(argparse.Namespace(config=TINY, changes=[], to=Path("a.zip")))
    assert not Path("a.zip").exists()


def test_changed_input(plan):
    """By content: what lies there was not made from it."""
    path = Path("results/tiny/recordings/rat1.parquet")
    write_table(path, Table({"x": np.arange(5)}, read_meta(path)))
    found = standing(plan)
    assert {"fit/fits/time/rat1/fold0/seed1/model.args", "split/splits/rat1.args"} <= jobs(found, OUTDATED)
    assert "fit/fits/time/rat2/fold0/seed1/model.args" in jobs(found, SETTLED)


def test_looking_writes_nothing(plan):
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    standing(plan)
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before


def test_flag_is_newer_than_results_from_a_clock_ahead(plan):
    late, then = Path("results/tiny/recordings/rat1.parquet"), time.time() + 600
    os.utime(late, (then, then))
    reruns.flag.cache_clear()
    flag = Path(reruns.flag(plan))
    text = flag.read_text()
    assert then < flag.stat().st_mtime < then + 0.01
    reruns.flag.cache_clear()
    assert Path(reruns.flag(planned())).read_text() != text
    text = flag.read_text()
    reruns.flag(None)
    assert flag.read_text() == text


def test_a_result_from_the_far_future_spoils_no_other(plan):
    """A flag newer than it would make every new result seem too old, and Snakemake removes those."""
    late = Path("results/tiny/recordings/rat1.parquet")
    os.utime(late, (4e9, 4e9))
    reruns.flag.cache_clear()
    flag = Path(reruns.flag(plan))
    assert late.stat().st_mtime < flag.stat().st_mtime < time.time() + 1


@pytest.mark.parametrize("changed", [False, True])
def test_a_job_that_runs(plan, changed):
    """What is being written is left to its job; where another was asked for meanwhile, that one waits its turn."""
    job = next(job for job in plan.jobs() if job.stage == "split")
    with lock(Path(next(iter(job.outputs.values())))):
        wanted = planned(lambda raw: raw["split"].update(gap=0.7)) if changed else plan
        assert standing(wanted)[job.arguments] == (reruns.OUTDATED if changed else reruns.OPEN)


def test_prune_leaves_checkpoints_of_fits_to_come(plan):
    folder = Path("results/tiny/fits/time/rat1/fold0/seed1")
    for path in folder.iterdir():
        path.unlink()
    checkpoint, gone = folder / ".model.pt.checkpoint", Path("results/tiny/fits/gone/rat1/.model.pt.lock")
    gone.parent.mkdir(parents=True)
    for path in (checkpoint, gone):
        path.write_bytes(b"")
    _empty_folders(Path("results/tiny"), {Path(path).parent for job in plan.jobs() for path in job.outputs.values()})
    assert checkpoint.exists()
    assert not gone.parent.exists()


def test_prune_finds_checkpoints_of_shares_that_the_config_no_longer_names(plan):
    """Those of its own shares stay: the adaptation goes on from them."""
    job = next(job for job in plan.jobs() if job.stage == "adapt")
    folder, share = Path(job.outputs["models"]).parent, json.loads(job.spec)["shares"][0]
    mine = [folder / f".{way}_{share!r}.pt.checkpoint" for way in ("adapted", "scratch")]
    old = [folder / f".{way}_0.37.pt.checkpoint" for way in ("adapted", "scratch")]
    for path in (*mine, *old):
        path.write_bytes(b"")
    assert stale_checkpoints(plan) == old
    with lock(job.outputs["models"]):
        assert stale_checkpoints(plan) == []


def test_prune_lists_old_checkpoints_and_removes_them_when_asked(plan, capsys):
    raw = read_yaml(TINY)
    raw["conditions"]["joint"].update(EVERY_STAGE)
    Path("study.yaml").write_text(json.dumps(raw))
    job = next(job for job in plan.jobs() if job.stage == "adapt")
    folder, share = Path(job.outputs["models"]).parent, json.loads(job.spec)["shares"][0]
    old, mine = folder / ".adapted_0.37.pt.checkpoint", folder / f".adapted_{share!r}.pt.checkpoint"
    for path in (old, mine):
        path.write_bytes(b"")
    assert main(["prune", "study.yaml"]) == 0
    assert capsys.readouterr().out.startswith(f"{old}\n1 file, 0.0 MB, would be removed")
    assert old.exists()
    with hold(plan.root):
        assert main(["prune", "study.yaml", "--yes"]) == 2
        assert "a run that is under way. Wait for its end" in capsys.readouterr().err
        assert old.exists()
    assert main(["prune", "study.yaml", "--yes"]) == 0
    assert (old.exists(), mine.exists()) == (False, True)


def test_prepare_writes_what_jobs_need_and_removes_what_no_job_needs(plan, monkeypatch):
    monkeypatch.setattr(seen, "YOUNG", 0)
    prepare(plan)
    assert leftovers(plan) == []
    assert all(Path(job.arguments).read_text().split("\n")[:-1] == arguments(plan, job) for job in plan.jobs())
    less = planned(lambda raw: raw["conditions"].pop("joint"))
    gone = {path for path in map(str, leftovers(less)) if ".jobs" in path}
    assert gone == {job.arguments for job in plan.jobs()} - {job.arguments for job in less.jobs()}
    assert [path for path in leftovers(less) if ".hashes" in str(path)]
    prepare(less)
    assert leftovers(less) == []
    assert not Path("results/tiny/.jobs/transform/embeddings/joint/joint.args").exists()


def test_three_thousand_names(plan):
    """More than a shell line takes: the process gets them all, from a file."""
    job = next(job for job in plan.jobs() if job.outputs.get("png", "").endswith("losses.png"))
    names = [f"results/tiny/fits/behavior/without_recording_{n}/fold0/seed1/history.parquet" for n in range(3000)]
    many = replace(job, inputs={"histories": names})
    reruns._write(Path(job.arguments), "\n".join(arguments(plan, many)) + "\n")
    assert Path(job.arguments).stat().st_size > 200_000
    command = [sys.executable, "-m", "cebra_pipe", "figures", f"@{job.arguments}"]
    out = subprocess.run(command, capture_output=True, text=True)
    assert out.returncode == 2  # the files do not exist: each is named
    assert [line.split(":")[0] for line in out.stderr.splitlines()] == ["cebra-pipe figures", *names[1:]]


def test_arguments_come_back_as_they_were(tmp_path):
    given = ["--spec", '{"a":"\u2028 \\n"}', "--input", "files", "a b.npz", "ü\x0b.npz"]
    (tmp_path / "a.args").write_text("\n".join(given) + "\n")
    assert expanded(["load", f"@{tmp_path}/a.args", "--gpus", "1"]) == ["load", *given, "--gpus", "1"]
    assert expanded(["status", "@x"]) == ["status", "@x"]


def test_no_arguments_is_told(capsys):
    assert main(["fit", "@nowhere.args"]) == 2
    assert "nowhere.args: expected the options of a job" in capsys.readouterr().err


@pytest.fixture
def split_job(tmp_path) -> list[str]:
    """A command line that ends with the name of its output."""
    recording, _ = save(tmp_path, "rat", track())
    spec = json.loads(next(job.spec for job in planned().jobs() if job.stage == "split"))
    given = ["--input", "recording", str(recording), "--output", "split", str(tmp_path / "out.parquet")]
    return ["split", "--spec", canonical(spec), *given]


def test_edited_code_is_refused(split_job, capsys):
    """A job that was planned with other code would label its artifact wrongly."""
    assert main([*split_job, "--code", "code:0123456789abcdef", "--sources", "other"]) == 2
    said = capsys.readouterr().err
    assert f"the code of the plan (code:0123456789abcdef), found another one (code:{fingerprint('split')})" in said
    assert "run snakemake again" in said
    assert not Path(split_job[-1]).exists()


@pytest.mark.parametrize("proof", ["fingerprint", "sources", "by hand"])
def test_planned_code_runs(split_job, proof):
    """An edit elsewhere leaves the fingerprint; no edit at all needs none; by hand the artifact says what made it."""
    made = f"code:{fingerprint('split')}"
    code, known = {"fingerprint": (made, "other"), "sources": (made, sources()), "by hand": ("", "other")}[proof]
    assert main([*split_job, "--code", code, "--sources", known]) == 0
    assert read_meta(split_job[-1])["code"] == made


def test_a_job_whose_notes_cannot_be_written_has_not_failed(split_job, tmp_path, monkeypatch, capsys):
    """Snakemake would throw away what it made."""
    monkeypatch.setattr(seen, "YOUNG", 0)
    (tmp_path / "full").write_text("no folder")
    notes = {"--hashes": tmp_path / "full" / "hashes", "--record": tmp_path / "full" / "record.json"}
    assert main([*split_job, *(str(text) for pair in notes.items() for text in pair)]) == 0
    said = capsys.readouterr().err
    for path, what in zip(notes.values(), ("hashes of the inputs", "what the job cost"), strict=True):
        assert f"{path}: {what} could not be noted (" in said
    assert read_meta(split_job[-1])["stage"] == "split"


@pytest.mark.parametrize("refuses", ["_gpu", "_processor"])
def test_a_record_that_cannot_be_made_costs_no_job(split_job, tmp_path, monkeypatch, capsys, refuses):
    def silent():
        raise RuntimeError("the device does not answer")

    monkeypatch.setattr(runner, refuses, silent)
    record = tmp_path / "record.json"
    assert main([*split_job, "--record", str(record)]) == 0
    assert f"{record}: what the job cost could not be noted (the device does not answer)" in capsys.readouterr().err
    assert read_meta(split_job[-1])["stage"] == "split"
    assert not record.exists()


def test_a_system_that_does_not_tell_its_peak_of_memory_is_asked_otherwise(monkeypatch):
    usage = resource.getrusage(resource.RUSAGE_SELF)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "Name:\tpython\nVmRSS:\t   12 kB\n")
    assert runner._peak(usage) == usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "VmHWM:\t   12 kB\n")
    assert runner._peak(usage) == 12 * 1024


def test_a_job_waits_for_the_one_that_writes_its_output(split_job, monkeypatch):
    """Two runs at once: whoever comes second waits, and takes no checkpoint for that of a dead one."""
    out, told = Path(split_job[-1]), queue.Queue()
    monkeypatch.setattr(locks, "print", lambda text, **_: told.put(text), raising=False)
    with ThreadPoolExecutor(1) as pool:
        with lock(out):
            second = pool.submit(main, split_job)
            assert told.get(timeout=300) == f"{out}: another job is writing it; waiting for it to end."
            with pytest.raises(TimeoutError):
                second.result(timeout=3)  # many times what the job takes
            assert not out.exists()
        assert second.result(timeout=300) == 0
    assert read_meta(out)["stage"] == "split"


def test_a_role_without_files_is_told(split_job, capsys):
    assert main([*split_job[:3], *split_job[6:]]) == 2
    assert "--input recording: expected files, found none" in capsys.readouterr().err


def test_an_input_that_changes_while_it_is_read(tmp_path):
    path = tmp_path / "in.npz"
    path.write_bytes(b"as it was")
    job = Job("load", {}, {"files": [path]}, {"recording": tmp_path / "r.parquet"}, seen={path: look(path)})
    assert job.provenance()["inputs"] == {"files": [file_digest(path)]}
    path.write_bytes(b"another one")
    with pytest.raises(UserError, match="expected an input that stays as it is, found one that changed"):
        job.write("recording", Table({"x": np.arange(2)}))
    assert not (tmp_path / "r.parquet").exists()


def test_a_file_that_was_just_written_is_not_noted(tmp_path):
    """Another write in the same tick of the file system's clock would not show."""
    path, notes = tmp_path / "a", tmp_path / "notes"
    path.write_bytes(b"one")
    young = look(path)
    remember([young], notes)
    assert not notes.exists()
    remember([replace(young, looked=young.ctime + seen.YOUNG)], notes)
    assert look(path, notes).looked == young.ctime + seen.YOUNG


def _rewritten(path: Path) -> None:
    path.write_bytes(b"two")


def _replaced(path: Path) -> None:
    (path.parent / "b").write_bytes(b"two")
    os.replace(path.parent / "b", path)


@pytest.mark.parametrize("write", [_rewritten, _replaced])
def test_a_file_that_is_written_with_its_old_size_and_time_is_read_again(tmp_path, monkeypatch, write):
    monkeypatch.setattr(seen, "YOUNG", 0)
    path, notes = tmp_path / "a", tmp_path / "notes"
    path.write_bytes(b"one")
    first, before = look(path), path.stat()
    remember([first], notes)
    write(path)
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        os.utime(path)  # until the clock of the file system ticks
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert look(path, notes).sha256 == file_digest(path) != first.sha256
    assert not first.still()


@pytest.mark.parametrize("what", ["size", "mtime", "ctime", "inode"])
def test_each_of_what_is_known_of_a_file_counts(tmp_path, what):
    path, notes = tmp_path / "a", tmp_path / "notes"
    path.write_bytes(b"one")
    noted = replace(look(path), looked=look(path).ctime + seen.YOUNG, sha256="f" * 64)
    remember([noted], notes)
    assert look(path, notes) == noted
    remember([replace(noted, **{what: getattr(noted, what) - 1})], notes)
    assert look(path, notes).sha256 == file_digest(path)


def test_hashes_are_remembered_by_size_and_time(tmp_path, monkeypatch):
    monkeypatch.setattr(seen, "YOUNG", 0)
    path, notes = tmp_path / "a", tmp_path / "notes"
    path.write_bytes(b"one")
    first = look(path, notes)
    assert not notes.exists()
    remember([first], notes)
    noted = next(notes.iterdir())
    noted.write_text(noted.read_text().replace(first.sha256, "f" * 64))
    assert look(path, notes).sha256 == "f" * 64  # not read again
    os.utime(path, ns=(0, 5))
    assert look(path, notes).sha256 == first.sha256
    noted.write_text("{")
    assert look(path, notes).sha256 == first.sha256

"""Stage figures: three files from one table, the same bytes each time, nothing half-written."""

from __future__ import annotations

import copy
import csv
import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.jobs import provenance, roles
from cebra_pipe.pipeline.planning.plan import Plan
from cebra_pipe.pipeline.stages import figures
from cebra_pipe.plot.shown import condition_of

from ..plot.artifacts import LESS, build, condition, left_out, make_recording
from .test_study import BASE

ROLES = roles.ROLES["figures"][0]
KINDS = ("png", "svg", "csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    names = ("rat1", "rat2")
    each = {name: [name] for name in names}
    conditions = [
        condition("behavior", "CEBRA-Behavior", each, without=left_out(names), less=LESS),
        condition("shifted", "Shifted", each, control="circular_shift"),
    ]
    recordings = {name: make_recording(name, 900, 8) for name in names}
    return build(tmp_path_factory.mktemp("study"), recordings, conditions)


def job_of(made, name, out="out", roles=ROLES):
    return made.job("figures", roles, KINDS, out=f"{out}_{name}", figure=name)


@pytest.mark.parametrize("name", figures.FIGURES)
def test_three_files_equal_bytes_and_readable(made, name):
    first, second = job_of(made, name, "a"), job_of(made, name, "b")
    for job in (first, second):
        figures.run(job)
    for kind in KINDS:
        content = first.outputs[kind].read_bytes()
        assert content == second.outputs[kind].read_bytes(), kind
        assert 0 < len(content) < 1_500_000
    with Image.open(first.outputs["png"]) as image:
        assert set(image.info) <= {"cebra_pipe", "dpi"}
        assert json.loads(image.info["cebra_pipe"])["spec"]["figure"] == name
    assert provenance.intact(first.outputs["png"])  # its seal holds
    svg = first.outputs["svg"].read_text()
    assert "<text" in svg
    assert "<dc:date>" not in svg


@pytest.mark.parametrize("name", figures.FIGURES)
def test_csv_holds_what_is_drawn(made, name, monkeypatch):
    """The drawing gets that table and nothing else, and the file holds all of its rows and columns."""
    seen = []
    rows, draw = figures.drawing(name)
    spied = rows, lambda table, title: (seen.append(table), draw(table, title))[1]
    monkeypatch.setattr(figures, "drawing", lambda name: spied)
    job = job_of(made, name, "csv")
    figures.run(job)
    with open(job.outputs["csv"], newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == list(seen[0].columns)
    assert len(lines) - 1 == len(seen[0])
    for column, values in seen[0].columns.items():
        if values.dtype.kind == "f":
            read = [float(line[lines[0].index(column)] or "nan") for line in lines[1:]]
            np.testing.assert_allclose(read, values, rtol=1e-6)


def test_figures_are_told_what_decides_whether_bits_compare():
    """Window, weights, and of the positives' distribution what has an effect; no batch size, which has none on bits."""
    raw = copy.deepcopy(BASE)
    del raw["recordings"]["b"]
    raw["conditions"] = {
        "time": {"time_offset": 0.5, "model": "offset5-model", "batch_size": 64},
        "near": {"labels": {"position": 2.0}, "positives": "delta_normal", "delta": 0.1, "batch_size": "full"},
    }
    plan = Plan(resolve(raw))
    job = next(job for job in plan.jobs() if job.wildcards.get("figure") == "goodness_of_fit")
    time, near = (condition_of(each) for each in json.loads(job.spec)["conditions"])
    assert (time.window, time.weights, time.time_offset, time.delta) == (5, (), 0.5, None)
    assert (near.window, near.weights, near.time_offset, near.delta) == (10, (2.0,), None, 0.1)
    assert "batch_size" not in job.spec
    assert "references" not in job.spec


def test_unknown_figure_is_told_the_known_ones(made):
    with pytest.raises(UserError, match="Did you mean 'losses'"):
        figures.run(made.job("figures", ROLES, KINDS, figure="loses"))


def test_alignment_of_other_embeddings_is_refused(made, tmp_path):
    recordings = {name: make_recording(f"other {name}", 900, 8) for name in made.recordings}
    other = build(tmp_path, recordings, [condition("behavior", "B", {n: [n] for n in recordings}, dimension=4)])
    job = job_of(made, "embeddings", "stale")
    job.inputs["aligned"] = other.inputs["aligned"]
    with pytest.raises(UserError, match="alignment of other"):
        figures.run(job)


def _edited(path, whole):
    """A number changed by another program, which keeps what the file says of itself."""
    table = pq.read_table(whole)
    at = next(i for i, kind in enumerate(table.schema.types) if pa.types.is_floating(kind))
    pq.write_table(table.set_column(at, table.field(at), pa.array(np.ones(len(table)), table.field(at).type)), path)


HARM = {"cut short": lambda path, whole: path.write_bytes(whole.read_bytes()[:200]), "edited": _edited}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize(("name", "role"), [("losses", "histories"), ("verdict", "scores")])
def test_nothing_is_written_when_a_file_is_damaged(made, tmp_path, name, role, harm):
    job = job_of(made, name, harm)
    broken = tmp_path / "broken.parquet"
    HARM[harm](broken, job.inputs[role][0])
    job.inputs[role] = [broken, *job.inputs[role][1:]]
    with pytest.raises(UserError, match=r"broken\.parquet: .*damaged"):
        figures.run(job)
    assert not any(path.exists() for path in job.outputs.values())


def test_stage_needs_neither_torch_nor_scikit_learn():
    code = "import sys, cebra_pipe.pipeline.stages.figures as f, cebra_pipe.pipeline.stages.tables;"
    code += "[f.drawing(name) for name in f.FIGURES];"
    code += "print([m for m in ('torch', 'sklearn', 'pandas', 'matplotlib.pyplot') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"

"""Fits to less data: what is planned, what they are given, and what the table, the figure and the verdict say."""

from __future__ import annotations

import csv
import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from cebra_pipe.data.parts import windows_inside
from cebra_pipe.data.portions import portion
from cebra_pipe.data.table import read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.planning.plan import Plan
from cebra_pipe.plot.gains import told
from cebra_pipe.solver.artifact import read_model

from ..toys import parts, save, track

RECORDING = track(3, neurons=9)
CONFIG = {
    "study": "s",
    "recordings": {"rat": {"simulate": {"seed": 1}}},
    "split": {"stratify": "direction"},
    "defaults": {"model": "offset5-model", "steps": 30, "batch_size": 32, "hidden_units": 8, "learning_rate": 1e-2},
    "conditions": {
        "time": {},
        "behavior": {"labels": ["position", "direction"], "seeds": 2, "enough_data": {"shares": [0.5]}},
    },
    "decode": {"shifts": 0, "neighbors": [5]},
    "figures": {"figures": ["enough_data"]},
    "comparisons": {},
}
STAGES = ("fit", "transform", "decode", "figures", "tables")
TABLES = ("verdict", "enough_data", "decoding")
PORTIONS = ("minutes50_of_rat", "neurons50_of_rat")


def planned(folder="results", **conditions):
    return Plan(resolve(CONFIG | {"results": str(folder), "conditions": CONFIG["conditions"] | conditions}))


def jobs(plan):
    """Job -> what it is given: spec and inputs."""
    return {(job.stage, *job.wildcards.values()): (job.spec, str(job.inputs)) for job in plan.jobs()}


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """The study, run stage by stage in this process."""
    plan = planned(folder := tmp_path_factory.mktemp("study"))
    for path, (stage, role) in zip(
        save(folder, "rat", RECORDING), (("load", "recording"), ("split", "split")), strict=True
    ):
        target = Path(plan.output(stage, role, recording="rat"))
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    for one in plan.jobs():
        if one.stage in STAGES and one.wildcards.get("table", "verdict") in TABLES:
            files = {role: [*map(Path, paths)] for role, paths in one.inputs.items()}
            outputs = {role: Path(path) for role, path in one.outputs.items()}
            for path in outputs.values():
                path.parent.mkdir(parents=True, exist_ok=True)
            import_module(f"cebra_pipe.pipeline.stages.{one.stage}").run(
                Job(one.stage, json.loads(one.spec), files, outputs)
            )
    return plan


def table(plan, name, **equal):
    rows = json.loads(Path(plan.output("tables", "json", table=name)).read_text())["rows"]
    return [row for row in rows if all(row[key] == value for key, value in equal.items())]


def left(of, seed):
    given = {"of": of, "share": 0.5} | ({"stratify": "direction", "across": False} if of == "minutes" else {})
    return portion(given, RECORDING, parts(RECORDING), 1, 0, seed)


# ---- what is planned -------------------------------------------------------------------------------------------------
def test_each_portion_is_a_unit_of_fit_transform_and_decode():
    found = set(jobs(planned()))
    for unit in PORTIONS:
        assert {("fit", "behavior", unit, "0", seed) for seed in ("1", "2")} <= found
        assert {(stage, "behavior", unit) for stage in ("transform", "decode")} <= found
    assert not any("time" in job and "_of_rat" in str(job) for job in found)
    assert {("tables", "enough_data"), ("figures", "enough_data")} <= found


def test_another_share_fits_itself_alone():
    before = jobs(planned())
    more = CONFIG["conditions"]["behavior"] | {"enough_data": {"shares": [0.25, 0.5]}}
    after = jobs(planned(behavior=more))
    changed = {job for job in before if after[job] != before[job]}
    assert changed == {("tables", "enough_data"), ("tables", "verdict"), ("figures", "enough_data")}
    assert {job[2] for job in set(after) - set(before)} == {"minutes25_of_rat", "neurons25_of_rat"}


def test_without_it_nothing_of_it_is_there():
    plain = {"labels": ["position", "direction"], "seeds": 2}
    assert not any("enough_data" in job or "_of_rat" in str(job) for job in jobs(planned(behavior=plain)))


def test_a_control_takes_none_of_it():
    plan = planned(shifted={"like": "behavior", "control": "circular_shift"})
    assert not plan.study.conditions["shifted"].portions


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"enough_data": {"shares": [0.5, 0.5]}}, "enough_data.shares: expected each once"),
        ({"enough_data": {"of": ["neurons", "neurons"]}}, "enough_data.of: expected each once"),
        ({"enough_data": {"shares": [0.125]}}, "whole per cents, which name the fits, found 0.125"),
        ({"enough_data": {"shares": [1.0]}}, "enough_data.shares"),
        ({"enough_data": {"shares": [0.75, 0.95]}}, "enough_data.shares: expected one of 0.5 or less"),
        ({"enough_data": {}, "control": "circular_shift"}, "a condition without control"),
    ],
)
def test_what_makes_no_sense_is_refused(given, told):
    with pytest.raises(UserError, match=told.replace(".", r"\.")):
        planned(other={"labels": ["position"], **given})


# ---- what a fit is given ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [1, 2])
def test_a_model_of_fewer_neurons_names_them_by_their_place_in_the_recording(plan, seed):
    model = read_model(Path(plan.output("fit", "model", condition="behavior", unit=PORTIONS[1], fold=0, seed=seed)))
    np.testing.assert_array_equal(model.scalings[0].units, left("neurons", seed).units)
    assert model.settings["neurons"] == [4]


def test_a_fit_of_fewer_minutes_learned_from_them_alone(plan):
    for unit, of, seed in ((PORTIONS[0], "minutes", 2), (PORTIONS[1], "neurons", 1)):
        history = read_table(Path(plan.output("fit", "history", condition="behavior", unit=unit, fold=0, seed=seed)))
        given = left(of, seed)
        minutes = (given.part == "train").sum() / RECORDING.rate / 60
        assert history.meta["learned_from"] == {"rat": {"minutes": minutes, "neurons": len(given.units)}}


def test_decoders_of_a_portion_learn_from_it_and_are_scored_on_the_same_samples(plan):
    whole, less = (
        read_table(Path(plan.output("decode", "scores", condition="behavior", unit=unit)))
        for unit in ("rat", PORTIONS[0])
    )
    inside = windows_inside(RECORDING.epoch, 2, 3)
    for seed in (1, 2):
        expected = int(((left("minutes", seed).part == "train") & inside).sum())
        mine = less.where(less["seed"] == seed)
        assert set(mine["n_train"]) == {expected}
        assert "naive_bayes" in set(mine["method"])
    assert set(less["samples"]) == set(whole["samples"])
    assert set(less["n_valid"]) == set(whole["n_valid"])


# ---- what is said of it ----------------------------------------------------------------------------------------------
def test_the_table_has_a_row_for_each_amount_of_data(plan):
    rows = table(plan, "enough_data")
    assert {(r["score"], r["label"], r["of"], r["share"]) for r in rows} == {
        (*score, of, share)
        for score in (("bits", "labels"), ("decoding", "position"), ("decoding", "direction"))
        for of in ("minutes", "neurons")
        for share in (0.5, 1.0)
    }
    few, all_of_it = table(plan, "enough_data", score="bits", of="neurons")
    assert (few["neurons"], all_of_it["neurons"]) == (4, 9)
    assert few["minutes"] == all_of_it["minutes"] == pytest.approx((parts(RECORDING) == "train").sum() / 20 / 60)
    assert table(plan, "enough_data", of="minutes")[0]["minutes"] == pytest.approx(few["minutes"] / 2)
    (place,) = table(plan, "enough_data", of="neurons", label="position", share=1.0)
    (shown,) = table(plan, "decoding", condition="behavior", method="embedding", label="position")
    assert (place["real"], place["low"], place["unit"]) == (shown["score"], shown["low"], "cm")
    assert place["gain_low"] <= place["gain"] + 1e-9
    assert (place["seeds"], place["folds"]) == (2, 1)


def test_the_verdict_says_whether_there_is_enough(plan):
    rows = table(plan, "verdict")
    assert {r["enough_data"] for r in rows if r["condition"] == "time"} == {"not run"}
    for row in (r for r in rows if r["condition"] == "behavior"):
        judged = {r["of"]: r["verdict"] for r in table(plan, "enough_data", score=row["score"], label=row["label"])}
        assert row["enough_data"] == told(judged)
        assert set(judged) == {"minutes", "neurons"}


def test_the_figure_draws_the_numbers_of_the_table(plan):
    with open(plan.output("figures", "csv", figure="enough_data")) as file:
        drawn = [row for row in csv.DictReader(file) if row["what"] == "mean"]
    rows = table(plan, "enough_data")
    assert len(drawn) == len(rows)
    for mine, row in zip(drawn, rows, strict=True):
        assert float(mine["value"]) == pytest.approx(row["real"], rel=1e-3)
        assert float(mine["amount"]) == pytest.approx(row[row["of"]], rel=1e-3)

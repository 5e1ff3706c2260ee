"""Stage tables: rounded rows for people, the same unrounded with provenance for programs."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from cebra_pipe.data.table import Table, read_table, write_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.jobs import roles
from cebra_pipe.pipeline.stages import tables
from cebra_pipe.plot.shown import OWN_TRIAL
from cebra_pipe.plot.summary import METHODS

from ..plot.artifacts import LESS, build, condition, left_out, make_recording

ROLES = roles.ROLES["tables"][0]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    each = {"rat1": ["rat1"], "rat2": ["rat2"]}
    conditions = [
        condition("behavior", "CEBRA-Behavior", each, less=LESS),
        condition(
            "hybrid",
            "Hybrid",
            each,
            hybrid=True,
            seeds=[1],
            without=left_out(list(each)),
            own_trial=True,
        ),
        condition("permuted", "Permuted", each, control="permute_labels", seeds=[1]),
    ]
    recordings = {name: make_recording(name, 900, 8) for name in each}
    pair = {"condition": "behavior", "control": "permuted", "kind": "", "scores": ["bits", "decoding"], "primary": []}
    tests = {"alpha": None, "shared": False, "pairs": [pair]}
    return build(tmp_path_factory.mktemp("study"), recordings, conditions, folds=2, tests=tests)


def table_of(made, name, out="out"):
    job = made.job("tables", ROLES, ("csv", "json"), out=f"{out}_{name}", table=name)
    tables.run(job)
    with open(job.outputs["csv"], newline="") as file:
        return list(csv.DictReader(file)), json.loads(job.outputs["json"].read_text()), job


@pytest.mark.parametrize("name", tables.TABLES)
def test_csv_and_json_hold_the_same_rows_and_equal_bytes(made, name):
    rows, whole, job = table_of(made, name, "a")
    again = table_of(made, name, "b")[2]
    assert rows
    assert len(rows) == len(whole["rows"])
    assert whole["provenance"]["spec"]["table"] == name
    assert set(rows[0]) == set(whole["rows"][0])
    for kind, path in job.outputs.items():
        assert path.read_bytes() == again.outputs[kind].read_bytes()


def test_every_score_says_whether_the_fit_has_seen_it(made):
    """In-sample are the scores of train, and the maps that are scored where they were fitted; nothing else."""
    seen = {
        "goodness_of_fit": lambda r: r["part"].startswith("train"),
        "consistency": lambda r: r["definition"] != "held_out",
    }
    for name in set(tables.TABLES) - {"recordings"}:
        for row in table_of(made, name)[0]:
            assert row["in_sample"] == ("yes" if seen.get(name, lambda r: False)(row) else "no"), name


def test_decoding_has_one_row_each_with_means_over_folds_and_seeds(made):
    rows, whole, _ = table_of(made, "decoding")
    keys = [(r["recording"], r["condition"], r["method"], r["label"]) for r in rows]
    assert len(set(keys)) == len(keys) == 2 * 3 * 5 * 2
    path = next(p for p in made.inputs["scores"] if p.stem == "behavior-rat1")
    table = read_table(path)
    mask = (table["method"] == "embedding") & (table["label"] == "position")
    place = keys.index(("rat1", "behavior", "embedding", "position"))
    row = whole["rows"][place]
    assert row["unit"] == "cm"
    assert row["score"] == pytest.approx(100 * table["score"][mask].mean())
    assert (row["seeds"], row["folds"]) == (2, 2)
    assert row["seeds_low"] <= row["score"] <= row["seeds_high"]
    assert float(rows[place]["score"]) == pytest.approx(row["score"], rel=1e-3)


def test_permuted_control_has_no_p_and_says_why(made):
    rows = [r for r in table_of(made, "decoding")[0] if r["condition"] == "permuted"]
    assert {r["method"] for r in rows} == set(METHODS)
    assert all(r["p"] == "" and "destroys autocorrelation, no p" in r["note"] for r in rows)
    others = [r for r in table_of(made, "decoding")[0] if r["condition"] != "permuted"]
    assert {r["method"] for r in others if r["p"] == ""} == {"constant"}


def test_hybrid_has_two_values_and_train_is_in_sample(made):
    rows = [r for r in table_of(made, "goodness_of_fit")[0] if r["condition"] == "hybrid" and r["session"] == "rat1"]
    assert {r["objective"] for r in rows} == {"labels", "time"}
    assert {r["part"]: r["in_sample"] for r in rows} == {
        "train": "yes",
        "train_subsample": "yes",
        "valid": "no",
        "test": "no",
    }
    for row in rows:
        bits = (float(row["chance_nats"]) - float(row["loss_nats"])) / np.log(2)
        assert bits == pytest.approx(float(row["bits"]), abs=2e-3)


def test_bits_that_the_own_trial_makes_higher_are_told(made):
    rows = table_of(made, "goodness_of_fit")[0]
    told = {(r["condition"], r["objective"]): r["own_trial"] for r in rows}
    assert told["behavior", "labels"] == told["permuted", "labels"] == "no"
    assert (told["hybrid", "labels"], told["hybrid", "time"]) == ("yes", "no")
    judged = [r for r in table_of(made, "verdict")[0] if r["score"] == "bits"]
    cautious = {(r["condition"], r["label"]) for r in judged if r["in_words"].endswith(OWN_TRIAL)}
    assert cautious == {("hybrid", "labels")}


def test_bits_of_a_condition_with_a_fit_that_diverged_are_not_known(tmp_path):
    """Neither the mean nor a spread of the seeds that are left, in the table as in the verdict."""
    conditions = [condition("behavior", "CEBRA-Behavior", {"rat1": ["rat1"]}, seeds=[1, 2, 3])]
    made = build(tmp_path, {"rat1": make_recording("rat1", 900, 8)}, conditions, comparisons=[])
    path = made.inputs["histories"][1]
    history = read_table(path)
    lost = {name: np.where(history["kind"] == "score", np.nan, history[name]) for name in ("bits", "loss")}
    write_table(path, Table({**history.columns, **lost}, history.meta))
    told = [r for r in table_of(made, "goodness_of_fit")[0] if r["part"] == "test"]
    assert {tuple(r[n] for n in ("seeds", "bits", "loss_nats", "seeds_low", "seeds_median")) for r in told} == {
        ("3", "", "", "", "")
    }
    judged = [r for r in table_of(made, "verdict")[0] if r["score"] == "bits"]
    assert {(r["seeds"], r["real"], r["seeds_low"]) for r in judged} == {("3", "", "")}


def test_consistency_has_the_null_interval_beside(made):
    rows = table_of(made, "consistency")[0]
    assert {r["comparison"] for r in rows} == {"rats", "runs"}
    held = next(r for r in rows if (r["comparison"], r["definition"]) == ("rats", "held_out"))
    assert float(held["null_low"]) < float(held["null_mean"]) < float(held["null_high"])
    assert float(held["mean_r2_with_padded"]) == pytest.approx(float(held["mean_r2"]) - 0.05)
    assert next(r for r in rows if r["comparison"] == "runs")["p"] == ""
    assert {(r["comparison"], r["doubts"]) for r in rows} == {("rats", ""), ("runs", "the same data in both runs")}


def test_recordings_count_their_parts(made):
    for row in table_of(made, "recordings")[0]:
        assert sum(int(row[f"n_{part}"]) for part in ("train", "valid", "test", "gap")) == int(row["samples"]) == 900


def test_unknown_table_is_told_the_known_ones(made):
    with pytest.raises(UserError, match="Did you mean 'decoding'"):
        tables.run(made.job("tables", ROLES, ("csv", "json"), table="decodin"))

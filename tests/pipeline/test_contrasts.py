"""Tables of differences, paired by test trial, and of the population."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import t

from cebra_pipe.data.table import read_table
from cebra_pipe.pipeline.stages import tables

from ..plot.artifacts import build, condition, make_recording


def table_of(folder, name, rats=2, spoil=None, roles=("scores",), twins=False, **more):
    each = {f"rat{i}": [f"rat{i}"] for i in range(1, rats + 1)}
    conditions = [
        condition("behavior", "CEBRA-Behavior", each),
        condition("time", "CEBRA-Time", each, (), seeds=[1]),
        condition("shifted", "", each, control="circular_shift", seeds=[1]),
    ]
    recordings = {rat: make_recording(rat, 900, 6) for rat in each}
    recordings |= {"rat2": recordings["rat1"]} if twins else {}
    made = build(folder, recordings, conditions, folds=2, comparisons=[], **more)
    job = made.job("tables", roles, ("csv", "json"), table=name)
    tables.run(job)
    return made, json.loads(job.outputs["json"].read_text())["rows"]


def means(made, name, method, label="position", scale=100):
    """(draw,) means over folds and seeds, and the mean score, of rat2; in cm."""
    (path,) = [p for p in made.inputs["scores"] if p.stem == f"{name}-rat2"]
    rows = [r for r in read_table(path).rows() if (r["method"], r["label"]) == (method, label)]
    return scale * np.mean([r["draws"] for r in rows], axis=0), scale * np.mean([r["score"] for r in rows])


def test_differences_are_paired_by_test_trial(tmp_path):
    made, rows = table_of(tmp_path, "differences")
    columns = ("recording", "label", "condition", "method", "other_condition", "other_method")
    keys = [tuple(row[name] for name in columns) for row in rows]
    # a recording and label: the two embeddings, and each with three baselines of its own condition; no control
    assert len(set(keys)) == len(keys) == 2 * 2 * (1 + 2 * 3)
    assert not any("shifted" in key or "constant" in key for key in keys)
    (row,) = [r for k, r in zip(keys, rows) if k == ("rat2", "position", "behavior", "embedding", "time", "embedding")]
    (one, score), (other, beside) = (means(made, name, "embedding") for name in ("behavior", "time"))
    assert row["difference"] == pytest.approx(score - beside)
    assert [row["low"], row["high"]] == pytest.approx(np.percentile(one - other, [2.5, 97.5]))
    assert (row["unit"], row["trials"], row["note"]) == ("cm", 12, "")


def test_other_test_samples_are_not_compared(tmp_path, monkeypatch):
    from ..plot import artifacts

    usual = artifacts._score
    names = {"behavior": "a", "time": "b", "shifted": "c"}
    monkeypatch.setattr(
        artifacts, "_score", lambda stream, entry, *a: {**usual(stream, entry, *a), "samples": names[entry["name"]]}
    )
    _, rows = table_of(tmp_path, "differences")
    for row in rows:
        apart = row["condition"] != row["other_condition"]
        assert (row["difference"] is None) == (row["low"] is None) == apart
        assert ("not compared" in row["note"]) == apart


@pytest.mark.parametrize(("rats", "given"), [(1, False), (2, False), (4, False), (5, True)])
def test_animals_have_an_interval_from_five_on(tmp_path, rats, given):
    made, rows = table_of(tmp_path, "population", rats, roles=("recordings", "scores"))
    row = next(r for r in rows if (r["condition"], r["method"], r["label"]) == ("time", "embedding", "position"))
    tables_of = [read_table(path) for path in made.inputs["scores"] if path.stem.startswith("time-")]
    mine = [(table["method"] == "embedding") & (table["label"] == "position") for table in tables_of]
    values = [100 * table["score"][mask].mean() for table, mask in zip(tables_of, mine)]
    assert (row["recordings"], row["unit"]) == (rats, "cm")
    assert row["mean"] == pytest.approx(np.mean(values))
    assert (row["low"] is not None) == given
    few = "one recording: its own score, no mean" if rats == 1 else "fewer than 5 recordings: description only"
    assert row["note"] == ("" if given else few)
    if given:
        expected = t.interval(0.95, rats - 1, np.mean(values), np.std(values, ddof=1) / np.sqrt(rats))
        assert [row["low"], row["high"]] == pytest.approx(expected)


def test_one_animal_under_two_names_has_no_interval(tmp_path):
    _, rows = table_of(tmp_path, "population", 5, roles=("recordings", "scores"), twins=True)
    assert {row["note"] for row in rows} == {"the same neural data in rat1 and rat2: they are no two animals"}
    assert {(row["low"], row["high"]) for row in rows} == {(None, None)}

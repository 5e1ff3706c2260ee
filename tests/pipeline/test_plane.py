"""Recordings that are compared by a point: its grid in the config, in align, in consistency and in transfer."""

from __future__ import annotations

import copy
import dataclasses
import json

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.signal import lfilter
from scipy.stats import binom, ortho_group
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from cebra_pipe.data.alike import imprint
from cebra_pipe.data.parts import content
from cebra_pipe.data.recording import Label
from cebra_pipe.data.table import read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.comparing.between_recordings import between_recordings, draw
from cebra_pipe.pipeline.comparing.sessions import Run, Session, read_sessions
from cebra_pipe.pipeline.config.binned import by_one_label
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.planning.plan import Plan
from cebra_pipe.pipeline.stages import align, consistency
from cebra_pipe.sklearn.transfer import Session as Decoded
from cebra_pipe.sklearn.transfer import rotation

from ..toys import open_field
from .compared import Study, make_split, padding

PLACE = {"place": ["x", "y"]}
LABELS = {name: {"key": name, "unit": "m"} for name in "xy"}
FIELDS = {name: open_field(seed, length=6000, trials=60) for seed, name in enumerate("abc")}
BASE = {
    "study": "s",
    "recordings": {n: {"file": f"{n}.npz", "neural": "spikes", "rate": 20, "labels": LABELS} for n in FIELDS},
    "conditions": {"time": {"title": "Time"}},
    "comparisons": {"rats": {"condition": "time", "minimum": 3, "shifts": 19}},
    "decode": {"points": PLACE},
    "align": {"reference": "b", "minimum": 3},
}


def plan_of(**changed) -> Plan:
    return Plan(resolve(copy.deepcopy(BASE) | changed))


def spec_of(plan: Plan, stage: str) -> dict:
    where = {"condition": "time"} if stage == "align" else {"comparison": "rats"}
    return json.loads(plan.spec(stage, where))


# ---- the config ------------------------------------------------------------------------------------------------------
def test_where_nothing_is_said_bins_are_those_of_the_point():
    plan = plan_of()
    for stage in ("align", "consistency"):
        spec = spec_of(plan, stage)
        assert (spec["labels"], spec["bins"], spec["minimum"], spec["points"]) == (["place"], 6, 3, PLACE)
    assert plan.aligned == ["time"]
    assert [line for line in by_one_label(plan.study, plan.aligned, plan.figures) if "bins" in line] == []


def test_a_point_may_be_named_and_its_bins_are_counted_along_each_coordinate():
    plan = plan_of(align={"labels": ["place"], "bins": 8}, comparisons={"rats": {"condition": "time", "labels": ["y"]}})
    assert spec_of(plan, "align")["bins"] == 8
    one = spec_of(plan, "consistency")
    assert (one["labels"], one["bins"], "points" in one) == (["y"], 40, False)


def test_bins_stay_those_of_a_label_where_there_is_no_point():
    spec = spec_of(plan_of(decode={}), "align")
    assert (spec["labels"], spec["bins"], "points" in spec) == (["x"], 40, False)


def test_a_point_of_three_has_three_bins_along_each():
    labels = {axis: {"key": axis, "unit": "m"} for axis in "xyz"}
    three = {name: {**one, "labels": labels} for name, one in BASE["recordings"].items()}
    spec = spec_of(plan_of(recordings=three, decode={"points": {"place": ["x", "y", "z"]}}), "align")
    assert (spec["labels"], spec["bins"]) == (["place"], 3)


def test_what_leaves_a_recording_out_turns_it_by_the_point():
    condition = {"behavior": {"labels": ["x", "y"], "units": "joint", "batch_size": 64, "leave_one_out": {"steps": 9}}}
    plan = plan_of(conditions=condition, comparisons={})
    spec = json.loads(plan.spec("transfer", {"condition": "behavior", "unit": "without_a"}))
    assert spec["rotation"] == {"labels": ["place"], "bins": 6, "minimum": 3, "points": PLACE}


CM = {"x": LABELS["x"], "y": {"key": "y", "unit": "cm"}}
MISTAKES = {
    "two labels": ({"align": {"labels": ["x", "y"]}}, r"found \['x', 'y'\]. Name the point alone: place"),
    "two labels, no point": ({"align": {"labels": ["x", "y"]}, "decode": {}}, r"points: {position: \[x, y\]}"),
    "point and label": ({"align": {"labels": ["place", "y"]}}, "Name the point alone: place"),
    "no such point": ({"align": {"labels": ["plaice"]}}, "Did you mean 'place'"),
    "bins": ({"align": {"labels": ["place"], "bins": 101}}, "at most 10,000 bins in all, found 101 along each of x, y"),
    "comparisons": (
        {"comparisons": {"rats": {"condition": "time", "labels": ["x", "y"]}}},
        r"comparisons.rats.labels: expected at most one continuous label, or one point",
    ),
    "units": (
        {"recordings": {n: {**one, "labels": CM} for n, one in BASE["recordings"].items()}},
        "decode.points.place: expected continuous labels of one unit",
    ),
    "elsewhere": (
        {"recordings": {**BASE["recordings"], "c": {**BASE["recordings"]["c"], "labels": {"x": LABELS["x"]}}},
         "align": {"labels": ["place"]}},
        "align.labels: expected a label of recording 'c', or a point, found 'y'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told(name):
    changed, message = MISTAKES[name]
    with pytest.raises(UserError, match=message):
        plan_of(**changed)


# ---- the stages ------------------------------------------------------------------------------------------------------
def map_of(recording, fold=0, seed=1):
    """(time, 3) a smooth map of the field, noisy and turned by the recording."""
    x, y = (recording.labels[axis].values for axis in "xy")
    made = np.stack([np.sin(3 * x), np.sin(3 * y), np.cos(2 * x + 2 * y)], axis=1)
    key = int(recording.neural.sum())
    noise = 0.1 * np.random.default_rng(key).standard_normal(made.shape)
    return ((made + noise) @ ortho_group.rvs(3, random_state=key)).astype(np.float32).astype(np.float64)


def study(folder, embed=map_of, fields=FIELDS) -> Study:
    return Study(folder, fields, embed, padded=2)


def ran(folder, stage, spec, **options):
    """The table of a stage."""
    module, output = {"align": (align, "aligned"), "consistency": (consistency, "consistency")}[stage]
    made = study(folder, **options)
    job = made.job(stage, output, **{key: value for key, value in spec.items() if key not in ("stage", "sessions")})
    module.run(job)
    return job, read_table(job.outputs[output], stage=stage)


def slow_means(recording, embedding, part, count=6, minimum=3):
    """Cell of the grid -> mean of the unpadded samples of a part, where they are enough; and the cells of any."""
    training = [make_split(r)["fold0"] == "train" for r in FIELDS.values()]
    ends = {}
    for axis in "xy":
        seen = np.concatenate([r.labels[axis].values[t] for r, t in zip(FIELDS.values(), training, strict=True)])
        ends[axis] = seen.min(), seen.max()
    parts, padded, cells = make_split(recording)["fold0"], padding(recording, 2), {}
    for t in range(len(recording)):
        if parts[t] == part and not padded[t]:
            at = []
            for axis, (low, high) in ends.items():
                bin_of = int(np.floor((recording.labels[axis].values[t] - low) / ((high - low) / count)))
                at.append(min(max(bin_of, 0), count - 1))
            cells.setdefault(tuple(at), []).append(embedding[t])
    return {at: np.mean(rows, axis=0) for at, rows in cells.items() if len(rows) >= minimum}, set(cells)


@pytest.fixture(scope="module")
def means():
    return {
        name: {part: slow_means(r, map_of(r), part) for part in ("train", "test")} for name, r in FIELDS.items()
    }  # fmt: skip


def paired(own, goal, part):
    """Means of both in the cells that both fill."""
    (mine, _), (theirs, _) = own[part], goal[part]
    both = sorted(set(mine) & set(theirs))
    return np.array([mine[at] for at in both]), np.array([theirs[at] for at in both]), set(both)


def test_maps_that_are_turned_come_back_by_the_grid_and_not_by_one_label(tmp_path, means):
    _, table = ran(tmp_path / "grid", "align", spec_of(plan_of(), "align"))
    for score in table.meta["scores"]:
        own, goal = means[score["recording"]], means["b"]
        x, y, trained = paired(own, goal, "train")
        turn = orthogonal_procrustes(x, y)[0]
        assert score["train"] == pytest.approx(r2_score(y, x @ turn, multioutput="variance_weighted"), abs=1e-6)
        x, y, tested = paired(own, goal, "test")
        assert score["test"] == pytest.approx(r2_score(y, x @ turn, multioutput="variance_weighted"), abs=1e-6)
        occupied = set.union(*(side[part][1] for side in (own, goal) for part in ("train", "test")))
        assert score["coverage"] == pytest.approx(len(trained | tested) / len(occupied))
        assert score["test"] > 0.95
    one = spec_of(plan_of(align={"reference": "b", "labels": ["x"]}), "align")
    along = ran(tmp_path / "x", "align", one)[1].meta["scores"]
    assert max(score["test"] for score in along) < 0.85


def test_consistency_over_the_grid_is_that_of_plain_loops(tmp_path, means):
    _, table = ran(tmp_path, "consistency", spec_of(plan_of(), "consistency"))
    rows = [row for row in table.rows() if row["definition"] == "held_out"]
    assert len(rows) == 6
    for row in rows:
        own, goal = means[row["from"]], means[row["to"]]
        both = sorted(set.intersection(*(set(side[part][0]) for side in (own, goal) for part in ("train", "test"))))
        x, y, x_test, y_test = (
            np.array([side[part][0][at] for at in both]) for part in ("train", "test") for side in (own, goal)
        )
        predicted = LinearRegression().fit(x, y).predict(x_test)
        assert row["score"] == pytest.approx(r2_score(y_test, predicted, multioutput="variance_weighted"), abs=1e-6)
        assert row["bins_used"] == len(both)
        occupied = set.union(*(side[part][1] for side in (own, goal) for part in ("train", "test")))
        assert row["coverage"] == pytest.approx(len(both) / len(occupied))
    about = table.meta["summary"]["held_out"]
    assert about["mean"] == pytest.approx(np.mean([row["score"] for row in rows]))
    assert about["mean"] > 0.95 > 0.5 > max(about["null"])
    assert about["p"] == 1 / 20


def test_the_null_moves_both_labels_of_a_point_together(tmp_path):
    """A draw is what the stage gives for embeddings that were shifted on disk, by the bound of the slower label."""
    job, table = ran(tmp_path / "real", "consistency", spec_of(plan_of(), "consistency"))
    shifts = {name: of.values[3] for name, of in zip(FIELDS, draw(job.spec, read_sessions(job)), strict=True)}
    by_sum = {int(r.neural.sum()): shifts[name] for name, r in FIELDS.items()}

    def moved(recording, *_):
        return np.roll(map_of(recording), -by_sum[int(recording.neural.sum())], axis=0)

    _, again = ran(tmp_path / "moved", "consistency", {**job.spec, "null": 0}, embed=moved)
    for name, about in again.meta["summary"].items():
        assert about["mean"] == pytest.approx(table.meta["summary"][name]["null"][3], abs=1e-9)


def test_a_point_with_a_label_that_repeats_has_no_p(tmp_path, capsys):
    def paced(recording):
        steps = np.arange(len(recording))
        return dataclasses.replace(
            recording, labels={**recording.labels, "y": Label(0.5 + 0.5 * np.sin(steps / 20), unit="m")}
        )

    fields = {name: paced(recording) for name, recording in FIELDS.items()}
    _, table = ran(tmp_path, "consistency", spec_of(plan_of(), "consistency"), fields=fields)
    about = table.meta["summary"]["held_out"]
    assert np.isnan(about["p"])
    assert "y of a repeats every" in capsys.readouterr().err


def test_what_is_to_be_known_names_the_labels_of_the_point(tmp_path, capsys):
    spec = spec_of(plan_of(), "consistency") | {"null": 0, "fitted_by": ["y"]}
    _, table = ran(tmp_path, "consistency", spec)
    assert any(line.startswith("bins of y, which the condition is fitted by") for line in table.meta["doubts"])
    assert "samples padded, left out (in fifths of x: " in (said := capsys.readouterr().err)
    assert "; y: " in said


def test_labels_in_the_files_that_are_no_point_are_told_by_the_stage(tmp_path):
    other = {
        n: dataclasses.replace(r, labels={**r.labels, "y": Label(r.labels["y"].values, unit="deg")})
        for n, r in FIELDS.items()
    }
    with pytest.raises(UserError, match=r"point place: .* found x in m, y in deg"):
        ran(tmp_path, "align", spec_of(plan_of(), "align"), fields=other)


def test_a_recording_that_was_left_out_is_turned_by_the_grid():
    every = np.arange(6000)
    one, other = FIELDS["a"], dataclasses.replace(FIELDS["b"])
    turn = ortho_group.rvs(3, random_state=1)
    flat = [np.stack([*(r.labels[a].values for a in "xy"), np.ones(6000)], axis=1) for r in (one, other)]
    own, others = Decoded(one.labels, flat[0] @ turn.T, every, every), Decoded(other.labels, flat[1], every, every)
    found, common = rotation(own, [others], ["place"], 6, 5, PLACE)
    assert 20 < common <= 36
    np.testing.assert_allclose(found, turn, atol=0.05)


# ---- the null --------------------------------------------------------------------------------------------------------
def walker(seed):
    """A recording in memory whose embedding is noise (time constant 1 s) that knows nothing of the place."""
    recording = open_field(seed, length=3000, trials=60)
    steps = np.random.default_rng(seed).normal(size=(3000, 3))
    run = Run(lfilter([1.0], [1.0, -0.95], steps, axis=0), padding(recording, 2))
    named = content(recording), imprint(recording.neural, recording.time)
    return Session(str(seed), recording.rate, recording.labels, *named, make_split(recording), {(0, 1): run})


@pytest.mark.deep
def test_p_over_a_grid_holds_its_level_of_noise(evidence):
    spec = {**spec_of(plan_of(), "consistency"), "null": 39}
    studies = (tuple(walker(3 * i + j) for j in range(3)) for i in range(300))
    p = np.array([between_recordings(spec, each)[1]["held_out"]["p"] for each in studies])
    levels = (0.025, 0.05, 0.1, 0.5)
    evidence({f"p <= {level}": float(np.mean(p <= level)) for level in levels})
    for level in levels:
        assert (p <= level).sum() <= binom.ppf(0.999, len(p), level)

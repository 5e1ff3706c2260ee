"""Points through the chain: the config, the stage decode, tables and the figure."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import numpy as np
import pytest

from cebra_pipe.data.table import read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.binned import by_one_label
from cebra_pipe.pipeline.config.doubts import doubts
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.planning.plan import Plan
from cebra_pipe.plot import decoded, decoding
from cebra_pipe.plot.drawn import pick
from cebra_pipe.plot.files import Source
from cebra_pipe.plot.paths import PANES, path, points_of
from cebra_pipe.plot.shown import Condition, Study
from cebra_pipe.plot.summary import scores
from cebra_pipe.sklearn.report import label_shifts
from cebra_pipe.sklearn.transfer import Session, transferred

from ..toys import open_field, task_of_points
from .test_decode import METHODS
from .test_decode import Study as Decoding

FIELD = open_field(1, trials=48)
PLACE = {"place": ["x", "y"]}
LABELS = {name: {"key": name, "unit": "m"} for name in "xy"}
BASE = {
    "study": "s",
    "recordings": {n: {"file": f"{n}.npz", "neural": "spikes", "rate": 20, "labels": LABELS} for n in "ab"},
    "conditions": {"behavior": {"labels": ["x", "y"]}},
}


def config(decode=None, **labels):
    """BASE with other labels of recording a."""
    made = copy.deepcopy(BASE) | ({"decode": decode} if decode else {})
    made["recordings"]["a"]["labels"] |= labels
    return made


# ---- the config ------------------------------------------------------------------------------------------------------
MISTAKES = [
    ({"place": ["x"]}, {}, "expected two or three labels"),
    ({"place": ["x", "yy"]}, {}, "Did you mean 'y'"),
    ({"place": ["x", "x"]}, {}, "each label once"),
    ({"x": ["x", "y"]}, {}, "a name that no label has"),
    ({"place": ["x", "y"], "other": ["y", "x"]}, {}, "each label in one point"),
    ({"place": ["x", "y"]}, {"y": {"key": "y", "unit": "cm"}}, "x in m, y in cm"),
    ({"place": ["x", "y"]}, {"y": {"key": "y", "unit": "m", "period": 360}}, "y repeats after 360"),
    ({"place": ["x", "side"]}, {"side": {"key": "side", "kind": "discrete", "unit": "m"}}, "side is discrete"),
]


@pytest.mark.parametrize(("points", "labels", "told"), MISTAKES)
def test_what_is_no_point_is_refused(points, labels, told):
    with pytest.raises(UserError, match=r"decode\.points") as error:
        resolve(config({"points": points}, **labels))
    assert told in str(error.value)


def test_a_point_is_in_the_specs_that_decode_it_and_no_others():
    where = {"condition": "behavior", "unit": "a"}
    plan, without = (Plan(resolve(config(given))) for given in ({"points": PLACE}, None))
    assert json.loads(plan.spec("decode", where))["decode"]["points"] == PLACE
    assert "points" not in json.loads(without.spec("decode", where))["decode"]
    fit = {**where, "fold": "0", "seed": "1"}
    assert plan.spec("fit", fit) == without.spec("fit", fit)


def test_where_one_label_stands_for_a_point_is_told():
    made = config({"points": PLACE})
    made["comparisons"] = {"rats": {"condition": "behavior"}, "along_y": {"condition": "behavior", "labels": ["y"]}}
    plan = Plan(resolve(made))
    named = "point place [x, y]: its"
    assert list(by_one_label(plan.study, plan.aligned, plan.figures)) == [
        f"{named} y alone spans the bins of comparisons.along_y; labels: [place] there takes all of them",
        f"{named} x alone gives the colours of figures/embeddings",
    ]
    assert list(by_one_label(resolve(config()), plan.aligned, plan.figures)) == []


def test_a_point_may_be_a_primary_test():
    made = config({"points": PLACE})
    made["conditions"]["shifted"] = {"like": "behavior", "control": "circular_shift", "seeds": 39}
    named = {"condition": "behavior", "control": "shifted"}
    made["primary_tests"] = {"tests": [{**named, "scores": ["place"]}]}
    assert resolve(made)
    made["primary_tests"] = {"tests": [{**named, "scores": ["plaice"]}]}
    with pytest.raises(UserError, match="Did you mean 'place'"):
        resolve(made)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("x", "y"), ["a: x and y are decoded one by one; decode.points: {position: [x, y]} scores"]),
        (("x", "y", "z"), ["a: x, y and z are decoded one by one; decode.points: {position: [x, y, z]} scores"]),
        (("head_x", "head_y"), ["a: head_x and head_y .*decode.points: {head: .head_x, head_y.} scores"]),
        (("index", "indey"), []),
        (("x", "z2"), []),
    ],
)
def test_what_may_be_a_point_is_proposed(names, told):
    made = config()
    made["recordings"] = {"a": made["recordings"]["a"] | {"labels": {name: LABELS["x"] for name in names}}}
    made["conditions"] = {"time": {}}
    found = list(doubts(resolve(made), {"a": 20.0}))
    assert len(found) == len(told)
    for line, text in zip(found, told, strict=True):
        assert text.split(".*")[0] in line


def test_nothing_is_proposed_of_points_that_are_there_or_do_not_fit():
    assert list(doubts(resolve(config({"points": PLACE})), {"a": 20.0})) == []
    other = config(y={"key": "y", "unit": "deg"})
    assert list(doubts(resolve(other | {"conditions": {"time": {"recordings": ["a"]}}}), {"a": 20.0})) == [
        line for line in doubts(resolve(other), {"a": 20.0}) if line.startswith("b:")
    ]


# ---- the stage -------------------------------------------------------------------------------------------------------
def place_like(recording, noise=0.15, seed=0):
    """(time, 3) a stand-in for an embedding: the point, and noise."""
    values = np.stack([recording.labels["x"].values, recording.labels["y"].values, np.ones(len(recording))], axis=1)
    return values + noise * np.random.default_rng(seed).standard_normal(values.shape)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points")
    study = Decoding(folder, {"rat": FIELD}, ((0, 1), (0, 2)), place_like, {"stratify": None}, bins=12)
    study.spec["decode"]["points"] = PLACE
    study.spec["metric"] = "euclidean"
    return study.run()


def test_one_row_a_point_for_each_method_and_seed(made):
    keys = sorted((r["method"], r["seed"]) for r in made.scores.rows() if r["label"] == "place")
    assert keys == sorted([("embedding", 1), ("embedding", 2), *((m, -1) for m in METHODS[1:])])
    row = made.row(label="place", method="embedding", seed=1)
    other = made.row(label="x", method="embedding", seed=1)
    assert (row["metric"], row["unit"], other["metric"]) == ("median_distance", "m", "median_abs_error")
    assert [row[name] for name in ("n_test", "samples", "n_trials")] == [
        other[n] for n in ("n_test", "samples", "n_trials")
    ]
    assert row["score"] < 0.2 < row["chance"]
    assert row["p"] == 0.01
    assert row["null_n"] == 99
    assert row["low"] < row["score"] < row["high"]


@pytest.mark.parametrize("method", ["embedding", "naive_bayes", "window_knn"])
def test_the_score_and_null_of_a_point_follow_from_its_path(made, method):
    traces = pick(made.traces, method=method, padded=False)
    traces = pick(traces, seed=traces["seed"].min())
    true, predicted = (
        np.stack([traces[f"{what}.place.{axis}"] for axis in "xy"], axis=1) for what in ("true", "predicted")
    )
    row = made.row(label="place", method=method, seed=traces["seed"][0])
    assert row["score"] == pytest.approx(np.median(np.hypot(*(true - predicted).T)))
    np.testing.assert_array_equal(true[:, 0], traces["true.x"])
    padded = read_table(made.folder / "embedding.parquet")["padded"][: len(FIELD)].astype(bool)
    inside = np.flatnonzero(~padded)
    usual = task_of_points(FIELD)
    of = replace(usual, samples=replace(usual.samples, inside=~padded))
    for draw, shift in list(zip(row["null"], label_shifts(of, "place", 99, 1).values, strict=True))[:5]:
        rolled = [np.roll(FIELD.labels[axis].values[inside], shift) for axis in "xy"]
        there = np.searchsorted(inside, traces["sample"])
        slow = np.median(np.hypot(*(np.stack(rolled, axis=1)[there] - predicted).T))
        assert draw == pytest.approx(slow)


def test_labels_that_are_no_point_are_told_by_the_stage(made, tmp_path):
    other = replace(FIELD, labels={**FIELD.labels, "y": replace(FIELD.labels["y"], unit="deg")})
    study = Decoding(tmp_path, {"rat": other}, ((0, 1),), place_like, {"stratify": None})
    study.spec["decode"]["points"] = PLACE
    with pytest.raises(UserError, match="x in m, y in deg"):
        study.run()


def test_others_decode_a_point_of_a_recording_that_was_left_out():
    own, other = task_of_points(FIELD), open_field(2)
    theirs = task_of_points(other).samples
    session = Session(other.labels, place_like(other), theirs.train, theirs.valid)
    found = transferred(own, place_like(FIELD), [session], "euclidean")
    true = own.target("place").values[own.samples.test]
    assert found["place"].test.shape == true.shape
    assert found["place"].score == pytest.approx(np.median(np.linalg.norm(found["place"].test - true, axis=1)))
    assert found["place"].score < 0.15


# ---- tables and figure -----------------------------------------------------------------------------------------------
def test_a_point_in_metres_is_shown_in_cm(made):
    (score,) = (s for s in scores(made.scores) if (s.method, s.label) == ("embedding", "place"))
    raw = [made.row(label="place", method="embedding", seed=seed)["score"] for seed in (1, 2)]
    assert score.unit == "cm"
    assert score.mean == pytest.approx(100 * np.mean(raw))


@pytest.fixture(scope="module")
def drawn(made):
    of = Condition("behavior", "CEBRA-Behavior", ("x", "y"), units={"rat": ("rat",)}, seeds=(1, 2))
    study = Study({"rat": "Rat"}, (of,), continuous="x")
    files = [[Source(of, "rat", made.folder / f"scores{end}.parquet")] for end in ("", ".traces")]
    return decoded.rows(study, {"rat": FIELD}, *files)


def test_the_figure_has_the_path_of_the_point_beside_its_errors(made, drawn):
    plane, errors = pick(drawn, panel="plane"), pick(drawn, panel="error", what="mean", label="place")
    assert len(pick(drawn, panel="trace")) == 0
    assert set(zip(plane["axis"], plane["axis_2"], plane["unit"], strict=True)) == {("x", "y", "m")}
    assert errors["series"][0] == "CEBRA-Behavior"
    assert len(errors) == 5
    traces = pick(made.traces, method="embedding", seed=1)
    at = {sample: i for i, sample in enumerate(traces["sample"])}
    rows = [at[sample] for sample in plane["sample"]]
    np.testing.assert_array_equal(plane["truth_2"], traces["true.place.y"][rows])
    np.testing.assert_array_equal(plane["decoded"], traces["predicted.place.x"][rows])
    figure = decoding.draw(drawn, "Open field")
    figure.draw_without_rendering()
    panes = [ax for ax in figure.axes if ax.get_aspect() == 1]
    assert len(panes) == len(np.unique(plane["pane"]))
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in panes}) == 1
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax not in panes]
    assert titles == ["place", "x", "y"]


def test_panes_hold_stretches_of_at_most_ten_seconds(made):
    traces = pick(made.traces, method="embedding", seed=1)
    found = path(traces, *next(iter(points_of(traces.columns).items())), rate=20.0, laps=8)
    assert 1 < len(np.unique(found["stretch"])) <= 8
    for pane in np.unique(found["pane"]):
        assert (found["pane"] == pane).sum() <= 200
    long = path(traces, "place", ["x", "y"], rate=2.0, laps=8)  # a trial of 50 samples now lasts 25 s
    assert len(np.unique(long["pane"])) == min(PANES, len(np.unique(traces["trial"])))
    assert "at most 10 s of each" in long["note"]
    assert np.ptp(long["sample"]) > 0.5 * np.ptp(traces["sample"])

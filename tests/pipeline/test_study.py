"""Configs: what is resolved, and that every mistake is told with its place and a remedy, all at once."""

from __future__ import annotations

import copy

import pytest
import yaml

from cebra_pipe.errors import UserError, short
from cebra_pipe.pipeline.config.reading import read_study, resolve
from cebra_pipe.pipeline.planning.exhibits import about
from cebra_pipe.pipeline.planning.plan import Plan

BASE = {
    "study": "s",
    "recordings": {
        "a": {"simulate": {"seed": 1}},
        "b": {
            "file": "b.npz",
            "neural": "spikes",
            "rate": 40,
            "labels": {"position": {"key": "position", "unit": "m"}, "direction": {"key": "d", "kind": "discrete"}},
        },
    },
    "conditions": {"time": {}, "behavior": {"labels": ["position", "direction"], "seeds": 2}},
}


def changed(path: str, value: object) -> dict:
    """BASE with one entry set; None removes it."""
    made = copy.deepcopy(BASE)
    *parents, last = path.split(".")
    place = made
    for key in parents:
        place = place.setdefault(key, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return made


def test_what_is_left_out_is_filled_in():
    study = resolve(BASE)
    time, behavior = study.conditions["time"], study.conditions["behavior"]
    assert (time.positives, behavior.positives) == ("time", "time_delta")
    assert behavior.seeds == (1, 2)
    assert behavior.labels == {"position": 1.0, "direction": 1.0}
    assert behavior.units == {"a": ("a",), "b": ("b",)}
    assert set(study.comparisons) == {"time_recordings", "behavior_recordings", "behavior_runs"}


def test_a_control_is_compared_between_runs_only_where_the_config_names_it():
    made = changed("conditions.shifted", {"like": "behavior", "control": "circular_shift", "seeds": 19})
    assert {"behavior_runs", "shifted_recordings"} <= set(resolve(made).comparisons)
    assert "shifted_runs" not in resolve(made).comparisons
    named = made | {"comparisons": {"draws": {"condition": "shifted", "between": "runs"}}}
    assert set(resolve(named).comparisons) == {"draws"}


def test_a_comparison_says_that_windows_cross_borders():
    study = resolve(changed("conditions.behavior.windows", "across"))
    titles = {entry["name"]: entry["title"] for entry in about(study, ("comparisons",), [])["comparisons"]}
    assert titles == {name: f"{name}{', windows across borders' * ('behavior' in name)}" for name in study.comparisons}


def test_figures_are_told_which_positives_scores_take():
    study = resolve(changed("conditions.behavior.own_trial", True))
    entries = about(study, ("conditions",), list(study.conditions.values()))["conditions"]
    assert {entry["name"]: entry.get("own_trial", False) for entry in entries} == {"time": False, "behavior": True}


def test_a_table_is_of_the_conditions_that_it_shows():
    """Another one's title makes none of them anew."""

    def spec(title: str, table: str) -> str:
        raw = changed("conditions.time.title", title)
        raw["recordings"]["b"] = {"simulate": {"seed": 2}}
        raw["conditions"]["behavior"] |= {"leave_one_out": {}, "units": "joint"}
        return Plan(resolve(raw)).spec("tables", {"table": table})

    assert spec("one", "transfer") == spec("other", "transfer")
    assert spec("one", "decoding") != spec("other", "decoding")


def test_defaults_reach_conditions_and_own_values_win():
    study = resolve(changed("defaults", {"steps": 7, "temperature": 0.5}) | {"conditions": {"t": {"steps": 9}}})
    assert (study.conditions["t"].training.steps, study.conditions["t"].training.temperature) == (9, 0.5)


def test_like_takes_fields_but_not_the_title():
    study = resolve(changed("conditions.null", {"like": "behavior", "control": "circular_shift", "seeds": [5]}))
    null = study.conditions["null"]
    assert (null.labels, null.control, null.seeds, null.title) == (
        study.conditions["behavior"].labels,
        "circular_shift",
        (5,),
        "null",
    )


@pytest.mark.parametrize(("scheme", "folds"), [("trials", 1), ("folds", 4), ("nested", 4)])
def test_a_study_has_the_folds_of_its_split(scheme, folds):
    given = {"scheme": scheme} | ({"folds": 4} if folds > 1 else {})
    assert resolve(changed("split", given)).folds == folds


def test_numbers_in_scientific_notation(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(BASE).replace("study: s", "study: s\ndefaults: {learning_rate: 1e-3}"))
    assert read_study(path).conditions["time"].training.learning_rate == 1e-3


# place, value, what the message must name
MISTAKES = [
    ("conditions.time.stpes", 5, ["conditions.time.stpes", "Did you mean 'steps'?"]),
    ("recordings.b.lables", {}, ["recordings.b.lables", "Did you mean 'labels'?"]),
    (
        "recordings.b.labels.position",
        {"key": "p", "unti": "m"},
        ["recordings.b.labels.position", "Did you mean 'unit'?"],
    ),
    ("defaults", {"learning_rat": 1}, ["defaults.learning_rat", "Did you mean 'learning_rate'?"]),
    ("conditions.time.model", "ofset10-model", ["conditions.time.model", "Did you mean 'offset10-model'?"]),
    ("conditions.time.model", "offset40-model-4x-subsample", ["conditions.time.model", "one row for 4 samples"]),
    ("conditions.time.model", "offset36-model-dropout", ["conditions.time.model", "global generator"]),
    ("conditions.time.model", "supervised10-model", ["conditions.time.model", "a supervised solver"]),
    ("conditions.time.learning_rate", -1, ["conditions.time.learning_rate", "greater than 0", "-1"]),
    ("conditions.time.steps", "many", ["conditions.time.steps", "'many'"]),
    ("conditions.time.delta", 0.1, ["conditions.time.delta", "no effect"]),
    ("conditions.behavior.minimum_temperature", 0.1, ["minimum_temperature", "learn_temperature"]),
    ("conditions.behavior.positives", "time", ["conditions.behavior.labels", "no effect"]),
    ("defaults", {"delta": 0.1}, ["defaults.delta", "no effect"]),
    ("conditions.time.hybrid", True, ["conditions.time.hybrid", "labels"]),
    ("conditions.time.control", "circular_shift", ["conditions.time.control", "neuron_shift"]),
    ("conditions.behavior.labels", ["postion"], ["conditions.behavior.labels", "Did you mean 'position'?"]),
    ("conditions.behavior.labels", {"position": 0}, ["conditions.behavior.labels.position", "weight"]),
    ("conditions.behavior.positives", "discrete", ["discrete labels alone"]),
    ("conditions.behavior.seeds", [1, 1], ["conditions.behavior.seeds", "once"]),
    ("conditions.behavior.like", "behaviour", ["conditions.behavior.like", "Known: time"]),
    ("conditions.behavior.recordings", ["c"], ["conditions.behavior.recordings", "'c'"]),
    ("conditions.behavior.units", {"joint": ["a"]}, ["conditions.behavior.units", "Rename"]),
    ("conditions.behavior.units", {}, ["conditions.behavior.units", "groups"]),
    ("conditions.behavior.units", {"x": ["a", "b"], "y": ["b"]}, ["'b' in x and y", "condition of each group"]),
    ("conditions.time.model", "offset10-model-mse", ["conditions.time.similarity", "euclidean"]),
    ("conditions.time.learning_rate", float("inf"), ["conditions.time.learning_rate", "finite"]),
    ("conditions.Bad-Name", {}, ["conditions.Bad-Name", "40 characters"]),
    ("conditions.time.own_trial", True, ["conditions.time.own_trial", "positives other than time"]),
    ("conditions.time.batch_size", "all", ["conditions.time.batch_size", "'full'", "'all'"]),
    ("conditions.time.batch_size", 1, ["conditions.time.batch_size", "greater than or equal to 2"]),
    (
        "conditions.x",
        {"labels": ["position"], "units": "joint", "batch_size": "full"},
        ["conditions.x.batch_size", "several recordings", "found full"],
    ),
    ("study", None, ["study", "Add this key"]),
    ("study", "../up", ["study", "name"]),
    ("recordings.b.simulate", {"seed": 1}, ["recordings.b", "simulate"]),
    ("recordings.b.rate", None, ["recordings.b", "rate"]),
    ("split", {"train": 0.9}, ["split", "train + valid + test = 1 (here 0.9 + 0.15 + 0.15 = 1.2)"]),
    ("recordings.b.neural", {"key": "spikes", "columns": "n0..n9"}, ["columns", "a list", "Write [n0..n9]."]),
    ("conditions.time.seeds", ["1..3"], ["conditions.time.seeds.0", "Write 1, 2, 3 in its place."]),
    ("recordings", {}, ["recordings: expected at least one entry", "Name at least one."]),
    ("split", {"scheme": "folds", "train": 0.5}, ["split", "no effect"]),
    ("split", {"scheme": "nested", "test": 0.5}, ["split", "no effect"]),
    ("split", {"scheme": "folds", "inner": 3}, ["inner", "no effect"]),
    ("split", {"stratify": "position"}, ["split.stratify", "discrete"]),
    ("decode.labels", ["nothing"], ["decode.labels", "'nothing'"]),
    ("recordings.b.labels.bits", {"key": "p"}, ["recordings.b.labels.bits", "Rename the label"]),
    ("decode", {"neighbors": 5}, ["decode.neighbors: expected a list, found 5. Write [5]."]),
    ("decode", {"neighbors": 10**5000}, ["decode.neighbors: expected a list"]),
    ("align.reference", "c", ["align.reference", "'c'"]),
    ("align", {"labels": ["direction"]}, ["align: expected recordings", "to bin by, found none. It has no effect"]),
    ("comparisons.x", {"condition": "nobody"}, ["comparisons.x.condition", "'nobody'"]),
    ("comparisons.x", {"condition": "time", "between": "runs"}, ["comparisons.x.between", "two seeds"]),
    ("comparisons.x", {"condition": "behavior", "between": "runs", "bins": 3}, ["comparisons.x.bins", "no effect"]),
    ("conditions.behavior.labels", [["p"]], ["conditions.behavior.labels", "a list of labels", "[['p']]"]),
    ("conditions.behavior.labels", "position", ["conditions.behavior.labels", "a list of labels", "'position'"]),
    ("conditions.behavior.labels", ["position", "position"], ["conditions.behavior.labels", "each label once"]),
    ("conditions.behavior.seeds", 10**30, ["conditions.behavior.seeds", "at most 1000 seeds"]),
    ("conditions.behavior.recordings", [], ["conditions.behavior.recordings", "at least one", "Leave the key out"]),
    ("decode", {"labels": []}, ["decode.labels", "at least one", "Leave the key out"]),
    ("conditions.time.steps", True, ["conditions.time.steps", "a number", "True"]),
    ("conditions.time.steps", 1.5, ["conditions.time.steps", "a whole number", "1.5"]),
    ("conditions.time.time_offset", 1e300, ["conditions.time.time_offset", "at most"]),
    ("conditions.time.units", 3, ["conditions.time.units", "'each' or 'joint' or entries", "found 3"]),
    ("conditions.time.units", {"g": 3}, ["conditions.time.units.g: expected a list, found 3"]),
    ("conditions.time.units", {"g": ["c"]}, ["conditions.time.units.g", "'c'", "Known: a, b"]),
    (
        "conditions.time",
        {"model": "offset1-model-mse", "similarity": "euclidean", "hidden_units": 8},
        ["conditions.time.hidden_units", "fixed width", "no effect"],
    ),
    ("recordings.a", {"simulate": {}, "select": {"start": 3}}, ["recordings.a", "no select.start beside `simulate`"]),
    ("recordings.a", {"simulate": {"neurons": 5000, "samples": 1_000_000}}, ["recordings.a.simulate", "250,000,000"]),
    ("recordings.a", "a.npz", ["recordings.a", "'a.npz'", "Write `file:`"]),
    ("recordings.b.neural", ["x"], ["recordings.b.neural", "{file: …, key: …}"]),
    ("recordings.b.title", "a\nb", ["recordings.b.title", "one line"]),
    ("recordings.pooled", {"simulate": {}}, ["recordings.pooled", "joint, pooled, without_", "Rename"]),
    ("recordings.joint", {"simulate": {}}, ["recordings.joint", "Rename"]),
    ("recordings.without_a", {"simulate": {}}, ["recordings.without_a", "Rename"]),
    ("conditions.time", {"units": {"pooled": ["a"]}}, ["conditions.time.units", "'pooled'"]),
    ("conditions.time", {"units": {"b": ["a"]}, "recordings": ["a"]}, ["conditions.time.units", "no recording"]),
    ("figures", {"figures": ["data"], "laps": 3}, ["figures.laps", "no effect"]),
    ("results", "", ["results", "a path"]),
    ("conditions.time.title", "behavior", ["conditions.behavior.title, conditions.time.title", "found 'behavior' of"]),
    ("recordings.a.title", "b", ["recordings.a.title, recordings.b.title", "a title of its own"]),
    ("comparisons", {n: {"condition": "time", "title": "T"} for n in "xy"}, ["comparisons.x.title, comparisons.y"]),
]


@pytest.mark.parametrize(("place", "value", "said"), MISTAKES, ids=[f"{m[0]}={short(m[1])}" for m in MISTAKES])
def test_mistakes_are_told(place, value, said):
    with pytest.raises(UserError) as caught:
        resolve(changed(place, value))
    for text in said:
        assert text in str(caught.value)


# What is given for a list -> what the message says to write, which then has to be taken.
ADVICE = [
    ("recordings.b.neural", {"key": "spikes", "columns": "0-9"}, "columns", ["0..9"]),
    ("recordings.b.neural", {"key": "spikes", "columns": "n0:n19"}, "columns", ["n0..n19"]),
    ("recordings.b.neural", {"key": "spikes", "columns": 5}, "columns", [5]),
    ("conditions.time.seeds", "1..5", None, 5),
    ("conditions.time.seeds", "3-6", None, [3, 4, 5, 6]),
    ("conditions.time.seeds", "1 to 500", None, 500),
    ("conditions.time.recordings", "a, b", None, ["a", "b"]),
    ("decode", {"neighbors": "1:4"}, "neighbors", [1, 2, 3, 4]),
]


@pytest.mark.parametrize(("place", "value", "inner", "write"), ADVICE, ids=[f"{a[0]}={a[1]}" for a in ADVICE])
def test_what_a_message_says_to_write_is_taken(place, value, inner, write):
    with pytest.raises(UserError) as caught:
        resolve(changed(place, value))
    (problem,) = caught.value.problems
    advised = yaml.safe_load(problem.remedy.removeprefix("Write ").removesuffix("."))
    assert advised == write
    resolve(changed(place, advised if inner is None else {**value, inner: advised}))


def test_names_of_a_range_keep_their_zeros():
    with pytest.raises(UserError, match=r"Write \[rat08, rat09, rat10\]\."):
        resolve(changed("conditions.time.recordings", "rat08..rat10"))


def test_all_mistakes_in_one_message():
    raw = changed("conditions.time.stpes", 5)
    raw["conditions"]["behavior"]["learning_rate"] = -1
    raw["recordings"]["b"]["rate"] = 0
    with pytest.raises(UserError) as caught:
        resolve(raw)
    assert len(caught.value.problems) == 3


def test_a_key_twice(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("study: a\nstudy: b\n")
    with pytest.raises(UserError, match=r"each key once.*'study' twice"):
        read_study(path)


@pytest.mark.parametrize(("text", "said"), [("a: [", "valid YAML"), ("- 1", "a mapping"), ("\x00", "YAML")])
def test_files_that_are_no_config(tmp_path, text, said):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        read_study(path)


def test_a_circle_of_like():
    raw = changed("conditions.x", {"like": "y"})
    raw["conditions"]["y"] = {"like": "x"}
    with pytest.raises(UserError, match="circle"):
        resolve(raw)


def test_what_is_taken_over_is_told_where_it_was_written():
    raw = changed("conditions.behavior.steps", "many")
    raw["conditions"]["null"] = {"like": "behavior", "control": "circular_shift"}
    with pytest.raises(UserError) as caught:
        resolve(raw)
    assert [p.where for p in caught.value.problems] == ["config: conditions.behavior.steps"]


@pytest.mark.parametrize(("section", "needs"), [("align", "several recordings"), ("decode", "have labels")])
def test_sections_without_effect(section, needs):
    raw = {
        "study": "s",
        "recordings": {"a": {"file": "a.npz", "neural": "x", "rate": 40}},
        "conditions": {"time": {}},
        section: {"bins": 10},
    }
    with pytest.raises(UserError, match=f"{section}: expected .*{needs}"):
        resolve(raw)


@pytest.mark.parametrize(("reference", "refused"), [("a", False), ("c", True)])
def test_the_reference_is_of_a_condition_that_is_aligned(reference, refused):
    raw = changed("recordings.c", {"simulate": {"seed": 3}}) | {"align": {"reference": reference}}
    raw["conditions"] = {"time": {"recordings": ["a", "b"]}, "alone": {"recordings": ["c"]}}
    if not refused:
        assert resolve(raw).config.align.reference == reference
        return
    with pytest.raises(
        UserError, match=r"align\.reference: expected a recording of a condition that is aligned, found"
    ):
        resolve(raw)


def test_spike_times_by_their_key_alone():
    study = resolve(
        changed("recordings.b", {"file": "b.npz", "spikes": "times", "rate": 40}) | {"conditions": {"t": {}}}
    )
    assert study.config.recordings["b"].spikes.times.key == "times"


def test_long_names_of_conditions_keep_their_comparisons_apart():
    names = [f"{'a' * 38}{i}" for i in range(3)]
    study = resolve({**BASE, "conditions": {name: {"labels": ["position"], "seeds": 2} for name in names}})
    assert len(study.comparisons) == 6
    assert max(map(len, study.comparisons)) <= 40
    assert {(k.condition, k.between) for k in study.comparisons.values()} == {
        (name, between) for name in names for between in ("recordings", "runs")
    }

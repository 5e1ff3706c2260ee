"""The refit null: which control belongs to which condition, the table of tests, and what a family can reach."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from cebra_pipe.data.table import Table, read_table, write_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.config.refit import alone, lines, needed, pairs, reached
from cebra_pipe.pipeline.planning.plan import Plan
from cebra_pipe.pipeline.stages import tables
from cebra_pipe.pipeline.tables import tested
from cebra_pipe.sklearn.nulls import PERIODIC, TOO_SLOW

from ..plot.artifacts import build, condition, make_recording
from .test_study import BASE

SHIFTED = {"like": "behavior", "control": "circular_shift", "seeds": 39}
NEURONS = {"like": "time", "control": "neuron_shift", "seeds": 79}
PLACE = {"condition": "behavior", "control": "shifted", "scores": ["bits", "position"]}
TIME = {"condition": "time", "control": "neurons"}


def config(*tests, alpha=0.05, **conditions):
    made = copy.deepcopy(BASE)
    made["conditions"] |= {"shifted": SHIFTED, "neurons": NEURONS} | conditions
    if tests:
        made["primary_tests"] = {"alpha": alpha, "tests": list(tests)}
    return made


# ---- the config ------------------------------------------------------------------------------------------------------
def test_a_control_belongs_to_the_condition_that_it_is_like():
    other = {"like": "behavior", "control": "circular_shift", "steps": 7}
    permuted = {"like": "behavior", "control": "permute_labels", "seeds": 39}
    study = resolve(config(other=other, permuted=permuted))
    assert [pair.names for pair in pairs(study)] == [("behavior", "shifted"), ("time", "neurons")]
    assert "tests" in Plan(study).tables
    assert "tests" not in Plan(resolve(BASE)).tables


def test_check_tells_what_can_be_reached():
    told = list(lines(resolve(config(PLACE))))
    assert told[0] == "refit null of behavior: 39 draws of shifted, smallest p 0.025"
    assert told[-1] == (
        "primary tests: 4 in one family, maximum over shared draws; smallest corrected p 0.025, alpha 0.05"
    )
    bits = PLACE | {"scores": ["bits"]}
    both = config(bits, TIME, shifted=SHIFTED | {"seeds": 79})
    assert "4 in one family, Holm; smallest corrected p 0.05," in list(lines(resolve(both)))[-1]


def test_check_tells_which_primary_tests_have_no_p():
    """The others are the family, and fewer of them reach a smaller p by Holm."""
    study = resolve(config(PLACE, shifted=SHIFTED | {"seeds": 79}))
    found = {("behavior", "a"): {"position": PERIODIC}, ("behavior", "b"): {"speed": PERIODIC}}
    *_, one, two, told = lines(study, found)
    assert one == f"warning: primary test of behavior against shifted, a, bits: {PERIODIC}"
    assert two == f"warning: primary test of behavior against shifted, a, position: {PERIODIC}"
    assert told.startswith("primary tests: 2 of 4 in one family, ")
    both = resolve(config(PLACE | {"scores": ["bits"]}, TIME, shifted=SHIFTED | {"seeds": 79}))
    assert "3 of 4 in one family, Holm; smallest corrected p 0.038," in list(lines(both, found))[-1]
    slow = {("behavior", name): {"position": TOO_SLOW} for name in ("a", "b")}
    assert list(lines(study, slow))[-1] == "primary tests: none of 4 has a p"


# changes of the family, what the message must name
MISTAKES = [
    ([{"condition": "behaviour", "control": "shifted"}], {}, "Did you mean 'behavior'"),
    ([{"condition": "shifted", "control": "shifted"}], {}, "a condition without control"),
    ([{"condition": "behavior", "control": "time"}], {}, "circular_shift or neuron_shift, found no control"),
    ([{"condition": "time", "control": "shifted"}], {}, "found other labels, positives"),
    ([PLACE | {"scores": ["postion"]}], {}, "Did you mean 'position'"),
    ([TIME | {"scores": ["position"]}], {}, "bits, or a label"),
    ([PLACE | {"scores": ["bits", "bits"]}], {}, "each score once"),
    ([PLACE, PLACE | {"scores": ["bits"]}], {}, "tests.1.scores: expected scores that no test before names"),
    ([PLACE], {"shifted": SHIFTED | {"seeds": 18}}, "19 seeds or more .* found 18"),
    ([PLACE, TIME], {}, "119 seeds or more .* found 39, which reach 0.1. Set"),
]


@pytest.mark.parametrize(("tests", "conditions", "said"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_what_cannot_be_tested_is_told(tests, conditions, said):
    with pytest.raises(UserError, match=said):
        resolve(config(*tests, **conditions))


def test_nineteen_draws_reach_five_percent_where_they_are_shared():
    resolve(config(PLACE, shifted=SHIFTED | {"seeds": 19}))
    with pytest.raises(UserError, match="99 seeds or more"):
        resolve(config(PLACE, alpha=0.01))


def test_draws_that_are_enough_for_each_test_are_enough():
    """By Holm a test with few draws may come after those with more: not all controls need those of the largest."""
    few = config(PLACE, TIME, shifted=SHIFTED | {"seeds": 119})  # four tests of 1/120, then two of 1/80
    told, warning = list(lines(resolve(few)))[-2:]
    reach = "smallest corrected p 0.05 where all others pass, 0.075 where none does, alpha 0.05"
    assert told == f"primary tests: 6 in one family, Holm; {reach}"
    assert warning == (
        "warning: primary tests against neurons (79 seeds) can pass only where others do. "
        "With seeds: 119 each passes by itself."
    )
    with pytest.raises(UserError, match=r"119 seeds or more .* found 79, which reach 0\.0504"):
        resolve(config(PLACE, TIME, shifted=SHIFTED | {"seeds": 118}))


@pytest.mark.parametrize("draws", [[19], [19, 19, 19], [999, 19], [19, 39, 39, 59], [119, 119, 119, 119, 79, 79]])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_what_a_family_reaches_is_what_its_correction_gives(draws, alpha):
    """All draws below the real values: the p that are printed then, and no fewer draws than are needed."""
    family = [tested.Tested({}, "bits", 1.0, np.zeros(n), 1, "") for n in draws]
    assert reached(draws, False) == max(tested._corrected(family, False))
    fewest = int(np.argmin(draws))
    lost = [tested.Tested({}, "bits", 1.0, np.full(n, 2.0 * (i != fewest)), 1, "") for i, n in enumerate(draws)]
    assert alone(draws, False) == pytest.approx(tested._corrected(lost, False)[fewest])
    least = needed(len(draws), False, alpha)
    assert alone([least] * len(draws), False) <= alpha * (1 + 1e-9)
    assert least == 19 or alone([least - 1] * len(draws), False) > alpha
    assert reached([39] * len(draws), False) == pytest.approx(len(draws) / 40)
    assert reached([39] * len(draws), True) == 1 / 40


def test_controls_of_different_seeds_that_are_enough_for_each_test_are_told_nothing_more():
    more = config(PLACE, TIME, shifted=SHIFTED | {"seeds": 239}, neurons=NEURONS | {"seeds": 119})
    told = list(lines(resolve(more)))
    assert not [line for line in told if line.startswith("warning: ")]


# ---- the table -------------------------------------------------------------------------------------------------------
DRAWS = 19


def made_tests(folder, draws=DRAWS, shared=True, primary=("bits", "position")):
    each = {"rat1": ["rat1"], "rat2": ["rat2"]}
    conditions = [
        condition("behavior", "CEBRA-Behavior", each, seeds=[3, 4]),
        condition("shifted", "", each, control="circular_shift", seeds=list(range(1, draws + 1))),
    ]
    entry = {"condition": "behavior", "control": "shifted", "kind": "circular_shift", "scores": ["bits", "decoding"]}
    tests = {"alpha": 0.05, "shared": shared, "pairs": [{**entry, "primary": list(primary)}]}
    recordings = {name: make_recording(name, 900, 8) for name in each}
    made = build(folder, recordings, conditions, folds=2, comparisons=[], tests=tests)
    job = made.job("tables", ("scores", "histories"), ("csv", "json"), table="tests")
    tables.run(job)
    return made, json.loads(job.outputs["json"].read_text())["rows"]


def test_rows_are_those_of_plain_loops(tmp_path):
    made, rows = made_tests(tmp_path)
    assert len(rows) == 2 * (1 + 4 * 2)  # recordings × (bits, four methods × two labels): the constant is no test
    row = next(r for r in rows if (r["recording"], r["method"], r["label"]) == ("rat2", "embedding", "position"))
    values = {}
    for name in ("behavior", "shifted"):
        (path,) = [p for p in made.inputs["scores"] if p.stem == f"{name}-rat2"]
        values[name] = [r for r in read_table(path).rows() if (r["method"], r["label"]) == ("embedding", "position")]
    real = np.mean([r["score"] for r in values["behavior"] if r["seed"] == 3])  # a draw is one fit a fold: so is this
    null = [np.mean([r["score"] for r in values["shifted"] if r["seed"] == s]) for s in range(1, DRAWS + 1)]
    assert row["unit"] == "cm"
    assert row["real"] == pytest.approx(100 * real)
    assert row["null_median"] == pytest.approx(100 * np.median(null))
    assert row["effect"] == pytest.approx(100 * (real - np.median(null)))
    assert row["effect"] < 0  # an error
    assert (row["p"], row["null_n"]) == ((1 + sum(v <= real for v in null)) / 20, DRAWS)
    bits = next(r for r in rows if (r["recording"], r["score"]) == ("rat1", "bits"))
    assert bits["effect"] > 0.3
    assert bits["p"] == 1 / 20


def test_primary_tests_alone_are_corrected(tmp_path):
    _, rows = made_tests(tmp_path)
    primary = {(r["recording"], r["score"], r["method"], r["label"]) for r in rows if r["primary"] == "yes"}
    scores = (("bits", "", "labels"), ("decoding", "embedding", "position"))
    assert primary == {(name, *score) for name in ("rat1", "rat2") for score in scores}
    for row in rows:
        if row["primary"] == "yes":
            assert (row["p_corrected"], row["correction"]) == (1 / 20, "maximum")
        else:
            assert row["p_corrected"] is None


def test_draws_that_are_not_shared_are_corrected_by_holm(tmp_path):
    _, rows = made_tests(tmp_path, shared=False)
    assert {r["p_corrected"] for r in rows if r["primary"] == "yes"} == {4 / 20}


NONE_OF = {PERIODIC: ("circular_shift", "neuron_shift"), TOO_SLOW: ("circular_shift",)}  # reason -> controls


@pytest.mark.parametrize("kind", ["circular_shift", "neuron_shift", ""])
@pytest.mark.parametrize("why", NONE_OF)
def test_a_label_without_a_null_takes_the_p_of_bits_fitted_to_it_and_of_its_decoding(kind, why, tmp_path):
    """Bits by what their fit says of its labels, decoded or not; scores of a label by its own note."""
    made, _ = made_tests(tmp_path)
    for path in made.inputs["scores"]:
        table = read_table(path)
        hit = (table["label"] == "position") & (table["recording"] == "rat1")
        table.columns["note"][hit] = f"k 3; {why}"
        write_table(path, table)
    for path in made.inputs["histories"]:
        table = read_table(path)
        if path.stem.startswith("behavior-rat2"):
            write_table(path, Table(table.columns, table.meta | {"without_null": {"rat2": {"film": why}}}))
    spec = copy.deepcopy(made.spec["tests"])
    spec["pairs"][0] |= {"kind": kind, "primary": []}
    for row in again(made, tests=spec):
        if row["method"] in ("", "embedding"):
            name, score = row["recording"], row["label"] if row["method"] else "bits"
            mine = kind in NONE_OF[why] and (name, score) in (("rat1", "position"), ("rat2", "bits"))
            assert row["note"] == (why if mine else "")
            assert (row["p"] is None) == mine


@pytest.mark.parametrize(("shared", "corrected"), [(True, 1 / 20), (False, 3 / 20)])
@pytest.mark.parametrize("lost", ["a label repeats", "a fit diverged"])
def test_the_family_is_that_of_the_tests_that_have_a_p(shared, corrected, lost, tmp_path):
    """One whose label repeats, or one of whose fits has no score, says why it has none; the others keep theirs."""
    made, _ = made_tests(tmp_path, shared=shared)
    repeats = lost == "a label repeats"
    for path in made.inputs["scores" if repeats else "histories"]:
        if repeats and path.stem == "behavior-rat1":
            table = read_table(path)
            table.columns["note"][table["label"] == "position"] = PERIODIC
            write_table(path, table)
        elif path.stem == "shifted-rat1-0-3":
            table = read_table(path)
            table.columns["bits"][:] = np.nan
            write_table(path, table)
    rows = again(made)
    family = [row for row in rows if row["primary"] == "yes"]
    without = next(r for r in family if r["recording"] == "rat1" and (r["score"] == "decoding") == repeats)
    assert len(family) == 4
    assert without["note"] == (PERIODIC if repeats else "a fit has no finite score, no p")
    assert (without["p"], without["p_corrected"]) == (None, None)
    assert [row["p_corrected"] for row in family if row is not without] == pytest.approx([corrected] * 3)


def again(made, **spec):
    job = made.job("tables", ("scores", "histories"), ("csv", "json"), table="tests", **spec)
    tables.run(job)
    return json.loads(job.outputs["json"].read_text())["rows"]


def test_too_few_draws_have_no_p_and_say_so(tmp_path):
    _, rows = made_tests(tmp_path, draws=18)
    assert all(r["p"] is None and r["p_corrected"] is None and r["note"] == "n too small for p" for r in rows)
    assert all(np.isfinite(r["effect"]) for r in rows)

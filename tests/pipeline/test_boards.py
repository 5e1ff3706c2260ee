"""What `cebra-pipe show` prints of the tables of a study."""

from __future__ import annotations

import json

import pytest

from cebra_pipe.pipeline.boards import BOARDS
from cebra_pipe.pipeline.stages import tables

from ..plot.artifacts import build, condition, make_recording

ROLES = ("recordings", "splits", "scores", "histories", "embeddings", "consistency")
RATS = [f"rat{i}" for i in range(1, 6)]


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """The lines of each board of a study of five rats with primary tests."""
    each = {name: [name] for name in RATS}
    conditions = [
        condition("behavior", "CEBRA-Behavior", each, seeds=[1]),
        condition("time", "CEBRA-Time", each, (), seeds=[1]),
        condition("shifted", "", each, control="circular_shift", seeds=list(range(1, 20))),
    ]
    pair = {"condition": "behavior", "control": "shifted", "kind": "circular_shift", "scores": ["bits", "decoding"]}
    tests = {"alpha": 0.05, "shared": True, "pairs": [{**pair, "primary": ["bits"]}]}
    recordings = {name: make_recording(name, 900, 4) for name in RATS}
    made = build(tmp_path_factory.mktemp("boards"), recordings, conditions, comparisons=[], tests=tests)
    found = {}
    for name, board in BOARDS.items():
        job = made.job("tables", ROLES, ("csv", "json"), out=name, table=name)
        tables.run(job)
        found[name] = list(board(json.loads(job.outputs["json"].read_text())["rows"]))
    return found


def test_primary_tests_alone_with_both_p(lines):
    head, *tests = lines["tests"]
    assert head.strip() == "Primary tests, corrected over the family (maximum), alpha 0.05:"
    assert len(tests) == len(RATS)
    assert all("bits labels" in line and "n = 19" in line and "p=0.050 corrected 0.050" in line for line in tests)


def test_draws_that_are_too_few_for_p_are_no_animals():
    """The table's cell says "n too small for p", which n may be taken for the number of rats."""
    row = {"primary": "yes", "correction": "holm", "alpha": 0.05, "score": "bits", "label": "labels", "unit": "bits"}
    row |= {"condition": "behavior", "control": "shifted", "title": "Rat 1", "real": 1.0, "null_median": 0.2}
    row |= {"null_n": 3, "p_corrected": None, "note": "n too small for p"}
    assert list(BOARDS["tests"]([row]))[-1].endswith("(null 0.2, n = 3) 3 fits of the control, 19 needed for p")
    of_fit = {"condition_title": "B", "unit_of_fit": "rat1", "too_near": "", "doubts": "", "collapsed": "no"}
    of_fit |= {"converged": "yes", "nulls_agree": "", "decoder_p": None, "refit_p": None}
    for null, said in (("refit: shifted", "3 fits of the control"), ("decoder", "3 shifts")):
        judged = {**row, **of_fit, "null": null, "verdict": "not tested: n too small for p, worse than best constant"}
        told = f"not tested: {said}, 19 needed for p, worse than best constant (bits of labels)"
        assert list(BOARDS["verdict"]([judged]))[-1] == f"  B, Rat 1: {told}"


ROW = {"title": "Rat 1", "label": "position", "metric": "median_abs_error", "unit": "cm", "label_unit": "cm"}
ROW |= {"method": "embedding", "score": 9.0, "p": 0.01, "null_effective": 40.2, "n_test": 900}


def test_how_many_shifts_are_independent_stands_by_their_p(lines):
    assert "Of all shifts of position about so many are independent: " in "\n".join(lines["decoding"])
    rows = [{**ROW, "condition_title": "A"}, {**ROW, "condition_title": "B", "null_effective": 38.7}]
    rows += [{**ROW, "condition_title": "A", "title": "Rat 2", "null_effective": 7.0}]
    rows += [{**ROW, "condition_title": "A", "label": "phase", "p": None, "null_effective": 0.0}]
    (told,) = (line for line in BOARDS["decoding"](rows) if line.startswith("Of all shifts"))
    assert told == "Of all shifts of position about so many are independent: Rat 1 39, Rat 2 7."


def test_a_baseline_without_a_score_says_why():
    bayes = {**ROW, "method": "naive_bayes", "method_title": "naive Bayes", "score": None, "p": None, "note": "below 0"}
    rows = [{**ROW, "condition_title": "A", "title": title} for title in ("Rat 1", "Rat 2")]
    for given, said in (([bayes, {**bayes, "title": "Rat 2"}], ""), ([bayes], " in Rat 1")):
        told = [line for line in BOARDS["decoding"]([*rows, *given]) if line.startswith("  -: ")]
        assert told == [f"  -: naive Bayes{said}: below 0"]
    assert not any(line.startswith("  -: ") for line in BOARDS["decoding"](rows))


def test_conditions_on_other_test_samples_are_named(lines):
    assert not any("do not compare" in line for line in lines["decoding"])
    rows = [{**ROW, "condition_title": name, "n_test": n} for name, n in (("A", 900), ("B", 900), ("C", 870))]
    (told,) = (line for line in BOARDS["decoding"](rows) if "do not compare" in line)
    assert told == "  Rat 1: these scores do not compare, their test samples are others: A, B on 900; C on 870"


def test_differences_of_embeddings_and_naive_bayes(lines):
    _, *pairs = lines["differences"]
    starts = [line.split(":")[:2] for line in pairs]
    of_each = ["behavior - naive Bayes", "behavior - time", "time - naive Bayes"]
    expected = {(label, one) for label in ("position (cm)", "direction") for one in of_each}
    assert {(label.strip(), one.strip()) for label, one in starts} == expected
    assert all(line.count("[") == len(RATS) for line in pairs)


def test_a_difference_that_rounding_leaves_is_none():
    row = {"method": "embedding", "condition": "time", "other_method": "embedding", "other_condition": "joint"}
    row |= {"title": "Rat 1", "label": "position", "unit": "cm", "difference": 2.26e-8, "low": -0.003, "high": 0.0048}
    *_, line = BOARDS["differences"](
        [row, {**row, "title": "Rat 2", "difference": -0.0021, "low": 1.49e-8, "high": 0.03}]
    )
    assert line == "  position (cm): time - joint: Rat 1 +0 [-0.003, 0.0048], Rat 2 -0.0021 [0, 0.03]"


def test_recordings_that_were_left_out_by_share_and_method():
    row = {"condition_title": "Joint", "label": "position", "metric": "median_abs_error", "unit": "cm", "p": 0.05}
    row |= {"method": "transfer", "method_title": "decoder of the others", "title": "Rat 1", "note": ""}
    rows = [
        {**row, "share": 0.1, "score": None, "p": None, "note": "2 bins are too few"},
        {**row, "share": 1.0, "score": 7.0},
    ]
    head, titles, *methods = BOARDS["transfer"]([*rows, {**row, "share": 1.0, "score": 9.0, "title": "Rat 2"}])
    assert head.endswith("left out and share of its training part used: position, median abs error (cm):")
    assert titles.split() == ["Rat", "1", "Rat", "2"]
    assert methods[0].split() == ["decoder", "of", "the", "others,", "10", "%", "-", "-"]
    assert methods[1].split()[-4:] == ["7", "p=0.050", "9", "p=0.050"]
    assert methods[2] == "-: 2 bins are too few"


def test_amounts_of_data_with_their_scores_and_what_they_say():
    row = {"condition_title": "C", "unit_of_fit": "rat", "title": "Rat 1", "score": "decoding", "label": "position"}
    row |= {"unit": "cm", "verdict": "still rises"}
    amounts = [{**row, "of": "minutes", "minutes": m, "real": real} for m, real in ((0.5, None), (1.0, 7.0))]
    bits = {**row, "score": "bits", "label": "labels", "of": "neurons", "neurons": 30.0, "real": 0.4, "verdict": "flat"}
    assert list(BOARDS["enough_data"]([*amounts, bits]))[1:] == [
        "  C, Rat 1, position (cm) by minutes: - at 0.5, 7 at 1: still rises",
        "  C, Rat 1, bits of labels by neurons: 0.4 at 30: flat",
    ]


def test_population_has_its_interval(lines):
    _, *rows = lines["population"]
    assert len(rows) == 2 * 2
    assert all(line.endswith("5 recordings") and "[" in line for line in rows)
    assert "  position, CEBRA-Behavior: " in "\n".join(rows)


def test_verdict_by_condition_and_recording(lines):
    _, *rows, asked = lines["verdict"]
    assert asked.startswith("Decoder null: ")
    assert len(rows) == 2 * len(RATS)
    one = next(line for line in rows if line.startswith("  CEBRA-Behavior, Rat 1:"))
    first, *each = one.split("\n    ")  # too much for a line
    assert first == "  CEBRA-Behavior, Rat 1:"
    assert each[:2] == ["evidence (bits of labels)", "evidence, p not corrected, worse than naive Bayes (position)"]
    assert all("not tested: no control of this condition (bits of time)" in line for line in rows if "-Time" in line)


def test_decoding_names_what_its_p_is_of(lines):
    text = "\n".join(lines["decoding"])
    assert "Held-out position, median abs error (cm):" in text
    assert "baseline: naive Bayes" in text
    assert "p is of the decoder null" in text
    assert "Errors of a label in m are given in cm" in text


@pytest.mark.parametrize(("own", "told"), [("m", True), ("cm", False)])
def test_centimetres_are_explained_where_the_label_has_others(own, told):
    row = {**ROW, "condition_title": "C", "label_unit": own}
    assert any("in m are given in cm" in line for line in BOARDS["decoding"]([row])) == told


@pytest.mark.parametrize("name", BOARDS)
def test_an_empty_table_prints_nothing(name):
    assert list(BOARDS[name]([])) == []


def test_what_cannot_be_told_is_said(lines):
    row = {"condition_title": "C", "unit_of_fit": "u", "title": "R", "score": "bits", "label": "time"}
    row |= {"verdict": "evidence", "converged": "no", "ending": "1 of 1 fits: valid loss rises"}
    row |= {"collapsed": "yes, 1 of 1 fits", "apart_s": 1.0, "too_near": "label x (1.9 s)"}
    row |= {"decoder_p": 0.001, "refit_p": None, "nulls_agree": "", "worse_than": "", "in_words": "better than X"}
    row |= {"doubts": "", "null": "decoder", "null_n": 999}
    (_, line) = BOARDS["verdict"]([row])
    near = "parts come within 1 s, below two autocorrelation times of label x (1.9 s)"
    told = [
        "evidence (bits of time)",
        "converged: no, 1 of 1 fits: valid loss rises",
        "collapsed: yes, 1 of 1 fits",
        near,
    ]
    assert line.split("\n    ") == ["  C, R:", *told]
    (_, line) = BOARDS["verdict"]([row | {"doubts": "heading spans 6.6 of its periods of 360"}])
    assert line.split("\n    ")[-2:] == [near, "heading spans 6.6 of its periods of 360"]
    (_, line) = BOARDS["verdict"]([row | {"too_near": "", "collapsed": "no"}])
    assert line == "  C, R: evidence (bits of time); converged: no, 1 of 1 fits: valid loss rises"
    both = row | {"score": "decoding", "refit_p": 0.4}
    *_, words, asked = BOARDS["verdict"]([both | {"nulls_agree": "no"}])
    assert words == "    time: better than X"
    assert asked.startswith("Decoder null: ")
    _, _, asked = BOARDS["verdict"]([both | {"nulls_agree": "yes"}])
    assert asked.startswith("Decoder null: ")

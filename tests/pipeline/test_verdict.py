"""The table `verdict`: each held-out score with its null, and what bears on it."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from cebra_pipe.data.table import Table, read_table, write_table
from cebra_pipe.pipeline.boards import verdict as verdict_board
from cebra_pipe.pipeline.stages import tables
from cebra_pipe.pipeline.tables import against, worded
from cebra_pipe.pipeline.tables.endings import Change, change, ending
from cebra_pipe.pipeline.tables.spread import COLLAPSED, collapse, first_padded, left_out, width, widths

from ..plot.artifacts import build, condition, make_recording
from ..plot.artifacts import left_out as without_each

ROLES = ("recordings", "splits", "scores", "histories", "embeddings", "consistency")
NO_EVIDENCE = "no evidence at this amount of data"
EACH = {"rat1": ["rat1"], "rat2": ["rat2"]}


def verdict_of(folder, conditions, draws=1, folds=2):
    """The rows of a study of two rats whose control has this many seeds."""
    shifted = condition("shifted", "", EACH, control="circular_shift", seeds=list(range(1, draws + 1)))
    recordings = {name: make_recording(name, 900, 6) for name in EACH}
    tests = {"alpha": None, "shared": True, "pairs": [pair("shifted")]}
    made = build(folder, recordings, [*conditions, shifted], folds=folds, tests=tests)
    return made, rows_of(made)


def pair(control, *primary):
    kind = "neuron_shift" if control == "neurons" else "circular_shift"
    scores = ["bits", "decoding"]
    return {"condition": "behavior", "control": control, "kind": kind, "scores": scores, "primary": list(primary)}


def rows_of(made, **spec):
    job = made.job("tables", ROLES, ("csv", "json"), table="verdict", **spec)
    tables.run(job)
    return json.loads(job.outputs["json"].read_text())["rows"]


NO_PRIMARY = {"alpha": 0.05, "shared": False}
BEHAVIOR = condition("behavior", "CEBRA-Behavior", EACH)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Three conditions, one of them without a control, and too few refits."""
    hybrid = condition("hybrid", "Hybrid", EACH, hybrid=True, seeds=[1])
    time = condition("time", "CEBRA-Time", EACH, (), seeds=[1])
    return verdict_of(tmp_path_factory.mktemp("small"), [BEHAVIOR, hybrid, time])


@pytest.fixture(scope="module")
def refitted(tmp_path_factory):
    """Nineteen fits to shifted labels, worse than the real one, and nineteen to shifted neurons, as good in bits."""
    neurons = condition("neurons", "", EACH, control="neuron_shift", seeds=list(range(1, 20)), depth=0.6)
    return verdict_of(tmp_path_factory.mktemp("refitted"), [BEHAVIOR, neurons], draws=19, folds=1)[0]


def only(rows, **equal):
    (row,) = [r for r in rows if all(r[name] == value for name, value in equal.items())]
    return row


def of_p(row):
    """What the verdict says of p alone."""
    return row["verdict"].partition(", worse than ")[0]


def test_a_row_for_each_held_out_score_and_none_for_controls(small):
    _, rows = small
    keys = {(r["condition"], r["recording"], r["score"], r["label"]) for r in rows}
    bits = {"behavior": ["labels"], "hybrid": ["labels", "time"], "time": ["time"]}
    expected = {(c, r, "bits", objective) for c, found in bits.items() for objective in found for r in EACH}
    expected |= {(c, r, "decoding", label) for c in bits for label in ("position", "direction") for r in EACH}
    expected |= {("behavior", "", "consistency", name) for name in ("rats", "runs")}
    assert keys == expected
    assert len(rows) == len(expected)


def test_bits_stand_beside_their_ceiling_and_other_scores_have_none(small):
    made, rows = small
    found = {row["recording"]: row["ceiling_bits"] for row in rows if row["score"] == "bits"}
    assert all(read_table(path)["ceiling"][-1] == pytest.approx(found["rat1"]) for path in made.inputs["histories"])
    assert all(value > 1 for value in found.values())
    assert {row["ceiling_bits"] for row in rows if row["score"] != "bits"} == {None}


def test_too_few_refits_have_an_effect_and_no_p_and_decoding_falls_back_on_shifts(small):
    made, rows = small
    bits = only(rows, condition="behavior", recording="rat1", score="bits")
    assert (bits["null"], bits["p"], bits["null_n"]) == ("refit: shifted", None, 1)
    assert bits["verdict"] == "not tested: n too small for p"
    assert bits["effect"] == pytest.approx(bits["real"] - bits["null_median"])
    place = only(rows, condition="behavior", recording="rat1", label="position")
    table = read_table(next(p for p in made.inputs["scores"] if p.stem == "behavior-rat1"))
    mine = table.where((table["method"] == "embedding") & (table["label"] == "position"))
    assert place["null"] == "decoder"
    assert place["real"] == pytest.approx(100 * mine["score"].mean())
    assert place["null_median"] == pytest.approx(100 * mine["null_median"].mean())
    assert place["verdict"] == "evidence, p not corrected, worse than naive Bayes"
    bayes = table.where((table["method"] == "naive_bayes") & (table["label"] == "position"))
    assert (place["best_baseline"], place["best_baseline_score"]) == (
        "naive Bayes",
        pytest.approx(100 * bayes["score"].mean()),
    )
    assert (place["seeds"], place["folds"]) == (2, 2)
    by_seed = [100 * mine["score"][mine["seed"] == seed].mean() for seed in (1, 2)]
    assert [place["seeds_low"], place["seeds_high"]] == pytest.approx(sorted(by_seed))


def test_a_recording_that_was_left_out_has_its_row(tmp_path):
    joint = condition("joint", "Joint", {"joint": list(EACH)}, seeds=[1], without=without_each(list(EACH)))
    recordings = {name: make_recording(name, 900, 6) for name in EACH}
    made = build(tmp_path, recordings, [joint], comparisons=[])
    job = made.job("tables", (*ROLES, "transfer"), ("csv", "json"), table="verdict")
    tables.run(job)
    rows = json.loads(job.outputs["json"].read_text())["rows"]
    row = only(rows, score="transfer", recording="rat1", label="position")
    (path,) = [p for p in made.inputs["transfer"] if read_table(p)["recording"][0] == "rat1"]
    mine = [r for r in read_table(path).rows() if (r["share"], r["label"]) == (1.0, "position")]
    known = {r["method"]: 100 * r["score"] for r in mine}
    assert row["real"] == pytest.approx(known["transfer"])
    assert row["best_baseline_score"] == pytest.approx(min(known[m] for m in ("within", "scratch", "naive_bayes")))
    assert (row["unit_of_fit"], row["title"], row["null"]) == ("without_rat1", "Rat 1, left out", "decoder")
    short = {"within": "a decoder of its own", "scratch": "a fit from scratch", "constant": "best constant"}
    better = {short.get(m, "naive Bayes on its own data"): value for m, value in known.items() if m != "transfer"}
    best = min((name for name in better if name != "best constant"), key=better.get)
    worse = " and ".join(name for name in (best, "best constant") if better[name] < row["real"])
    assert row["worse_than"] == worse != ""
    assert row["verdict"] == f"evidence, p not corrected, worse than {worse}"
    assert (row["converged"], row["collapsed"]) == ("not known", "not known")  # without the files of its fits
    assert len([r for r in rows if r["score"] == "transfer"]) == 2 * 2


def test_a_recording_that_was_left_out_tells_how_its_fits_ended(tmp_path):
    """The others' fit and the adaptation to all of it; at the smaller share losses move and all is one point."""
    joint = condition("joint", "Joint", {"joint": list(EACH)}, seeds=[1], without=without_each(list(EACH)))
    recordings = {name: make_recording(name, 900, 6) for name in EACH}
    made = build(tmp_path, recordings, [joint], folds=2, comparisons=[])
    roles = (*ROLES, "transfer", "without_histories", "adapted", "adapted_histories")
    job = made.job("tables", roles, ("csv", "json"), table="verdict")
    tables.run(job)
    rows = json.loads(job.outputs["json"].read_text())["rows"]
    row = only(rows, score="transfer", recording="rat1", label="position")
    of_others, learned = (
        [read_table(path) for path in made.inputs[role] if "without_rat1" in str(path)]
        for role in ("without_histories", "adapted_histories")
    )
    whole = [table.where((table["way"] == "adapted") & (table["share"] == 1)) for table in learned]
    assert len(of_others) == len(whole) == 2  # folds
    ended = ending([*of_others, *whole])
    assert {name: row[name] for name in ended} == ended
    assert row["converged"] == "not known"  # of so few scores; with the smaller share it would be "no"
    beside = only(rows, score="decoding", recording="rat1", label="position")
    assert row["collapsed"] == beside["collapsed"] == "no"
    assert row["room_bits"] == pytest.approx(beside["room_bits"], rel=0.1)
    assert (row["gap_share"], row["padded_share"]) == (beside["gap_share"], beside["padded_share"])


def test_a_score_says_what_it_is_worse_than(tmp_path):
    """Its control (one refit, too few for a p), the best baseline, a constant: each by its value alone."""
    lost = condition("behavior", "CEBRA-Behavior", EACH, seeds=[1], depth=-0.05)
    _, rows = verdict_of(tmp_path, [lost], folds=1)
    bits = only(rows, recording="rat1", score="bits")
    assert bits["effect"] < 0
    assert bits["worse_than"] == "fits of shifted and a constant embedding"
    assert bits["verdict"] == "not tested: n too small for p, worse than fits of shifted and a constant embedding"
    few = "refit null, 1 fit of the control, 19 needed for p"
    told = f"worse than fits of shifted (median {bits['null_median']:.3g}; {few})"
    assert bits["in_words"] == f"{told}; worse than a constant embedding (0)"


def test_what_a_score_is_worse_than_is_told_with_its_value_and_in_the_direction_of_better():
    better, worse = null("decoder", 0.01), null("refit: c (largest p; also d)", np.nan) | {"why_no_p": "few"}
    rivals = {"naive Bayes": (3.0, 2.5), "best constant": (3.0, 9.0)}
    found = worded.compared([better, worse | {"effect": 0.5}], rivals, 0.05, sign=-1)
    assert found["worse_than"] == "fits of c and naive Bayes"
    assert found["nulls_agree"] == ""
    assert found["in_words"] == (
        "better than labels shifted at scoring (decoder null, p 0.01); "
        "worse than fits of c (median 2; refit null, few; largest p; also d); worse than naive Bayes (2.5)"
    )
    three = {"naive Bayes": (3.0, 2.5), "best constant": (3.0, 2.9)}
    lost = worded.compared([worse | {"effect": 0.5}], three, 0.05, sign=-1)["worse_than"]
    assert lost == "fits of c, naive Bayes and best constant"
    turned = worded.compared([better | {"effect": 1.0}, worse | {"effect": 0.5}], rivals, 0.05, sign=1)
    assert turned["worse_than"] == "best constant"
    assert "worse" not in worded.compared([better], {"best": (3.0, 3.0)}, 0.05, sign=-1)["in_words"]


@pytest.mark.parametrize(("label", "told"), [("position", "higher error"), ("direction", "lower score")])
def test_of_few_test_trials_a_better_decoder_is_told_as_of_these_trials(small, label, told):
    """Without an interval over test trials that naive Bayes is better holds for them alone."""
    inputs = dict(small[0].inputs)
    (one,) = [path for path in inputs["scores"] if path.stem == "behavior-rat1"]
    table = read_table(one)
    table.columns["draws"][:] = [np.zeros(0)] * len(table)
    bayes = table["method"] == "naive_bayes"
    table.columns["score"][bayes] = np.where(table["label"][bayes] == "direction", 1.0, 0.01)
    for name, value in (("low", np.nan), ("high", np.nan), ("n_trials", 1)):
        table.columns[name][:] = value
    write_table(one.with_name("behavior-rat1-few.parquet"), table)
    inputs["scores"] = [
        path.with_name("behavior-rat1-few.parquet") if path is one else path for path in inputs["scores"]
    ]
    row = only(
        rows_of(dataclasses.replace(small[0], inputs=inputs)), condition="behavior", recording="rat1", label=label
    )
    assert row["worse_than"] == "naive Bayes"
    assert row["verdict"] == f"evidence, p not corrected, {told} than naive Bayes in 2 test trials"
    best = row["best_baseline_score"]
    assert row["in_words"].endswith(f"; {told} than naive Bayes in 2 test trials ({best:.3g})")


def test_nulls_and_decoders_of_few_trials_are_told_apart_in_a_verdict():
    rivals, worse = {"naive Bayes": (3.0, 2.5), "best constant": (3.0, 2.9)}, null("refit: c", 0.5) | {"effect": 0.5}
    tails = [
        worded.compared([worse], rivals, 0.05, -1, *how)["verdict"] for how in ((), ("higher error", " in 1 trial"))
    ]
    assert tails == [
        ", worse than fits of c, naive Bayes and best constant",
        ", worse than fits of c, higher error than naive Bayes and best constant in 1 trial",
    ]
    assert worded.compared([], {}, 0.05, -1)["verdict"] == ""


@pytest.mark.parametrize(
    ("draws", "note", "why"),
    [
        (0, "label repeats, shifts are no null, no p", "label repeats, shifts are no null, no p"),
        (
            3,
            "only 3 shifts keep away from none; n too small for p",
            "n too small for p; only 3 shifts keep away from none",
        ),
        (3, "", "n too small for p"),
        (0, "", "no null"),
    ],
)
def test_why_there_is_no_p_is_said_once(draws, note, why):
    score = SimpleNamespace(null_n=draws, no_p="", note=note, mean=1.0, null_median=2.0, p=np.nan)
    assert against.of_shifts(score)["why_no_p"] == why


def test_nulls_disagree_where_one_passes_and_the_other_does_not():
    decoder, refit = null("decoder", 0.01), null("refit: c", 0.4)
    agree = [worded.compared(pair, {}, 0.05, -1)["nulls_agree"] for pair in ([decoder, refit], [decoder, decoder])]
    assert agree == ["no", "yes"]
    assert worded.compared([decoder, null("refit: c", 0.01, 0.2)], {}, 0.05, -1)["nulls_agree"] == "no"


def null(kind, p, corrected=None):
    """Of an error, which a smaller one is better than."""
    primary = {
        "primary": "no" if corrected is None else "yes",
        "p_corrected": np.nan if corrected is None else corrected,
    }
    told = {"null": kind, "p": p, "effect": -1.0, "null_median": 2.0, "null_n": 19, "why_no_p": ""}
    return told | primary


@pytest.mark.parametrize(
    ("decoder", "refit", "judge"),
    [
        (null("decoder", 0.001), None, "decoder"),
        (null("decoder", 0.001), null("refit: c", 0.4), "refit: c"),
        (null("decoder", 0.4), null("refit: c", 0.05), "decoder"),
        (null("decoder", 0.05), null("refit: c", 0.05), "refit: c"),
        (null("decoder", 0.001), null("refit: c", np.nan), "decoder"),
        (null("decoder", np.nan), null("refit: c", 0.05), "refit: c"),
        (null("decoder", 0.4), null("refit: c", np.nan, np.nan), "decoder"),
        (null("decoder", 0.001), null("refit: c", np.nan, np.nan), "decoder"),
        (null("decoder", np.nan), null("refit: c", np.nan, np.nan), "refit: c"),
        (null("decoder", np.nan), null("refit: c", np.nan), "decoder"),
        (null("decoder", 0.04), null("refit: c", 0.01, 0.03), "decoder"),
        (null("decoder", 0.02), null("refit: c", 0.01, 0.03), "refit: c"),
        (null("decoder", 0.2), null("refit: c", 0.01, 0.03), "decoder"),
        (null("decoder", 0.2), null("refit: c", 0.1, 0.3), "refit: c"),
    ],
)
def test_the_stricter_null_judges(decoder, refit, judge):
    """That of the larger p, of a primary test the corrected one; the one that has a p where the other has none."""
    assert against.stricter(decoder, refit)["null"] == judge


def test_a_test_that_the_config_names_is_primary_whichever_null_judges(refitted):
    """Also where the decoder's p is the larger one, or the only one: then no p is corrected, and it says so."""
    tests = {"alpha": 0.5, "shared": False, "pairs": [pair("shifted", "position")]}
    weaker = dataclasses.replace(refitted, inputs=refitted.inputs | {"scores": [*_weaker(refitted.inputs["scores"])]})
    place = only(rows_of(weaker, tests=tests), recording="rat1", label="position")
    assert (place["null"], place["p"], place["primary"], place["p_corrected"]) == ("decoder", 0.4, "yes", 0.1)
    assert of_p(place) == "evidence"
    assert "; better than fits of shifted (refit null of the first seed, p 0.05, corrected 0.1)" in place["in_words"]
    why = "label repeats, shifts are no null, no p"
    untested = dataclasses.replace(
        refitted, inputs=refitted.inputs | {"scores": [*_weaker(refitted.inputs["scores"], why)]}
    )
    place = only(rows_of(untested, tests=tests), recording="rat1", label="position")
    assert (place["null"], place["p"], place["primary"], place["p_corrected"]) == ("decoder", 0.4, "yes", None)
    assert of_p(place) == "evidence, p not corrected"
    assert f"; against fits of shifted not tested: {why}" in place["in_words"]


def _weaker(paths, note=""):
    """A decoder null that is nearly as good as the embedding of rat1."""
    for path in paths:
        if path.stem == "behavior-rat1":
            table = read_table(path)
            table.columns["note"][:] = note
            for null in table.columns["null"]:  # of 99 draws 39 are better
                null[:] = [0.0] * 39 + [9.0] * 60
            path = path.with_name(f"behavior-rat1-weaker{len(note)}.parquet")
            write_table(path, table)
        yield path


def test_both_nulls_stand_in_the_table_and_in_words(refitted):
    rows = rows_of(refitted, tests={"alpha": 0.05, "shared": False, "pairs": [pair("shifted")]})
    place = only(rows, recording="rat1", label="position")
    table = read_table(next(p for p in refitted.inputs["scores"] if p.stem == "behavior-rat1"))
    mine = table.where((table["method"] == "embedding") & (table["label"] == "position"))
    assert (place["decoder_p"], place["decoder_null_n"]) == (0.01, 99)
    assert place["decoder_null_median"] == pytest.approx(100 * mine["null_median"].mean())
    assert (place["refit_p"], place["refit_null_n"], place["refit_p_corrected"]) == (0.05, 19, None)
    assert (place["null"], place["p"]) == ("refit: shifted", 0.05)
    better = (
        "better than labels shifted at scoring (decoder null of all seeds, p 0.01); "
        "better than fits of shifted (refit null, p 0.05)"
    )
    assert place["in_words"].partition("; worse than ")[0] == better
    bits = only(rows, recording="rat1", score="bits")
    assert (bits["decoder_p"], bits["refit_p"]) == (None, 0.05)
    assert bits["in_words"] == "better than fits of shifted (refit null, p 0.05)"
    assert only(rows, label="rats")["in_words"] == "better than shifts of every recording (p 0.01)"


def test_a_decoder_that_passes_is_no_evidence_where_refits_do_as_well(refitted):
    """Fits to shifted labels that decode them as well as the truth is decoded."""
    inputs = dict(refitted.inputs)
    good = next(p for p in inputs["scores"] if p.stem == "behavior-rat1")
    made = []
    for path in inputs["scores"]:
        if path.stem == "shifted-rat1":
            table, real = read_table(path), read_table(good)["score"].min()
            table.columns["score"][:] = real / 2
            path = path.with_name("shifted-rat1-good.parquet")
            write_table(path, table)
        made.append(path)
    inputs["scores"] = made
    rows = rows_of(
        dataclasses.replace(refitted, inputs=inputs), tests={"alpha": 0.05, "shared": False, "pairs": [pair("shifted")]}
    )
    place = only(rows, recording="rat1", label="position")
    assert (place["decoder_p"], place["refit_p"], of_p(place)) == (0.01, 1.0, NO_EVIDENCE)
    assert "; worse than fits of shifted (median " in place["in_words"]
    assert place["worse_than"].startswith("fits of shifted")


def test_a_primary_test_is_judged_by_its_corrected_p(refitted):
    """Two recordings of p = 1/20 each: by Holm's correction 1/10."""
    for alpha, told in ((0.1, "evidence"), (0.05, "no evidence at this amount of data")):
        rows = rows_of(refitted, tests={"alpha": alpha, "shared": False, "pairs": [pair("shifted", "bits")]})
        bits = only(rows, recording="rat2", score="bits")
        assert (bits["primary"], bits["p"], bits["p_corrected"], of_p(bits)) == ("yes", 1 / 20, 1 / 10, told)
        place = only(rows, recording="rat2", label="position")
        assert (place["null"], place["primary"], place["p"]) == ("refit: shifted", "no", 1 / 20)
        assert (of_p(place), place["unit"]) == ("evidence, p not corrected", "cm")
        assert place["null_median"] == pytest.approx(40, rel=0.2)


@pytest.mark.parametrize("turned", [False, True])
def test_a_score_stands_against_every_primary_control(refitted, turned):
    """Its bits pass against shifted labels and not against shifted neurons, in whatever order these are named."""
    pairs = [pair("shifted", "bits"), pair("neurons", "bits")]
    rows = rows_of(refitted, tests={"alpha": 0.5, "shared": False, "pairs": pairs[::-1] if turned else pairs})
    bits = only(rows, recording="rat1", score="bits")
    assert bits["null"] == "refit: neurons (largest p; also shifted)"
    assert (of_p(bits), bits["p"] > 0.5, bits["p_corrected"] > 0.5) == (NO_EVIDENCE, True, True)
    assert bits["effect"] == pytest.approx(bits["real"] - bits["null_median"])
    assert bits["effect"] < 0
    place = only(rows, recording="rat1", label="position")  # no primary test, and passed against both
    assert place["null"].startswith("refit: ")
    assert ("shifted" in place["null"], "neurons" in place["null"]) == (True, True)
    assert of_p(place) == "evidence, p not corrected"


def test_a_primary_test_without_p_is_no_evidence(refitted):
    conditions = [k | ({"seeds": [1, 2, 3]} if k["name"] == "neurons" else {}) for k in refitted.spec["conditions"]]
    histories = [*_fewer(refitted.inputs["histories"])]
    spec, inputs = refitted.spec | {"conditions": conditions}, refitted.inputs | {"histories": histories}
    few = dataclasses.replace(refitted, spec=spec, inputs=inputs)
    for pairs in (
        [pair("shifted", "bits"), pair("neurons", "bits")],
        [pair("neurons", "bits"), pair("shifted", "bits")],
    ):
        bits = only(rows_of(few, tests={"alpha": 0.5, "shared": False, "pairs": pairs}), recording="rat1", score="bits")
        assert (bits["null"], bits["p"]) == ("refit: neurons (largest p; also shifted)", None)
        assert of_p(bits) == "not tested: n too small for p"


def _fewer(histories):
    """Three fits to shifted neurons, too few for a p."""
    return (
        path for path in histories if not path.stem.startswith("neurons") or path.stem.split("-")[-1] in ("1", "2", "3")
    )


def test_beside_refits_the_interval_is_of_the_first_seed_as_the_score_is(refitted):
    rows = rows_of(refitted, tests={"alpha": 0.05, "shared": False, "pairs": [pair("shifted", "position")]})
    for name in EACH:
        place = only(rows, recording=name, label="position")
        table = read_table(next(p for p in refitted.inputs["scores"] if p.stem == f"behavior-{name}"))
        (first,) = table.where(
            (table["method"] == "embedding") & (table["label"] == "position") & (table["seed"] == 1)
        ).rows()
        assert place["null"] == "refit: shifted"
        assert [place["real"], place["low"], place["high"]] == pytest.approx(
            [100 * first[k] for k in ("score", "low", "high")]
        )
        assert place["low"] < place["real"] < place["high"]


@pytest.mark.parametrize(("first", "second", "worse"), [(0.07, 0.2, False), (0.09, 0.01, True)])
def test_beside_refits_what_a_score_is_worse_than_is_told_of_the_first_seed(refitted, first, second, worse):
    """The value that the row shows, also where the mean over seeds lies on the baseline's other side."""
    inputs = {**refitted.inputs, "scores": [], "histories": []}
    for path in refitted.inputs["scores"]:
        if path.stem == "behavior-rat1":
            table, path = read_table(path), path.with_name(f"behavior-rat1-{first}.parquet")
            mine = (table["method"] == "embedding") & (table["label"] == "position")
            table.columns["score"][mine] = np.where(table["seed"][mine] == 1, first, second)
            table.columns["score"][table["method"] == "naive_bayes"] = 0.08
            write_table(path, table)
        inputs["scores"].append(path)
    for path in refitted.inputs["histories"]:
        if path.stem == "behavior-rat1-0-2":  # its second seed
            table, path = read_table(path), path.with_name(f"{first}") / path.name
            path.parent.mkdir(exist_ok=True)
            table.columns["bits"][:] = 9.0 if worse else -9.0
            write_table(path, table)
        inputs["histories"].append(path)
    rows = rows_of(dataclasses.replace(refitted, inputs=inputs), tests={**NO_PRIMARY, "pairs": [pair("shifted")]})
    place, bits = only(rows, recording="rat1", label="position"), only(rows, recording="rat1", score="bits")
    assert (place["null"], place["real"]) == ("refit: shifted", pytest.approx(100 * first))
    assert (place["worse_than"] == "naive Bayes") == (place["real"] > place["best_baseline_score"]) == worse
    assert bits["null"] == "refit: shifted"
    assert bits["real"] > 0
    assert bits["worse_than"] == ""


@pytest.mark.parametrize(("first", "second", "worse"), [(0.03, 0.9, False), (0.6, 0.03, True)])
def test_beside_refits_shifts_at_scoring_are_told_of_the_first_seed_and_their_p_of_all(refitted, first, second, worse):
    """Each seed has shifts of its own, here of 40 cm; the mean of the seeds lies on their other side."""
    inputs = {**refitted.inputs, "scores": []}
    for path in refitted.inputs["scores"]:
        if path.stem == "behavior-rat1":
            table, path = read_table(path), path.with_name(f"behavior-rat1-shifts-{first}.parquet")
            mine = (table["method"] == "embedding") & (table["label"] == "position")
            table.columns["score"][mine] = np.where(table["seed"][mine] == 1, first, second)
            table.columns["null_median"][mine] = np.where(table["seed"][mine] == 1, 0.41, 0.39)
            write_table(path, table)
        if path.stem == "shifted-rat1":
            table, path = read_table(path), path.with_name(f"shifted-rat1-{first}.parquet")
            table.columns["score"][:] = 0.0  # refits that no seed is better than: their p is the larger one
            write_table(path, table)
        inputs["scores"].append(path)
    rows = rows_of(dataclasses.replace(refitted, inputs=inputs), tests={**NO_PRIMARY, "pairs": [pair("shifted")]})
    place = only(rows, recording="rat1", label="position")
    assert (place["null"], place["real"]) == ("refit: shifted", pytest.approx(100 * first))
    assert ("labels shifted at scoring" in place["worse_than"]) == worse
    said = place["in_words"].split("; worse than fits")[0]
    how, median = ("worse", "median 41; ") if worse else ("not shown to be better", "")
    assert (
        said == f"{how} than labels shifted at scoring ({median}decoder null of all seeds, p {place['decoder_p']:.2g})"
    )
    assert place["decoder_null_median"] == pytest.approx(40)


def test_what_does_not_pass_is_no_evidence_at_this_amount_of_data(tmp_path, monkeypatch):
    from ..plot import artifacts

    usual = artifacts._score

    def chance(stream, entry, *rest):
        row = usual(stream, entry, *rest)
        return {**row, "score": row["chance"], "p": 0.5}

    monkeypatch.setattr(artifacts, "_score", chance)
    _, rows = verdict_of(tmp_path, [BEHAVIOR], folds=1)
    told = {of_p(r) for r in rows if r["score"] == "decoding"}
    assert told == {"no evidence at this amount of data"}


def test_without_a_control_bits_are_not_tested(small):
    _, rows = small
    bits = only(rows, condition="time", recording="rat1", score="bits")
    assert (bits["null"], of_p(bits)) == ("none", "not tested: no control of this condition")
    runs = only(rows, score="consistency", label="runs")
    assert runs["verdict"] == "not tested: no null for this comparison"
    assert only(rows, score="consistency", label="rats")["verdict"] == "evidence, p not corrected"


# ---- how training ended ----------------------------------------------------------------------------------------------
def history(train, valid, steps=1000):
    """Curves of bits over steps, as fit writes them."""
    step = np.arange(10, steps + 1, 10)
    looks = np.arange(0, steps + 1, 50)
    parts = ["train"] * len(step) + ["valid"] * len(looks)
    every = np.concatenate([step, looks])
    bits = np.concatenate([train(step / steps), valid(looks / steps)])
    blank = {"kind": "step", "objective": "labels"}
    columns = {name: np.full(len(every), value, object) for name, value in blank.items()}
    return Table(columns | {"part": np.array(parts, object), "step": every.astype(np.int32), "bits": bits})


def waver(t):
    """Rises in the last quarter, and scatters by more."""
    return np.where(t > 0.75, 1.6 * (t - 0.75) + 0.5 * (-1) ** np.round(20 * t), 0)


def rest(t):
    return 1 - np.exp(-12 * t)


@pytest.mark.parametrize(
    ("train", "valid", "converged", "told"),
    [
        (rest, rest, "yes", ""),
        (lambda t: t, rest, "no", "train loss still falls"),
        (rest, lambda t: t, "no", "valid loss still falls"),
        (rest, lambda t: rest(t) - t**2, "no", "valid loss rises"),
        (rest, lambda t: rest(t) + waver(t), "not known", "valid loss: change not told from noise"),
        (lambda t: rest(t) - t**2, rest, "no", "train loss rises"),
    ],
)
def test_a_fit_has_converged_where_no_loss_still_changes(train, valid, converged, told):
    found = ending([history(train, valid), history(rest, rest)])
    assert found["converged"] == converged
    assert found["ending"] == (f"1 of 2 fits: {told}" if told else "")


def test_the_change_is_that_of_the_last_quarter_in_bits():
    step = np.arange(10, 1001, 10).astype(float)
    bits = np.where(step > 750, 1 + (step - 750) * 4e-4, 0.0)
    found = change(step, bits, 5)
    assert found.bits == pytest.approx(0.1)
    assert found.half == pytest.approx(0, abs=1e-9)
    assert found.tolerance == pytest.approx(0.05 * bits[step > 750].mean())
    assert found.direction == 1


def test_noise_is_no_change():
    step, stream = np.arange(10, 1001, 10).astype(float), np.random.default_rng(1)
    moved = [change(step, rest(step / 1000) + 0.5 * stream.standard_normal(100), 5).direction for _ in range(100)]
    assert np.mean(np.abs(moved)) < 0.15


def test_of_few_values_five_percent_seem_to_change():
    """Five values of noise in the last quarter, as of a valid loss: two standard errors would be left by 14 %."""
    stream, step = np.random.default_rng(0), np.arange(1, 21) * 50.0
    curves = [np.concatenate([[-20.0], stream.standard_normal(19)]) for _ in range(2000)]
    sure = [Change(c.bits, c.half, 0.0) for c in (change(step, bits, 4) for bits in curves)]
    assert np.mean([c.direction != 0 for c in sure]) == pytest.approx(0.05, abs=0.015)


def test_a_short_fit_is_not_known_to_have_converged():
    found = ending([history(rest, rest, steps=100)])
    assert (found["converged"], found["ending"]) == ("not known", "1 of 1 fits: too few steps to tell")


# ---- collapse --------------------------------------------------------------------------------------------------------
def sphere(n, dimension, stream):
    points = stream.standard_normal((n, dimension))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize(("similarity", "temperature"), [("cosine", 1.0), ("cosine", 0.1), ("euclidean", 2.0)])
def test_room_is_the_mean_over_all_pairs(similarity, temperature):
    points = sphere(60, 3, np.random.default_rng(3)) + [0.5, 0, 0]
    points /= np.linalg.norm(points, axis=1, keepdims=True) if similarity == "cosine" else 1
    pairs = [(x, y) for x in points for y in points]
    apart = {"cosine": lambda x, y: 1 - x @ y, "euclidean": lambda x, y: ((x - y) ** 2).sum()}[similarity]
    expected = np.mean([apart(x, y) for x, y in pairs]) / temperature / np.log(2)
    assert width(points, similarity, temperature).room == pytest.approx(expected)


def test_no_goodness_of_fit_is_above_the_room():
    """Positives on their references, negatives from all points: the highest bits that these points allow."""
    stream = np.random.default_rng(4)
    for narrow in (1.0, 0.3, 0.02):
        points = np.array([1.0, 0, 0]) * (1 / narrow - 1) + sphere(400, 3, stream)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        phi = points @ points.T / 0.5
        bits = (np.diag(phi) - np.log(np.exp(phi).mean(1))).mean() / np.log(2)
        found = width(points, "cosine", 0.5)
        assert 0 < bits < found.room
        assert (found.room < COLLAPSED) == (narrow == 0.02)


def test_dimensions_in_use():
    stream = np.random.default_rng(5)
    assert width(sphere(4000, 3, stream), "cosine", 1.0).dimension == pytest.approx(3, abs=0.05)
    ring = np.pad(sphere(4000, 2, stream), ((0, 0), (0, 1)))
    assert width(ring, "cosine", 1.0).dimension == pytest.approx(2, abs=0.05)
    assert width(7 * ring, "euclidean", 1.0).dimension == pytest.approx(width(ring, "cosine", 1.0).dimension)
    point = width(np.ones((50, 3)) / np.sqrt(3), "cosine", 1.0)
    assert point.room == pytest.approx(0, abs=1e-12)
    assert collapse([point, width(ring, "cosine", 1.0)])["collapsed"] == "yes, 1 of 2 fits"


def test_an_embedding_without_samples_is_not_known_to_have_collapsed():
    """No sample of test is whole: there is no room to measure."""
    none, wide = width(np.zeros((0, 3)), "cosine", 1.0), width(sphere(99, 3, np.random.default_rng(5)), "cosine", 1.0)
    for found in ([], [none], [wide, none]):
        assert collapse(found)["collapsed"] == "not known"
    assert collapse([wide, wide])["collapsed"] == "no"
    assert collapse([none, width(np.ones((9, 3)), "cosine", 1.0)])["collapsed"] == "yes, 1 of 2 fits"
    assert collapse([wide, none])["room_bits"] == wide.room


def test_the_width_is_that_of_whole_windows_of_the_test_part():
    n, stream = 300, np.random.default_rng(6)
    part = np.array(["train", "test", "test"], object)[np.arange(n) % 3]
    padded = np.arange(n) % 3 == 1
    points = np.where(((part == "test") & ~padded)[:, None], sphere(n, 3, stream), [1.0, 0, 0])
    fixed = {"recording": np.full(n, "rat1", object), "fold": np.zeros(n, np.int16), "seed": np.ones(n, np.int32)}
    axes = {f"e{i}": points[:, i] for i in range(3)}
    embedding = Table(fixed | {"sample": np.arange(n), "padded": padded} | axes, {"dimension": 3})
    (found,) = widths(embedding, {"rat1": Table({"fold0": part})}, "cosine", 1.0)["rat1"]
    assert found == width(points[2::3], "cosine", 1.0)
    assert found.dimension > 2.5


def test_shares_of_samples(small):
    made, rows = small
    row = only(rows, condition="behavior", recording="rat1", label="position")
    split = read_table(made.inputs["splits"][0])
    gap = np.mean([(split[f"fold{fold}"] == "gap").mean() for fold in (0, 1)])
    padded = np.arange(900) % 75 < 12
    outside = np.mean([(padded & (split[f"fold{fold}"] != "gap")).mean() for fold in (0, 1)])
    assert row["gap_share"] == pytest.approx(gap)
    assert row["padded_share"] == pytest.approx(outside)
    assert row["dropped_share"] == 0
    padded = first_padded(read_table(made.inputs["embeddings"][0]), "rat1")
    assert left_out(padded, split)["padded_share"] == pytest.approx(outside)
    assert row["collapsed"] == "no"


def test_the_order_of_files_does_not_matter(small):
    made, rows = small
    inputs = made.inputs | {role: made.inputs[role][::-1] for role in ("recordings", "splits", "consistency")}
    job = dataclasses.replace(made, inputs=inputs).job("tables", ROLES, ("csv", "json"), out="turned", table="verdict")
    tables.run(job)
    assert json.loads(job.outputs["json"].read_text())["rows"] == rows


INPUTS = ("recordings", "scores")
DOUBTS = ("position spans 6.6", "direction ends early")


def test_doubts_stand_on_the_rows_that_they_concern(small, tmp_path):
    made, _ = small
    doubted, other = (read_table(path) for path in made.inputs["recordings"])
    notes = doubted.meta["recording"]["notes"] | {"samples": 90, "samples_read": 120}
    notes |= {"doubts": {"position": DOUBTS[0], "yaw": "yaw spans 3"}}
    notes |= {"overlap": {"direction": DOUBTS[1]}}
    meta = doubted.meta | {"recording": doubted.meta["recording"] | {"notes": notes}}
    paths = [tmp_path / path.name for path in made.inputs["recordings"]]
    write_table(paths[0], Table(doubted.columns, meta))
    write_table(paths[1], other)
    rows = rows_of(dataclasses.replace(made, inputs=made.inputs | {"recordings": paths}))
    told = {
        (r["condition"], r["recording"], r["label"], text) for r in rows for text in r["doubts"].split("; ") if text
    }
    by_both = {(c, "rat1", label) for c in ("behavior", "hybrid") for label in ("labels", "position", "direction")}
    assert told == {
        *((*row, text) for row in by_both | {("hybrid", "rat1", "time")} for text in DOUBTS),
        *(("time", "rat1", label, text) for label, text in zip(("position", "direction"), DOUBTS, strict=True)),
        ("behavior", "", "runs", "the same data in both runs"),
    }
    line = next(line for line in verdict_board(rows) if line.startswith("  CEBRA-Time, Rat 1:"))
    assert all(text in line for text in DOUBTS)  # of all scores of the line, not of its first alone
    assert {r["dropped_share"] for r in rows if r["recording"] == "rat1"} == {0.25}


def test_doubts_of_labels_stand_on_the_rows_of_their_point(small, tmp_path):
    made, _ = small
    recordings, decoded = ([tmp_path / f"{role}{i}" for i, _ in enumerate(made.inputs[role])] for role in INPUTS)
    for path, to in zip(made.inputs["recordings"], recordings, strict=True):
        one = read_table(path)
        notes = one.meta["recording"]["notes"] | {"doubts": {"position": DOUBTS[0]}}
        write_table(to, Table(one.columns, one.meta | {"recording": one.meta["recording"] | {"notes": notes}}))
    for path, to in zip(made.inputs["scores"], decoded, strict=True):
        one = read_table(path)
        label = np.where(one["label"] == "position", "place", one["label"])
        spec = one.meta["spec"] | {"decode": {"points": {"place": ["position", "height"]}}}
        write_table(to, Table({**one.columns, "label": label}, one.meta | {"spec": spec}))
    inputs = made.inputs | {"recordings": recordings, "scores": decoded}
    rows = [r for r in rows_of(dataclasses.replace(made, inputs=inputs)) if r["condition"] == "time"]
    assert {(r["label"], r["doubts"]) for r in rows} == {("time", ""), ("direction", ""), ("place", DOUBTS[0])}


def test_one_recording_under_two_names_is_told_on_each_row(small, tmp_path):
    made, _ = small
    one, other = (read_table(path) for path in made.inputs["recordings"])
    same = {"neural_digest": one.meta["recording"]["neural_digest"]}
    paths = [tmp_path / path.name for path in made.inputs["recordings"]]
    write_table(paths[0], one)
    write_table(paths[1], Table(other.columns, other.meta | {"recording": other.meta["recording"] | same}))
    rows = rows_of(dataclasses.replace(made, inputs=made.inputs | {"recordings": paths}))
    told = {r["recording"]: r["doubts"] for r in rows if r["recording"]}
    assert told == dict.fromkeys(EACH, f"the same neural data in {' and '.join(EACH)}")

"""What is likely to be another thing than was meant is told; what is usual is not."""

from __future__ import annotations

import re

import pytest

from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.binned import bin_labels
from cebra_pipe.pipeline.config.doubts import doubts
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.config.study import decoded_labels

LABELS = {"position": {"key": "position", "unit": "cm"}}


def study(unit: str = "cm", **sections) -> dict:
    labels = {"a": LABELS, "b": {"position": {"key": "position", "unit": unit}}}
    recordings = {n: {"file": f"{n}.npz", "neural": "spikes", "rate": 40, "labels": labels[n]} for n in "ab"}
    return {
        "study": "s",
        "recordings": recordings,
        "conditions": {"time": {}, "where": {"labels": ["position"]}},
    } | sections


def told(raw: dict, rate: float = 40.0) -> list[str]:
    return list(doubts(resolve(raw), {"a": rate, "b": rate}))


CASES = {
    "a usual study": ({}, 40.0, []),
    "a learning rate for all": ({"defaults": {"learning_rate": 10}}, 40.0, ["time, where: learning_rate 10: Adam"]),
    "euclidean on the sphere": (
        {"conditions": {"time": {"similarity": "euclidean", "temperature": 0.8}}},
        40.0,
        ["time: similarity: euclidean with offset10-model, whose embedding has length 1: .*cosine at temperature 0.4;"],
    ),
    "euclidean off the sphere": (
        {"conditions": {"time": {"similarity": "euclidean", "model": "offset10-model-mse"}}},
        40.0,
        [],
    ),
    "a slow rate": (
        {},
        1.0,
        [
            "time, where: time_offset 0.25 s is 0.25 samples at 1 Hz; 1 is used, 1 s",
            "decode.window 0.25 s is 0.25 samples at 1 Hz; 1 is used, 1 s",
        ],
    ),
    "a unit and another": (
        {"unit": "kg"},
        40.0,
        ["time, where: label position is no label of all .*continuous cm in a; continuous kg in b"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_doubts(case):
    changed, rate, said = CASES[case]
    found = told(study(**changed), rate)
    assert len(found) == len(said)
    for line, text in zip(found, said, strict=True):
        assert re.match(text, line), line


def test_the_euclidean_fit_on_the_sphere_is_that_of_the_cosine_at_half_the_temperature():
    import torch

    from cebra_pipe.models.criterions import FixedCosineInfoNCE, FixedEuclideanInfoNCE

    ref, pos, neg = torch.nn.functional.normalize(torch.randn(3, 20, 3, generator=torch.manual_seed(0)), dim=-1)
    euclidean, cosine = FixedEuclideanInfoNCE(0.8)(ref, pos, neg)[0], FixedCosineInfoNCE(0.4)(ref, pos, neg)[0]
    torch.testing.assert_close(euclidean, cosine)


def test_labels_of_a_comparison_have_one_unit():
    with pytest.raises(UserError, match=r"comparisons\.x\.labels: .*continuous cm in a; continuous kg in b"):
        resolve(study("kg", comparisons={"x": {"condition": "where", "labels": ["position"]}}))


NUMBERED = {"trials": {"column": "lap"}, "labels": {"x": {"column": "x"}, "lap": {"column": "lap"}}}


def numbered(decode: dict | None = None, **recording):
    raw = {"file": "a.csv", "neural": {"columns": ["n0", "n1"]}, "rate": 40, **NUMBERED, **recording}
    return resolve({"study": "s", "recordings": {"a": raw}, "conditions": {"time": {}}, "decode": decode or {}})


def test_the_number_of_the_trial_is_not_decoded_by_default():
    """Of a trial that is held out there is none to be learned from."""
    study = numbered()
    assert decoded_labels(study, ("a",)) == ["x"]
    assert bin_labels(study, None, ("a",)) == ["x"]
    (line,) = doubts(study, {"a": 40.0})
    assert line.startswith("label lap is the number of the trial")
    assert line.endswith("it is not decoded")
    assert decoded_labels(numbered({"labels": ["lap"]}), ("a",)) == ["lap"]
    assert "decode.labels names it all the same" in next(doubts(numbered({"labels": ["lap"]}), {"a": 40.0}))


@pytest.mark.parametrize(
    "trials", [None, {"from": "lap", "jump": 1}, {"column": "other"}, {"file": "b.csv", "column": "lap"}]
)
def test_a_label_that_gives_no_trials_is_decoded(trials):
    study = numbered(trials=trials)
    assert decoded_labels(study, ("a",)) == ["x", "lap"]
    assert not list(doubts(study, {"a": 40.0}))

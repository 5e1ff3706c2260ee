"""Options read from a spec are those of the config's models, which the stage does without."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from cebra_pipe.pipeline.config.recording import RecordingConfig
from cebra_pipe.pipeline.jobs.given import Given
from cebra_pipe.pipeline.jobs.job import canonical
from cebra_pipe.pipeline.planning.specs import filled

ENTRIES = {
    "counts": {
        "title": "a rat",
        "file": "a.npz",
        "neural": {"key": "x", "transpose": True},
        "rate": 40,
        "labels": {
            "labels": "position",
            "head": {"key": "angle", "period": 360, "time": "clock", "resample": "nearest"},
        },
        "trials": {"from": "head", "jump": 2},
        "select": {"speed_of": "labels", "minimum_speed": 0.05, "missing": "drop"},
    },
    "spike times": {
        "file": "b.mat",
        "spikes": {"times": "t", "neurons": "id", "start": 3},
        "rate": 20,
        "trials": "lap",
        "labels": {"reward": {"key": "rewards", "events": "since"}},
    },
    "plane": {
        "neural": {"file": "F.npy", "transpose": True},
        "rate": 15.5,
        "select": {"neurons": {"file": "iscell.npy", "column": 0}},
    },
    "columns": {"file": "c.csv", "neural": {"columns": [1, 2]}, "time": {"column": "t"}, "largest_gap": 1},
}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_spec_gives_the_options_of_the_config(name):
    config = RecordingConfig.model_validate(ENTRIES[name])
    compare(config, Given(json.loads(canonical(filled(config)))))


def compare(model: BaseModel, given: Given) -> None:
    assert isinstance(given, Given)
    for name in set(type(model).model_fields) - {"title"}:
        expected, found = getattr(model, name), getattr(given, name)
        if name == "labels":
            assert list(found) == sorted(expected)
            for label, each in expected.items():
                compare(each, found[label])
        elif isinstance(expected, BaseModel):
            compare(expected, found)
        else:
            assert (type(found), found) == (type(expected), expected), name

"""What `check` tells of labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cebra_pipe.data.recording import Label, Recording
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.pipeline.advice import label_warnings, source_warnings
from cebra_pipe.pipeline.config.recording import RecordingConfig


def test_labels_without_a_null_are_told():
    rat = simulate(0, neurons=4, samples=3000, place_cells=0.5, interneurons=0.1)
    time = np.arange(len(rat))
    labels = {"frame": Label(time % 300 + 0.5), "block": Label(time // 1500, "discrete")}
    told = list(label_warnings("rat", replace(rat, labels=rat.labels | labels)))
    assert len(told) == 2
    assert told[0].startswith("rat.frame repeats every 7.5 s: ")
    assert told[1].startswith("rat.block changes too slowly (15.8 s)")


@pytest.mark.parametrize(
    ("period", "match"),
    [(1.0, "more than its period 1: values a period apart are one"), (360.0, "of its period 360"), (2 * np.pi, None)],
)
def test_a_period_in_another_unit_is_told(period, match):
    rat = simulate(0, neurons=4, samples=3000, place_cells=0.5, interneurons=0.1)
    turn = np.linspace(0, 6.28, 3000)
    told = [
        text
        for text in label_warnings("rat", replace(rat, labels={"heading": Label(turn, "continuous", "rad", period)}))
        if "period" in text
    ]
    assert len(told) == bool(match)
    assert match is None or match in told[0]


def asked(samples=6000, neurons=2, **entry):
    """What is asked of a recording, of two neurons if not said otherwise."""
    given = {"file": "a.npz", "neural": "spikes", **entry}
    config = RecordingConfig.model_validate({key: value for key, value in given.items() if value is not None})
    made = Recording(
        np.ones((samples, neurons)), 1.0, {}, np.arange(samples, dtype=float), *np.zeros((2, samples), np.int32)
    )
    return list(source_warnings("rat", config, made))


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        ({"rate": 0.025}, "6000 samples last 66.7 hours; rate is samples per second; if 0.025 is"),
        ({"rate": 0.025}, "write rate: 40"),
        ({"rate": 0.025, "time": "t"}, None),  # which would have been refused
        ({"rate": 1}, None),
        ({"rate": 40, "neural": None, "spikes": {"times": "t", "neurons": "n", "start": 0}}, None),
        ({"rate": 0.5}, None),  # volumes of two seconds: 3.3 hours
        ({"rate": 0.02, "neural": None, "spikes": {"times": "t", "neurons": "n", "start": 0}}, "bins of 50 s"),
    ],
)
def test_a_rate_that_may_be_seconds_per_sample_is_asked(entry, match):
    told = asked(30_000 if entry["rate"] == 1 else 6000, **entry)
    assert len(told) == bool(match)
    assert match is None or match in told[0]


SPIKES = {"neural": None, "spikes": {"times": "t", "neurons": "n", "start": 0}}
SIMULATED = {"file": None, "neural": None, "simulate": {}}


@pytest.mark.parametrize(
    ("neurons", "entry", "match"),
    [
        (1, {"rate": 40}, "spike times belong under spikes.times"),
        (1, {"rate": 40, **SPIKES}, None),
        (99, {"rate": 40}, "needs transpose: true"),
        (99, {"rate": 40, **SPIKES}, "more neurons than bins; spike times are in seconds"),
        (99, SIMULATED, None),
    ],
)
def test_the_shape_of_an_array_is_doubted_where_one_is_read(neurons, entry, match):
    told = asked(50, neurons, **entry)
    assert len(told) == bool(match)
    assert match is None or match in told[0]


def test_two_columns_that_may_be_the_ends_of_a_range_are_told():
    (told,) = asked(rate=40, neural={"key": "spikes", "columns": [0, 19]})
    assert "reads 2 neurons, columns 0 and 19; " in told
    assert told.endswith("write columns: [0..19]")
    assert asked(rate=40, neural={"key": "spikes", "columns": [0, 1]}) == []

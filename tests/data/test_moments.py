"""Which stretch each clock covers is told, and that of samples is doubted where nothing says when they begin."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data import moments
from cebra_pipe.data.assemble import assemble
from cebra_pipe.pipeline.config.recording import RecordingConfig

from .conftest import write_npz

LENGTH, RATE = 120, 20.0
TIME = 2.5 + np.arange(LENGTH) / RATE
TRACK = {"x": {"key": "x", "time": "clock"}}
TRIALS = {"file": "trials.csv", "start": "on", "stop": "off"}


@pytest.fixture
def mouse(tmp_path):
    """The notes of a recording whose samples begin 2.5 s after its track; a clock of its own has x alone."""

    def make(stamps=TIME, **config):
        clock = np.arange(0, 9, 0.01)
        rng = np.random.default_rng(0)
        arrays = {"f": rng.normal(0, 1, (LENGTH, 3)), "stamps": stamps, "clock": clock, "x": np.sin(clock)}
        write_npz(tmp_path / "mouse.npz", **arrays, y=np.sin(TIME), bells=np.array([1000.0, 3000, 4100]))
        (tmp_path / "trials.csv").write_text("on,off\n2600,4000\n4000,8000\n")
        (tmp_path / "rows.csv").write_text("on,off\n0,60\n60,120\n")
        given = {"file": "mouse.npz", "neural": "f", "labels": TRACK} | config
        return assemble(RecordingConfig.model_validate(given), tmp_path, "mouse").notes

    return make


def test_every_clock_is_told_in_seconds(mouse):
    events = {"key": "bells", "events": "since", "scale": 0.001}
    made = mouse(time="stamps", labels=TRACK | {"bell": events}, trials=TRIALS | {"unit": "ms"})
    assert moments.line(made["clocks"]) == (
        "clocks (s): samples 2.5 to 8.45; x 0 to 8.99; events of bell 1 to 4.1; trials 2.6 to 8"
    )


@pytest.mark.parametrize(
    ("given", "doubted"),
    [({"rate": RATE}, True), ({"rate": RATE, "start": 0}, False), ({"time": "stamps"}, False)],
)
def test_a_clock_that_nothing_states_is_doubted(given, doubted, mouse):
    told = moments.doubt(mouse(**given)["clocks"])
    assert bool(told) == doubted
    assert not doubted or ("clock of x?" in told and "`start: 0`" in told)


@pytest.mark.parametrize(
    ("cut", "told"), [((50,), " with 1 gap (2.05);"), ((50, 90), " with 2 gaps (the longest 2.05);"), ((), "45; x")]
)
def test_gaps_of_the_samples_are_told(cut, told, mouse):
    stamps = TIME.copy()
    for row, more in zip(cut, (2.0, 1.0), strict=False):
        stamps[row:] += more
    assert told in moments.line(mouse(time="stamps", stamps=stamps)["clocks"])


def test_without_another_clock_there_is_nothing_to_tell(mouse):
    assert "clocks" not in mouse(rate=RATE, labels={"y": "y"})
    rows = TRIALS | {"file": "rows.csv", "unit": "samples"}
    assert "clocks" not in mouse(rate=RATE, labels={"y": "y"}, trials=rows)

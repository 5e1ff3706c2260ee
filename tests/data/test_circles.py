"""Periods in another unit than their label are refused; unwrapped angles are not; angles without a period are asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cebra_pipe.data.assemble import assemble
from cebra_pipe.data.recording import Label
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.advice import label_warnings
from cebra_pipe.pipeline.config.recording import RecordingConfig

LENGTH, RATE = 200, 10.0
NEURAL = np.random.default_rng(1).poisson(0.5, (LENGTH, 2))
TURNED = 12.0 * np.arange(LENGTH)  # degrees, 6.6 turns
DEGREES, RADIANS = TURNED % 360, np.radians(TURNED % 360)


def made(folder, values, period, config=None, **label):
    lap = np.floor(TURNED / 1400)
    np.savez(folder / "a.npz", spikes=NEURAL, heading=values, clock=np.arange(LENGTH) / RATE, lap=lap)
    heading = {"key": "heading", "period": period, **label}
    given = {"file": "a.npz", "rate": RATE, "neural": "spikes", "labels": {"heading": heading}} | (config or {})
    return assemble(RecordingConfig.model_validate(given), folder, "rat")


REFUSED = {
    "degrees with a period of radians": (DEGREES, 6.2832, {}, "360 for degrees"),
    "degrees with that of radians, on a clock of their own": (DEGREES, 6.2832, {"time": "clock"}, "360 for degrees"),
    "radians with a period of degrees": (RADIANS, 360, {}, "6.2832 for radians"),
    "degrees with a stray value, with a period of radians": (
        np.where(np.arange(LENGTH) == 50, -9999, DEGREES),
        6.28,
        {},
        "360 for degrees",
    ),
    "axial radians with a period of degrees": (RADIANS / 2, 180, {}, "6.2832 for radians"),
    "degrees scaled to radians, with a period of degrees": (DEGREES, 360, {"scale": np.pi / 180}, "6.2832 for radians"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_period_in_another_unit_is_refused(tmp_path, case):
    values, period, label, remedy = REFUSED[case]
    with pytest.raises(UserError) as caught:
        made(tmp_path, values, period, **label)
    told = str(caught.value)
    assert "recordings.rat.labels.heading" in told
    assert remedy in told


@pytest.mark.parametrize(("values", "period"), [(DEGREES, 360), (RADIANS, 6.2832), (DEGREES - 180, 360)])
def test_a_period_in_the_unit_of_its_label_is_taken(tmp_path, values, period):
    assert made(tmp_path, values, period).notes["doubts"] == {}


TURNING = 576.0 * np.arange(LENGTH)  # degrees: theta of 8 Hz, five times a second
TAKEN = {
    "an angle that stays narrow": (175 + 5 * np.sin(np.arange(LENGTH)), 360, False),
    "a narrow angle in radians": (0.1 * np.sin(np.arange(LENGTH)), 6.2832, False),
    "an axial angle": (DEGREES, 180, True),
    "an angle that was unwrapped trial by trial": (TURNED % 1400, 360, True),
    "the same in radians": (np.radians(TURNED % 1400), 6.2832, True),
    "an angle in radians that was unwrapped, of 52 turns": (np.linspace(0, 330, LENGTH), 6.2832, True),
    "a stray value": (np.where(np.arange(LENGTH) == 50, -9999, DEGREES), 360, True),
    "a stray value among radians": (np.where(np.arange(LENGTH) == 50, -9999, RADIANS), 6.2832, True),
    "jumps of tracking": (TURNED + 900 * (np.arange(LENGTH) % 40 == 39), 360, True),
    "an unwrapped phase at a low rate": (TURNING, 360, True),
    "an unwrapped phase at a low rate, in radians": (np.radians(TURNING), 6.2832, True),
    "a wrapped phase at a low rate": (np.radians(TURNING % 360), 6.2832, False),
}


@pytest.mark.parametrize("case", TAKEN)
def test_an_angle_that_is_not_in_another_unit_is_taken(tmp_path, case):
    values, period, doubted = TAKEN[case]
    given = {"trials": {"key": "lap"}} if "trial" in case else {}
    recording = made(tmp_path, values, period, config=given)
    assert recording.labels["heading"].period == period
    assert bool(recording.notes["doubts"]) is doubted


def test_an_unwrapped_angle_is_taken_with_a_doubt(tmp_path):
    recording = made(tmp_path, TURNED, 360)
    assert "spans 6.63 of its periods of 360" in recording.notes["doubts"]["heading"]
    (told,) = (line for line in label_warnings("rat", recording) if "period" in line)
    assert told.startswith("rat.heading spans 6.63")


def test_a_gap_in_the_clock_of_an_unwrapped_angle_is_no_step(tmp_path):
    holed = np.where(np.arange(LENGTH) < 100, TURNED, TURNED + 3600)
    np.savez(tmp_path / "t.npz", t=np.arange(LENGTH) / RATE + 5.0 * (np.arange(LENGTH) >= 100))
    clock = {"file": str(tmp_path / "t.npz"), "key": "t"}
    np.savez(tmp_path / "a.npz", spikes=NEURAL, heading=holed)
    given = {
        "file": "a.npz",
        "time": clock,
        "neural": "spikes",
        "labels": {"heading": {"key": "heading", "period": 360}},
    }
    assemble(RecordingConfig.model_validate(given), tmp_path, "rat")


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("x", DEGREES, "add period: 360"),
        ("x", RADIANS - np.pi, "add period: 6.2832"),
        ("heading", DEGREES * 0.6, "named as an angle is: if it goes round, add period: 360"),
        ("x", DEGREES * 0.6, None),
        ("x", np.abs(DEGREES - 180) * 2, None),  # there and back along 360 cm
        ("heading", TURNED, None),
    ],
)
def test_a_label_that_looks_circular_is_asked_for_its_period(name, values, said):
    rat = simulate(0, neurons=2, samples=LENGTH, place_cells=0.5, interneurons=0.0)
    rat = replace(rat, labels={name: Label(values)}, epoch=np.zeros(LENGTH, np.int32))
    told = [line for line in label_warnings("rat", rat) if "period:" in line]
    assert len(told) == bool(said)
    assert said is None or said in told[0]


def test_seconds_since_an_event_are_no_angle():
    """Which begin anew at each event, and may last six seconds."""
    rat = simulate(0, neurons=2, samples=LENGTH, place_cells=0.5, interneurons=0.0)
    for unit, proposals in (("", 1), ("s", 0)):
        made = replace(rat, labels={"reward": Label(RADIANS, unit=unit)}, epoch=np.zeros(LENGTH, np.int32))
        assert sum("add period" in line for line in label_warnings("rat", made)) == proposals

"""Times of events become seconds since the last one or until the next, and what is no such array is refused."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data import events
from cebra_pipe.data.assemble import assemble
from cebra_pipe.data.shelf import Read
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.recording import RecordingConfig

from .conftest import write_npz

RATE, LENGTH = 20.0, 120
TIME = np.arange(LENGTH) / RATE
NEURAL = np.random.default_rng(3).normal(0, 1, (LENGTH, 4))
REWARDS = np.array([4.03, 1.25, 2.0])  # in whatever order; one at the time of a sample


def loop(rewards: np.ndarray, time: np.ndarray, how: str) -> np.ndarray:
    """Plainly: of each sample the nearest event on one side."""
    found = []
    for t in time:
        apart = [t - e if how == "since" else e - t for e in rewards]
        found.append(min((a for a in apart if a >= 0), default=np.nan))
    return np.array(found)


@pytest.mark.parametrize("how", ["since", "until"])
def test_seconds_agree_with_a_loop(how):
    np.testing.assert_allclose(events.seconds(REWARDS, TIME, how), loop(REWARDS, TIME, how))


@pytest.fixture
def mouse(tmp_path):
    """`mouse(label, **arrays)` assembles a recording with that label and times of rewards on the recording's clock."""

    def make(label: dict, **arrays):
        write_npz(
            tmp_path / "mouse.npz", **{"neural": NEURAL, "rewards": REWARDS, "clock": TIME, "x": TIME % 1} | arrays
        )
        config = {"file": "mouse.npz", "neural": "neural", "time": "clock", "labels": {"reward": label, "x": "x"}}
        return assemble(RecordingConfig.model_validate(config), tmp_path, "mouse")

    return make


@pytest.mark.parametrize("how", ["since", "until"])
def test_events_are_a_label_in_seconds(how, mouse):
    made, expected = mouse({"key": "rewards", "events": how}), loop(REWARDS, TIME, how)
    known = np.isfinite(expected)
    np.testing.assert_allclose(made.labels["reward"].values, expected[known])
    np.testing.assert_array_equal(made.time, TIME[known])
    assert made.labels["reward"].unit == "s"
    assert made.notes["dropped"] == {f"{events.UNKNOWN[how]} of reward": int((~known).sum())}


def test_an_event_at_a_sample_to_rounding_is_at_it():
    at = np.array([TIME[40] + 2e-7, TIME[80] - 2e-7])
    assert events.seconds(at, TIME, "since")[[40, 80]].tolist() == pytest.approx([0, 0], abs=1e-6)
    assert events.seconds(at, TIME, "until")[[40, 80]].tolist() == pytest.approx([0, 0], abs=1e-6)


def test_an_array_that_marks_samples_is_no_array_of_times(mouse):
    """Its values would be events at 0 s and at 1 s, and the label the clock of the recording."""
    with pytest.raises(UserError, match="120 numbers, of which 2 are different"):
        mouse({"key": "rewards", "events": "since"}, rewards=(np.arange(LENGTH) % 30 == 0).astype(float))


@pytest.mark.parametrize(("how", "factor"), [("until", 1000.0), ("since", -1.0)])
def test_events_outside_of_the_recording_are_refused(how, factor, mouse):
    """Of each sample the same one is the nearest: the label is the clock, turned or moved."""
    with pytest.raises(UserError, match="events between the first sample and the last"):
        mouse({"key": "rewards", "events": how}, rewards=REWARDS * factor)


def test_few_events_within_the_recording_are_doubted(mouse):
    made = mouse({"key": "rewards", "events": "until"}, rewards=np.array([2.0, 60.0, 200.0, 400.0]))
    assert made.notes["doubts"] == {"reward": "reward: 1 of 4 events lie between the first sample and the last"}
    assert not mouse({"key": "rewards", "events": "until"}).notes["doubts"]


def test_two_events_are_no_flag(mouse):
    assert not mouse({"key": "rewards", "events": "since"}, rewards=REWARDS[:2]).notes["proposals"]


def test_events_in_ms_are_scaled_and_told_where_not(mouse):
    given = {"key": "rewards", "events": "since"}
    seconds = mouse(given).labels["reward"].values
    scaled = mouse(given | {"scale": 0.001}, rewards=REWARDS * 1000).labels["reward"].values
    np.testing.assert_allclose(scaled, seconds)
    with pytest.raises(UserError, match=r"events from 1250 to 4030 s, samples from 0 to 5\.95 s.*scale: 0\.001"):
        mouse(given, rewards=REWARDS * 1000)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"time": "clock"}, "time beside it"),
        ({"period": 2.0}, "period beside it"),
        ({"kind": "discrete"}, "kind: discrete beside it"),
        ({"unit": "cm"}, "unit: cm beside it"),
    ],
)
def test_options_of_a_measured_label_are_refused(options, told, mouse):
    with pytest.raises(UserError, match=told):
        mouse({"key": "rewards", "events": "since"} | options)


def test_missing_times_are_refused(mouse):
    with pytest.raises(UserError, match="times of events, finite numbers"):
        mouse({"key": "rewards", "events": "since"}, rewards=np.array([1.0, np.nan]))


def test_times_of_events_that_are_given_as_values_are_guessed(mouse):
    with pytest.raises(
        UserError, match=r"labels\.reward 3 .*If labels\.reward holds times of events, write `events: since`"
    ):
        mouse({"key": "rewards"}, rewards=np.sort(REWARDS))
    for others in (REWARDS, TIME[:-1]):  # not rising; hardly fewer than the samples
        with pytest.raises(UserError) as caught:
            mouse({"key": "rewards"}, rewards=others)
        assert "holds times of events" not in str(caught.value)


def test_a_series_of_values_is_no_array_of_times():
    """An NWB series brings its clock along; its values are not the times."""
    config = RecordingConfig.model_validate(
        {"file": "a.nwb", "neural": "dff", "labels": {"reward": {"key": "licks", "events": "since"}}}
    )
    read = {"labels.reward": Read(REWARDS, "a.nwb"), "labels.reward.time": Read(REWARDS + 1, "a.nwb, its clock")}
    with pytest.raises(UserError, match="ends in /timestamps"):
        events.check(config, read, "mouse")


def test_a_label_that_is_its_own_clock_is_refused(mouse):
    """As times of events are, where they are given as values and as their time stamps."""
    with pytest.raises(UserError, match="events: since"):
        mouse({"key": "rewards", "time": "rewards"}, rewards=np.sort(REWARDS))

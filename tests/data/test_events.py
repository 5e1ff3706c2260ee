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

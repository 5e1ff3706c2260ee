"""Recordings that share samples are found, whatever type and cut they come in; others are not."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.alike import imprint, neural_digest, refuse_twins, twins
from cebra_pipe.errors import UserError

NEURAL = np.random.default_rng(0).poisson(0.3, (400, 6)).astype(np.uint8)
TIME = np.arange(400) / 40


def found(neural: np.ndarray, time: np.ndarray = TIME) -> list[tuple[int, bool]]:
    return [(pair.samples, pair.whole) for pair in twins({"a": imprint(NEURAL, TIME), "b": imprint(neural, time)})]


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_the_same_values_are_one_recording_in_any_type_and_at_any_time(kind):
    assert found(np.asfortranarray(NEURAL.astype(kind)), TIME + 100) == [(400, True)]
    assert neural_digest(NEURAL.astype(kind)) == neural_digest(NEURAL)


def test_two_cuts_of_one_recording_share_their_samples():
    assert found(NEURAL[100:], TIME[100:]) == [(300, False)]
    half = np.r_[0:50, 90:400:2]  # as where another label is selected by
    assert found(NEURAL[half], TIME[half]) == [(len(half), False)]
    with pytest.raises(UserError, match="300 samples of the same neural data in a and b"):
        refuse_twins({"a": imprint(NEURAL, TIME), "b": imprint(NEURAL[100:], TIME[100:])}, "sessions")


def test_other_recordings_are_others():
    other = np.random.default_rng(1).poisson(0.3, (400, 6))
    assert found(other) == []
    assert found(NEURAL[:, ::-1]) == []  # other neurons
    assert found(NEURAL[200:], TIME[:200]) == []  # other times: no cut, and not the whole
    assert found(NEURAL[300:], TIME[300:] + 50) == []
    one_off = NEURAL.copy()
    one_off[7, 2] += 1
    assert found(one_off) == []


def test_silence_is_no_recording():
    """Two sparse recordings may be silent at all times that they share."""
    quiet = NEURAL * (np.arange(400) >= 60)[:, None]
    assert twins({"a": imprint(quiet, TIME), "b": imprint(np.zeros((60, 6)), TIME[:60])}) == []

"""The values of neurons in a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.recording import Recording
from cebra_pipe.pipeline import activity

NOISE = np.random.default_rng(0).normal(0, 1, (400, 5))
STILL = np.where(np.arange(5) == 2, 3.0, NOISE)


@pytest.mark.parametrize(
    ("neural", "told", "untold"),
    [
        (np.arange(2000).reshape(400, 5) % 4, ["neurons: counts 0 to 3"], ["naive Bayes", "constant", "zscore"]),
        (NOISE, ["values -", "no naive Bayes"], ["constant", "zscore"]),
        (STILL, ["1 neuron constant"], ["zscore"]),
        (100 + 20 * NOISE, ["5 standard deviations from 0", "normalize: zscore"], ["naive Bayes"]),
        (100 + (np.arange(2000).reshape(400, 5) % 4), ["counts 100 to 103"], ["zscore"]),
    ],
)
def test_values_are_told(neural, told, untold):
    zeros = np.zeros(len(neural), np.int32)
    line = activity.line(Recording(neural, 20.0, {}, np.arange(len(neural)) / 20, zeros, zeros))
    assert all(text in line for text in told)
    assert not any(text in line for text in untold)

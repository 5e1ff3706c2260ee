"""Flags of neurons choose among them, as `iscell` of Suite2p does; what is no such array is refused."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.assemble import assemble, sources
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.recording import RecordingConfig

LENGTH, ROIS = 90, 12
TRACES = np.random.default_rng(3).normal(0, 1, (ROIS, LENGTH)).astype(np.float32)
CELL = np.arange(ROIS) % 3 > 0
GIVEN = {"neural": {"file": "F.npy", "transpose": True}, "rate": 15.5}
FLAGS = {"file": "iscell.npy", "column": 0}


@pytest.fixture
def plane(tmp_path):
    """A folder of Suite2p: traces (neuron, time), and a flag and a probability a neuron."""

    def make(flags: dict | str = FLAGS, cell: np.ndarray = CELL, traces: np.ndarray = TRACES, **config):
        np.save(tmp_path / "F.npy", traces)
        np.save(tmp_path / "iscell.npy", np.stack([cell, np.linspace(0.1, 0.9, len(cell))], axis=1))
        given = RecordingConfig.model_validate(GIVEN | {"select": {"neurons": flags}} | config)
        return assemble(given, tmp_path, "mouse"), given

    return make


def test_neurons_of_flag_1_are_used_under_their_numbers(plane):
    made, config = plane()
    np.testing.assert_array_equal(made.neural, TRACES[CELL].T)
    assert made.neurons == tuple(f"n{i:04d}" for i in np.flatnonzero(CELL))
    assert sources(config) == ["F.npy", "iscell.npy"]


def test_a_neuron_that_is_not_chosen_may_lack_values(plane):
    traces = TRACES.copy()
    traces[0] = np.nan
    assert plane(traces=traces)[0].neural.shape == (LENGTH, CELL.sum())
    traces[4] = np.nan
    with pytest.raises(UserError, match=r"1 neuron without any value \(n0004\).*Leave .* out by `select: {neurons"):
        plane(traces=traces)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"flags": {"file": "iscell.npy", "column": 1}}, "flags of 0 and 1.*found 0.1 .*`column`"),
        ({"flags": {"file": "iscell.npy"}}, "one column .*Give `column: 0`"),
        ({"cell": CELL[:5]}, "a flag for each of 12 neurons, found 5 flags.*`columns`"),
        ({"cell": np.zeros(ROIS)}, "found 0 for all"),
        ({"neural": {"file": "F.npy"}, "cell": CELL}, "Set `transpose: true`"),
        ({"neural": {"file": "F.npy", "transpose": True, "columns": [0, 1]}}, "`columns` of `neural` beside"),
        ({"neural": None, "spikes": {"times": {"file": "F.npy"}}}, "found `spikes`"),
    ],
)
def test_what_is_no_array_of_flags_is_refused(changed, told, plane):
    with pytest.raises(UserError, match=told):
        plane(**changed)

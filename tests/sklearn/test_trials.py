"""Padding at trial borders, against a loop over samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cebra_pipe

LENGTHS = (30, 4, 17, 25)  # the second is shorter than the window


@pytest.mark.parametrize("architecture", ["offset10-model", "offset5-model"])
def test_edges_of_trials_are_repeated(architecture):
    """Every sample is embedded from its window, cut inside its trial, whose first and last sample are repeated."""
    X = np.random.default_rng(0).normal(size=(sum(LENGTHS), 5)).astype(np.float32)
    run = np.repeat([7, 2, 7, 3], LENGTHS)
    made = cebra_pipe.CEBRA(architecture, max_iterations=2, batch_size=16, output_dimension=3, random_state=0)
    with pytest.warns(UserWarning, match="shorter than the window"):
        made.fit(X, np.arange(len(X)) % 3, trial=run)
    offset, borders = made.offset_, np.cumsum([0, *LENGTHS])
    windows = []
    for t in range(len(X)):
        part = np.searchsorted(borders, t, side="right") - 1
        around = range(t - offset.left, t + offset.right)
        windows.append(X[[min(max(i, borders[part]), borders[part + 1] - 1) for i in around]].T)
    with torch.no_grad():
        expected = made.model_.eval()(torch.from_numpy(np.stack(windows))).numpy()
    np.testing.assert_allclose(made.transform(X, trial=run), expected, atol=1e-5)
    assert np.abs(made.transform(X, trial=0 * run) - expected).max() > 1e-2

"""Held-out bits of several fits, and their means by fold and by seed."""

from __future__ import annotations

import numpy as np

from cebra_pipe.data.table import from_rows
from cebra_pipe.plot.files import Source
from cebra_pipe.plot.held_out import by_fold_and_seed, held_out_bits

COLUMNS = {"kind": str, "part": str, "session": str, "objective": str, "bits": np.float64}


def fit(fold, seed, values):
    """values: (kind, part, session, objective) -> bits."""
    rows = [dict(zip(COLUMNS, (*key, bits), strict=True)) for key, bits in values.items()]
    return Source(None, "u", "", fold, seed), from_rows(rows, COLUMNS)


def test_bits_of_the_test_part_after_training_by_session_and_objective():
    mine = ("score", "test", "rat", "labels")
    other = {("step", "test", "rat", "labels"): 9.0, ("score", "valid", "rat", "labels"): 9.0}
    fits = [fit(0, 1, {mine: 1.0, **other}), fit(1, 1, {mine: 2.0}), fit(0, 2, {mine: 4.0})]
    fits.append(fit(1, 2, {mine: 8.0, ("score", "test", "pooled", "time"): 3.0}))
    found = held_out_bits(fits)
    assert found == {
        ("rat", "labels"): {(0, 1): 1.0, (1, 1): 2.0, (0, 2): 4.0, (1, 2): 8.0},
        ("pooled", "time"): {(1, 2): 3.0},
    }
    assert by_fold_and_seed(found["rat", "labels"]) == ({0: 2.5, 1: 5.0}, {1: 1.5, 2: 6.0})

"""Values that are no numbers: whole neurons and whole samples are told apart, and samples can be left out."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.assemble import assemble
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.recording import RecordingConfig

from .conftest import write_npz

RATE, LENGTH = 20.0, 100
NEURAL = np.random.default_rng(3).normal(0, 1, (LENGTH, 6))
X = np.sin(np.arange(LENGTH) / 9)
GIVEN = {"file": "mouse.npz", "neural": "f", "rate": RATE, "labels": {"x": "x"}}


@pytest.fixture
def mouse(tmp_path):
    def make(neural: np.ndarray, x: np.ndarray = X, **options):
        write_npz(tmp_path / "mouse.npz", f=neural, x=x)
        return assemble(RecordingConfig.model_validate(GIVEN | options), tmp_path, "mouse")

    return make


def without(*places: tuple) -> np.ndarray:
    values = NEURAL.copy()
    for place in places:
        values[place] = np.nan
    return values


def refusal(function, *args, **kwargs) -> str:
    with pytest.raises(UserError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def test_neurons_and_samples_without_values_are_told_apart(mouse):
    told = refusal(mouse, without((slice(None), 3), slice(40, 50), (70, 1)))
    assert "151 NaN or infinite values, the first in row 0, neuron 3" in told
    assert "1 neuron without any value (3)" in told
    assert "10 samples without one of any other neuron (row 40, …)" in told
    assert "1 sample without one of some other neurons (row 70, …)" in told
    assert "`columns: [0..2, 4, 5]`; `select: {missing: drop}`" in told


def test_only_what_helps_is_proposed(mouse):
    assert "missing: drop" not in refusal(mouse, without((slice(None), 3)))
    assert "columns" not in refusal(mouse, without((70, 1)))
    assert "Choose another key" in refusal(mouse, without(slice(None)))


@pytest.mark.parametrize(
    ("columns", "left"), [([1, "3..5"], "[1, 4, 5]"), ([0, 2, 4, 3], "[0, 2, 4]"), ([5, 3], "[5]")]
)
def test_chosen_columns_are_told_by_their_numbers_in_the_file(columns, left, tmp_path):
    """No range is told: what lies between may be a column that was not asked for."""
    write_npz(tmp_path / "mouse.npz", f=without((slice(None), 3)), x=X)
    config = RecordingConfig.model_validate(GIVEN | {"neural": {"key": "f", "columns": columns}})
    told = refusal(assemble, config, tmp_path, "mouse")
    assert "1 neuron without any value (3)" in told
    assert f"columns: {left}" in told


def test_neurons_of_a_table_are_told_by_name_and_line(tmp_path):
    names = [f"roi_{i}" for i in range(6)]
    rows = [",".join("" if v != v else f"{v:.3f}" for v in row) for row in without((70, 1), (71, 1))]
    (tmp_path / "f.csv").write_text("\n".join([",".join(names), *rows]))
    config = RecordingConfig.model_validate({"file": "f.csv", "neural": {"columns": ["roi_0..roi_5"]}, "rate": RATE})
    told = refusal(assemble, config, tmp_path, "mouse")
    assert "the first in line 72, neuron roi_1" in told


def test_samples_without_values_are_left_out_where_asked_for(mouse):
    x = X.copy()
    x[[5, 6]] = np.nan
    made = mouse(without(slice(40, 50), (70, 1)), x, select={"missing": "drop"})
    kept = np.setdiff1d(np.arange(LENGTH), [5, 6, *range(40, 50), 70])
    np.testing.assert_array_equal(made.neural, NEURAL[kept])
    np.testing.assert_array_equal(made.labels["x"].values, X[kept])
    assert made.notes["dropped"] == {"without a value of a neuron": 11, "without a value of x": 2}
    # Of the gaps those longer than largest_gap (0.1 s) begin an epoch: 3 steps, 11, and not 2.
    assert len(np.unique(made.epoch)) == 3


def test_a_neuron_without_any_value_is_refused_all_the_same(mouse):
    told = refusal(mouse, without((slice(None), 3), (70, 1)), select={"missing": "drop"})
    assert "1 neuron without any value (3)" in told
    assert "without one of" not in told


def test_empty_names_are_left_out_too(tmp_path):
    cells = [("left", "", "right")[row // 10 % 3] for row in range(LENGTH)]
    (tmp_path / "cue.csv").write_text("\n".join(["cue", *(cell or "NA" for cell in cells)]))
    write_npz(tmp_path / "mouse.npz", f=NEURAL)
    given = {"labels": {"cue": {"file": "cue.csv", "column": "cue", "kind": "discrete"}}}
    told = refusal(assemble, RecordingConfig.model_validate(GIVEN | given), tmp_path, "mouse")
    assert "`select: {missing: drop}` leaves out these samples" in told
    config = RecordingConfig.model_validate(GIVEN | given | {"select": {"missing": "drop"}})
    assert len(assemble(config, tmp_path, "mouse")) == sum(map(bool, cells))


def test_every_other_sample_left_out_is_refused(mouse):
    """Windows count samples: each would be twice as long as is told."""
    sparse, rare = X.copy(), X.copy()
    sparse[::2], rare[::9] = np.nan, np.nan
    told = refusal(mouse, NEURAL, sparse, select={"missing": "drop"})
    assert "samples 0.05 s apart" in told
    assert "one every 0.1 s (median)" in told
    assert len(mouse(NEURAL, rare, select={"missing": "drop"})) == LENGTH - len(X[::9])


def test_a_sample_between_two_lost_ones_is_not_slow(mouse):
    """The steps of its speed lead to the next places that are known."""
    fast = np.arange(LENGTH) * 0.1  # 2 units a second
    fast[[40, 42]] = np.nan
    options = {"missing": "drop", "speed_of": "x", "minimum_speed": 1.0}
    dropped = mouse(NEURAL, fast, select=options).notes["dropped"]
    assert dropped == {"without a value of x": 2}

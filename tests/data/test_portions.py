"""Portions of a recording: what is left, what stays, and what the draw depends on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cebra_pipe.data.portions import portion
from cebra_pipe.errors import UserError

from ..toys import parts, track

RECORDING = track(neurons=20)
PARTS = parts(RECORDING)
TRAIN = PARTS == "train"
MINUTES = {"of": "minutes", "stratify": "direction", "across": False}
NEURONS = {"of": "neurons"}


def left(of, share, recording=RECORDING, study=1, fold=0, seed=1):
    return portion(of | {"share": share}, recording, PARTS, study, fold, seed)


def test_nothing_asked_for_leaves_all():
    found = portion(None, RECORDING, PARTS, 1, 0, 1)
    assert found.part is PARTS
    assert found.of(RECORDING) is RECORDING


def test_minutes_are_whole_trials_of_train_in_equal_classes():
    found = left(MINUTES, 0.5)
    kept = found.part == "train"
    assert list(found.units) == list(range(20))
    np.testing.assert_array_equal(found.part[~TRAIN], PARTS[~TRAIN])
    assert set(found.part[TRAIN & ~kept]) == {"gap"}
    assert kept.sum() == TRAIN.sum() // 2
    share = [kept[RECORDING.trial == trial].mean() for trial in np.unique(RECORDING.trial[kept])]
    assert share == len(share) * [1.0]
    assert abs(RECORDING.labels["direction"].values[kept].mean() - 0.5) < 0.05


def test_neurons_are_a_subset_and_parts_stay():
    found = left(NEURONS, 0.25)
    assert found.part is PARTS
    assert len(set(found.units)) == 5
    np.testing.assert_array_equal(found.of(RECORDING).neural, RECORDING.neural[:, np.sort(found.units)])
    assert found.of(RECORDING).neurons == tuple(f"n{unit:04d}" for unit in sorted(found.units))
    assert len(left(NEURONS, 0.01).units) == 1


@pytest.mark.parametrize("of", [MINUTES, NEURONS])
def test_a_smaller_portion_lies_inside_a_larger_one(of):
    for small, large in ((0.25, 0.5), (0.5, 0.75)):
        one, other = left(of, small), left(of, large)
        assert set(one.units) <= set(other.units)
        assert not np.any((one.part == "train") & (other.part != "train"))


@pytest.mark.parametrize("of", [MINUTES, NEURONS])
def test_the_draw_follows_from_seeds_fold_and_content_alone(of):
    def drawn(**changed):
        found = left(of, 0.5, **changed)
        return found.units.tolist(), found.part.tolist()

    renamed = dataclasses.replace(RECORDING, neurons=tuple(f"cell{i}" for i in range(20)))
    assert drawn() == drawn(recording=renamed)
    touched = dataclasses.replace(RECORDING, neural=RECORDING.neural + np.eye(len(RECORDING), 20, dtype=np.float32))
    others = [drawn(study=2), drawn(fold=1), drawn(seed=2), drawn(recording=touched)]
    assert all(other != drawn() for other in others)


def test_a_portion_that_leaves_out_nothing_is_refused():
    with pytest.raises(UserError, match=r"enough_data\.shares: .*0\.98 of 20 neurons, which is 20.*Remove it"):
        left(NEURONS, 0.98)
    with pytest.raises(UserError, match=r"samples of train.*or minutes from enough_data\.of"):
        left(MINUTES, 0.9999)
    assert len(left(NEURONS, 0.97).units) == 19

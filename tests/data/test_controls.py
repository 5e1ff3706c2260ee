"""Controls: what each keeps and what it breaks; the same for equal content and seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cebra_pipe.data.controls import CONTROLS, OF_LABELS
from cebra_pipe.data.controls import apply_control as apply_to
from cebra_pipe.data.parts import autocorrelation_time, coordinates, windows_inside
from cebra_pipe.data.recording import Label
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.errors import UserError

RAT = simulate(5, 6, 3000, 0.5, 0.0)


INSIDE = windows_inside(RAT.epoch, 5, 5)


def apply_control(kind, recording, seed, study_seed, inside=INSIDE):
    return apply_to(kind, recording, inside, seed, study_seed)


@pytest.fixture(params=sorted(CONTROLS))
def kind(request):
    return request.param


def arrays(recording):
    return [recording.neural, *(label.values for label in recording.labels.values())]


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(arrays(a), arrays(b)))


def test_equal_seeds_give_equal_controls_and_others_do_not(kind):
    assert equal(apply_control(kind, RAT, 1, 1), apply_control(kind, RAT, 1, 1))
    assert not equal(apply_control(kind, RAT, 1, 1), apply_control(kind, RAT, 2, 1))
    assert not equal(apply_control(kind, RAT, 1, 1), apply_control(kind, RAT, 1, 2))


def test_a_control_changes_labels_or_neural_data_and_never_time(kind):
    made = apply_control(kind, RAT, 1, 1)
    changed = [not np.array_equal(x, y) for x, y in zip(arrays(RAT), arrays(made))]
    assert changed[0] != (kind in OF_LABELS)
    assert changed[1] == (kind in OF_LABELS)
    for name in ("time", "epoch", "trial"):
        np.testing.assert_array_equal(getattr(made, name), getattr(RAT, name))
    assert made.neural.dtype == RAT.neural.dtype


def test_no_control_is_the_recording():
    assert apply_control(None, RAT, 1, 1) is RAT


def test_all_labels_move_together_in_the_time_of_whole_windows_and_away_from_none():
    labels = {name: label.values[INSIDE] for name, label in RAT.labels.items()}
    nearest = max(
        5 * autocorrelation_time(coordinates(replace(RAT.labels[n], values=v)), RAT.rate) * RAT.rate
        for n, v in labels.items()
    )
    seen = []
    for seed in range(40):
        made = {
            name: label.values[INSIDE] for name, label in apply_control("circular_shift", RAT, seed, 1).labels.items()
        }
        length, position = INSIDE.sum(), labels["position"]
        (shift,) = [s for s in range(length) if np.array_equal(np.roll(position, s), made["position"])]
        np.testing.assert_array_equal(np.roll(labels["direction"], shift), made["direction"])
        assert nearest <= shift <= length - nearest
        seen.append(shift)
    assert len(set(seen)) == 40  # without replacement


def test_labels_run_on_where_windows_are_padded():
    """From one sample to the next of a lap a label changes as labels change, at the ends of the lap too."""
    position = apply_control("circular_shift", RAT, 3, 1).labels["position"].values
    real = RAT.labels["position"].values
    steps = np.abs(np.diff(position))[np.diff(RAT.trial) == 0]
    assert np.isin(position[~INSIDE], real).all()
    usual = np.abs(np.diff(real))[np.diff(RAT.trial) == 0].max()
    laps = len(np.unique(RAT.trial))
    assert (steps > usual).sum() <= 2 * laps  # where two laps of the label meet inside one of the neurons


def test_permutations_keep_rows_together():
    made = apply_control("permute_labels", RAT, 1, 1)
    rows = {(x, d) for x, d in zip(*(label.values for label in RAT.labels.values()))}
    assert {(x, d) for x, d in zip(*(label.values for label in made.labels.values()))} == rows
    shuffled = apply_control("permute_neural", RAT, 1, 1).neural
    np.testing.assert_array_equal(np.sort(shuffled.sum(axis=1)), np.sort(RAT.neural.sum(axis=1)))


def test_neurons_shift_each_on_its_own():
    busy = simulate(5, 6, 3000, 0.0, 1.0)
    made = apply_control("neuron_shift", busy, 1, 1).neural
    np.testing.assert_array_equal(made.sum(axis=0), busy.neural.sum(axis=0))
    shifts = [
        next(s for s in range(len(RAT)) if np.array_equal(np.roll(busy.neural[:, n], s), made[:, n])) for n in range(6)
    ]
    assert len(set(shifts)) == 6


def test_trial_shuffle_keeps_the_class_and_most_of_the_label():
    made = apply_control("trial_shuffle", RAT, 1, 1)
    np.testing.assert_array_equal(made.labels["direction"].values, RAT.labels["direction"].values)
    old, new = RAT.labels["position"].values, made.labels["position"].values
    assert np.corrcoef(old, new)[0, 1] > 0.9
    for trial in np.unique(RAT.trial):
        assert not np.array_equal(old[RAT.trial == trial], new[RAT.trial == trial])


def test_a_slow_label_does_not_hinder_a_fast_one_and_is_named(capsys):
    slow = Label((np.arange(3000) >= 1500).astype(np.int64), "discrete")
    both = replace(RAT, labels={"position": RAT.labels["position"], "slow": slow})
    apply_control("circular_shift", both, 1, 1)
    assert "slow" in capsys.readouterr().err
    with pytest.raises(UserError, match="autocorrelation"):
        apply_control("circular_shift", replace(RAT, labels={"slow": slow}), 1, 1)


def test_mistakes_are_told():
    with pytest.raises(UserError, match="Did you mean 'circular_shift'"):
        apply_control("circular_shfit", RAT, 1, 1)
    with pytest.raises(UserError, match="neuron_shift"):
        apply_control("permute_labels", replace(RAT, labels={}), 1, 1)
    one_trial = replace(RAT, trial=np.zeros(3000, np.int32))
    with pytest.raises(UserError, match="two trials"):
        apply_control("trial_shuffle", one_trial, 1, 1)

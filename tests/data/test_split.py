"""Splits: parts apart by the gap, whole trials, equal shares; the gap against a slow oracle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cebra_pipe.data.recording import Label, Recording, epochs_of
from cebra_pipe.data.split import FOLDED, GAP, by_folds, by_nested, by_shares, cut_gap, split, trials_of, whole_parts
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config import options as config_of
from cebra_pipe.pipeline.config.options import SplitConfig

RATE = 20.0


def recording(trials=40, seed=0, rest=(0.2, 3.0), alternate=True):
    """Trials of random length, separated by random rests, two classes in turn or one after the other."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(20, 60, trials)
    trial = np.repeat(np.arange(trials), lengths).astype(np.int32)
    time = np.arange(len(trial)) / RATE + np.cumsum(rng.uniform(*rest, trials))[trial]
    side = trial % 2 if alternate else (trial >= trials // 2).astype(int)
    labels = {"side": Label(side.astype(np.int64), "discrete"), "x": Label(np.sin(time))}
    return Recording(rng.poisson(1, (len(trial), 3)), RATE, labels, time, epochs_of(time, trial, 0.1), trial)


def config(**given):
    return SplitConfig(**given).model_dump()


def cut_gap_slowly(part, time, gap):
    """Each sample against each of another part: valid gives way to test, then train to what is left of both."""
    cut = part.copy()
    for rank in (1, 0):
        before = cut.copy()
        for i in range(len(part)):
            for j in range(len(part)):
                if before[i] == rank and before[j] in range(rank + 1, GAP) and abs(time[i] - time[j]) < gap - 5e-7:
                    cut[i] = GAP
    return cut


SCHEMES = {
    "trials": {"scheme": "trials"},
    "stratified": {"scheme": "trials", "stratify": "side"},
    "uneven": {"scheme": "trials", "stratify": "side", "train": 0.5, "valid": 0.2, "test": 0.3, "blocks": 3},
    "blocks": {"scheme": "blocks"},
    "folds": {"scheme": "folds", "folds": 3},
    "stratified folds": {"scheme": "folds", "folds": 4, "stratify": "side", "blocks": 2},
    "nested": {"scheme": "nested", "folds": 3, "stratify": "side", "blocks": 2},
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("gap", [0.0, 0.1, 0.5, 1.0, 5.0])
def test_the_gap_agrees_with_the_slow_truth(seed, gap):
    rng = np.random.default_rng(seed)
    time = np.cumsum(np.where(rng.random(150) < 0.1, 2.0, 0.05))
    part = np.repeat(rng.integers(0, 3, 30), 5).astype(np.int8)
    np.testing.assert_array_equal(cut_gap(part, time, gap), cut_gap_slowly(part, time, gap))


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("gap", [0.0, 1.0, 2.5])
def test_no_two_samples_of_different_parts_are_nearer_than_the_gap(name, gap):
    made = recording()
    for cut in split(made, config(**SCHEMES[name], gap=gap)):
        inside = np.flatnonzero(cut.part < GAP)
        apart = np.abs(made.time[inside][:, None] - made.time[inside])
        other = cut.part[inside][:, None] != cut.part[inside]
        assert apart[other].min() >= gap - 1e-6
        np.testing.assert_array_equal(cut.part[cut.whole == 2], 2)  # test is never cut
        assert ((cut.part == cut.whole) | (cut.part == GAP)).all()


@pytest.mark.parametrize("name", [name for name in SCHEMES if name != "blocks"])
@pytest.mark.parametrize("seed", range(4))
def test_trials_stay_whole(name, seed):
    made = recording(seed=seed)
    for whole in whole_parts(made, config(**SCHEMES[name])):
        for trial in np.unique(made.trial):
            assert len(set(whole[made.trial == trial])) == 1


@pytest.mark.parametrize("trials", [20, 33, 40, 57, 84])
@pytest.mark.parametrize("blocks", [1, 3, 4, 7])
@pytest.mark.parametrize("alternate", [True, False])
def test_shares_of_each_class_are_right_within_one_trial(trials, blocks, alternate):
    made = recording(trials, alternate=alternate)
    scheme = config(scheme="trials", stratify="side", blocks=blocks)
    (whole,) = whole_parts(made, scheme)
    first = np.unique(made.trial, return_index=True)[1]
    side = made.labels["side"].values[first]
    for one in (0, 1):
        part = whole[first][side == one]
        for rank, name in enumerate(("train", "valid", "test")):
            assert abs((part == rank).sum() - scheme[name] * len(part)) < 1


@pytest.mark.parametrize("items", [3, 10, 41, 100])
@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_runs_are_contiguous_in_each_stretch(items, blocks):
    part = by_shares(items, np.array([0.6, 0.2, 0.2]), blocks)
    assert len(part) == items
    assert (np.diff(part) < 0).sum() <= blocks - 1


@pytest.mark.parametrize(("items", "folds", "stretches"), [(12, 3, 1), (40, 3, 4), (41, 4, 3), (30, 5, 2)])
def test_each_trial_is_held_out_once(items, folds, stretches):
    part = by_folds(items, folds, stretches)
    np.testing.assert_array_equal((part > 0).sum(axis=0), 1)
    held = (part > 0).sum(axis=1)
    assert held.max() - held.min() <= stretches
    halves = np.stack([(part == 1).sum(axis=1), (part == 2).sum(axis=1)])
    assert np.abs(halves[0] - halves[1]).max() <= 1


@pytest.mark.parametrize("folds", [2, 3, 5])
@pytest.mark.parametrize("inner", [2, 4, 5])
@pytest.mark.parametrize("seed", range(3))
def test_nested_folds_test_each_trial_once_and_choose_on_an_inner_fold_of_each_class(folds, inner, seed):
    made = recording(41 + seed, seed=seed)
    scheme = config(scheme="nested", folds=folds, inner=inner, stratify="side", blocks=2)
    first = np.unique(made.trial, return_index=True)[1]
    parts, side = np.stack(whole_parts(made, scheme))[:, first], made.labels["side"].values[first]
    np.testing.assert_array_equal((parts == 2).sum(axis=0), 1)
    for one in (0, 1):
        for part in parts[:, side == one]:
            assert abs((part == 2).sum() - part.size / folds) < 1
            assert abs((part == 1).sum() - (part < 2).sum() / inner) < 1


def test_the_inner_fold_moves_on_with_the_outer_one():
    valid = by_nested(60, 3, 4, 1) == 1
    assert not (valid[0] & valid[1]).any()
    assert not (valid[1] & valid[2]).any()


def test_the_config_knows_which_schemes_give_folds():
    assert set(FOLDED) == set(config_of.FOLDED)


def test_alternating_classes_are_cut_at_nearly_the_same_trials():
    (whole,) = whole_parts(recording(), config(stratify="side"))
    runs = 1 + (np.diff(whole) != 0).sum()
    assert runs <= 4 * 3 + 2 * 4  # four stretches of three runs, borders off by a trial at most


def test_shares_of_blocks_are_shares_of_samples():
    made = recording()
    (whole,) = whole_parts(made, config(scheme="blocks", blocks=3))
    np.testing.assert_allclose(np.bincount(whole) / len(made), [0.7, 0.15, 0.15], atol=1 / len(made))


def test_trials_keep_the_order_of_time_whatever_their_numbers():
    ids, member = trials_of(np.array([5, 5, 2, 2, 9]))
    assert ids.tolist() == [5, 2, 9]
    assert member.tolist() == [0, 0, 1, 1, 2]


BAD = {
    "no trials": (recording(1), {}, "3 trials or more, found 1 trial, all of it. Set `scheme: blocks`"),
    "two trials": (recording(2), {}, "found 2 trials. Set"),
    "unknown label": (recording(), {"stratify": "sidee"}, "Did you mean 'side'"),
    "continuous label": (recording(), {"stratify": "x"}, "continuous"),
    "too few trials": (recording(5), {"stratify": "side", "blocks": 1}, "larger share"),
    "too many inner folds": (recording(6), {"scheme": "nested", "stratify": "side"}, "`inner` folds"),
    "too many folds": (recording(12), {"scheme": "folds", "folds": 12}, "fewer `folds`"),
    "nothing left": (recording(10), {"gap": 400.0}, "before the gap"),
}


@pytest.mark.parametrize("name", BAD)
def test_mistakes_are_told_with_a_remedy(name):
    made, scheme, expected = BAD[name]
    with pytest.raises(UserError, match=expected):
        split(made, config(**scheme))


def test_one_cause_is_told_once_for_all_folds():
    with pytest.raises(UserError) as caught:
        split(recording(12), config(scheme="folds", folds=40))
    told = str(caught.value)
    assert len(caught.value.problems) <= 3
    assert "split.scheme folds, folds " in told
    assert ".." in told
    with pytest.raises(UserError) as caught:
        split(recording(60), config(scheme="folds", folds=10, gap=4.0))
    (problem,) = (problem for problem in caught.value.problems if "valid of" in problem.where)
    assert problem.where.startswith("split: valid of folds ")
    assert " to " in problem.found


def test_the_rate_of_the_acquisition_is_not_blamed_on_the_gap():
    made = recording(40)
    fast = replace(made, rate=40_000.0, time=np.arange(len(made)) / 40_000)
    with pytest.raises(UserError, match=r"lasts 0\.0\d+ s at 40000 Hz\. Is its `rate` that of the samples"):
        split(fast, config(scheme="blocks"))
    with pytest.raises(UserError) as caught:
        split(made, config(scheme="blocks", gap=400.0))
    assert "rate" not in str(caught.value)


def test_trials_that_were_dropped_are_told_beside_those_that_are_left():
    made = replace(recording(5), notes={"trials_given": 12})
    with pytest.raises(UserError, match=r"split\.scheme trials: expected a trial of side . in valid") as caught:
        split(made, config(stratify="side", blocks=1))
    left = "; 5 of the recording's 12 trials have samples that are used)"
    assert {p.found for p in caught.value.problems} == {
        f"none (2 trials of side 1{left}",
        f"none (3 trials of side 0{left}",
    }
    with pytest.raises(UserError, match=r"none \(2 trials of side 1\)"):
        split(recording(5), config(stratify="side", blocks=1))
    with pytest.raises(UserError, match="found 2 trials; 2 of the recording's 12"):
        split(replace(recording(2), notes={"trials_given": 12}), config())

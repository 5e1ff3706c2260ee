"""Shares of a part: inside each other, inside the part, whole stretches, classes alike."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.parts import segments
from cebra_pipe.data.shares import adapt_part, share_masks, spread_order

SHARES = (0.1, 0.3, 0.55, 1.0)


def given(seed=0, trials=24):
    """Trials of random length, of two classes in turn; two of three in the part."""
    rng = np.random.default_rng(seed)
    trial = np.repeat(np.arange(trials), rng.integers(20, 40, trials))
    return trial % 3 > 0, trial, trial % 2


@pytest.mark.parametrize("seed", range(5))
def test_shares_lie_inside_each_other_and_cut_one_stretch_at_most(seed):
    mask, epoch, classes = given(seed)
    masks = share_masks(mask, epoch, classes, SHARES, np.random.default_rng(seed))
    whole = {tuple(s) for s in segments(mask, epoch)}
    for share, one in zip(SHARES, masks, strict=True):
        assert one.sum() == round(share * mask.sum())
        cut = [s for s in segments(one, epoch) if tuple(s) not in whole]
        assert len(cut) <= 1
    for small, large in zip(masks, [*masks[1:], mask], strict=True):
        assert not (small & ~large).any()
    np.testing.assert_array_equal(masks[-1], mask)


def test_another_stream_gives_other_samples():
    made = [share_masks(*given(), (0.3,), np.random.default_rng(seed))[0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0] != made[2]).any()


@pytest.mark.parametrize("sizes", [(10, 10), (20, 4), (7, 12, 3)])
def test_every_beginning_holds_the_classes_alike(sizes):
    classes = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    number = np.arange(1, len(classes) + 1)
    for seed in range(20):
        ordered = classes[spread_order(classes, np.random.default_rng(seed))]
        for one, size in enumerate(sizes):
            assert np.abs(np.cumsum(ordered == one) - number * size / len(classes)).max() < 2


def test_what_is_left_of_train_is_gap():
    part = np.array(["train", "train", "valid", "test", "gap"], dtype=object)
    assert adapt_part(part, np.array([True, False, False, False, False])).tolist() == [
        *("train", "gap", "valid", "test", "gap")
    ]

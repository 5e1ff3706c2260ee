"""Offset, Batch and BatchIndex behave as documented."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

from cebra_pipe.data.datatypes import Batch, BatchIndex, Offset


def test_offset_of_one_number_is_symmetric():
    assert Offset(5) == Offset(5, 5)
    assert (len(Offset(2, 3)), tuple(Offset(2, 3))) == (5, (2, 3))
    assert repr(Offset(5)) == "Offset(left = 5, right = 5, length = 10)"


@pytest.mark.parametrize("wrong", [(-1, 1), (0, 0), (0,), (), (1, 2, 3)])
def test_offset_checks_itself(wrong):
    with pytest.raises(ValueError, match="Offset"):
        Offset(*wrong)


def test_offset_slices():
    offset, x = Offset(2, 3), np.arange(10)
    assert x[offset.left_slice].tolist() == [0, 1]
    assert x[offset.right_slice].tolist() == [7, 8, 9]
    assert x[offset.valid_slice].tolist() == [2, 3, 4, 5, 6]
    masked = x.copy()
    assert offset.mask_array(masked, -1) is masked
    assert masked.tolist() == [-1, -1, 2, 3, 4, 5, 6, -1, -1, -1]


def test_offset_is_a_value():
    offset = Offset(2, 3)
    assert pickle.loads(pickle.dumps(offset)) == copy.deepcopy(offset) == offset
    assert len({offset, Offset(2, 3)}) == 1
    with pytest.raises(AttributeError):
        offset.left = 1


def test_batch_moves_its_samples():
    batch = Batch(*torch.ones(3, 4))
    assert batch.to("meta") is None
    assert {batch.reference.device.type, batch.positive.device.type, batch.negative.device.type} == {"meta"}


def test_batch_index_defaults():
    assert BatchIndex(1, 2, 3) == (1, 2, 3, None, None)

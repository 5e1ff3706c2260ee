"""Data sets: what they take, the windows they give, trials."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cebra_pipe import data
from cebra_pipe.data.datatypes import BatchIndex, Offset
from cebra_pipe.data.helper import get_loader_options

RNG = np.random.default_rng
TRIAL = np.repeat([3, 1, 3, 2], [20, 9, 30, 11])  # two runs of number 3


def dataset(length: int = 70, **changed) -> data.TensorDataset:
    rng = RNG(0)
    given = {"continuous": rng.normal(size=(length, 2)), "discrete": rng.integers(0, 3, length)} | changed
    return data.TensorDataset(rng.normal(size=(length, 4)).astype(np.float32), **given)


def window_loop(index: int, begin: int, end: int, offset: Offset) -> list[int]:
    """The window of a sample, moved inside begin … end."""
    centre = index
    while centre - offset.left < begin:
        centre += 1
    while centre + offset.right > end:
        centre -= 1
    return list(range(centre - offset.left, centre + offset.right))


@pytest.mark.parametrize("offset", [Offset(0, 1), Offset(5, 5), Offset(2, 3)])
def test_windows_stay_inside_the_recording(offset, reference):
    ours, theirs = dataset(), reference.data.TensorDataset(torch.randn(70, 4), continuous=torch.randn(70, 2))
    ours.offset, theirs.offset = offset, reference.data.datatypes.Offset(*offset)
    index = torch.arange(70)
    expected = [window_loop(i, 0, 70, offset) for i in range(70)]
    assert ours.expand_index(index).tolist() == expected == theirs.expand_index(index).tolist()
    assert torch.equal(ours[index][:, :, offset.left], ours.neural[[w[offset.left] for w in expected]])
    assert ours[index].shape == (70, 4, len(offset))


def test_windows_stay_inside_the_trial(reference):
    """Runs of equal numbers are trials; expand_index_in_trial numbers trials by the sample, as documented."""
    ours, offset = dataset(trial=TRIAL), Offset(2, 4)
    ours.offset, index = offset, torch.randperm(70, generator=torch.Generator().manual_seed(0))
    borders = [0, 20, 29, 59, 70]
    runs = np.repeat(np.arange(4), np.diff(borders))
    expected = [window_loop(i, borders[runs[i]], borders[runs[i] + 1], offset) for i in index.tolist()]
    assert ours.expand_index(index).tolist() == expected
    ids, ends = torch.from_numpy(runs), torch.tensor(borders)
    assert ours.expand_index_in_trial(index, ids, ends).tolist() == expected
    theirs = reference.data.TensorDataset(torch.randn(70, 4), continuous=torch.randn(70, 2))
    theirs.offset = reference.data.datatypes.Offset(*offset)
    assert theirs.expand_index_in_trial(index, ids, ends).tolist() == expected


def test_no_room_for_a_window_is_told(reference):
    """The reference reads from the recording's end instead: negative sample numbers."""
    ours = dataset(4)
    ours.offset = Offset(5)
    with pytest.raises(ValueError, match="at least 10 samples in a row, found 4"):
        ours[torch.tensor([0])]
    theirs = reference.data.TensorDataset(torch.randn(4, 4), continuous=torch.randn(4, 2))
    theirs.offset = reference.data.datatypes.Offset(5, 5)
    assert int(theirs.expand_index(torch.tensor([0])).min()) < 0


@pytest.mark.parametrize(
    ("name", "value", "error", "told"),
    [
        ("continuous", np.zeros((70, 2), int), TypeError, "float"),
        ("continuous", np.zeros((70, 2, 1)), ValueError, "sample, label"),
        ("continuous", np.full((70, 1), np.nan), ValueError, "70 NaN"),
        ("continuous", np.zeros((69, 1)), ValueError, "70 samples as in neural, found 69"),
        ("continuous", np.ma.array(np.zeros((70, 1)), mask=np.eye(70, 1)), ValueError, "no masked values, found 1"),
        ("discrete", np.zeros(70), TypeError, "integer"),
        ("discrete", np.zeros(70, bool), TypeError, "integer"),
        ("discrete", np.zeros((70, 1, 1), int), ValueError, "sample, column"),
        ("trial", np.zeros((70, 2), int), ValueError, "trial"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, value, error, told):
    with pytest.raises(error, match=told):
        dataset(**{name: value})


def test_neural_is_float_and_two_dimensional():
    with pytest.raises(TypeError, match="float"):
        data.TensorDataset(np.zeros((5, 2), int))
    with pytest.raises(ValueError, match="sample, neuron"):
        data.TensorDataset(np.zeros(5))


def test_labels_as_given():
    made = dataset(discrete=np.zeros((70, 1), np.uint8), continuous=np.arange(70.0) + 1e9)
    assert (made.discrete_index.shape, made.discrete_index.dtype) == ((70,), torch.int64)
    assert (made.continuous_index.shape, made.continuous_index.dtype) == ((70, 1), torch.float64)
    assert made.neural.dtype == torch.float32
    assert data.TensorDataset(np.zeros((5, 2))).continuous_index is None


def test_collections():
    one, other = dataset(), data.TensorDataset(torch.randn(50, 6), continuous=torch.randn(50, 2))
    both = data.DatasetCollection(one, other)
    assert (both.num_sessions, len(both), both.session_lengths) == (2, 120, [70, 50])
    assert [both.get_input_dimension(s) for s in range(2)] == [4, 6]
    assert both.continuous_index.shape == (120, 2)
    assert both.discrete_index is None
    assert both.get_session(1) is other
    assert data.DatasetCollection(s for s in (one, other)).num_sessions == 2
    with pytest.raises(NotImplementedError, match="get_input_dimension"):
        both.input_dimension  # noqa: B018
    index = torch.arange(6).reshape(2, 3)
    first, second = both.load_batch(BatchIndex(index, index, index, torch.arange(6), torch.arange(6)))
    assert (first.reference.shape, second.negative.shape) == ((3, 4, 1), (3, 6, 1))
    assert torch.equal(second.positive[..., 0], other.neural[3:6])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (lambda: [dataset()], "at least two"),
        (lambda: [], "at least two"),
        (lambda: [dataset(), dataset(continuous=np.zeros((70, 3)))], "2, 3"),
        (lambda: [dataset(), data.DatasetCollection(dataset(), dataset())], "one session each"),
    ],
)
def test_collections_that_do_not_fit_are_refused(given, told):
    with pytest.raises(ValueError, match=told):
        data.DatasetCollection(*given())


def test_several_objectives_load_by_name():
    labels = {"position": np.arange(30.0)[:, None], "speed": torch.arange(30)}
    made = data.DatasetxCEBRA(np.random.default_rng(0).normal(size=(30, 4)), **labels)
    model = torch.nn.Module()
    model.get_offset = lambda: Offset(2, 3)
    made.configure_for(model)
    assert (made.offset, made.input_dimension, made.labels) == (Offset(2, 3), 4, labels)
    rows = torch.tensor([4, 9])
    batch = made.load_batch_supervised(BatchIndex(rows, None, None), ["speed", "position"])
    assert batch.reference.shape == (2, 4, 5)
    assert [p.reshape(-1).tolist() for p in batch.positive] == [[4, 9], [4, 9]]
    contrast = made.load_batch_contrastive(BatchIndex(rows, [rows, rows + 1], rows))
    assert torch.equal(contrast.positive[1], made[rows + 1])
    with pytest.raises(ValueError, match="references alone"):
        made.load_batch_supervised(BatchIndex(rows, rows, None), ["speed"])


def test_loader_options():
    names = [kind.__name__ for kind in get_loader_options(dataset())]
    assert {"ContinuousDataLoader", "DiscreteDataLoader", "MixedDataLoader"} <= set(names)
    assert [kind.__name__ for kind in get_loader_options(dataset(continuous=None))] == ["DiscreteDataLoader"]
    both = data.DatasetCollection(dataset(discrete=None), dataset(discrete=None))
    assert "ContinuousMultiSessionDataLoader" in [kind.__name__ for kind in get_loader_options(both)]
    for kind in get_loader_options(both):
        kind(both, num_steps=1, batch_size=4).get_indices(4)

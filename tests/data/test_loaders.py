"""Loaders: what they refuse, and what trials do to their draws, against loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cebra_pipe import data
from cebra_pipe.data.datatypes import Offset

RNG = np.random.default_rng
LENGTHS = (20, 9, 30, 4, 11)
TRIAL = np.repeat([3, 1, 3, 8, 2], LENGTHS)
RUN = np.repeat(np.arange(5), LENGTHS)


def session(trial: np.ndarray | None = TRIAL, seed: int = 0, length: int = 74) -> data.TensorDataset:
    rng = RNG(seed)
    labels = np.cumsum(rng.normal(size=(length, 1)), axis=0)
    return data.TensorDataset(
        rng.normal(size=(length, 3)), continuous=labels, discrete=rng.integers(0, 3, length), trial=trial
    )


def loader(kind: str, dataset=None, **options) -> data.base.Loader:
    dataset = session(None) if dataset is None else dataset
    full = {} if kind == "FullDataLoader" else {"batch_size": 16}
    return getattr(data, kind)(dataset, **({"num_steps": 3, "seed": 0} | full | options))


CONTINUOUS = ("ContinuousDataLoader", "MixedDataLoader", "HybridDataLoader", "FullDataLoader")


@pytest.mark.parametrize("kind", [*CONTINUOUS, "DiscreteDataLoader"])
@pytest.mark.parametrize("wrong", [{"num_steps": None}, {"num_steps": 0}, {"num_steps": 1e3}, {"batch_size": 0}])
def test_numbers_of_steps_and_samples(kind, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        loader(kind, **wrong)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("ContinuousDataLoader", {"conditional": "nearest"}),
        ("ContinuousDataLoader", {"delta": 0.5}),
        ("ContinuousDataLoader", {"conditional": "delta_normal", "delta": None}),
        ("ContinuousDataLoader", {"conditional": "delta_normal", "delta": -1.0}),
        ("ContinuousDataLoader", {"time_offset": 0}),
        ("ContinuousDataLoader", {"time_offset": 1.5}),
        ("ContinuousDataLoader", {"time_offset": 74}),
        ("ContinuousDataLoader", {"batch_size": None}),
        ("ContinuousDataLoader", {"num_negatives": 0}),
        ("ContinuousDataLoader", {"label_weights": [1.0, 2.0]}),
        ("ContinuousDataLoader", {"label_weights": [0.0]}),
        ("ContinuousDataLoader", {"conditional": "time", "label_weights": [1.0]}),
        ("DiscreteDataLoader", {"label_periods": [1.0]}),
        ("DiscreteDataLoader", {"prior": "even"}),
        ("MixedDataLoader", {"conditional": "time"}),
        ("MixedDataLoader", {"delta": 0.5}),
        ("HybridDataLoader", {"time_distribution": "time_delta"}),
        ("FullDataLoader", {"num_negatives": 5}),
        ("FullDataLoader", {"batch_size": 5}),
        ("ContinuousMultiSessionDataLoader", {"dataset": None}),
    ],
)
def test_options_that_are_wrong_or_without_effect(kind, wrong):
    with pytest.raises(ValueError, match=list(wrong)[-1]):
        loader(kind, **wrong)


@pytest.mark.parametrize(
    ("kind", "lacks"), [("ContinuousDataLoader", "continuous"), ("DiscreteDataLoader", "discrete")]
)
def test_labels_that_lack(kind, lacks):
    with pytest.raises(ValueError, match=f"{lacks} index, which {kind} needs"):
        loader(kind, data.TensorDataset(np.zeros((50, 2))))


def test_batches_are_windows():
    made = loader("HybridDataLoader", num_steps=4)
    made.dataset.offset = Offset(2, 3)
    batches = list(made)
    assert len(batches) == len(made) == 4
    for batch in batches:  # twice as many of each, as documented
        assert {tuple(each.shape) for each in (batch.reference, batch.positive, batch.negative)} == {(32, 3, 5)}
    index = made.get_indices(7)
    assert {len(index.reference), len(index.positive), len(index.negative)} == {14}
    assert (index.positive[7:] - index.reference[7:] == 10).all()


@pytest.mark.parametrize("offset", [Offset(0, 1), Offset(3, 3)])
def test_references_and_negatives_have_whole_windows_in_their_trial(offset):
    """Against a loop over samples; trials shorter than the window are left out, and it is told."""
    dataset = session()
    dataset.offset = offset
    centres = [
        t for t in range(74) if all(0 <= i < 74 and RUN[i] == RUN[t] for i in range(t - offset.left, t + offset.right))
    ]
    if len(offset) > 4:
        with pytest.warns(UserWarning, match="window of 6 samples are left out: 1 of session 0"):
            made = loader("DiscreteDataLoader", dataset)
    else:
        made = loader("DiscreteDataLoader", dataset)
    index = made.get_indices(4000)
    for drawn in (index.reference, index.positive, index.negative):
        assert np.unique(drawn).tolist() == centres
    windows = dataset.expand_index(index.reference).numpy()
    assert (RUN[windows] == RUN[index.reference][:, None]).all()


@pytest.mark.filterwarnings("ignore:trials no longer than the time offset")
def test_time_positives_stay_in_their_trial():
    dataset = session()
    index = loader("ContinuousDataLoader", dataset, conditional="time", time_offset=7).get_indices(4000)
    assert (index.positive - index.reference == 7).all()
    assert (RUN[index.positive] == RUN[index.reference]).all()
    expected = [t for t in range(74) if t + 7 < 74 and RUN[t + 7] == RUN[t]]
    assert np.unique(index.reference).tolist() == expected
    assert np.unique(index.negative).tolist() == list(range(74))


@pytest.mark.parametrize(("conditional", "what"), [("time", "references"), ("time_delta", "changes of labels")])
def test_trials_no_longer_than_the_time_offset_are_told(conditional, what):
    dataset, lag = session(), int(np.sort(LENGTHS)[1])
    with pytest.warns(UserWarning, match="no longer than the time offset") as told:
        made = loader("ContinuousDataLoader", dataset, conditional=conditional, time_offset=lag)
    short = [length for length in LENGTHS if length <= lag]
    (text,) = (str(each.message) for each in told)
    assert f"of {lag} samples (windows included) give no {what}: {len(short)} of {len(LENGTHS)} trials, " in text
    assert f" {sum(short)} of 74 samples." in text
    if conditional == "time":
        drawn = np.unique(RUN[made.get_indices(2000).reference])
        assert len(drawn) == len(LENGTHS) - len(short)


def test_label_changes_stay_in_their_trial():
    """The table of changes is that of a loop, and holds no jump from one trial to the next."""
    dataset = session()
    made = loader("ContinuousDataLoader", dataset, time_offset=3)
    labels = dataset.continuous_index.numpy()[:, 0]
    expected = [labels[t] - labels[t - 3] for t in range(3, 74) if RUN[t] == RUN[t - 3]]
    np.testing.assert_allclose(made.samplings(Offset(0, 1))[0].conditional.change.table[:, 0], expected)


def test_one_trial_is_no_trial():
    drawn = [loader("ContinuousDataLoader", session(trial)).get_indices(50) for trial in (None, np.full(74, 6))]
    assert all(torch.equal(a, b) for a, b in zip(drawn[0][:3], drawn[1][:3], strict=True))


def test_nothing_as_long_as_the_window():
    dataset = session(np.arange(74) // 5)
    dataset.offset = Offset(3)
    with pytest.raises(ValueError, match=r"session 0: expected at least 6 samples in a row.*found 5"):
        loader("DiscreteDataLoader", dataset)
    short = session(None, length=4)
    short.offset = Offset(3)
    with pytest.raises(ValueError, match="found 4"):
        loader("DiscreteDataLoader", short)


def test_classes_of_several_columns_are_their_rows():
    columns = RNG(3).integers(0, 2, (74, 2))
    dataset = data.TensorDataset(RNG(0).normal(size=(74, 3)), discrete=columns)
    index = loader("DiscreteDataLoader", dataset, prior="uniform").get_indices(500)
    assert (columns[index.reference] == columns[index.positive]).all()
    joint = columns[index.reference] @ [1, 2]
    assert (np.bincount(joint, minlength=4) > 80).all()


def test_full_batches_hold_every_centre():
    dataset = session(None)
    dataset.offset = Offset(2, 3)
    made = loader("FullDataLoader", dataset, time_offset=4)
    index = made.get_indices()
    assert index.reference.tolist() == index.negative.tolist() == list(range(2, 72))
    timed = loader("FullDataLoader", dataset, conditional="time", time_offset=4).get_indices()
    assert timed.reference.tolist() == list(range(2, 68))
    assert timed.negative.tolist() == list(range(2, 72))


def test_a_draw_of_several_sessions_can_be_put_back():
    both = data.DatasetCollection(session(None), session(None, seed=1, length=40))
    found = loader("DiscreteMultiSessionDataLoader", both).get_indices(30)
    assert {tuple(each.shape) for each in found[:3]} == {(2, 30)}
    assert torch.equal(found.index[found.index_reversed], torch.arange(60))
    classes = [s.discrete_index for s in both.iter_sessions()]
    positive = torch.cat([c[row] for c, row in zip(classes, found.positive, strict=True)])
    reference = torch.cat([c[row] for c, row in zip(classes, found.reference, strict=True)])
    assert torch.equal(positive[found.index_reversed], reference)

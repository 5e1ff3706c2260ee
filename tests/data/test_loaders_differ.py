"""Where draws differ from those of cebra 0.6.1 on purpose: both distributions, one row of docs/differences.md each."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from cebra_pipe import data
from cebra_pipe.data.datatypes import Offset

RNG = np.random.default_rng
T = 100
DELTA = 10


def session(package, length: int = T, **labels):
    neural = RNG(0).normal(size=(length, 3)).astype(np.float32)
    return package.TensorDataset(neural, **labels)


def pair(reference, kind: str, datasets, ours: dict | None = None, **options):
    """The loader here and there; `datasets(package)` makes the data."""
    made = []
    for package, more in ((data, {"seed": 0} | (ours or {})), (reference.data, {})):
        batch = {} if kind == "FullDataLoader" else {"batch_size": 500}
        loader = getattr(package, kind, None) or getattr(package.multi_session, kind)
        made.append(loader(dataset=datasets(package), num_steps=1, **batch, **options, **more))
    return made


def draws(loader, number: int = 4000) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(each) for each in loader.get_indices(number)[:3])


def line(package):
    """A label that moves by one a sample: every positive is `time_offset` later."""
    return session(package, continuous=np.arange(T, dtype=np.float32)[:, None] - 50)


@pytest.mark.parametrize("far", [100.0, 10_000.0])
def test_labels_far_from_zero(far, reference):
    """With labels in [0, 1) the positives of both are near; shifted, those of the reference are anywhere."""
    labels = RNG(1).random((2000, 1)).astype(np.float32)
    errors = {}
    for shift in (0.0, far):
        given = labels.astype(np.float64) + shift
        loaders = pair(
            reference,
            "ContinuousDataLoader",
            lambda package, given=given: session(
                package, 2000, continuous=given if package is data else given.astype(np.float32)
            ),
            conditional="delta_normal",
            delta=1e-9,
        )
        for name, loader in zip(("ours", "theirs"), loaders, strict=True):
            ref, pos, _ = draws(loader)
            errors[name, shift] = np.abs(labels[ref] - labels[pos]).mean()
    assert errors["ours", far] == errors["ours", 0.0] == 0
    assert errors["theirs", 0.0] < 1e-3
    assert errors["theirs", far] > (0.2 if far > 1000 else 1e-3)


def test_changes_of_zero(reference):
    """Of T changes the first `time_offset` are zeros there: a tenth of the references is its own positive."""
    stays = [
        (ref == pos).mean()
        for ref, pos, _ in map(draws, pair(reference, "ContinuousDataLoader", line, time_offset=DELTA))
    ]
    assert stays[0] == pytest.approx(0, abs=0.012)  # the last sample, whose label nothing exceeds: 1 %
    assert stays[1] == pytest.approx(0.1, abs=0.03)


def test_the_last_samples_are_negatives(reference):
    ours, theirs = map(draws, pair(reference, "ContinuousDataLoader", line, conditional="time", time_offset=DELTA))
    assert (ours[0].max(), theirs[0].max()) == (T - DELTA - 1, T - DELTA - 1)
    assert (ours[2].max(), theirs[2].max()) == (T - 1, T - DELTA - 1)


@pytest.mark.parametrize(("classes", "there"), [([5, 7], [0.75, 0.25]), ([0, 1, 9], [0.1, 0.1, 0.8])])
def test_uniform_over_classes_that_occur(classes, there, reference):
    labels = np.resize(classes, T)
    loaders = pair(reference, "DiscreteDataLoader", lambda p: session(p, discrete=labels), prior="uniform")
    for loader, expected in zip(loaders, ([1 / len(classes)] * len(classes), there), strict=True):
        drawn = labels[draws(loader, 8000)[0]]
        np.testing.assert_allclose([(drawn == c).mean() for c in classes], expected, atol=0.04)


def test_negative_class_numbers(reference):
    labels = np.resize([-1, 4], T)
    assert set(labels[draws(pair_ours("DiscreteDataLoader", labels, prior="uniform"))[0]]) == {-1, 4}
    with pytest.raises(ValueError):
        reference.data.DiscreteDataLoader(session(reference.data, discrete=labels), num_steps=1, batch_size=5)


def pair_ours(kind: str, labels: np.ndarray, **options):
    return getattr(data, kind)(session(data, discrete=labels), num_steps=1, batch_size=5, seed=0, **options)


def test_mixed_references_are_uniform_over_samples(reference):
    """One class has a tenth of the samples: a tenth of the references here, half of them there."""
    labels = (np.arange(T) % 10 == 0).astype(int)
    continuous = RNG(2).normal(size=(T, 1)).astype(np.float32)
    loaders = pair(reference, "MixedDataLoader", lambda p: session(p, continuous=continuous, discrete=labels))
    shares = [labels[draws(loader)[0]].mean() for loader in loaders]
    np.testing.assert_allclose(shares, [0.1, 0.5], atol=0.03)


def test_edge_samples_are_not_paired_with_windows_of_others(reference):
    """A reference near the start reads the window of another sample there; here it is no centre."""
    loaders = pair(reference, "DiscreteDataLoader", lambda p: session(p, discrete=np.zeros(T, int)))
    for loader, offset in zip(loaders, (Offset(5), reference.data.datatypes.Offset(5, 5)), strict=True):
        loader.dataset.offset = offset
    ours, theirs = (draws(loader)[0] for loader in loaders)
    assert (ours.min(), ours.max()) == (5, 95)
    assert (theirs.min(), theirs.max()) == (0, 99)
    windows = [loader.dataset.expand_index(torch.arange(T))[:, 5].numpy() for loader in loaders]
    assert (windows[0][ours] == ours).all()
    assert (windows[1][theirs] != theirs).mean() == pytest.approx(0.09, abs=0.02)


def test_a_class_that_a_session_lacks(reference):
    """Here its positives come from the sessions that have it; there an error, or samples of another class."""

    def sessions(package):
        return package.DatasetCollection(
            session(package, discrete=np.resize([0, 1, 2], T)), session(package, discrete=np.resize([0, 1], T))
        )

    ours, theirs = pair(reference, "DiscreteMultiSessionDataLoader", sessions)
    found = ours.get_indices(900)
    classes = [s.discrete_index for s in ours.dataset.iter_sessions()]
    reference_classes = torch.cat([c[row] for c, row in zip(classes, found.reference, strict=True)])
    positive = torch.cat([c[row] for c, row in zip(classes, found.positive, strict=True)])[found.index_reversed]
    assert torch.equal(positive, reference_classes)
    assert not (classes[1][found.positive[1]] == 2).any()
    with pytest.raises(IndexError):
        theirs.get_indices(900)


def test_a_full_batch_is_all_samples(reference):
    loaders = pair(reference, "FullDataLoader", line)
    for loader, offset in zip(loaders, (Offset(5), reference.data.datatypes.Offset(5, 5)), strict=True):
        loader.dataset.offset = offset
    ours, theirs = (np.asarray(loader.get_indices().reference) for loader in loaders)
    assert ours.tolist() == list(range(5, 96))
    assert theirs.tolist() == list(range(5, 89))


def test_several_sessions_take_the_conditional_that_is_asked_for(reference):
    """`time`: always `time_offset` later in the own session here; there positives by label, whatever is asked for."""

    def sessions(package):
        labels = [RNG(s).normal(size=(T, 1)).astype(np.float32) for s in range(2)]
        return package.DatasetCollection(*(session(package, continuous=each) for each in labels))

    ours, theirs = pair(reference, "ContinuousMultiSessionDataLoader", sessions, conditional="time", time_offset=DELTA)
    found = ours.get_indices(400)
    assert torch.equal(found.positive.flatten()[found.index_reversed], found.reference.flatten() + DELTA)
    index = theirs.get_indices(400)
    back = np.asarray(index.positive).ravel()[np.asarray(index.index_reversed)]
    assert (back == np.asarray(index.reference).ravel() + DELTA).mean() < 0.1
    with pytest.raises(ValueError, match="conditional"):
        data.ContinuousMultiSessionDataLoader(sessions(data), num_steps=1, batch_size=9, conditional="none such")


def test_scale_and_weight_of_labels(reference):
    """A column in the thousands decides alone in both; here a weight takes it out."""
    labels = np.column_stack([RNG(0).random(T) * 1000, RNG(1).random(T)]).astype(np.float32)
    labels -= labels.mean(0)
    options = {"conditional": "delta_normal", "delta": 1e-6}
    ours, theirs = pair(reference, "ContinuousDataLoader", lambda p: session(p, continuous=labels), **options)
    weighted = data.ContinuousDataLoader(
        session(data, continuous=labels),
        num_steps=1,
        batch_size=9,
        seed=0,
        conditional="delta_normal",
        delta=0.3,
        label_weights=[1e-3, 1.0],
    )
    for loader in (ours, theirs):
        ref, pos, _ = draws(loader)
        assert (ref == pos).all()
    ref, pos, _ = draws(weighted)
    far = np.abs(labels[ref] - labels[pos]).mean(0)
    assert far[0] > 100  # thousandths: a change of 0.3 is one of 300
    assert far[1] == pytest.approx(far[0] / 1000, rel=0.5)


def test_equally_near_samples_are_drawn_alike(reference):
    """Ten samples a value: the first of them every time there, each of them here."""
    labels = np.repeat(np.arange(10.0, dtype=np.float32) - 4.5, 10)[:, None]
    options = {"conditional": "delta_normal", "delta": 1e-6}
    loaders = pair(reference, "ContinuousDataLoader", lambda p: session(p, continuous=labels), **options)
    assert [len(np.unique(draws(loader)[1])) for loader in loaders] == [100, 10]


def test_a_seed_gives_the_same_draws_again(reference):
    ours, theirs = zip(*(pair(reference, "ContinuousDataLoader", line) for _ in range(2)), strict=True)
    assert np.array_equal(*(draws(loader) for loader in ours))
    found = []
    for loader in theirs:
        torch.manual_seed(0)
        found.append(draws(loader)[0])
    assert not np.array_equal(*found)


def test_a_hybrid_batch_has_twice_as_many_of_each(reference):
    """As documented; there the positives alone are twice as many."""
    ours, theirs = pair(reference, "HybridDataLoader", line)
    assert [len(each) for each in draws(ours, 50)] == [100, 100, 100]
    assert [len(each) for each in draws(theirs, 50)] == [50, 100, 50]


def test_recordings_without_labels_and_of_other_lengths(reference):
    neural = np.zeros((50, 2), np.float32)
    assert data.TensorDataset(neural).discrete_index is None
    with pytest.raises(ValueError):
        reference.data.TensorDataset(neural)
    short = {"continuous": np.zeros((40, 1), np.float32)}
    reference.data.TensorDataset(neural, **short)
    with pytest.raises(ValueError, match="50 samples as in neural, found 40"):
        data.TensorDataset(neural, **short)


def test_a_time_offset_as_long_as_the_recording(reference):
    """There every change is zero then, and every sample its own positive."""
    with pytest.raises(ValueError, match="time_offset"):
        data.ContinuousDataLoader(line(data), num_steps=1, batch_size=9, time_offset=T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loader = reference.data.ContinuousDataLoader(line(reference.data), num_steps=1, batch_size=9, time_offset=T)
    ref, pos, _ = draws(loader, 50)
    assert (ref == pos).all()

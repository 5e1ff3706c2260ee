"""Draws as a device makes them, on the CPU: the distributions are those of numpy's draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from cebra_pipe.data.datatypes import Offset
from cebra_pipe.data.timeline import LabelSpace, timeline_of
from cebra_pipe.distributions import nearest, resident
from cebra_pipe.distributions.conditional import LabelNeighbour, NormalChange, SameClass, SeenChange, TimeOffset
from cebra_pipe.distributions.nearest import Nearest
from cebra_pipe.distributions.prior import ClassUniform, everything
from cebra_pipe.distributions.resident import Resident, can_reside
from cebra_pipe.distributions.sampling import Sampling
from tests.oracles import nearest_set

CPU = torch.device("cpu")


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def sessions(lengths=(90, 60)):
    """Sessions of stretches of 30 samples, windows of four."""
    epochs = [np.arange(n) // 30 for n in lengths]
    return timeline_of(epochs, [np.ones(n, bool) for n in lengths], epochs, Offset(2, 2))


def space(timeline, features, classes=1, period=0.0):
    rng = np.random.default_rng(features)
    coordinates = rng.integers(0, 5, (len(timeline), features)).astype(float)
    periods = np.full(features, 0.0)
    periods[0] = period
    return LabelSpace(coordinates, periods, np.arange(len(timeline)) % classes)


def neighbours(timeline, labels, change):
    """A distribution whose label change is always the same."""
    found = LabelNeighbour(timeline, labels, SeenChange(timeline, labels, 1))
    object.__setattr__(found.change, "table", np.array([change], float))
    return found


@pytest.mark.parametrize("period", [0.0, 5.0])
@pytest.mark.parametrize(
    ("features", "classes", "lengths"), [(1, 1, (90,)), (1, 2, (90, 60)), (2, 1, (90, 60)), (3, 2, (90,))]
)
def test_positives_are_nearest_of_their_class_and_all_of_them(features, classes, lengths, period, monkeypatch):
    """Whatever is equally near comes up, in a session that is dealt, and nothing else."""
    monkeypatch.setattr(nearest, "CELLS", 2000)  # a few queries at a time
    timeline = sessions(lengths)
    labels = space(timeline, features, classes, period)
    found = neighbours(timeline, labels, [0.4] * features)
    rows, steps = labels.embed(labels.coordinates), 40
    reference, positive, _ = Resident(Sampling(found), CPU).draw(steps, 32, stream())
    seen, centres = {}, timeline.is_centre()
    pairs = torch.stack([reference, positive], -1).view(-1, 2).tolist()
    for r, p in pairs:
        assert labels.classes[r] == labels.classes[p]
        seen.setdefault((r, timeline.session[p]), set()).add(p)
    for (r, s), drawn in list(seen.items())[::7]:
        query = labels.embed(labels.coordinates[r][None] + 0.4)[0]
        allowed = centres & (labels.classes == labels.classes[r]) & (timeline.session == s)
        assert drawn <= nearest_set(rows, query, allowed)
    every = set().union(
        *(
            nearest_set(
                rows,
                labels.embed(labels.coordinates[r][None] + 0.4)[0],
                centres & (labels.classes == labels.classes[r]) & (timeline.session == s),
            )
            for r, s in seen
        )
    )
    assert len(set().union(*seen.values())) > 0.9 * len(every)
    counts = np.bincount(timeline.session[positive[0].ravel()], minlength=len(lengths))
    assert (counts == 32).all()  # every step has as many of each session


@pytest.mark.parametrize("features", [1, 2])
def test_ties_are_uniform_over_samples(features):
    """Between 3 samples on one side and 7 on the other, as near: each comes up as often."""
    timeline = sessions((30,))
    coordinates = np.full((30, features), 9.0)
    coordinates[2:5], coordinates[5:12] = 1.0, -1.0
    labels = LabelSpace(coordinates, np.zeros(features), np.zeros(30, np.int64))
    found = Nearest.of(neighbours(timeline, labels, [0.0] * features), 0, CPU)
    query = torch.zeros(20_000, features, dtype=torch.float64)
    drawn = found(query, torch.zeros(20_000, dtype=torch.int64), stream()).numpy()
    counts = np.bincount(drawn, minlength=30)
    assert np.flatnonzero(counts).tolist() == list(range(2, 12))
    assert chisquare(counts[2:12]).pvalue > 1e-3


@pytest.mark.parametrize("features", [1, 2, 3])
def test_device_and_host_draw_from_the_same_samples(features):
    """Of each query all that is equally near comes up in both, and nothing else."""
    timeline = sessions((90,))
    labels = space(timeline, features, classes=2)
    found = neighbours(timeline, labels, [0.0] * features)
    there, rng = Nearest.of(found, 0, CPU), np.random.default_rng(0)
    for query in np.concatenate([rng.integers(-1, 6, (12, features)) + 0.5, rng.normal(2, 2, (12, features))]):
        for kind in (0, 1):
            many = np.tile(query, (400, 1))
            drawn = there(torch.from_numpy(many), torch.full((400,), kind), stream()).tolist()
            assert set(drawn) == set(found.index(kind).query(many, rng).tolist())


def test_changes_are_those_that_occur():
    timeline = sessions((60,))
    labels = space(timeline, 2)
    change = SeenChange(timeline, labels, 3)
    drawn = resident.CHANGES[SeenChange](change, CPU)((40_000,), stream()).numpy()
    kinds, expected = np.unique(change.table, axis=0, return_counts=True)
    found, counts = np.unique(drawn, axis=0, return_counts=True)
    assert (found == kinds).all()
    assert chisquare(counts, expected * len(drawn) / expected.sum()).pvalue > 1e-3
    normal = resident.CHANGES[NormalChange](NormalChange(2, 0.5), CPU)((20_000,), stream())
    assert normal.shape == (20_000, 2)
    assert float(normal.std()) == pytest.approx(0.5, rel=0.02)


def test_priors_are_uniform():
    timeline = sessions((60, 30))
    labels = space(timeline, 1, 3)
    found = Resident(Sampling(TimeOffset(timeline, 4)), CPU).draw(200, 50, stream())
    for s, allowed in enumerate(TimeOffset(timeline, 4).references):
        counts = np.bincount(found.reference[:, s].ravel(), minlength=len(timeline))
        assert np.flatnonzero(counts).tolist() == allowed.tolist()
        assert chisquare(counts[allowed]).pvalue > 1e-3
    assert torch.equal(found.positive, found.reference + 4)
    uneven = np.where(np.arange(len(timeline)) % 9 == 0, 1, 0)
    prior = ClassUniform(uneven)
    drawn = Resident(Sampling(SameClass(timeline, replace(labels, classes=uneven)), prior, 20), CPU).draw(
        300, 50, stream()
    )
    assert drawn.negative.shape == (300, 2, 20)
    for s, centres in enumerate(timeline.centres):
        counts = np.bincount(drawn.reference[:, s].ravel(), minlength=len(timeline))[centres]
        share = np.bincount(uneven[centres], counts)
        assert chisquare(share).pvalue > 1e-3
        for each in (0, 1):
            assert chisquare(counts[uneven[centres] == each]).pvalue > 1e-3


def test_positives_of_a_class_are_uniform():
    timeline = sessions((60, 30))
    labels = space(timeline, 1, 3)
    reference, positive, _ = Resident(Sampling(SameClass(timeline, labels)), CPU).draw(300, 48, stream())
    assert (labels.classes[reference] == labels.classes[positive]).all()
    for s, centres in enumerate(timeline.centres):
        mine = positive.numpy()[timeline.session[positive] == s]
        asked = np.bincount(labels.classes[reference.numpy()[timeline.session[positive] == s]], minlength=3)
        of_class = np.bincount(labels.classes[centres], minlength=3)
        expected = (asked / of_class)[labels.classes[centres]]
        assert chisquare(np.bincount(mine, minlength=len(timeline))[centres], expected).pvalue > 1e-3


def test_full_batches_are_every_centre():
    timeline = sessions((60,))
    reference, positive, negative = Resident(Sampling(TimeOffset(timeline, 1), everything), CPU).draw(2, 5, stream())
    assert (reference.numpy() == TimeOffset(timeline, 1).references[0]).all()
    assert (negative.numpy() == timeline.centres[0]).all()
    assert torch.equal(positive, reference + 1)


def test_what_a_device_cannot_draw(monkeypatch):
    """A class that a session lacks, a distribution of one's own, more rows than are searched one by one."""
    timeline = sessions((60, 30))
    labels = space(timeline, 2, 2)
    assert can_reside(Sampling(SameClass(timeline, labels)))
    lacking = replace(labels, classes=np.where(timeline.session == 1, 0, labels.classes))
    assert not can_reside(Sampling(SameClass(timeline, lacking)))
    assert not can_reside(Sampling(type("Own", (TimeOffset,), {})(timeline, 1)))
    assert not can_reside(Sampling(TimeOffset(timeline, 1), lambda *given: None))
    found = LabelNeighbour(timeline, labels, NormalChange(2, 1.0))
    assert can_reside(Sampling(found))
    monkeypatch.setattr(resident, "ROWS", 20)
    assert not can_reside(Sampling(found))
    assert can_reside(Sampling(LabelNeighbour(timeline, space(timeline, 1), NormalChange(1, 1.0))))

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from cebra_pipe.data.datatypes import Offset
from cebra_pipe.data.recording import Label
from cebra_pipe.data.timeline import check_labels, label_space, lay_out, random_stretch
from cebra_pipe.distributions.conditional import NormalChange, conditional
from cebra_pipe.distributions.prior import ClassUniform, deal, everything, uniform
from cebra_pipe.errors import UserError
from tests.oracles import nearest_set, windows_loop
from tests.toys import parts, track

OFFSET = Offset(5, 5)
RNG = np.random.default_rng


def laid_out(*recordings, across=False, offset=OFFSET):
    return lay_out(recordings, [parts(r) == "train" for r in recordings], offset, across)


def made(kind, *recordings, weights=None, lag=4, delta=0.1):
    timeline = laid_out(*recordings)
    space = label_space(recordings, timeline, weights) if weights else None
    return conditional(kind, timeline, space, lag, delta)


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("offset", [OFFSET, Offset(2, 3), Offset(0, 1), Offset(18, 18)])
def test_centres_are_the_samples_whose_window_fits(offset, across):
    recordings = track(0), track(1, trials=15)
    timeline = laid_out(*recordings, across=across, offset=offset)
    for s, recording in enumerate(recordings):
        epoch = np.zeros_like(recording.epoch) if across else recording.epoch
        expected = windows_loop(parts(recording) == "train", epoch, *offset)
        assert timeline.sample[timeline.centres[s]].tolist() == expected
        assert (timeline.session[timeline.centres[s]] == s).all()


def test_short_segments_are_dropped_and_counted():
    recording = track(epoch=np.arange(1200, dtype=np.int32) // 8)
    timeline = lay_out([recording], [np.ones(1200, bool)], OFFSET, False)
    assert (len(timeline), timeline.dropped) == (0, (150,))


def test_a_stretch_holds_as_many_windows_as_asked_for():
    recordings = track(0), track(1)
    timeline = laid_out(*recordings)
    chosen = random_stretch(timeline, [70, 33], RNG(0))
    masks = [np.isin(np.arange(len(r)), c) for r, c in zip(recordings, chosen, strict=True)]
    again = lay_out(recordings, masks, OFFSET, False)
    assert [len(c) for c in again.centres] == [70, 33]
    assert all((parts(r)[c] == "train").all() for r, c in zip(recordings, chosen, strict=True))


def test_references_are_uniform_and_equally_many_a_session():
    timeline = laid_out(track(0), track(1, trials=14))
    drawn = uniform(timeline.centres, 400, 50, RNG(0))
    for s in range(2):
        counts = np.bincount(
            np.searchsorted(timeline.centres[s], drawn[:, s].ravel()), minlength=len(timeline.centres[s])
        )
        assert np.isin(drawn[:, s], timeline.centres[s]).all()
        assert chisquare(counts).pvalue > 1e-3


def test_time_pairs_are_lag_apart_in_one_segment_and_both_centres():
    found = made("time", track(0), track(1), lag=7)
    timeline, centre = found.timeline, found.timeline.is_centre()
    for references in found.references:
        partner = found.positive(references, RNG(0))
        assert (timeline.sample[partner] - timeline.sample[references] == 7).all()
        assert (timeline.segment[partner] == timeline.segment[references]).all()
        assert centre[partner].all()
    every = [c for c in np.flatnonzero(centre) if c + 7 < len(timeline) and centre[c + 7]]
    every = [c for c in every if timeline.segment[c] == timeline.segment[c + 7]]
    assert np.concatenate(found.references).tolist() == every


def test_seen_changes_are_all_pairs_inside_a_segment():
    recording = track(0)
    found = made("time_delta", recording, weights={"position": 2.0}).change
    position, part, expected = recording.labels["position"].values, parts(recording), []
    for t in range(4, len(recording)):
        inside = part[t - 4 : t + 1] == "train"
        if inside.all() and recording.epoch[t] == recording.epoch[t - 4]:
            expected.append(2.0 * (position[t] - position[t - 4]))
    np.testing.assert_allclose(found.table[:, 0], expected)
    drawn = found(30_000, RNG(1))[:, 0]
    values, share = np.unique(np.round(found.table[:, 0], 9), return_counts=True)
    counts = np.array([(np.abs(drawn - v) < 1e-6).sum() for v in values])
    assert chisquare(counts, share / share.sum() * counts.sum()).pvalue > 1e-3


def test_normal_change_has_its_deviation():
    drawn = NormalChange(2, 0.3)(5000, RNG(0))
    assert drawn.shape == (5000, 2)
    assert all(kstest(column / 0.3, "norm").pvalue > 1e-3 for column in drawn.T)


class Fixed:
    """A change that a test knows."""

    def __init__(self, changes):
        self.changes = changes

    def __call__(self, number, stream):
        return self.changes[:number]


@pytest.mark.parametrize(
    "weights", [{"position": 1.0}, {"position": 1.0, "direction": 1.0}, {"position": 3.0, "speed": 0.5}]
)
@pytest.mark.parametrize("sessions", [1, 2])
def test_label_positives_are_nearest_of_their_class(weights, sessions):
    recordings = [track(s, trials=12 + 12 * s) for s in range(sessions)]
    for r in recordings:
        r.labels["speed"] = Label(np.round(RNG(len(r)).random(len(r)), 1))
    found = made("time_delta", *recordings, weights=weights)
    space, timeline, rng = found.space, found.timeline, RNG(5)
    reference = uniform(timeline.centres, 3, 20, rng).ravel()
    changes = rng.normal(0, 0.3, (len(reference), space.coordinates.shape[1]))
    found.change = Fixed(changes)
    positive = found.positive(reference, rng)
    for ref, pos, change in zip(reference, positive, changes, strict=True):
        centres = timeline.centres[timeline.session[pos]]
        centres = centres[space.classes[centres] == space.classes[ref]]
        best = nearest_set(space.coordinates[centres], space.coordinates[ref] + change)
        assert pos in centres[sorted(best)]


def test_circular_labels_are_near_across_their_border():
    """A heading of 359 degrees is as near to 1 degree as to 357, and changes carry over the border."""
    heading = (np.arange(1200) * 7.0) % 360
    recording = track(labels={"heading": Label(heading, unit="deg", period=360.0)})
    found = made("time_delta", recording, weights={"heading": 2.0}, lag=3)
    reference = np.tile(np.concatenate(found.references), 3)
    positive = found.positive(reference, RNG(0))
    true = heading[found.timeline.sample]
    moved = (true[positive] - true[reference] + 180) % 360 - 180
    assert np.abs(moved - 21).max() < 4
    rows = found.space.embed(np.array([[0.0], [720.0], [2.0]]))  # weight 2: a circle of 720
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(rows[2] - rows[0]), 2.0, rtol=1e-4)


def test_discrete_positives_are_uniform_over_the_class():
    found = made("discrete", track(0), weights={"direction": 1.0})
    classes, centres = found.space.classes, found.timeline.centres[0]
    for label in (0, 1):
        mine = centres[classes[centres] == label]
        drawn = found.positive(np.full(40_000, mine[0]), RNG(label))
        assert np.isin(drawn, mine).all()
        assert chisquare(np.bincount(np.searchsorted(mine, drawn), minlength=len(mine))).pvalue > 1e-3


@pytest.mark.parametrize("kind", ["discrete", "time_delta"])
def test_positives_session_is_independent_of_the_references(kind):
    weights = {"direction": 1.0} if kind == "discrete" else {"position": 1.0}
    found = made(kind, track(0), track(1, trials=24), track(2, trials=14), weights=weights)
    reference = uniform(found.timeline.centres, 200, 30, RNG(0))
    session = found.timeline.session[found.positive(reference.ravel(), RNG(1))].reshape(reference.shape)
    for s in range(3):
        assert chisquare(np.bincount(session[:, s].ravel(), minlength=3)).pvalue > 1e-3


def test_a_missing_class_is_searched_where_it_is():
    one = track(1)
    one.labels["direction"] = Label(np.zeros(len(one), np.int64), "discrete")
    found = made("discrete", track(0), one, weights={"direction": 1.0})
    assert found.present.tolist() == [[True, True], [True, False]]
    reference = np.concatenate(found.timeline.centres)
    positive = found.positive(reference, RNG(0))
    assert (found.space.classes[positive] == found.space.classes[reference]).all()
    assert (found.timeline.session[positive[found.space.classes[reference] == 1]] == 0).all()


def test_deal_is_uniform_over_sessions_that_have_the_class():
    present = np.array([[True, True, True], [False, True, True]])
    (dealt,) = deal(np.repeat([0, 1], 9000)[None], present, RNG(0))
    assert chisquare(np.bincount(dealt[:9000], minlength=3)).pvalue > 1e-3
    counts = np.bincount(dealt[9000:], minlength=3)
    assert counts[0] == 0
    assert chisquare(counts[1:]).pvalue > 1e-3


def test_deal_serves_sessions_equally_in_every_step():
    """As many queries for each session, whatever session the query is from."""
    dealt = deal(np.zeros((3000, 12), np.int64), np.ones((1, 3), bool), RNG(0))
    assert (np.sort(dealt, axis=1) == np.repeat([0, 1, 2], 4)).all()
    for position in range(12):
        assert chisquare(np.bincount(dealt[:, position], minlength=3)).pvalue > 1e-3


def test_everything_is_every_centre():
    timeline = made("discrete", track(0), weights={"direction": 1.0}).timeline
    assert (everything(timeline.centres, 3, 0, RNG(0)) == timeline.centres[0]).all()


def test_class_uniform_prior_ignores_how_often_a_class_is():
    """Classes 5 and 7, one of them nine times as frequent: both are drawn equally often, and each of their samples."""
    classes, centres = np.repeat([5, 7], [90, 10]), (np.arange(100), np.arange(80, 100))
    drawn = ClassUniform(classes)(centres, 50, 200, RNG(0))
    assert drawn.shape == (50, 2, 200)
    for s, mine in enumerate(centres):
        inside = drawn[:, s].ravel()
        assert np.isin(inside, mine).all()
        for label in (5, 7):
            counts = np.bincount(inside, minlength=100)[mine][classes[mine] == label]
            assert chisquare(counts).pvalue > 1e-3
            assert abs(counts.sum() - 5000) < 250


@pytest.mark.parametrize("kind", ["discrete", "time_delta", "delta_normal"])
def test_apart_keeps_away_from_the_own_trial(kind):
    weights = {"direction": 1.0} if kind == "discrete" else {"position": 1.0, "direction": 1.0}
    found = made(kind, track(0), track(1), weights=weights)
    timeline, reference = found.timeline, np.concatenate(found.timeline.centres)
    positive = found.positive(reference, RNG(0), apart=True)
    same = timeline.session[positive] == timeline.session[reference]
    assert 0.3 < same.mean() < 0.7
    assert (timeline.trial[positive] != timeline.trial[reference])[same].all()
    assert (found.space.classes[positive] == found.space.classes[reference]).all()


@pytest.mark.parametrize("kind", ["discrete", "time_delta"])
def test_apart_keeps_away_from_overlapping_windows_where_there_is_one_trial(kind):
    recording = track(trial=np.zeros(1200, np.int32))
    found = made(kind, recording, weights={"direction": 1.0} if kind == "discrete" else {"position": 1.0})
    reference = found.timeline.centres[0]
    positive = found.positive(reference, RNG(0), apart=True)
    assert (np.abs(positive - reference) >= len(OFFSET)).all()


def test_large_label_values_keep_their_neighbours():
    """Labels such as time stamps: an offset of 1e9 changes no positive."""
    near, far = track(0), track(0)
    far.labels["position"] = Label(np.round(near.labels["position"].values * 1024) / 1024 + 2.0**30)
    near.labels["position"] = Label(np.round(near.labels["position"].values * 1024) / 1024)
    drawn = []
    for recording in (near, far):
        found = made("time_delta", recording, weights={"position": 0.1})
        drawn.append(found.positive(found.timeline.centres[0], RNG(3)))
        assert np.abs(found.space.coordinates).max() < 0.1
    assert (drawn[0] == drawn[1]).all()


def test_too_long_an_offset_says_what_to_set():
    with pytest.raises(UserError, match=r"time_offset.*30 samples.*shorter"):
        made("time", track(0), lag=40)
    with pytest.raises(UserError, match="time_offset"):
        made("time_delta", track(0), weights={"position": 1.0}, lag=40)


def test_labels_must_mean_the_same_in_all_sessions():
    other = track(1)
    other.labels["position"] = Label(other.labels["position"].values * 100, unit="cm")
    with pytest.raises(UserError, match=r"unit 'm'.*unit 'cm'"):
        check_labels(["a", "b"], [track(0), other], {"position": 1.0})
    with pytest.raises(UserError, match=r"Did you mean 'position'") as caught:
        check_labels(["a"], [track(0)], {"positon": 1.0, "direction": -1.0})
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("apart", [False, True])
def test_as_many_classes_as_a_third_of_the_samples(apart):
    """Every positive is of the reference's class, and each of the class equally often; with `apart` of other trials."""
    recordings = track(0), track(1)
    for r in recordings:
        r.labels["direction"] = Label(RNG(len(r)).integers(0, 400, len(r)), "discrete")
    found = made("discrete", *recordings, weights={"direction": 1.0})
    classes, timeline = found.space.classes, found.timeline
    centres = np.concatenate(timeline.centres)
    positive = found.positive(np.tile(centres, 20), RNG(0), apart).reshape(20, -1)
    assert (classes[positive] == classes[centres]).all()
    for column, ref in list(enumerate(centres))[::40]:
        drawn, session = positive[:, column], timeline.session
        same = (session[drawn] == session[ref]) & (timeline.trial[drawn] == timeline.trial[ref])
        mine = centres[classes[centres] == classes[ref]]
        others = mine[(session[mine] != session[ref]) | (timeline.trial[mine] != timeline.trial[ref])]
        assert not (apart and same.any() and len(np.unique(session[others])) == 2)
        assert np.isin(drawn, mine).all()
    label = classes[centres[0]]
    draws = found.positive(np.full(8000, centres[0]), RNG(1))
    for s in range(2):
        mine = timeline.centres[s][classes[timeline.centres[s]] == label]
        counts = np.bincount(np.searchsorted(mine, draws[timeline.session[draws] == s]), minlength=len(mine))
        assert not len(mine) or chisquare(counts).pvalue > 1e-3

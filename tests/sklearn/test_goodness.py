"""InfoNCE of a fitted estimator: nothing for a constant embedding, plain loops, the reference with the same weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from cebra_pipe import CEBRA
from cebra_pipe.errors import UserError
from cebra_pipe.models.interchange import from_cebra
from cebra_pipe.sklearn.goodness import (
    goodness_of_fit_history,
    goodness_of_fit_score,
    infonce_loss,
    infonce_to_goodness_of_fit,
)

RNG = np.random.default_rng(0)
T = 150
PLACE = np.cumsum(RNG.normal(size=(T, 2)), axis=0) / 5
X = (PLACE @ RNG.normal(size=(2, 6)) + 0.3 * RNG.normal(size=(T, 6))).astype(np.float32)
CLASSES = (PLACE[:, 0] > np.median(PLACE[:, 0])).astype(int)
Y = {"time": (), "continuous": (PLACE,), "discrete": (CLASSES,), "mixed": (PLACE, CLASSES), "hybrid": (PLACE,)}
pytestmark = pytest.mark.filterwarnings("ignore:several sessions without labels")
MODES = list(Y)
FIT = dict(max_iterations=3, batch_size=32, output_dimension=4, num_hidden_units=8, random_state=0, device="cpu")


def fitted(mode="continuous", sessions=1, **options):
    lag = {} if mode == "discrete" else {"time_offsets": 2}
    model = CEBRA(**FIT | {"hybrid": mode == "hybrid"} | lag | options)
    return model.fit(*data(mode, sessions))


def data(mode, sessions=1):
    """X and labels; sessions of several lengths."""
    if sessions == 1:
        return (X, *Y[mode])
    return tuple([each[: T - 10 * s] for s in range(sessions)] for each in (X, *Y[mode]))


def make_constant(model):
    """Every embedding the same vector."""
    with torch.no_grad():
        for parameter in model.model_.parameters():
            parameter.zero_()
        for one in model.solver_.models:
            list(one.parameters())[-1].fill_(0.5)
    return model


# ---- a constant embedding --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "options", [{}, {"num_negatives": 7}, {"temperature": 0.1, "model_architecture": "offset5-model"}]
)
def test_a_constant_embedding_has_no_bits(mode, options):
    model = make_constant(fitted(mode, **options))
    for objective in ("behavior", "time") if mode == "hybrid" else (None,):
        bits = goodness_of_fit_score(model, *data(mode), num_batches=3, objective=objective)
        assert bits == pytest.approx(0, abs=1e-12)
        loss = infonce_loss(model, *data(mode), num_batches=3, objective=objective)
        assert loss == pytest.approx(math.log(options.get("num_negatives", 32)), abs=1e-9)
    corrected = infonce_loss(model, *data(mode), num_batches=3, correct_by_batchsize=True)
    assert corrected == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("sessions", [2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_a_constant_embedding_of_several_sessions_has_no_bits(mode, sessions):
    model = make_constant(fitted(mode, sessions))
    for objective in ("behavior", "time") if mode == "hybrid" else (None,):
        for session in range(sessions):
            alone = [each[session] for each in data(mode, sessions)]
            options = dict(num_batches=2, objective=objective, session_id=session)
            assert goodness_of_fit_score(model, *alone, **options) == pytest.approx(0, abs=1e-12)
            assert infonce_loss(model, *alone, **options) == pytest.approx(math.log(32))
        pooled = infonce_loss(model, *data(mode, sessions), num_batches=2, objective=objective)
        by_time = "time" in (mode, objective)
        assert pooled == pytest.approx(math.log(32 * (1 if by_time else sessions)))
        whole = goodness_of_fit_score(model, *data(mode, sessions), num_batches=2, objective=objective)
        assert whole == pytest.approx(0, abs=1e-12)


def test_an_untrained_model_of_two_sessions_has_a_bit_in_the_reference(reference):
    theirs = reference.CEBRA(max_iterations=1, batch_size=32, output_dimension=4, learning_rate=1e-12)
    lists = [[X, X[:140]], [PLACE, PLACE[:140]]]
    theirs.fit(*lists)
    score = reference.sklearn.metrics.goodness_of_fit_score(theirs, X, PLACE, session_id=0, num_batches=50)
    ours = fitted(sessions=2, max_iterations=1, learning_rate=1e-12)
    assert score > 0.8
    assert abs(goodness_of_fit_score(ours, X, PLACE, session_id=0, num_batches=50)) < 0.3


# ---- the number itself -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("offset", [1, 4])
def test_a_batch_of_everything_is_that_of_plain_loops(offset):
    model = fitted("time", batch_size=None, time_offsets=offset, temperature=0.5)
    z = model.transform(X).astype(np.float64)
    losses = []
    for i in range(T - offset):
        uniform = np.log(sum(np.exp(z[i] @ other / 0.5) for other in z))
        losses.append(uniform - z[i] @ z[i + offset] / 0.5)
    assert infonce_loss(model, X, num_batches=4) == pytest.approx(np.mean(losses), abs=1e-6)
    bits = (math.log(T) - np.mean(losses)) / math.log(2)
    assert goodness_of_fit_score(model, X, num_batches=1) == pytest.approx(bits, abs=1e-6)


def test_a_batch_of_everything_draws_positives_anew():
    model = fitted(batch_size=None)
    one, many = (infonce_loss(model, X, PLACE, num_batches=n) for n in (1, 30))
    assert one != many
    assert one != infonce_loss(model, X, PLACE, num_batches=2)
    rest = np.mean([infonce_loss(model, X, PLACE, num_batches=1, seed=s) for s in range(30)])
    assert many == pytest.approx(rest, abs=3 * 0.02)


@pytest.mark.parametrize("mode", ["time", "continuous", "discrete", "mixed"])
def test_the_loss_is_that_of_the_reference_with_the_same_weights(reference, mode):
    options = dict(max_iterations=30, batch_size=64, output_dimension=4, num_hidden_units=8, time_offsets=2)
    theirs = reference.CEBRA(**options, learning_rate=1e-2, device="cpu", model_architecture="offset5-model")
    labels = Y[mode][::-1] if mode == "mixed" else Y[mode]
    theirs.fit(X, *labels)
    ours = fitted(mode, batch_size=64, model_architecture="offset5-model")
    ours.model_.load_state_dict(from_cebra(theirs.model_.state_dict(), ours.model_))
    expected = reference.sklearn.metrics.infonce_loss(theirs, X, *labels, num_batches=400)
    found = infonce_loss(ours, X, *Y[mode], num_batches=400)
    # the reference's windows at the edges are those of other samples, and its table of changes has rows of zeros
    assert found == pytest.approx(expected, abs=0.03)
    assert expected < math.log(64) - 0.1


def test_hybrid_is_the_sum_of_its_objectives():
    model = fitted("hybrid")
    behavior, time, both = (
        infonce_loss(model, X, PLACE, num_batches=5, objective=name) for name in ("behavior", "time", None)
    )
    assert both == pytest.approx(behavior + time)
    assert behavior != time


def test_numbers_come_from_the_seed_and_nothing_changes():
    model = fitted(model_architecture="offset36-model-more-dropout").fit(X, PLACE)
    weights, mode = [p.clone() for p in model.model_.parameters()], model.model_.training
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
    one, same, other = (infonce_loss(model, X, PLACE, num_batches=70, seed=seed) for seed in (0, 0, 1))
    assert one == same != other
    assert one == pytest.approx(other, abs=0.2)
    assert (torch.get_rng_state() == torch_state).all()
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002
    assert model.model_.training == mode
    assert all((a == b).all() for a, b in zip(weights, model.model_.parameters(), strict=True))


def test_labels_come_in_any_order_and_precision():
    model = fitted("mixed")
    expected = infonce_loss(model, X, PLACE, CLASSES, num_batches=3)
    assert infonce_loss(model, X.astype(np.float64), CLASSES, PLACE, num_batches=3) == expected
    single = infonce_loss(model, X, CLASSES.astype(np.int8), PLACE.astype(np.float32), num_batches=3)
    assert single == pytest.approx(expected, abs=1e-3)


def test_it_is_of_the_data_given():
    model = fitted(max_iterations=200, learning_rate=1e-2)
    shuffled = np.random.default_rng(0).permutation(T)
    assert goodness_of_fit_score(model, X, PLACE, num_batches=50) > 0.5
    assert goodness_of_fit_score(model, X[shuffled], PLACE, num_batches=50) < 0.1


def test_windows_stay_inside_trials():
    model = fitted("time", model_architecture="offset10-model", time_offsets=1, batch_size=None)
    trial = np.arange(T) // 15
    z = np.concatenate([model.transform(X[trial == t])[5:-4] for t in range(10)]).astype(np.float64)
    near = [i for i in range(len(z)) if i % 6 < 5]
    loss = np.mean([np.log(np.exp(z[i] @ z.T).sum()) - z[i] @ z[i + 1] for i in near])
    assert infonce_loss(model, X, trial=trial, num_batches=1) == pytest.approx(loss, abs=1e-6)


def test_models_that_thin_out_time_are_scored_window_by_window():
    model = fitted("time", model_architecture="offset40-model-4x-subsample")
    assert abs(goodness_of_fit_score(make_constant(model), X, num_batches=2)) < 1e-12
    assert np.isfinite(goodness_of_fit_score(model, X, num_batches=2))


# ---- formula and history ---------------------------------------------------------------------------------------------
def test_formula_is_that_of_the_reference(reference):
    theirs = reference.sklearn.metrics.infonce_to_goodness_of_fit
    for loss in (5.0, np.array([5.0, 6.0])):
        for sessions in (1, 3):
            options = dict(batch_size=512, num_sessions=sessions)
            np.testing.assert_allclose(infonce_to_goodness_of_fit(loss, **options), theirs(loss, **options), atol=1e-12)
    assert infonce_to_goodness_of_fit(math.log(512) - math.log(2), batch_size=512) == pytest.approx(1)


@pytest.mark.parametrize(
    ("mode", "sessions", "pooled"), [("time", 1, 1), ("time", 2, 1), ("continuous", 2, 2), ("discrete", 3, 3)]
)
def test_history_is_that_of_the_training_batches(mode, sessions, pooled):
    model = fitted(mode, sessions)
    expected = (math.log(32 * pooled) - np.array(model.solver_.log["total"])) / math.log(2)
    np.testing.assert_allclose(goodness_of_fit_history(model), expected)
    np.testing.assert_allclose(infonce_to_goodness_of_fit(np.array(model.solver_.log["total"]), model), expected)


@pytest.mark.filterwarnings("ignore:conditional='time' reads no labels")
def test_history_knows_what_stands_against_a_reference():
    """Negatives apart from the batch, and sessions that time keeps to themselves whatever labels were given."""
    model = fitted(sessions=2, num_negatives=7, conditional="time")
    expected = (math.log(7) - np.array(model.solver_.log["total"])) / math.log(2)
    np.testing.assert_allclose(goodness_of_fit_history(model), expected)
    np.testing.assert_allclose(infonce_to_goodness_of_fit(np.array(model.solver_.log["total"]), model), expected)


def test_history_of_hybrid_is_that_of_each_objective():
    model = fitted("hybrid", 2)
    for name, pooled in (("behavior", 2), ("time", 1)):
        expected = (math.log(32 * pooled) - np.array(model.solver_.log[f"{name}_total"])) / math.log(2)
        np.testing.assert_allclose(goodness_of_fit_history(model, name), expected)


# ---- mistakes --------------------------------------------------------------------------------------------------------
ONE, TWO, BOTH = fitted(), fitted(sessions=2), fitted("hybrid")
MISTAKES = {
    "unfitted": (lambda: infonce_loss(CEBRA(), X), "not fitted yet"),
    "labels": (lambda: infonce_loss(ONE, X), "labels as in fit: 2 continuous columns, found no labels"),
    "columns": (lambda: infonce_loss(ONE, X, PLACE[:, :1]), "found 1 continuous column"),
    "kind": (lambda: infonce_loss(ONE, X, CLASSES), "found a discrete label"),
    "length": (lambda: infonce_loss(ONE, X[:99], PLACE), "99 samples as in X"),
    "neurons": (lambda: infonce_loss(ONE, X[:, :4], PLACE), "X: expected 6 neurons, as in fit, found 4"),
    "batches": (lambda: infonce_loss(ONE, X, PLACE, num_batches=0), "num_batches: expected a whole number from 1"),
    "session": (lambda: infonce_loss(ONE, X, PLACE, session_id=1), "session_id: expected None or 0"),
    "no session": (lambda: infonce_loss(TWO, X, PLACE), "session_id: expected 0 to 1, the session of X, found None"),
    "sessions": (lambda: infonce_loss(TWO, [X] * 3, [PLACE] * 3), "all 2 sessions and no session_id"),
    "objective": (
        lambda: goodness_of_fit_score(ONE, X, PLACE, objective="time"),
        "None for a model with one objective",
    ),
    "batch": (lambda: goodness_of_fit_history(fitted(batch_size=None)), "samples with a whole window: give that as b"),
    "which": (lambda: goodness_of_fit_score(BOTH, X, PLACE), "objective: expected behavior or time, found None"),
    "history": (lambda: goodness_of_fit_history(BOTH), "objective: expected behavior or time, found None"),
    "of one": (lambda: goodness_of_fit_history(ONE, "time"), "None for a model with one objective"),
    "both": (lambda: infonce_to_goodness_of_fit(5.0, ONE, batch_size=3), "a model, or batch_size and num_sessions"),
    "neither": (lambda: infonce_to_goodness_of_fit(5.0), "batch_size: expected the number of negatives"),
    "few": (lambda: infonce_to_goodness_of_fit(5.0, batch_size=0), "batch_size: expected a number from 1"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told(name):
    call, message = MISTAKES[name]
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert name == "unfitted" or isinstance(caught.value, UserError)

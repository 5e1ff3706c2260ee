"""Decoders: scikit-learn's own checks, the reference's predictions, scores that fit the kind of label."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from cebra_pipe import KNNDecoder, L1LinearRegressor

RNG = np.random.default_rng(0)
X, NEW = RNG.normal(size=(200, 3)), RNG.normal(size=(50, 3))
LABELS = {
    "one": RNG.normal(size=200),
    "single precision": RNG.normal(size=200).astype(np.float32),
    "several": RNG.normal(size=(200, 2)),
    "column": RNG.normal(size=(200, 1)),
    "classes": RNG.integers(0, 3, 200),
    "column of classes": RNG.integers(0, 3, (200, 1)),
    "several classes": RNG.integers(0, 3, (200, 2)),
    "tensor": torch.from_numpy(RNG.normal(size=200)),
}
DECODERS = {"knn": ("KNNDecoder", {}), "5 of them": ("KNNDecoder", {"n_neighbors": 5, "metric": "euclidean"})} | {
    f"lasso {alpha}": ("L1LinearRegressor", {"alpha": alpha}) for alpha in (0.001, 0.05)
}
OURS = {"KNNDecoder": KNNDecoder, "L1LinearRegressor": L1LinearRegressor}


@pytest.mark.filterwarnings("ignore:.*leaves no coefficient")
@parametrize_with_checks([KNNDecoder(), KNNDecoder(metric="euclidean"), L1LinearRegressor()])
def test_they_are_estimators_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore:A column-vector y:sklearn.exceptions.DataConversionWarning")  # the reference's
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_predictions_are_those_of_the_reference(reference, decoder, labels):
    name, options = DECODERS[decoder]
    ours = OURS[name](**options).fit(X, LABELS[labels])
    theirs = getattr(reference, name)(**options)
    theirs.fit(X, LABELS[labels])
    np.testing.assert_array_equal(ours.predict(NEW), theirs.predict(NEW))
    assert ours.predict(NEW).dtype == theirs.predict(NEW).dtype
    if "classes" not in labels or name != "KNNDecoder":
        assert ours.score(NEW, LABELS[labels][:50]) == pytest.approx(theirs.score(NEW, LABELS[labels][:50]), abs=1e-12)


def test_hyperparameters_are_those_of_the_reference(reference):
    for name, ours in OURS.items():
        assert list(ours.iter_hyperparams()) == list(ours().iter_hyperparams())
        assert list(ours.iter_hyperparams()) == list(getattr(reference, name).iter_hyperparams())
        assert all(ours(**options).get_params() == options for options in ours.iter_hyperparams())


@pytest.mark.parametrize("kind", [int, bool, str])
def test_classes_are_scored_by_the_share_that_is_right(kind):
    classes = (X[:, 0] > 0).astype(kind)
    decoder = KNNDecoder(metric="euclidean").fit(X[:150], classes[:150])
    right = (decoder.predict(X[150:]) == classes[150:]).mean()
    assert decoder.score(X[150:], classes[150:]) == right > 0.8


def test_the_reference_scores_classes_by_the_squares_of_their_numbers(reference):
    """Class 0 taken for class 2 is no worse than for class 1."""
    classes = LABELS["classes"]
    theirs, ours = reference.KNNDecoder(), KNNDecoder().fit(X[:150], classes[:150])
    theirs.fit(X[:150], classes[:150])
    assert theirs.score(X[150:], classes[150:]) < 0
    assert ours.score(X[150:], classes[150:]) == (theirs.predict(X[150:]) == classes[150:]).mean() > 0


def test_several_columns_of_classes_count_alike():
    classes = LABELS["several classes"]
    decoder = KNNDecoder(n_neighbors=1).fit(X, classes)
    changed = classes.copy()
    changed[:, 1] += 1
    assert decoder.score(X, classes) == 1
    assert decoder.score(X, changed) == 0.5


def test_every_label_has_a_score_of_its_own():
    """A label that the embedding has beside one that it has not: their mean says neither."""
    y = np.stack([X[:, 0], LABELS["one"]], axis=1)
    for decoder in (KNNDecoder(metric="euclidean"), L1LinearRegressor(0.001)):
        known, unknown = decoder.fit(X[:150], y[:150]).score_columns(X[150:], y[150:])
        residual = ((y[150:, 0] - decoder.predict(X[150:])[:, 0]) ** 2).sum()
        assert known == pytest.approx(1 - residual / ((y[150:, 0] - y[150:, 0].mean()) ** 2).sum())
        assert known > 0.7 > 0.1 > unknown
        assert decoder.score(X[150:], y[150:]) == pytest.approx((known + unknown) / 2)
    classes = LABELS["several classes"]
    changed = classes + np.array([0, 1])
    np.testing.assert_array_equal(KNNDecoder(n_neighbors=1).fit(X, classes).score_columns(X, changed), [1, 0])
    assert KNNDecoder().fit(X, y[:, 0]).score_columns(X, y[:, 0]).shape == (1,)


def test_a_penalty_that_leaves_the_mean_is_told():
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    with pytest.warns(UserWarning, match="alpha=1 leaves no coefficient"):
        L1LinearRegressor().fit(unit, unit[:, 0])
    assert L1LinearRegressor(0.001).fit(unit, unit[:, 0]).score(unit, unit[:, 0]) > 0.99


def test_they_are_chosen_and_crossed_by_scikit_learn():
    y = X[:, 0] * 2 + X[:, 1]
    grid = GridSearchCV(L1LinearRegressor(), {"alpha": [0.001, 1]}, cv=3).fit(X, y)
    assert grid.best_params_ == {"alpha": 0.001}
    assert cross_val_score(KNNDecoder(metric="euclidean"), X, y, cv=3).mean() > 0.7
    assert clone(KNNDecoder(7)).n_neighbors == 7


MISTAKES = {
    "lengths": (lambda d: d.fit(X, np.arange(3.0)), "inconsistent numbers of samples"),
    "nan": (lambda d: d.fit(X * np.nan, LABELS["one"]), "NaN"),
    "width": (lambda d: d.fit(X, LABELS["one"]).predict(NEW[:, :2]), "2 features"),
    "unfitted": (lambda d: d.predict(NEW), "not fitted yet"),
    "series": (lambda d: d.fit(X[:, 0], LABELS["one"]), "Expected 2D array"),
}


@pytest.mark.filterwarnings("ignore:alpha=1 leaves")
@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", OURS)
def test_mistakes_are_told(name, mistake):
    call, message = MISTAKES[mistake]
    with pytest.raises(ValueError, match=message):
        call(OURS[name]())


def test_more_neighbours_than_samples():
    with pytest.raises(ValueError, match=r"X: expected 9 samples \(n_neighbors\) or more, found n_samples = 5"):
        KNNDecoder(9).fit(X[:5], LABELS["one"][:5])

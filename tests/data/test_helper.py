"""Procrustes: exact copies come back, neighbours are those of plain loops, ties are shared, memory stays small."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group

from cebra_pipe.data.helper import OrthogonalProcrustesAlignment, ensemble_embeddings, procrustes
from cebra_pipe.errors import UserError


def turned(x: np.ndarray, seed: int = 0, reflect: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rotation = ortho_group.rvs(x.shape[1], random_state=seed)
    if (np.linalg.det(rotation) < 0) != reflect:
        rotation[:, 0] *= -1
    return x @ rotation.T, rotation


def slow_cross(reference, moved, ref_label, label, top_k: int) -> np.ndarray:
    """Sum over samples of data ⊗ mean target; all samples tied at the last place share what is left of top_k."""
    cross = np.zeros((moved.shape[1], reference.shape[1]))
    for row, at in zip(moved, label, strict=True):
        distance = np.sqrt(((ref_label - at) ** 2).sum(axis=1))
        border = np.sort(distance)[top_k - 1]
        inner, edge = distance < border - 1e-9, np.abs(distance - border) <= 1e-9
        target = reference[inner].sum(axis=0) + reference[edge].mean(axis=0) * (top_k - inner.sum())
        cross += np.outer(row, target / top_k)
    return cross


@pytest.mark.parametrize("reflect", [False, True])
@pytest.mark.parametrize("dim", [2, 3, 8])
def test_a_turned_copy_comes_back(dim, reflect):
    x = np.random.default_rng(dim).normal(size=(200, dim))
    y, rotation = turned(x, reflect=reflect)
    np.testing.assert_allclose(procrustes(y, x), rotation, atol=1e-12)
    np.testing.assert_allclose(OrthogonalProcrustesAlignment().fit_transform(x, y), x, atol=1e-6)


def test_procrustes_is_that_of_scipy_and_orthogonal():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)), rng.normal(size=(50, 4))
    found = procrustes(x, y)
    np.testing.assert_allclose(found, orthogonal_procrustes(x, y)[0], atol=1e-12)
    np.testing.assert_allclose(found.T @ found, np.eye(4), atol=1e-12)


@pytest.mark.parametrize("labels", ["distinct", "tied", "grid"])
@pytest.mark.parametrize("top_k", [1, 5, 7])
def test_neighbours_are_those_of_plain_loops(labels, top_k):
    rng = np.random.default_rng(top_k)
    make = {
        "distinct": lambda n: rng.random((n, 2)),
        "tied": lambda n: rng.integers(0, 4, (n, 1)).astype(float),
        "grid": lambda n: rng.integers(0, 9, (n, 2)).astype(float),
    }[labels]
    reference, moved, ref_label, label = rng.normal(size=(60, 3)), rng.normal(size=(45, 3)), make(60), make(45)
    left, _, right = np.linalg.svd(slow_cross(reference, moved, ref_label, label, top_k))
    alignment = OrthogonalProcrustesAlignment(top_k).fit(reference, moved, ref_label, label)
    np.testing.assert_allclose(alignment.rotation_, left @ right, atol=1e-9)


def test_ties_do_not_depend_on_the_order_of_samples():
    rng = np.random.default_rng(3)
    reference, moved = rng.normal(size=(300, 3)), rng.normal(size=(200, 3))
    ref_label, label = rng.integers(0, 20, 300), rng.integers(0, 20, 200)
    order = rng.permutation(300)
    one = OrthogonalProcrustesAlignment().fit(reference, moved, ref_label, label).rotation_
    other = OrthogonalProcrustesAlignment().fit(reference[order], moved, ref_label[order], label).rotation_
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_a_turned_curve_with_other_sampling_comes_back():
    def curve(s):
        return np.stack([np.cos(3 * s), np.sin(3 * s), s], axis=1)

    rng = np.random.default_rng(0)
    here, there = rng.random(3000), rng.random(2000)
    moved, rotation = turned(curve(there), reflect=True)
    found = OrthogonalProcrustesAlignment().fit(curve(here), moved, here, there).rotation_
    np.testing.assert_allclose(found, rotation, atol=1e-3)


def test_subsample_is_the_same_for_a_seed_and_near_the_whole():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 3))
    y = turned(x)[0] + rng.normal(size=x.shape) * 0.1
    label = np.arange(4000.0)

    def fit(**options):
        return OrthogonalProcrustesAlignment(top_k=1, **options).fit(x, y, label, label).rotation_

    one, same, other, whole = fit(subsample=1500), fit(subsample=1500), fit(subsample=1500, seed=1), fit()
    assert (one == same).all()
    assert (one != other).any()
    assert (one != whole).any()
    np.testing.assert_allclose(one, whole, atol=0.01)


def test_subsamples_that_are_too_small_or_too_large_are_told():
    with pytest.warns(UserWarning, match="below 1000 pairs"):
        OrthogonalProcrustesAlignment(subsample=10)
    x = np.random.default_rng(0).normal(size=(300, 3))
    with pytest.warns(UserWarning, match="ignored: there are 300 pairs"):
        found = OrthogonalProcrustesAlignment(subsample=2000).fit(x, turned(x)[0])
    np.testing.assert_allclose(found.rotation_, turned(x)[1], atol=1e-9)


def test_the_dtype_is_kept():
    x = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    made = OrthogonalProcrustesAlignment().fit_transform(x, turned(x)[0].astype(np.float32))
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, x, atol=1e-5)


X, SHORT = np.random.default_rng(0).normal(size=(30, 3)), np.ones((20, 3))
MISTAKES = {
    "one sided": (lambda a: a.fit(X, X, np.arange(30.0)), r"label: expected labels beside ref_label"),
    "other side": (lambda a: a.fit(X, X, None, np.arange(30.0)), r"ref_label: expected labels beside label"),
    "features": (lambda a: a.fit(X, X[:, :2]), r"3 dimensions as in ref_data, found 2"),
    "lengths": (lambda a: a.fit(X, SHORT), r"30 and 20 samples without labels"),
    "labels": (lambda a: a.fit(X, X, np.arange(30.0), np.arange(29.0)), r"label: expected 30 samples"),
    "columns": (lambda a: a.fit(X, X, np.arange(30.0), X[:, :2]), r"label: expected 1 columns"),
    "few": (lambda a: a.fit(X[:4], X, np.arange(4.0), np.arange(30.0)), r"5 samples or more \(top_k\), found 4"),
    "nan": (lambda a: a.fit(X, np.full((30, 3), np.nan)), r"data: expected finite numbers, found 90 NaN"),
    "flat": (lambda a: a.fit(X, np.arange(30.0)), r"data: expected an array \(sample, dimension\)"),
    "unfitted": (lambda a: a.transform(X), r"Call fit or fit_transform first"),
    "other width": (lambda a: a.fit(X, X).transform(X[:, :2]), r"\(sample, 3\) as in fit, found \(30, 2\)"),
    "top_k": (lambda a: OrthogonalProcrustesAlignment(top_k=0), r"top_k: expected a whole number from 1, found 0"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told(name):
    call, message = MISTAKES[name]
    with pytest.raises(UserError, match=message):
        call(OrthogonalProcrustesAlignment())


@pytest.mark.parametrize("quantised", [False, True])
def test_sessions_of_the_size_that_once_killed_a_machine_need_little(quantised):
    rng = np.random.default_rng(0)
    n, m = 47_431, 10_178
    ref_label, label = rng.random((m, 3)), rng.random((n, 3))
    if quantised:  # 20 positions, two directions: hundreds are equally near
        ref_label, label = np.round(ref_label * [20, 1, 0]), np.round(label * [20, 1, 0])
    reference, moved = rng.normal(size=(m, 3)).astype(np.float32), rng.normal(size=(n, 3)).astype(np.float32)
    start = time.perf_counter()
    tracemalloc.start()
    OrthogonalProcrustesAlignment().fit_transform(reference, moved, ref_label, label)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    assert time.perf_counter() - start < 15


# ---- the reference ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("top_k", [1, 5, 7])
def test_alignment_is_that_of_the_reference_where_labels_are_distinct(reference, top_k, columns, kind):
    rng = np.random.default_rng(top_k)
    here, there = rng.normal(size=(300, 3)).astype(kind), rng.normal(size=(200, 3)).astype(kind)
    labels = rng.random((300, columns)).squeeze(), rng.random((200, columns)).squeeze()
    theirs = reference.data.helper.OrthogonalProcrustesAlignment(top_k=top_k).fit_transform(here, there, *labels)
    ours = OrthogonalProcrustesAlignment(top_k).fit_transform(here, there, *labels)
    np.testing.assert_allclose(ours, theirs, atol=1e-10 if kind == np.float64 else 5e-6)


def test_samples_without_labels_are_their_own_partners(reference):
    """The reference takes the sample's number for its label: with five neighbours white noise does not come back."""
    x = np.random.default_rng(0).normal(size=(300, 3))
    y, _ = turned(x)
    assert abs(reference.data.helper.OrthogonalProcrustesAlignment().fit_transform(x, y) - x).max() > 1e-3
    np.testing.assert_allclose(OrthogonalProcrustesAlignment().fit_transform(x, y), x, atol=1e-12)
    exact = reference.data.helper.OrthogonalProcrustesAlignment(top_k=1).fit_transform(x, y)
    np.testing.assert_allclose(exact, x, atol=1e-12)


# ---- ensembles -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("post_norm", [False, True])
@pytest.mark.parametrize("n_jobs", [0, 2, -1])
def test_ensembles_are_those_of_the_reference(reference, n_jobs, post_norm):
    rng = np.random.default_rng(0)
    embeddings, labels = list(rng.normal(size=(3, 100, 3))), list(rng.random((3, 100)))
    ours = ensemble_embeddings(embeddings, labels, post_norm, n_jobs)
    np.testing.assert_allclose(
        ours, reference.data.helper.ensemble_embeddings(embeddings, labels, post_norm), atol=1e-12
    )


def test_turned_copies_average_to_the_first():
    x = np.random.default_rng(0).normal(size=(100, 3))
    copies = [x, turned(x, 1)[0], turned(x, 2, reflect=True)[0]]
    np.testing.assert_allclose(ensemble_embeddings(copies), x, atol=1e-12)
    lengths = np.linalg.norm(ensemble_embeddings(copies, post_norm=True), axis=1)
    np.testing.assert_allclose(lengths, 1)


ENSEMBLE_MISTAKES = {
    "one": (dict(embeddings=[X]), "embeddings: expected two or more, found 1"),
    "shapes": (dict(embeddings=[X, SHORT]), r"the same samples and dimensions, found \(30, 3\), \(20, 3\)"),
    "labels": (dict(embeddings=[X, X], labels=[X]), "labels: expected 2, one an embedding, found 1"),
    "jobs": (dict(embeddings=[X, X], n_jobs=-2), "n_jobs: expected a whole number from -1"),
}


@pytest.mark.parametrize("name", ENSEMBLE_MISTAKES)
def test_mistakes_of_an_ensemble_are_told(name):
    options, message = ENSEMBLE_MISTAKES[name]
    with pytest.raises(UserError, match=message):
        ensemble_embeddings(**options)

"""Decoders against scikit-learn and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from cebra_pipe.data.recording import Label
from cebra_pipe.sklearn import decoders, neighbours
from cebra_pipe.sklearn.decoders import grid, posterior, principal_components, tuning
from cebra_pipe.sklearn.neighbours import nearest, vote

KS = (1, 4, 9, 25)


def sample(seed=0, train=300, query=120, dimension=3):
    rng = np.random.default_rng(seed)
    return rng, rng.standard_normal((train, dimension)), rng.standard_normal((query, dimension))


def nearest_slowly(train, query, k, metric):
    rows = []
    for q in query:
        if metric == "euclidean":
            distance = [sum((a - b) ** 2 for a, b in zip(t, q)) for t in train]
        else:
            distance = [-np.dot(t, q) / (np.linalg.norm(t) * np.linalg.norm(q)) for t in train]
        rows.append(sorted(range(len(train)), key=lambda i: (distance[i], i))[:k])
    return np.array(rows)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [1, 7, 60])
def test_nearest_agrees_with_the_slow_truth(metric, k):
    _, train, query = sample(train=60, query=30)
    np.testing.assert_array_equal(nearest(train, query, k, metric), nearest_slowly(train, query, k, metric))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("k", [1, 5, 20])
def test_ties_go_to_the_lower_index(k, dtype):
    rng = np.random.default_rng(0)
    train, query = rng.poisson(0.3, (80, 4)).astype(dtype), rng.poisson(0.3, (40, 4)).astype(dtype)
    np.testing.assert_array_equal(nearest(train, query, k, "euclidean"), nearest_slowly(train, query, k, "euclidean"))


def exact_order(train, query, k, metric):
    """Neighbours in rational arithmetic's stead: differences (of unit rows) in the longest float there is."""
    train, query = train.astype(np.longdouble), query.astype(np.longdouble)
    if metric == "cosine":
        train, query = (rows / np.sqrt((rows**2).sum(axis=1, keepdims=True)) for rows in (train, query))
    apart = ((query[:, None] - train[None]) ** 2).sum(axis=2)
    return np.argsort(apart, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_a_baseline_costs_no_digits(offset, dtype, metric):
    """Raw fluorescence lies thousands of units from zero, and varies by some."""
    _, train, query = sample(train=400, query=60, dimension=40)
    train, query = (train + offset).astype(dtype), (query + offset).astype(dtype)
    np.testing.assert_array_equal(nearest(train, query, 9, metric), exact_order(train, query, 9, metric))


@pytest.mark.parametrize("offset", [0, 1000, 1_000_000])
def test_ties_of_whole_numbers_stay_ties_far_from_zero(offset):
    rng = np.random.default_rng(0)
    train, query = rng.poisson(0.3, (80, 4)), rng.poisson(0.3, (40, 4))
    expected = nearest_slowly(train, query, 20, "euclidean")
    np.testing.assert_array_equal(nearest(train + offset, query + offset, 20, "euclidean"), expected)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("dimension", [1, 3, 8])
@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_a_tree_finds_what_all_pairs_give(offset, dimension, metric):
    """Ties included: rows that occur several times, queries among the rows, a query of zeros."""
    rng = np.random.default_rng(0)
    train = rng.standard_normal((400, dimension))[rng.integers(0, 300, 400)] + offset
    query = np.concatenate([rng.standard_normal((60, dimension)) + offset, train[::20], np.zeros((1, dimension))])
    if metric == "cosine":
        train, query = train / neighbours.lengths(train)[:, None], query / neighbours.lengths(query)[:, None]
    for k in (1, 5, 400):
        found = neighbours._by_tree(train, query, k, metric)
        np.testing.assert_array_equal(found, neighbours._by_products(train, query, k, metric, whole=False))


def test_a_tree_asks_for_all_pairs_only_where_it_cannot_tell(monkeypatch):
    _, train, query = sample()
    asked = []
    monkeypatch.setattr(neighbours, "_by_products", lambda t, q, k, *_, **__: asked.append(len(q)) or np.zeros((0, k)))
    nearest(train, query, 9, "cosine")
    assert asked == [0]


def test_a_row_of_zeros_is_at_a_right_angle_to_all_and_no_nearer():
    """In space it is nearer than a row at an angle of more than 60 degrees."""
    train = np.array([[0.0, 0.0], [0.6, 0.8], [0.0, 1.5], [-1.0, 0.5]])
    assert nearest(train, np.array([[1.0, 0.5]]), 2, "cosine").tolist() == [[1, 2]]


def test_rows_without_a_common_entry_are_equally_far_in_angle():
    rng = np.random.default_rng(0)
    train = rng.poisson(0.7, (60, 6)) * np.r_[np.zeros(3), np.ones(3)]
    found = nearest(train, np.array([[1.0, 2.0, 0.0, 0, 0, 0]]), 60, "cosine")
    assert found.tolist() == [list(range(60))]


def test_chunks_do_not_matter(monkeypatch):
    _, train, query = sample()
    whole = nearest(train, query, 9, "cosine")
    monkeypatch.setattr(neighbours, "BLOCK", 1000)
    np.testing.assert_array_equal(nearest(train, query, 9, "cosine"), whole)


def test_rows_of_zeros_have_neighbours_too():
    found = nearest(np.eye(4), np.zeros((2, 4)), 3, "cosine")
    np.testing.assert_array_equal(found, [[0, 1, 2]] * 2)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_neighbour_regression_is_that_of_scikit_learn(metric):
    rng, train, query = sample()
    values = rng.standard_normal(len(train))
    ours = vote(Label(values), values, nearest(train, query, max(KS), metric), KS)
    for row, k in zip(ours, KS):
        theirs = KNeighborsRegressor(k, metric=metric).fit(train, values).predict(query)
        np.testing.assert_allclose(row, theirs, atol=1e-12)


def test_neighbour_classification_is_that_of_scikit_learn_where_no_classes_tie():
    rng, train, query = sample()
    values = rng.integers(0, 2, len(train))
    odd = (1, 5, 9)
    ours = vote(Label(values, "discrete"), values, nearest(train, query, 9, "euclidean"), odd)
    for row, k in zip(ours, odd):
        np.testing.assert_array_equal(row, KNeighborsClassifier(k).fit(train, values).predict(query))


def test_tied_classes_go_to_the_nearest_among_them():
    values = np.array([7, 3, 3, 7, 5, 5, 5])
    near = np.arange(7)[None]
    label = Label(values, "discrete")
    assert vote(label, values, near, (1, 2, 3, 4, 7))[:, 0].tolist() == [7, 7, 3, 7, 5]


def test_angles_are_averaged_along_the_circle():
    values = np.array([350.0, 20.0])
    found = vote(Label(values, period=360.0), values, np.array([[0, 1]]), (2,))
    assert found[0, 0] == pytest.approx(5.0)


def test_k_beyond_the_training_samples_uses_all():
    _, train, query = sample(train=10)
    values = np.arange(10.0)
    np.testing.assert_allclose(vote(Label(values), values, nearest(train, query, 25, "cosine"), (25,)), 4.5)


@pytest.mark.parametrize(("rows", "columns"), [(200, 20), (30, 80)])
def test_principal_components_are_those_of_scikit_learn(rows, columns):
    data = np.random.default_rng(0).standard_normal((rows, columns)) * np.linspace(3, 1, columns)
    components = principal_components(data, 3)
    theirs = PCA(3, svd_solver="full").fit(data)
    signs = np.sign((components.axes * theirs.components_.T).sum(axis=0))
    np.testing.assert_allclose(components.axes * signs, theirs.components_.T, atol=1e-9)
    np.testing.assert_allclose(components(data) * signs, theirs.transform(data), atol=1e-9)
    assert (components.axes[np.abs(components.axes).argmax(axis=0), np.arange(3)] > 0).all()


@pytest.mark.parametrize(("rows", "columns"), [(200, 60), (60, 90)])
def test_the_iterative_way_finds_the_same_components(monkeypatch, rows, columns):
    data = np.random.default_rng(0).standard_normal((rows, columns)) * np.linspace(3, 1, columns)
    direct = principal_components(data, 3)
    monkeypatch.setattr(decoders, "DIRECT", 10)
    iterative = principal_components(data, 3)
    np.testing.assert_allclose(iterative.axes, direct.axes, atol=1e-8)
    np.testing.assert_array_equal(iterative.axes, principal_components(data, 3).axes)


def test_windows_hold_the_samples_before_and_after():
    neural = np.arange(20).reshape(10, 2)
    np.testing.assert_array_equal(decoders.windows(neural, np.array([3]), 1, 2), [neural[2:5].ravel()])
    fine = 1e6 + np.random.default_rng(0).random((10, 2))
    np.testing.assert_array_equal(decoders.windows(fine, np.array([3]), 1, 2), [fine[2:5].ravel()])


@pytest.mark.parametrize("width", [1, 4, 5, 30])
def test_summed_counts_agree_with_the_slow_truth(width):
    rng = np.random.default_rng(0)
    epoch = np.repeat([0, 1, 2], [7, 1, 22])
    neural = rng.poisson(1, (30, 3)).astype(np.uint8)
    counts = decoders.summed_counts(neural, epoch, width)
    for t in range(30):
        window = [i for i in range(t - width // 2, t - width // 2 + width) if 0 <= i < 30 and epoch[i] == epoch[t]]
        np.testing.assert_array_equal(counts.summed[t], neural[window].sum(axis=0))
        assert counts.samples[t] == len(window)


def run(seed=0, length=400):
    rng = np.random.default_rng(seed)
    position, side = Label(rng.random(length)), Label(rng.integers(0, 2, length), "discrete")
    rates = 0.5 + 3 * np.stack([position.values, 1 - position.values, side.values], axis=1)
    return position, side, rng.poisson(rates).astype(np.uint8), rng.random(length) < 0.7


@pytest.mark.parametrize("bandwidth", [0.0, 1.5])
def test_naive_bayes_agrees_with_the_slow_truth(bandwidth):
    position, side, neural, train = run()
    bins = grid(position, [side], 5, train)
    counts = decoders.summed_counts(neural, np.zeros(400, int), 3)
    rates, occupied = tuning(neural, bins, train, bandwidth)
    fast = posterior(rates, occupied, counts, np.arange(8))
    low, high = position.values[train].min(), position.values[train].max()
    weights = np.array(
        [[np.exp(-0.5 * ((i - j) / bandwidth) ** 2) if bandwidth else i == j for j in range(5)] for i in range(5)]
    )
    kernel = sum(np.exp(-0.5 * (i / bandwidth) ** 2) for i in range(-6, 7)) if bandwidth else 1.0
    column = np.clip(((position.values - low) / (high - low) * 5).astype(int), 0, 4)
    log = np.zeros((8, 5, 2))
    for b in range(5):
        for s in (0, 1):
            there = [train & (column == other) & (side.values == s) for other in range(5)]
            time = sum(weights[b, o] * there[o].sum() for o in range(5)) / kernel
            for n in range(3):
                spikes = sum(weights[b, o] * neural[there[o], n].sum() for o in range(5)) / kernel
                rate = (spikes + decoders.PRIOR_SAMPLES * neural[train, n].mean()) / (time + decoders.PRIOR_SAMPLES)
                log[:, b, s] += poisson.logpmf(counts.summed[:8, n], counts.samples[:8] * rate)
            log[:, b, s] += np.log(time)
    slow = np.exp(log - log.max(axis=(1, 2), keepdims=True)).reshape(8, -1)
    np.testing.assert_allclose(fast, slow / slow.sum(axis=1, keepdims=True), rtol=2e-3, atol=1e-6)


def test_bins_never_look_beyond_the_training_part():
    position, side, neural, train = run()
    wild = Label(np.where(train, position.values, 50.0))
    bins, same = grid(wild, [side], 5, train), grid(position, [side], 5, train)
    np.testing.assert_array_equal(*(decoders.edges(label, 5, train) for label in (wild, position)))
    both = [np.stack([label.values, label.values[::-1]], axis=1) for label in (wild, position)]
    whole = train & train[::-1]
    np.testing.assert_array_equal(*(decoders.place_grid(values, 5, whole)[1] for values in both))
    changed = np.where(train[:, None], neural, 99)
    for a, b in zip(tuning(neural, same, train, 1.0), tuning(changed, bins, train, 1.0)):
        np.testing.assert_array_equal(a, b)


def test_circular_bins_join_their_ends():
    rng = np.random.default_rng(0)
    angle = Label(rng.random(500) * 360, period=360.0)
    neural = (angle.values < 36)[:, None].astype(np.uint8)
    train = np.ones(500, bool)
    rates = tuning(neural, grid(angle, [], 10, train), train, 1.0)[0][:, 0]
    assert rates[9] > 3 * rates[5]


def test_the_scale_of_fluorescence_does_not_matter():
    rng = np.random.default_rng(0)
    neural, train = rng.gamma(1.0, 0.3, (300, 4)), np.ones(300, bool)
    np.testing.assert_allclose(decoders.quasi_counts(neural, train), decoders.quasi_counts(neural * 50, train))
    scaled = decoders.quasi_counts(neural, train)
    np.testing.assert_allclose(scaled.var(axis=0), scaled.mean(axis=0))
    counts = rng.poisson(1, (300, 4))
    assert decoders.quasi_counts(counts, train) is counts


def test_the_constant_is_the_best_one():
    rng = np.random.default_rng(0)
    train = np.ones(200, bool)
    values = rng.exponential(1, 200)
    assert decoders.constant(Label(values), train) == np.median(values)
    angles = rng.normal(0, 20, 200) % 360
    best = decoders.constant(Label(angles, period=360.0), train)
    assert min(best, 360 - best) < 6
    classes = np.repeat([3, 8], [60, 140])
    assert decoders.constant(Label(classes, "discrete"), train) == 8
    assert decoders.constant(Label(values), np.arange(200) < 50) == np.median(values[:50])

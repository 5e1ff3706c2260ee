"""Bin means, linear maps and consistency against plain loops and scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from cebra_pipe.data.recording import Label
from cebra_pipe.errors import UserError
from cebra_pipe.sklearn.bins import chosen, common_bins, unit_rows
from cebra_pipe.sklearn.maps import r_squared
from cebra_pipe.sklearn.metrics import bin_means, consistency_score, linear_map_r2


# ---- the slow truth --------------------------------------------------------------------------------------------------
def loop_bin_means(embedding, index, n_bins, minimum):
    means = np.full((n_bins, embedding.shape[1]), np.nan)
    counts = np.zeros(n_bins, int)
    for b in range(n_bins):
        rows = [row for row, at in zip(embedding, index, strict=True) if at == b]
        counts[b] = len(rows)
        if len(rows) >= minimum:
            means[b] = sum(rows) / len(rows)
    return means, counts


def documented_consistency(embeddings, labels, n_bins, include_maximum):
    """As documented: common edges, digitised, neighbours for empty bins, unit rows, R² on the same points."""
    edges = np.linspace(min(map(min, labels)), max(map(max, labels)), n_bins)
    rows = []
    for embedding, label in zip(embeddings, labels, strict=True):
        index = [sum(value >= edge for edge in edges) for value in label]
        if include_maximum:
            index = [min(i, n_bins - 1) for i in index]
        means = []
        for b in range(1, n_bins):
            for near in ((b,), (b - 1, b + 1), (b - 2, b + 2)):
                samples = [row for row, i in zip(embedding, index, strict=True) if i in near]
                if samples:
                    break
            mean = np.mean(samples, axis=0)
            means.append(mean / np.linalg.norm(mean))
        rows.append(np.array(means))
    return [LinearRegression().fit(x, y).score(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j]


def curves(number: int, dim: int = 3, samples: int = 1500, noise: float = 0.3, seed: int = 0):
    """Embeddings of a label in 0..1, each mixed in its own way."""
    rng = np.random.default_rng(seed)
    labels = [rng.random(samples - 100 * i) for i in range(number)]
    shapes = [np.stack([np.sin((k + 1) * 2 * s + k) for k in range(dim)], axis=1) for s in labels]
    embeddings = [x @ rng.normal(size=(dim, dim)) + noise * rng.normal(size=x.shape) for x in shapes]
    return embeddings, labels


# ---- bins and maps ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("minimum", [1, 4, 9])
def test_bin_means_are_those_of_plain_loops(minimum):
    rng = np.random.default_rng(minimum)
    embedding, index = rng.normal(size=(70, 3)), rng.integers(0, 11, 70)
    means, counts = bin_means(embedding, index, 13, minimum)
    slow, number = loop_bin_means(embedding, index, 13, minimum)
    np.testing.assert_allclose(means, slow, atol=1e-12)
    assert counts.tolist() == number.tolist()


@pytest.mark.parametrize(("rows", "source_dim", "target_dim"), [(20, 3, 3), (50, 1, 2), (99, 32, 8), (6, 8, 3)])
def test_maps_are_those_of_scikit_learn(rows, source_dim, target_dim):
    rng = np.random.default_rng(rows)
    x, new = rng.normal(size=(2, rows, source_dim)) * np.logspace(-2, 2, source_dim) + 5
    y, truth = rng.normal(size=(2, rows, target_dim)) + 100
    fitted = LinearRegression().fit(x, y)
    assert linear_map_r2(x, y) == pytest.approx(fitted.score(x, y), abs=1e-9)
    if rows > source_dim:
        assert linear_map_r2(x, y, new, truth) == pytest.approx(r2_score(truth, fitted.predict(new)), abs=1e-6)


def test_many_maps_at_once_leave_out_their_own_rows():
    rng = np.random.default_rng(0)
    x, y, new, truth = rng.normal(size=(4, 5, 30, 3))
    for rows, draw, row in ((x, 0, 3), (y, 1, 7), (new, 2, 11), (truth, 3, 29), (truth, 3, 2)):
        rows[draw, row, 1] = np.nan
    for draw, score in enumerate(linear_map_r2(x, y, new, truth)):
        fit = np.isfinite(x[draw]).all(1) & np.isfinite(y[draw]).all(1)
        test = np.isfinite(new[draw]).all(1) & np.isfinite(truth[draw]).all(1)
        fitted = LinearRegression().fit(x[draw][fit], y[draw][fit])
        assert score == pytest.approx(r2_score(truth[draw][test], fitted.predict(new[draw][test])), abs=1e-9)


def test_a_pooled_r_squared_is_one_of_all_dimensions():
    rng = np.random.default_rng(1)
    truth, predicted = rng.normal(size=(2, 4, 30, 3)) * [3, 1, 0.01]
    predicted[2, 4] = np.nan
    for draw, score in enumerate(r_squared(truth, truth + predicted, pooled=True)):
        used = np.isfinite(predicted[draw]).all(1)
        found = r2_score(truth[draw][used], (truth + predicted)[draw][used], multioutput="variance_weighted")
        assert score == pytest.approx(found, abs=1e-9)
    assert r_squared(np.ones((5, 2)), np.zeros((5, 2)), pooled=True) == 0  # nothing to explain


def test_collinear_sources_and_constant_targets():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 2)), rng.normal(size=(40, 3))
    twice = np.concatenate([x, x[:, :1] * 3 + 1], axis=1)
    assert linear_map_r2(twice, y) == pytest.approx(linear_map_r2(x, y), abs=1e-9)
    y[:, 1] = 0.1
    assert r_squared(y, y) == pytest.approx(2 / 3)  # what does not vary explains nothing
    assert linear_map_r2(x, np.full((40, 3), 0.1)) == 0
    assert np.isnan(r_squared(y[:1], y[:1]))


def test_common_bins_number_position_times_direction():
    labels = {
        "a": {"position": Label(np.array([0.0, 0.5, 1.6])), "direction": Label(np.array([0, 1, 1]), "discrete")},
        "b": {"position": Label(np.array([0.4, 0.79, 0.81])), "direction": Label(np.array([1, 1, 3]), "discrete")},
    }
    bins = common_bins(labels, ["position", "direction"], 4)
    assert len(bins) == 12  # 4 × {0, 1, 3}
    assert bins.index(labels["a"]).tolist() == [0, 1 * 3 + 1, 3 * 3 + 1]  # the largest lies in the last bin
    assert bins.index(labels["b"]).tolist() == [1 * 3 + 1, 1 * 3 + 1, 2 * 3 + 2]


def test_values_that_span_no_bins_lie_in_the_outermost_and_other_classes_in_none():
    position, direction = np.array([0.0, 1.0, 1.6, 9.0, -9.0, 0.5]), np.array([0, 2, 2, 0, 2, 1])
    labels = {"position": Label(position), "direction": Label(direction, "discrete")}
    trained = chosen(labels, np.arange(3))
    bins = common_bins({"a": trained}, ["position", "direction"], 4)
    assert bins.index(labels).tolist() == [0, 2 * 2 + 1, 3 * 2 + 1, 3 * 2, 1, -1]
    both = chosen({**labels, "lap": Label(np.array([0, 0, 1, 1, 7, 1]), "discrete")}, slice(None))
    twice = common_bins({"a": chosen(both, np.arange(3))}, ["direction", "lap"], 4)
    assert twice.index(both).tolist() == [0, 2, 3, 1, -1, -1]


def test_circular_labels_are_binned_round_the_circle():
    labels = {"a": {"heading": Label(np.array([0.0, 359.0, 361.0, -1.0, 180.0]), period=360.0)}}
    assert common_bins(labels, ["heading"], 8).index(labels["a"]).tolist() == [0, 7, 0, 7, 4]


BIN_MISTAKES = {
    "none": ({"a": {}}, [], "labels: expected labels to bin by"),
    "unknown": ({"a": {"position": Label(np.arange(3.0))}}, ["positon"], "Did you mean 'position'"),
    "unit": (
        {"a": {"x": Label(np.arange(3.0), unit="m")}, "b": {"x": Label(np.arange(3.0), unit="cm")}},
        ["x"],
        "label x of b: expected continuous in m as in a, found continuous in cm",
    ),
    "kind": (
        {"a": {"x": Label(np.arange(3.0))}, "b": {"x": Label(np.arange(3), "discrete")}},
        ["x"],
        "expected continuous without unit as in a, found discrete",
    ),
    "constant": ({"a": {"x": Label(np.ones(3))}}, ["x"], "labels.x: expected a label that varies"),
    "two": ({"a": {"x": Label(np.arange(3.0)), "y": Label(np.arange(3.0))}}, ["x", "y"], "at most one continuous"),
}


@pytest.mark.parametrize("name", BIN_MISTAKES)
def test_labels_that_span_no_bins_are_refused(name):
    labels, names, message = BIN_MISTAKES[name]
    with pytest.raises(UserError, match=message):
        common_bins(labels, names, 4)


# ---- consistency -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("include_maximum", [True, False])
@pytest.mark.parametrize(("samples", "n_bins"), [(1500, 100), (420, 100), (380, 100), (500, 20)])
def test_consistency_between_datasets_is_the_documented_one(samples, n_bins, include_maximum):
    embeddings, labels = curves(3, samples=samples)
    scores, pairs, ids = consistency_score(
        embeddings, "datasets", labels, None, n_bins, include_maximum=include_maximum
    )
    np.testing.assert_allclose(scores, documented_consistency(embeddings, labels, n_bins, include_maximum), atol=1e-9)
    assert pairs.tolist() == [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]
    assert ids.tolist() == [0, 1, 2]


def test_the_largest_label_counts():
    embeddings, labels = curves(2, samples=2000)
    labels[0][0], embeddings[0][0] = 2.0, [50, -50, 50]  # the only sample in the upper half
    labels[1][:1000] += np.linspace(0, 1, 1000)
    with pytest.warns(UserWarning, match="drop out"):
        kept = consistency_score(embeddings, "datasets", labels)[0]
    with pytest.warns(UserWarning, match="drop out"):
        left = consistency_score(embeddings, "datasets", labels, include_maximum=False)[0]
    assert abs(kept - left).max() > 1e-3


def test_consistency_between_runs_maps_samples():
    rng = np.random.default_rng(0)
    runs = [rng.normal(size=(200, 4)) for _ in range(2)]
    runs.append(runs[0] @ rng.normal(size=(4, 4)) + 3)
    scores, pairs, ids = consistency_score(runs, between="runs")
    expected = [LinearRegression().fit(runs[i], runs[j]).score(runs[i], runs[j]) for i, j in pairs]
    np.testing.assert_allclose(scores, expected, atol=1e-9)
    assert scores[1] == pytest.approx(1)
    assert ids.tolist() == [0, 1, 2]
    assert pairs.shape == (6, 2)


@pytest.mark.parametrize("kind", [int, bool, str])
def test_two_classes_are_two_bins(kind):
    rng = np.random.default_rng(0)
    labels = [rng.integers(0, 2, 300).astype(bool).astype(kind) for _ in range(2)]
    embeddings = [rng.normal(size=(300, 3)) for _ in labels]
    with pytest.warns(UserWarning, match="R² is 1 by construction: 2 common classes"):
        scores, _, _ = consistency_score(embeddings, "datasets", labels)
    np.testing.assert_allclose(scores, 1)


@pytest.mark.parametrize(("values", "n_bins", "said"), [(2, 100, "2 common bins"), (4, 100, "4 c"), (3, 6, "3 c")])
def test_real_labels_of_few_values_are_few_points(values, n_bins, said):
    """Bins between the values are filled with samples that are there already: they add nothing to fit."""
    rng = np.random.default_rng(0)
    embeddings, labels = [rng.normal(size=(300, 3)) for _ in "ab"], [np.arange(300.0) % values for _ in "ab"]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        scores = consistency_score(embeddings, "datasets", labels, None, n_bins)[0]
    assert (scores > 0.9).all()
    texts = [str(each.message) for each in told]
    assert any("by construction: " + said in text and "with samples of their own" in text for text in texts), texts
    assert any(f"labels have {values} values for {n_bins - 1} bins" in text for text in texts)
    assert {each.filename for each in told} == {__file__}


def test_bins_that_one_of_a_pair_fills_are_points():
    """A value of one data set stands beside several of the other: the map can fail, and nothing is said."""
    rng, label = np.random.default_rng(0), np.tile(np.arange(9.0), 40)
    labels = [label, np.where(label < 4, 2.0, 7.0)]
    scores = consistency_score(rng.normal(size=(2, 360, 3)), "datasets", labels, None, 9)[0]
    assert scores[0] < 0.99


def test_classes_use_every_class_of_both():
    rng = np.random.default_rng(0)
    labels = [rng.permutation(np.arange(400) % 12) for _ in range(2)]
    labels[1][labels[1] == 3] = 30  # each has a class of its own
    embeddings = [rng.normal(size=(400, 3)) for _ in labels]
    with pytest.warns(UserWarning, match="shares 11 of 13"):
        scores, _, _ = consistency_score(embeddings, "datasets", labels)
    common = [c for c in range(12) if c != 3]
    x, y = (
        unit_rows(np.array([e[label == c].mean(axis=0) for c in common]))
        for e, label in zip(embeddings, labels, strict=True)
    )
    assert scores[0] == pytest.approx(LinearRegression().fit(x, y).score(x, y), abs=1e-9)


def test_whole_numbers_beyond_the_bins_are_binned():
    embeddings, labels = curves(2, samples=3000)
    millimetres = [np.round(label * 1600).astype(int) for label in labels]
    asked = consistency_score(embeddings, "datasets", millimetres)[0]
    np.testing.assert_array_equal(asked, consistency_score(embeddings, "datasets", [m * 1.0 for m in millimetres])[0])


def test_equal_ids_are_averaged_in_scores_pairs_and_ids():
    embeddings, labels = curves(4)
    single, of, _ = consistency_score(embeddings, "datasets", labels)
    scores, pairs, ids = consistency_score(embeddings, "datasets", labels, ["rat", "mouse", "rat", "bat"])
    names = np.array(["rat", "mouse", "rat", "bat"])
    assert ids.tolist() == ["rat", "mouse", "bat"]
    assert len(scores) == len(pairs) == 6
    for score, (one, other) in zip(scores, pairs, strict=True):
        mine = [(names[i], names[j]) == (one, other) for i, j in of]
        assert score == pytest.approx(single[mine].mean())


def test_arguments_stay_as_they_are():
    embeddings, labels = curves(2)
    lists = [label.tolist() for label in labels]
    before = [list(label) for label in lists]
    expected = consistency_score(embeddings, "datasets", labels)[0]
    np.testing.assert_array_equal(consistency_score(embeddings, "datasets", lists)[0], expected)
    assert lists == before


def test_tensors_with_a_gradient_are_taken():
    embeddings, labels = curves(2)
    tensors = [torch.from_numpy(values).requires_grad_() for values in embeddings]
    expected = consistency_score(embeddings, "datasets", labels)[0]
    found = consistency_score(tensors, "datasets", [torch.from_numpy(label) for label in labels])[0]
    np.testing.assert_array_equal(found, expected)


def test_nan_samples_drop_out():
    embeddings, labels = curves(2, samples=3000)
    holed = [np.where(np.arange(len(e))[:, None] % 7 == 0, np.nan, e) for e in embeddings]
    kept = [np.arange(len(e)) % 7 != 0 for e in embeddings]
    for label, mask in zip(labels, kept, strict=True):
        label[np.flatnonzero(mask)[:2]] = [0, 1]  # the same range with and without them
    expected = consistency_score(
        [e[m] for e, m in zip(embeddings, kept, strict=True)],
        "datasets",
        [label[m] for label, m in zip(labels, kept, strict=True)],
    )[0]
    np.testing.assert_allclose(consistency_score(holed, "datasets", labels)[0], expected, atol=1e-12)


E, L = curves(2, samples=300)
MISTAKES = {
    "no between": (lambda: consistency_score(E), "between: expected datasets or runs, found None"),
    "between": (lambda: consistency_score(E, "dataset", L), "Did you mean 'datasets'"),
    "no labels": (lambda: consistency_score(E, "datasets"), "labels: expected one array an embedding, found none"),
    "labels for runs": (lambda: consistency_score([E[0], E[0]], "runs", L), "labels: expected none between runs"),
    "ids for runs": (lambda: consistency_score([E[0]] * 2, "runs", None, [1, 2]), "dataset_ids: expected none"),
    "lengths": (lambda: consistency_score(E, "runs"), "runs of equal length, found 300, 200"),
    "one": (lambda: consistency_score(E[:1], "runs"), "embeddings: expected two or more, found 1"),
    "one id": (lambda: consistency_score(E, "datasets", L, ["a", "a"]), "two distinct ids"),
    "ids": (lambda: consistency_score(E, "datasets", L, ["a"]), "dataset_ids: expected 2, one an embedding, found 1"),
    "2-D labels": (lambda: consistency_score(E, "datasets", [np.c_[x, x] for x in L]), "Choose one column"),
    "nan labels": (lambda: consistency_score(E, "datasets", [L[0] * np.nan, L[1]]), r"labels\[0\]: expected finite"),
    "constant": (lambda: consistency_score(E, "datasets", [x * 0 for x in L]), "labels that vary"),
    "apart": (lambda: consistency_score(E, "datasets", [L[0], L[1] + 9]), "0 of 99. Check that their labels share"),
    "flat": (lambda: consistency_score([x[:, 0] for x in E], "datasets", L), r"\(sample, dimension\)"),
    "infinite": (lambda: consistency_score([E[0] / 0, E[1]], "datasets", L), "finite numbers"),
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mistakes_are_told(name):
    call, message = MISTAKES[name]
    with pytest.raises(UserError, match=message):
        call()


# ---- the reference ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("samples", [1500, 420])
def test_between_datasets_is_that_of_the_reference_without_the_largest_label(reference, samples, kind):
    embeddings, labels = curves(3, samples=samples)
    embeddings = [values.astype(kind) for values in embeddings]
    theirs = reference.sklearn.metrics.consistency_score(embeddings, "datasets", [label.copy() for label in labels])
    ours = consistency_score(embeddings, "datasets", labels, include_maximum=False)
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-9 if kind == np.float64 else 1e-6)
    for mine, other in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_array_equal(mine, other)


def test_between_runs_is_that_of_the_reference(reference):
    runs = list(np.random.default_rng(0).normal(size=(3, 200, 3)))
    for ours, theirs in zip(
        consistency_score(runs, "runs"), reference.sklearn.metrics.consistency_score(runs, "runs"), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_what_the_reference_gets_wrong(reference):
    theirs, rng = reference.sklearn.metrics.consistency_score, np.random.default_rng(0)
    classes, values = [rng.integers(0, 3, 300) for _ in range(2)], [rng.normal(size=(300, 3)) for _ in range(2)]
    with pytest.raises(ValueError, match="bin index"):
        theirs(values, "datasets", classes)
    with pytest.warns(UserWarning, match="3 common classes"):
        assert len(consistency_score(values, "datasets", classes)[0]) == 2
    embeddings, labels = curves(4)
    scores, pairs, ids = theirs(embeddings, "datasets", [label.copy() for label in labels], ["a", "b", "a", "c"])
    assert (len(scores), len(pairs), len(ids)) == (6, 10, 4)
    lists = [label.tolist() for label in labels]
    theirs(embeddings, "datasets", lists)
    assert not isinstance(lists[0], list)


def test_ranges_that_overlap_in_part(reference):
    """Half of each range is the other's: the common bins count, and the warning says how many."""
    embeddings, labels = curves(2, samples=2000)
    labels[1] = labels[1] + 0.5 * np.ptp(labels[1])
    with pytest.raises(ValueError, match="bin index"):
        reference.sklearn.metrics.consistency_score(embeddings, "datasets", [label.copy() for label in labels])
    with pytest.warns(UserWarning, match="a pair shares (3[0-9]) of 99"):
        consistency_score(embeddings, "datasets", labels)

"""Bins of a point: a grid of its coordinates, beside plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from cebra_pipe.data.recording import Label
from cebra_pipe.errors import UserError
from cebra_pipe.sklearn.bins import bin_means, chosen, common_bins

PLACE = {"place": ["x", "y"]}


def walk(seed, length=400):
    """Labels of a stay in a field that each recording has seen another part of."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 0.5 + seed, length), rng.uniform(0, 3, length)
    return {"x": Label(x, unit="m"), "y": Label(y, unit="m"), "lit": Label(rng.integers(3, 5, length), "discrete")}


def test_the_cells_of_a_grid_are_those_of_plain_loops():
    labels, count, classes = {"a": walk(0), "b": walk(1)}, 6, [3, 4]
    trained = {name: chosen(of, np.arange(300)) for name, of in labels.items()}
    bins = common_bins(trained, ["lit", "place"], count, PLACE)
    assert len(bins) == count * count * len(classes)
    embedding = np.random.default_rng(9).standard_normal((400, 3))
    ends = {}
    for axis in "xy":
        seen = [float(v) for of in trained.values() for v in of[axis].values]
        ends[axis] = min(seen), max(seen)
    for of in labels.values():
        cells = {}
        for t in range(400):
            at = []
            for axis in "xy":
                low, high = ends[axis]
                at.append(min(max(int((of[axis].values[t] - low) // ((high - low) / count)), 0), count - 1))
            cells.setdefault((*at, classes.index(of["lit"].values[t])), []).append(embedding[t])
        index = bins.index(of)
        means, counts = bin_means(embedding, index, len(bins), minimum=5)
        for i, (along, across, lit) in enumerate(np.ndindex(count, count, len(classes))):
            inside = cells.get((along, across, lit), [])
            assert counts[i] == len(inside)
            expected = np.mean(inside, axis=0) if len(inside) >= 5 else np.full(3, np.nan)
            np.testing.assert_allclose(means[i], expected, atol=1e-12)


MISTAKES = {
    "beside its own label": (["place", "x"], {}, "at most one continuous label, or one point, found place, x"),
    "of two units": (["place"], {"y": Label(np.arange(4.0), unit="cm")}, "point place: .* found x in m, y in cm"),
    "that goes round": (["place"], {"y": Label(np.arange(4.0), unit="m", period=4)}, "y repeats after 4"),
    "without a label of it": (["place"], {"y": None}, "expected 'y', found no such label"),
    "that varies along one alone": (["place"], {"y": Label(np.ones(4), unit="m")}, "labels.y: .* a label that varies"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_point_that_spans_no_grid_is_refused(name):
    names, changed, message = MISTAKES[name]
    labels = {"x": Label(np.arange(4.0), unit="m"), "y": Label(np.arange(4.0), unit="m")} | changed
    labels = {key: label for key, label in labels.items() if label is not None}
    with pytest.raises(UserError, match=message):
        common_bins({"a": labels}, names, 4, PLACE)

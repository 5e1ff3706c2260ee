from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from cebra_pipe.distributions import search
from cebra_pipe.distributions.search import NOWHERE, NearestIndex
from cebra_pipe.solver.device import settings
from tests.oracles import nearest_set

RNG = np.random.default_rng


def grid(rng, number, features):
    return rng.integers(0, 5, (number, features)).astype(float)


@pytest.mark.parametrize("features", [1, 2, 3, 6])
@pytest.mark.parametrize("make", [grid, lambda rng, n, d: rng.standard_normal((n, d)) + 1e4], ids=["grid", "far"])
def test_gives_a_minimiser(features, make):
    rng = RNG(features)
    rows, members = make(rng, 150, features), rng.permutation(150) + 1000
    queries = np.concatenate([make(rng, 60, features) + 0.5, rows[:20], rows[:20] + 9.0])
    found = NearestIndex(rows, members).query(queries, rng)
    number = {member: i for i, member in enumerate(members)}
    for query, member in zip(queries, found, strict=True):
        assert number[member] in nearest_set(rows, query)


@pytest.mark.parametrize("features", [1, 2, 3])
def test_ties_are_uniform_over_samples(features):
    rows = np.repeat(np.eye(features + 1, features), [1, 4, 2, 9][: features + 1], axis=0)
    if features == 1:
        rows = np.array([[-1.0]] * 3 + [[1.0]] * 7 + [[8.0]])
    query = np.zeros(features) if features == 1 else np.full(features, 0.5)
    best = sorted(nearest_set(rows, query))
    assert 2 <= len(best) < len(rows) or features > 1
    found = NearestIndex(rows, np.arange(len(rows))).query(np.tile(query, (20_000, 1)), RNG(1))
    counts = np.bincount(found, minlength=len(rows))
    assert sorted(np.flatnonzero(counts)) == best
    assert chisquare(counts[best]).pvalue > 1e-3


def test_rounding_does_not_break_a_tie():
    """0.1 + 0.2 and 0.3 are one label value, and a query between two values is as near to both."""
    rows = np.array([[0.1 + 0.2], [0.3], [0.5]])
    found = NearestIndex(rows, np.arange(3)).query(np.full((3000, 1), 0.4), RNG(0))
    assert chisquare(np.bincount(found, minlength=3)).pvalue > 1e-3


@pytest.mark.parametrize("features", [1, 2])
@pytest.mark.parametrize("reach", [0, 1])
def test_apart_keeps_away_from_groups(features, reach):
    rng = RNG(2)
    rows, groups = grid(rng, 300, features), np.sort(rng.integers(0, 12, 300))
    index = NearestIndex(rows, np.arange(300), groups)
    queries, away = grid(rng, 200, features), rng.integers(0, 12, 200)
    away[:20] = NOWHERE
    for query, mine, found in zip(queries, away, index.query(queries, rng, away, reach), strict=True):
        assert found in nearest_set(rows, query, np.abs(groups - mine) > reach)


def test_apart_gives_none_where_nothing_is_left():
    index = NearestIndex(np.arange(40.0)[:, None] % 3, np.arange(40), np.zeros(40, int))
    assert (index.query(np.zeros((5, 1)), RNG(0), np.zeros(5, int)) == -1).all()


def test_equally_near_nodes_beyond_the_first_ones_asked_for():
    """Far more equally near rows than a first look at the tree gives."""
    angle = np.arange(100) * (2 * np.pi / 100)
    rows = np.column_stack([np.cos(angle), np.sin(angle)])
    found = NearestIndex(rows, np.arange(100)).query(np.zeros((8000, 2)), RNG(3))
    assert chisquare(np.bincount(found, minlength=100)).pvalue > 1e-3


def test_many_queries_take_the_threads_of_a_fit_and_find_the_same():
    rng, asked = RNG(3), []
    index = NearestIndex(grid(rng, 400, 2), np.arange(400))
    whole, queries = index.tree, grid(rng, search.MANY, 2) + 0.5

    class Spy:
        def query(self, rows, **options):
            asked.append((len(rows), options["workers"]))
            return whole.query(rows, **options)

    index.tree, found = Spy(), {}
    for threads in (1, 2):
        with settings(threads):
            found[threads] = index.query(queries, RNG(4))
            index.query(queries[:50], RNG(4))
    assert (found[1] == found[2]).all()
    assert {number for rows, number in asked if rows == len(queries)} == {1, 2}
    assert {number for rows, number in asked if rows < search.MANY} == {1}

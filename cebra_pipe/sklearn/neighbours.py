"""Nearest neighbours, exact to the digits of float64 wherever the rows lie, and what they vote for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.spatial import cKDTree

from .points import Target

BLOCK = 8_000_000  # distances held at a time
TREE = 12  # dimensions up to which a tree is the faster one: twice at 12 and 20 times at 3, for 6,400 rows
EPS = np.finfo(np.float64).eps
SINGLE, DOUBLE = 2.0**24, 2.0**53  # up to which float32 and float64 hold every whole number


def nearest(train: np.ndarray, query: np.ndarray, k: int, metric: str) -> np.ndarray:
    """(query, k) indices of the nearest rows of `train`, nearest first; among equally near ones the lower index.

    metric: cosine or euclidean. A product of whole numbers (counts) is exact as it is. One of others leaves the rows
    that rounding cannot tell from the k nearest, and these are ranked by the differences of the rows themselves.
    """
    k = min(k, len(train))
    train, query = np.asarray(train, np.float64), np.asarray(query, np.float64)
    whole = _exact(train) and _exact(query)
    if whole and _exact(train, SINGLE) and _exact(query, SINGLE):  # the same numbers, products in half the time
        train, query = train.astype(np.float32), query.astype(np.float32)
    if metric == "cosine" and not whole:
        train, query = train / lengths(train)[:, None], query / lengths(query)[:, None]
    silent = metric == "cosine" and not train.any(axis=1).all()  # at a right angle to all, and not so in space
    if whole or silent or not 0 < train.shape[1] <= TREE or not k:
        return _by_products(train, query, k, metric, whole)
    return _by_tree(train, query, k, metric)


def _by_products(train: np.ndarray, query: np.ndarray, k: int, metric: str, whole: bool) -> np.ndarray:
    """`nearest` from the distances of all pairs, block by block."""
    distances = DISTANCES[metric, whole](train, k)
    rows = max(1, BLOCK // max(len(train), 1))
    found = [_smallest(distances(query[i : i + rows]), k) for i in range(0, len(query), rows)]
    return np.concatenate(found) if found else np.zeros((0, k), np.int64)


def _by_tree(train: np.ndarray, query: np.ndarray, k: int, metric: str) -> np.ndarray:
    """`nearest` from a k-d tree; of unit rows the nearest in angle are the nearest in space.

    Where rounding cannot tell the k-th row from the one after it, the distances of all pairs decide.
    """
    apart, found = cKDTree(train).query(query, k + 1)
    squares = apart[:, k - 1 :] ** 2
    slack = 64 * EPS * train.shape[1] * (1 if metric == "cosine" else squares[:, 0])
    told = squares[:, 1] - squares[:, 0] > slack
    found = np.sort(found[:, :k], axis=1)
    step = max(1, BLOCK // (k * train.shape[1]))
    for i in range(0, len(query), step):
        rows = i + np.flatnonzero(told[i : i + step])
        pairs = np.repeat(query[rows], k, axis=0), train[found[rows].ravel()]
        order = np.argsort(PAIRWISE[metric](*pairs).reshape(-1, k), axis=1, kind="stable")
        found[rows] = np.take_along_axis(found[rows], order, axis=1)
    found[~told] = _by_products(train, query[~told], k, metric, whole=False)
    return found


def _exact(rows: np.ndarray, limit: float = DOUBLE) -> bool:
    """Whether every product of two such rows is held exactly: whole numbers, not too large."""
    largest = np.abs(rows).max(initial=0.0)
    return bool(4 * largest**2 * rows.shape[1] < limit and (rows == np.floor(rows)).all())


def lengths(rows: np.ndarray) -> np.ndarray:
    """(row,) Euclidean lengths; 1 for rows of zeros, which are at equal distance from all."""
    norm = np.sqrt(_dots(rows, rows).astype(np.float64))
    return np.where(norm > 0, norm, 1)


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", a, b)


# ---- what orders the training rows of each query: training rows -> (query rows -> (query, train)) --------------------
def _whole_euclidean(train: np.ndarray, k: int) -> Distances:
    squares = _dots(train, train)
    return lambda query: squares - 2 * (query @ train.T)


def _whole_cosine(train: np.ndarray, k: int) -> Distances:
    length = lengths(train)
    return lambda query: -(query @ train.T) / length


def _fine_euclidean(train: np.ndarray, k: int) -> Distances:
    """|q - t|², infinite where not among the k nearest; products about the training mean, so that no offset tells."""
    centre, silent = train.mean(axis=0), ~train.any(axis=1)
    about = train - centre
    squares = _dots(about, about)

    def distances(query: np.ndarray) -> np.ndarray:
        shifted = query - centre
        own = _dots(shifted, shifted)[:, None]
        near = _near(squares + own - 2 * (shifted @ about.T), train.shape[1] * (squares + own), k)
        # Silent windows are many, and all at the length of the query.
        made = np.where(near, _dots(query, query)[:, None], np.inf)
        return _mended(made, near & ~silent, query, train, _squared_lengths)

    return distances


def _fine_cosine(train: np.ndarray, k: int) -> Distances:
    """1 - cos of unit rows, infinite where not among the k nearest; by their difference where it loses digits."""

    def distances(query: np.ndarray) -> np.ndarray:
        cosine = query @ train.T
        near = _near(1 - cosine, np.full(len(train), 2.0 * train.shape[1]), k)
        # Of sparse rows many share no entry with the query: nothing is to be mended in their cosine of 0.
        return _mended(np.where(near, 1.0, np.inf), near & (cosine != 0), query, train, _angles)

    return distances


def _squared_lengths(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _dots(a - b, a - b)


def _angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    cosine = _dots(a, b)
    return np.where(cosine > 0.5, _squared_lengths(a, b) / 2, 1 - cosine)


def _near(rough: np.ndarray, terms: np.ndarray, k: int) -> np.ndarray:
    """(query, train) bool: what rounding cannot tell from the k nearest.

    `terms` is the number of terms of each sum times their size; a sum is off by less than that times a few units of the
    last place (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1).
    """
    slack = 8 * EPS * terms
    limit = np.partition(rough + slack, k - 1, axis=1)[:, k - 1 : k]
    return rough - slack <= limit


def _mended(
    made: np.ndarray, where: np.ndarray, query: np.ndarray, train: np.ndarray, distance: Pairwise
) -> np.ndarray:
    """`made` with the distances of single pairs of rows where `where` (query, train) holds."""
    row, column = np.nonzero(where)
    step = max(1, BLOCK // max(train.shape[1], 1))
    for i in range(0, len(row), step):
        here, there = row[i : i + step], column[i : i + step]
        made[here, there] = distance(query[here], train[there])
    return made


Pairwise = Callable[[np.ndarray, np.ndarray], np.ndarray]  # two times (pair, feature) -> (pair,)
PAIRWISE: Mapping[str, Pairwise] = {"euclidean": _squared_lengths, "cosine": _angles}
Distances = Callable[[np.ndarray], np.ndarray]
DISTANCES: Mapping[tuple[str, bool], Callable[[np.ndarray, int], Distances]] = {
    ("euclidean", True): _whole_euclidean,
    ("cosine", True): _whole_cosine,
    ("euclidean", False): _fine_euclidean,
    ("cosine", False): _fine_cosine,
}


def _smallest(distances: np.ndarray, k: int) -> np.ndarray:
    """(row, k) columns of the k smallest values of each row, by value and then by column."""
    if k == distances.shape[1]:
        return np.argsort(distances, axis=1, kind="stable")
    found = np.sort(np.argpartition(distances, k - 1, axis=1)[:, :k], axis=1)
    values = np.take_along_axis(distances, found, axis=1)
    limit = values.max(axis=1)
    for row in np.flatnonzero((distances <= limit[:, None]).sum(axis=1) > k):  # ties at the k-th place
        candidates = np.flatnonzero(distances[row] <= limit[row])
        kept = candidates[np.argsort(distances[row, candidates], kind="stable")[:k]]
        found[row] = np.sort(kept)
        values[row] = distances[row, found[row]]
    return np.take_along_axis(found, np.argsort(values, axis=1, kind="stable"), axis=1)


# ---- what they vote for ----------------------------------------------------------------------------------------------
def vote(label: Target, train_values: np.ndarray, neighbours: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """(k, query) predictions from `nearest`: the mean (along the circle), or the most frequent class.

    Of a point (k, query, axis): the mean of the neighbours' points.
    """
    values = train_values[neighbours]  # (query, neighbour)
    rank = np.minimum(np.asarray(ks), values.shape[1]) - 1
    if label.discrete:
        return _majority(values, rank)
    if label.period:
        turn = np.cumsum(np.exp(2j * np.pi / label.period * values), axis=1)[:, rank]
        return (np.angle(turn) * label.period / (2 * np.pi) % label.period).T
    if label.kind == "point":
        return np.moveaxis(np.cumsum(values, axis=1)[:, rank] / (rank + 1)[:, None], 1, 0)
    return (np.cumsum(values, axis=1)[:, rank] / (rank + 1)).T


def _majority(values: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """(k, query) the most frequent class; among equally frequent ones that of the nearest neighbour."""
    best = np.full((len(rank), len(values)), -np.inf)
    chosen = np.zeros((len(rank), len(values)), values.dtype)
    width = values.shape[1]
    for one in np.unique(values):
        same = values == one
        first = np.where(same.any(axis=1), same.argmax(axis=1), width)
        votes = np.cumsum(same, axis=1)[:, rank].T * (width + 1.0) - first
        chosen, best = np.where(votes > best, one, chosen), np.maximum(votes, best)
    return chosen

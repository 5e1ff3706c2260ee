"""Pairs of samples with near labels, summed without a matrix of all pairs: equal labels are one point of a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

HELD = 2_000_000  # numbers that one chunk of neighbours may hold
TIED = 1e-9  # relative difference below which two distances are equal


@dataclass(frozen=True, eq=False)
class Groups:
    """Samples by distinct label: equal labels are equally near to anything, so only their sum and number count."""

    labels: np.ndarray  # (group, label)
    sums: np.ndarray  # (group, dim)
    counts: np.ndarray  # (group,)

    @classmethod
    def of(cls, values: np.ndarray, labels: np.ndarray) -> Groups:
        distinct, index = np.unique(labels, axis=0, return_inverse=True)
        index = index.reshape(-1)
        sums = [np.bincount(index, weights=column, minlength=len(distinct)) for column in values.T]
        return cls(distinct, np.stack(sums, axis=1), np.bincount(index, minlength=len(distinct)))


def cross(reference: np.ndarray, moved: np.ndarray, ref_label: np.ndarray, label: np.ndarray, top_k: int) -> np.ndarray:
    """(dim, dim) sum over samples of data ⊗ mean of their `top_k` nearest reference samples."""
    from scipy.spatial import cKDTree  # a quarter of a second, which jobs that only turn embeddings need not wait

    targets, queries = Groups.of(reference, ref_label), Groups.of(moved, label)
    tree, found = cKDTree(targets.labels), np.zeros((moved.shape[1], reference.shape[1]))
    for rows, means in _nearest(tree, targets, queries.labels, top_k):
        found += np.einsum("qi,qj->ij", queries.sums[rows], means)
    return found


def _nearest(
    tree: cKDTree, targets: Groups, queries: np.ndarray, top_k: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Chunk by chunk the rows of `queries` and the means (row, dim) of their nearest reference samples.

    Rows whose ties reach beyond the groups looked at are asked again with four times as many.
    """
    waiting, looked = np.arange(len(queries)), top_k + 1
    while len(waiting):
        looked = min(looked, tree.n)
        size, left = max(1, HELD // (looked * (targets.sums.shape[1] + 4))), []
        for begin in range(0, len(waiting), size):
            rows = waiting[begin : begin + size]
            distance, index = tree.query(queries[rows], k=looked)
            distance, index = distance.reshape(-1, looked), index.reshape(-1, looked)
            weights, settled = _shares(distance, targets.counts[index], top_k)
            settled |= looked == tree.n
            yield rows[settled], np.einsum("qk,qkd->qd", weights[settled], targets.sums[index[settled]]) / top_k
            left.append(rows[~settled])
        waiting, looked = np.concatenate(left), looked * 4


def _shares(distance: np.ndarray, counts: np.ndarray, top_k: int) -> tuple[np.ndarray, np.ndarray]:
    """(row, group) the weight of each group's samples, and (row,) whether all ties at the border were seen."""
    reached = np.argmax(np.cumsum(counts, axis=1) >= top_k, axis=1)
    border = np.take_along_axis(distance, reached[:, None], axis=1)
    nearer = distance < border * (1 - TIED)
    at_border = (distance <= border * (1 + TIED)) & ~nearer
    places = top_k - (counts * nearer).sum(axis=1)
    share = places / (counts * at_border).sum(axis=1)
    return nearer + at_border * share[:, None], distance[:, -1] > border[:, 0] * (1 + TIED)

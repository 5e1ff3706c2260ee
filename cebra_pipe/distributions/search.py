"""Exact nearest neighbours among label rows, drawn uniformly among equally near samples: the index, and its search in
numpy, by halving or a tree. `nearest` searches the same nodes on a device.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from scipy.spatial import cKDTree

Values = TypeVar("Values")  # an array of the host or of a device
TOLERANCE = 1e-12  # distances that differ by less, relative to themselves and the labels' extent, are equal
NOWHERE = -(2**40)  # a group that no sample is near to
CELLS = 2_000_000  # distances held at a time
MANY = 20_000  # queries of a tree from which on several threads were measured to be faster, for three label columns


def farthest_equal(distance: Values, span: Values | float) -> Values:
    """The largest distance that counts as equal to `distance`, among rows that extend over `span`."""
    return distance + TOLERANCE * (distance + span)


class NearestIndex:
    """Samples by their label rows. Equal rows (of one group) are one node, which its samples share."""

    def __init__(self, rows: np.ndarray, members: np.ndarray, groups: np.ndarray | None = None):
        """rows (sample, feature) float64, members (sample,) given back, groups (sample,) that may be left out."""
        rows = np.asarray(rows, np.float64) + 0.0  # no -0.0
        self.span = float(np.ptp(rows, axis=0).max(initial=0.0))
        self.line = rows.shape[1] == 1 and groups is None
        if self.line:
            order = np.argsort(rows[:, 0], kind="stable")
            new = np.diff(rows[order, 0], prepend=-np.inf) > TOLERANCE * self.span
            self.rows, number = rows[order[new]], np.cumsum(new) - 1
        else:
            keyed = rows if groups is None else np.column_stack([rows, groups])
            nodes, inverse = np.unique(keyed, axis=0, return_inverse=True)
            order = np.argsort(inverse.reshape(-1), kind="stable")
            self.rows, number = nodes[:, : rows.shape[1]], inverse.reshape(-1)[order]
            self.groups = None if groups is None else nodes[:, -1].astype(np.int64)
            self.tree = cKDTree(self.rows)
        self.members = members[order]
        self.counts = np.bincount(number)
        self.starts = np.cumsum(self.counts) - self.counts

    def query(
        self, rows: np.ndarray, stream: np.random.Generator, apart: np.ndarray | None = None, reach: int = 0
    ) -> np.ndarray:
        """(n,) a member nearest to each of rows (n, feature), uniform among the nearest; -1 where none is allowed.

        With `apart` (n,): only members of groups farther than `reach` from that number.
        """
        which, who = stream.random(len(rows)), stream.random(len(rows))
        node = self._on_line(rows[:, 0], which) if self.line else self._in_tree(rows, which, apart, reach)
        inside = np.minimum((who * self.counts[node]).astype(np.int64), self.counts[node] - 1)
        return np.where(node < 0, -1, self.members[self.starts[node] + inside])

    def _equal(self, distance: np.ndarray) -> np.ndarray:
        return farthest_equal(distance, self.span)

    def _on_line(self, query: np.ndarray, which: np.ndarray) -> np.ndarray:
        values = self.rows[:, 0]
        right = np.minimum(np.searchsorted(values, query), len(values) - 1)
        left = np.maximum(right - 1, 0)
        to_left, to_right = np.abs(query - values[left]), np.abs(values[right] - query)
        share = self.counts[right] / (self.counts[left] + self.counts[right])
        tie = (self._equal(to_left) >= to_right) & (self._equal(to_right) >= to_left)
        return np.where(np.where(tie, which < share, to_right < to_left), right, left)

    def _in_tree(self, rows, which, apart, reach) -> np.ndarray:
        """Ask for more and more neighbours until nothing unseen can be as near as the nearest allowed one."""
        node, pending = np.full(len(rows), -1), np.arange(len(rows))
        if apart is not None:  # a search that nothing can answer would look at every row
            pending = np.flatnonzero((apart - reach > self.groups.min()) | (apart + reach < self.groups.max()))
        asked = min(2 if apart is None else 32, len(self.rows))
        while len(pending):
            settled = np.zeros(len(pending), bool)
            for part in np.array_split(np.arange(len(pending)), -(-len(pending) * asked // CELLS)):
                mine = pending[part]
                away = None if apart is None else apart[mine]
                node[mine], settled[part] = self._choose(rows[mine], which[mine], asked, away, reach)
            pending, asked = pending[~settled], min(4 * asked, len(self.rows))
        return node

    def _choose(self, rows, which, asked, apart, reach) -> tuple[np.ndarray, np.ndarray]:
        threads = torch.get_num_threads() if len(rows) >= MANY else 1  # each query by itself: what is found is the same
        distance, near = self.tree.query(rows, k=np.arange(1, asked + 1), workers=threads)  # (n, asked)
        allowed = (
            distance
            if apart is None
            else np.where(np.abs(self.groups[near] - apart[:, None]) > reach, distance, np.inf)
        )
        best = allowed.min(axis=1, keepdims=True)
        settled = (self._equal(best[:, 0]) < distance[:, -1]) | (asked == len(self.rows))
        weights = np.where(np.isfinite(allowed) & (allowed <= self._equal(best)), self.counts[near], 0)
        total = np.cumsum(weights, axis=1)
        picked = (total > (which * total[:, -1])[:, None]).argmax(axis=1)
        return np.where(np.isfinite(best[:, 0]), near[np.arange(len(rows)), picked], -1), settled

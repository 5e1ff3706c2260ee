"""Exact nearest neighbours among label rows on a device: the nodes of `search`'s indices, without its branches.

Shapes never depend on values, so the device is not waited for: one column is searched by halving, a number of times
that is known beforehand, and more by the distances to all rows of the session, where `search` descends a tree. Classes
are stretches of one row of nodes here, an index each there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Generator, Tensor

from .conditional import LabelNeighbour
from .pools import Pools, uniform_numbers
from .search import farthest_equal

CELLS = 2**24  # distances held at a time: 128 MiB of them


@dataclass(frozen=True, eq=False)
class Nearest:
    """The samples of one session by their label rows. Equal rows of a class are one node, which its samples share."""

    rows: Tensor  # (node, feature) float64, class after class
    first: Tensor  # (class,) its first node
    last: Tensor  # (class,) one after its last node
    span: Tensor  # (class,) extent of its rows
    samples: Pools  # of each node
    halvings: int  # after which a search of one column has ended
    line: bool  # whether there is one column, in which the nodes of a class rise

    @classmethod
    def of(cls, found: LabelNeighbour, session: int, device: torch.device) -> Self:
        """Of the samples of `session`, from the indices that the host searches too."""
        classes, sessions = len(found.present), found.timeline.sessions
        there = [c for c in range(classes) if found.present[c, session]]
        made = [found.index(c * sessions + session) for c in there]
        nodes, span = np.zeros(classes, np.int64), np.zeros(classes)
        for c, index in zip(there, made, strict=True):
            nodes[c], span[c] = len(index.rows), index.span
        bounds = np.cumsum(nodes)
        counts = np.concatenate([index.counts for index in made])
        samples = Pools.laid_out(
            np.concatenate([index.members for index in made]), np.cumsum(counts) - counts, counts, device
        )
        rows = np.concatenate([index.rows for index in made])
        moved = (torch.from_numpy(each).to(device) for each in (rows, bounds - nodes, bounds, span))
        return cls(*moved, samples, int(nodes.max()).bit_length() + 1, made[0].line)

    def __call__(self, query: Tensor, classes: Tensor, stream: Generator | None) -> Tensor:
        """(n, feature), (n,) -> (n,) a sample of the class nearest to the query, uniform among the nearest."""
        which = uniform_numbers(classes.shape, stream, query.device)
        if self.line:
            return self.samples.pick(self._on_line(query[:, 0], classes, which), stream)
        block = max(1, CELLS // len(self.rows))
        parts = zip(query.split(block), classes.split(block), which.split(block), strict=True)
        return self.samples.pick(torch.cat([self._among_all(*part) for part in parts]), stream)

    def _on_line(self, query: Tensor, classes: Tensor, which: Tensor) -> Tensor:
        values, first, last, span = self.rows[:, 0], self.first[classes], self.last[classes], self.span[classes]
        low, high = first, last
        for _ in range(self.halvings):  # until low is the first node at or above the query, or `last`
            middle = (low + high) // 2
            going = low < high
            below = values[middle.clamp(max=len(values) - 1)] < query
            low, high = torch.where(going & below, middle + 1, low), torch.where(going & ~below, middle, high)
        right = torch.minimum(low, last - 1)
        left = torch.maximum(right - 1, first)
        to_left, to_right = (query - values[left]).abs(), (values[right] - query).abs()
        share = self.samples.counts[right] / (self.samples.counts[left] + self.samples.counts[right]).double()
        tie = (farthest_equal(to_left, span) >= to_right) & (farthest_equal(to_right, span) >= to_left)
        return torch.where(torch.where(tie, which < share, to_right < to_left), right, left)

    def _among_all(self, query: Tensor, classes: Tensor, which: Tensor) -> Tensor:
        squares = torch.zeros(len(query), len(self.rows), dtype=torch.float64, device=query.device)
        for mine, theirs in zip(query.unbind(1), self.rows.unbind(1), strict=True):
            apart = mine[:, None] - theirs
            squares.addcmul_(apart, apart)
        if len(self.first) > 1:
            node = torch.arange(len(self.rows), device=query.device)
            squares.masked_fill_((node < self.first[classes, None]) | (node >= self.last[classes, None]), torch.inf)
        limit = farthest_equal(squares.amin(1).sqrt(), self.span[classes])
        weights = torch.where(squares <= limit.square()[:, None], self.samples.counts, 0)
        total = weights.cumsum(1)  # of whole numbers, which a device sums the same way each time
        wanted = (which * total[:, -1]).long().minimum(total[:, -1] - 1)
        return torch.searchsorted(total, wanted[:, None], right=True)[:, 0]

"""Positives: what a reference is paired with.

Each distribution gives `references` (flat indices a session that can be references), `pooled` (whether positives and
negatives come from all sessions or from the reference's own) and `positive(reference, stream, apart)`: for references
(step, n) of n draws a step, or (n,) of one, as many positives. With `apart` positives keep away from the reference's
own trial, or where that leaves none from windows that overlap its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..data.timeline import LabelSpace, Timeline
from ..errors import Problem, UserError, counted
from .prior import deal
from .search import NOWHERE, NearestIndex


class Conditional(Protocol):
    pooled: bool
    references: tuple[np.ndarray, ...]

    def positive(self, reference: np.ndarray, stream: np.random.Generator, apart: bool = False) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class TimeOffset:
    """The sample `lag` later in the same segment; only samples that have one are references."""

    timeline: Timeline
    lag: int
    pooled = False

    @property
    def references(self) -> tuple[np.ndarray, ...]:
        segment, centre = self.timeline.segment, self.timeline.is_centre()
        early = (c[c + self.lag < len(segment)] for c in self.timeline.centres)
        return tuple(c[centre[c + self.lag] & (segment[c] == segment[c + self.lag])] for c in early)

    def positive(self, reference, stream, apart=False):
        return reference + self.lag


class _Classed:
    """What the label distributions share: centres by class and session, and the groups that `apart` keeps away from.

    A cell is a class of a session, numbered class * sessions + session.
    """

    pooled = True

    def __init__(self, timeline: Timeline, space: LabelSpace):
        self.timeline, self.space, self.references = timeline, space, timeline.centres
        centres, number = np.concatenate(timeline.centres), (space.classes.max() + 1) * timeline.sessions
        cell = space.classes[centres] * timeline.sessions + timeline.session[centres]
        order, counts = np.argsort(cell, kind="stable"), np.bincount(cell, minlength=number)
        self.members, self.cells = centres[order], cell[order]
        self.starts = np.concatenate([[0], np.cumsum(counts)])  # (cell + 1,) first of `members`
        self.present = counts.reshape(-1, timeline.sessions) > 0  # (class, session)
        # Samples fewer than a window apart lie in the same block of a window's length or in two neighbouring ones.
        block = np.arange(len(timeline)) // len(timeline.offset)
        trial = np.unique(timeline.trial, return_inverse=True)[1].reshape(-1)
        self.levels = ((trial, 0), (block, 1), (None, 0))
        self.cache: dict[object, object] = {}

    def _find(self, pick, reference, stream, apart) -> np.ndarray:
        """Positives: `pick(level, cell, rows, away, reach)` in the dealt session, among the reference's class."""
        shape, classes, sessions = reference.shape, self.space.classes[reference], self.timeline.sessions
        target = deal(np.atleast_2d(classes), self.present, stream).reshape(-1)
        reference, cell = reference.reshape(-1), classes.reshape(-1) * sessions + target
        own, out, rows = self.timeline.session[reference] == target, np.full(len(cell), -1), np.arange(len(cell))
        for level in range(0 if apart else 2, 3):
            groups, reach = self.levels[level]
            away = None if groups is None else np.where(own[rows], groups[reference[rows]], NOWHERE)
            out[rows] = pick(level, cell[rows], rows, away, reach)
            rows = rows[out[rows] < 0]
        return out.reshape(shape)


class LabelNeighbour(_Classed):
    """The sample whose labels are nearest to the reference's plus a change, among those of its class."""

    def __init__(self, timeline: Timeline, space: LabelSpace, change: Change):
        super().__init__(timeline, space)
        self.change = change
        self.rows = space.embed(space.coordinates)

    def positive(self, reference, stream, apart=False):
        return self.matched(reference, stream, apart)[1]

    def matched(self, reference: np.ndarray, stream, apart: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """(n, label) what was searched for, and the positives found, in the shape of `reference`."""
        flat = reference.reshape(-1)
        moved = self.space.coordinates[flat] + self.change(len(flat), stream)
        query = self.space.embed(moved)

        def pick(level: int, cell: np.ndarray, rows: np.ndarray, away: np.ndarray | None, reach: int) -> np.ndarray:
            # Samples near in time have labels near each other: asked in turn, they walk the same branches of the tree.
            found, order = np.full(len(rows), -1), np.lexsort((flat[rows], cell))
            for mine in np.split(order, np.flatnonzero(np.diff(cell[order])) + 1):
                if len(mine):
                    apart_from = None if away is None else away[mine]
                    index = self.index(int(cell[mine[0]]), level)
                    found[mine] = index.query(query[rows[mine]], stream, apart_from, reach)
            return found

        return moved, self._find(pick, reference, stream, apart)

    def index(self, cell: int, level: int = 2) -> NearestIndex:
        """The centres of a cell by their labels; made once. level: which groups draws with `apart` keep away from."""
        if (cell, level) not in self.cache:
            members, groups = self.members[self.starts[cell] : self.starts[cell + 1]], self.levels[level][0]
            found = NearestIndex(self.rows[members], members, None if groups is None else groups[members])
            self.cache[cell, level] = found
        return self.cache[cell, level]


class SameClass(_Classed):
    """Any sample of the reference's class, each equally often."""

    def positive(self, reference, stream, apart=False):
        def pick(level: int, cell: np.ndarray, rows: np.ndarray, away: np.ndarray | None, reach: int) -> np.ndarray:
            return self._outside(level, cell, NOWHERE if away is None else away, reach, stream)

        return self._find(pick, reference, stream, apart)

    def _outside(self, level, cell, away, reach, stream) -> np.ndarray:
        """A member of each cell (n,), of a group farther than `reach` from `away`, uniformly; -1 where none is."""
        members, keys, width = self._by_group(level)
        first, last = (
            np.searchsorted(keys, cell * width + np.clip(g, 0, width)) for g in (away - reach, away + reach + 1)
        )
        start, skipped = (
            self.starts[cell],
            last - first,
        )  # the excluded lie in one run: draw among the others, step over
        left = self.starts[cell + 1] - start - skipped
        drawn = start + np.minimum((stream.random(len(cell)) * left).astype(np.int64), left - 1)
        return np.where(left > 0, members[np.where(left > 0, drawn + np.where(drawn >= first, skipped, 0), 0)], -1)

    def _by_group(self, level: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Members by cell, then by group; cell * width + group of each, which ascends; the width."""
        if level not in self.cache:
            groups = self.levels[level][0]
            group = np.zeros_like(self.members) if groups is None else groups[self.members]
            width, order = int(group.max()) + 1, np.lexsort((group, self.cells))
            self.cache[level] = self.members[order], self.cells[order] * width + group[order], width
        return self.cache[level]


class Change(Protocol):
    def __call__(self, number: int, stream: np.random.Generator) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class SeenChange:
    """A label change over `lag` samples inside one segment, drawn uniformly among all that occur."""

    timeline: Timeline
    space: LabelSpace
    lag: int
    table: np.ndarray = field(init=False)  # (change, label)

    def __post_init__(self):
        late, segment = np.arange(self.lag, len(self.timeline)), self.timeline.segment
        late = late[segment[late] == segment[late - self.lag]]
        object.__setattr__(self, "table", self.space.coordinates[late] - self.space.coordinates[late - self.lag])

    def __call__(self, number, stream):
        return self.table[stream.integers(0, len(self.table), number)]


@dataclass(frozen=True)
class NormalChange:
    """Normal with standard deviation `delta`, in the units of the weighted labels."""

    labels: int
    delta: float

    def __call__(self, number, stream):
        return self.delta * stream.standard_normal((number, self.labels))


def conditional(kind: str, timeline: Timeline, space: LabelSpace | None, lag: int, delta: float | None) -> Conditional:
    """The distribution of positives named `kind`."""
    return CONDITIONALS[kind](timeline, space, lag, delta)


def _time(timeline, space, lag, delta):
    made = TimeOffset(timeline, lag)
    if min(len(r) for r in made.references) < 1:
        raise _too_short(timeline, lag)
    return made


def _time_delta(timeline, space, lag, delta):
    change = SeenChange(timeline, space, lag)
    if not len(change.table):
        raise _too_short(timeline, lag)
    return LabelNeighbour(timeline, space, change)


def _too_short(timeline: Timeline, lag: int) -> UserError:
    longest = int(np.bincount(timeline.segment).max(initial=0))
    expected = f"a stretch of more than {counted(lag, 'sample')}, windows included"
    return UserError(
        Problem(
            "training.time_offset, in samples",
            expected,
            f"at most {counted(longest, 'sample')}",
            "Set a shorter time_offset.",
        )
    )


CONDITIONALS = {
    "time": _time,
    "time_delta": _time_delta,
    "delta_normal": lambda timeline, space, lag, delta: LabelNeighbour(
        timeline, space, NormalChange(len(space.periods), delta)
    ),
    "discrete": lambda timeline, space, lag, delta: SameClass(timeline, space),
}

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
from ..errors import Problem, UserError
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
    """What the label distributions share: centres by session and class, and the groups that `apart` keeps away from."""

    pooled = True

    def __init__(self, timeline: Timeline, space: LabelSpace):
        self.timeline, self.space, self.references = timeline, space, timeline.centres
        centres = np.concatenate(timeline.centres)
        self.present = np.zeros((space.classes.max() + 1, timeline.sessions), bool)  # (class, session)
        self.present[space.classes[centres], timeline.session[centres]] = True
        # Samples fewer than a window apart lie in the same block of a window's length or in two neighbouring ones.
        block = np.arange(len(timeline)) // len(timeline.offset)
        self.levels = ((timeline.trial, 0), (block, 1), (None, 0))
        self.cache: dict[tuple[int, int, int], object] = {}

    def _members(self, session: int, label: int) -> np.ndarray:
        centres = self.timeline.centres[session]
        return centres[self.space.classes[centres] == label]

    def _made(self, make, session: int, label: int, level: int):
        key = session, label, level
        if key not in self.cache:
            members, groups = self._members(session, label), self.levels[level][0]
            self.cache[key] = make(members, None if groups is None else groups[members])
        return self.cache[key]

    def _find(self, make, pick, reference, stream, apart) -> np.ndarray:
        """Positives: `pick(made, rows, away, reach)` in the dealt session, among the reference's class."""
        shape, classes = reference.shape, self.space.classes[reference]
        target = deal(np.atleast_2d(classes), self.present, stream).reshape(-1)
        reference, classes, out = reference.reshape(-1), classes.reshape(-1), np.full(reference.size, -1)
        for label, session in np.argwhere(self.present):
            rows = np.flatnonzero((target == session) & (classes == label))
            for level in range(0 if apart else 2, 3):
                groups, reach = self.levels[level]
                own = self.timeline.session[reference[rows]] == session
                away = None if groups is None else np.where(own, groups[reference[rows]], NOWHERE)
                out[rows] = pick(self._made(make, session, label, level), rows, away, reach)
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

        def make(members: np.ndarray, groups: np.ndarray | None) -> NearestIndex:
            return NearestIndex(self.rows[members], members, groups)

        def pick(index: NearestIndex, rows: np.ndarray, away: np.ndarray | None, reach: int) -> np.ndarray:
            return index.query(query[rows], stream, away, reach)

        return moved, self._find(make, pick, reference, stream, apart)


class SameClass(_Classed):
    """Any sample of the reference's class, each equally often."""

    def positive(self, reference, stream, apart=False):
        def pick(made, rows: np.ndarray, away: np.ndarray | None, reach: int) -> np.ndarray:
            return _outside(made, away, reach, stream, len(rows))

        return self._find(_by_group, pick, reference, stream, apart)


def _by_group(members: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    groups = np.zeros(len(members), np.int64) if groups is None else groups
    order = np.argsort(groups, kind="stable")
    return members[order], groups[order]


def _outside(made, away, reach, stream, number) -> np.ndarray:
    """(number,) members of groups farther than `reach` from `away`, uniformly; -1 where there is none."""
    members, groups = made
    away = np.full(number, NOWHERE) if away is None else away
    first, last = np.searchsorted(groups, away - reach, "left"), np.searchsorted(groups, away + reach, "right")
    left = len(members) - (last - first)  # the excluded groups lie in one run: draw among the others and step over it
    drawn = np.minimum((stream.random(number) * left).astype(np.int64), left - 1)
    return np.where(left > 0, members[drawn + np.where(drawn >= first, last - first, 0)], -1)


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
    expected = f"a stretch of more than {lag} samples (time_offset times rate), windows included"
    return UserError(
        Problem("training.time_offset", expected, f"at most {longest} samples", "Set a shorter time_offset.")
    )


CONDITIONALS = {
    "time": _time,
    "time_delta": _time_delta,
    "delta_normal": lambda timeline, space, lag, delta: LabelNeighbour(
        timeline, space, NormalChange(len(space.periods), delta)
    ),
    "discrete": lambda timeline, space, lag, delta: SameClass(timeline, space),
}

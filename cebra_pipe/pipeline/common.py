"""What recordings are compared in: bins of the labels that they share, and the folds and seeds that all have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..errors import Problem, Problems, UserError
from ..sklearn.bins import Bins, common_bins
from ..sklearn.maps import complete
from .job import say
from .sessions import Key, Means, Session, differ, means_of, padded_lines, shifted_means

FEWEST_BINS = 3  # common bins below which two recordings do not overlap


@dataclass(frozen=True, eq=False)
class Common:
    """Bins of the labels, the same for all sessions."""

    bins: Bins
    index: Mapping[str, np.ndarray]  # session -> (time,) bin of each sample
    minimum: int  # samples that fill a bin
    keys: Sequence[Key]  # rising

    def means(self, session: Session, key: Key, padded: bool = False) -> Means:
        """Bin means of one fit."""
        return means_of(session, key, self.index[session.name], len(self.bins), self.minimum, padded)

    def shifted(self, session: Session, key: Key, shifts: np.ndarray) -> Means:
        """The same for each shift of the labels."""
        return shifted_means(session, key, self.index[session.name], len(self.bins), self.minimum, shifts)


def compared(spec: Mapping, sessions: Sequence[Session]) -> Common:
    """What the sessions have in common; a UserError where rates, labels, folds or seeds differ. Says what is padded."""
    check_rates(sessions)
    bins = common_bins({s.name: s.labels for s in sessions}, spec["labels"], spec["bins"])
    keys = shared_keys(sessions)
    for line in padded_lines(sessions, bins):
        say(line)
    return Common(bins, {s.name: bins.index(s.labels) for s in sessions}, spec["minimum"], keys)


def check_rates(sessions: Sequence[Session]) -> None:
    """A UserError where sampling rates differ by 1 % or more."""
    if differ([session.rate for session in sessions]):
        listed = ", ".join(f"{session.name} {session.rate:g} Hz" for session in sessions)
        remedy = "State each recording's `rate`, so that they are not compared, or resample them."
        raise UserError(Problem("recordings", "one sampling rate", listed, remedy))


def shared_keys(sessions: Sequence[Session]) -> list[Key]:
    """Folds and seeds, rising; a UserError where the sessions do not have the same ones."""
    first, *others = sessions
    problems = Problems()
    for session in others:
        if set(session.runs) != set(first.runs):
            expected = f"folds and seeds as for {first.name}: {sorted(first.runs)}"
            problems.add(f"embeddings of {session.name}", expected, str(sorted(session.runs)), "Run the missing fits.")
    problems.raise_any()
    return sorted(first.runs)


def check_overlap(means: Mapping[str, Means], bins: Bins, pairs: Iterable[tuple[str, str]] | None = None) -> None:
    """A UserError that names the pairs of sessions, all unless some are given, with too few common bins in train."""
    problems = Problems()
    for a, b in combinations(means, 2) if pairs is None else pairs:
        common = int((complete(means[a].means["train"]) & complete(means[b].means["train"])).sum())
        if common < FEWEST_BINS:
            expected = f"{FEWEST_BINS} or more common bins of the training parts"
            remedy = (
                "Check that their labels share unit and range; use fewer `bins`, a lower `minimum` or other labels."
            )
            problems.add(f"labels of {a} and {b}", expected, f"{common} of {len(bins)}", remedy)
    problems.raise_any()

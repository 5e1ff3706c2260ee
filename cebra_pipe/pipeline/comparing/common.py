"""What recordings are compared in: bins of the labels that they share, and the folds and seeds that all have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ...data.parts import part_of
from ...errors import Problem, Problems, UserError
from ...sklearn.bins import FEWEST_BINS, Bins, chosen, common_bins
from ...sklearn.maps import complete
from ..jobs.job import say
from .sessions import Key, Means, Session, differ, means_of, padded_lines, shifted_means


@dataclass(frozen=True, eq=False)
class Common:
    """Bins of the labels, the same for all sessions: fold by fold, as training samples span them."""

    bins: Mapping[int, Bins]  # fold -> bins
    index: Mapping[tuple[str, int], np.ndarray]  # session, fold -> (time,) bin of each sample
    minimum: int  # samples that fill a bin
    keys: Sequence[Key]  # rising

    def means(self, session: Session, key: Key, padded: bool = False) -> Means:
        """Bin means of one fit."""
        index, number = self.index[session.name, key[0]], len(self.bins[key[0]])
        return means_of(session, key, index, number, self.minimum, padded)

    def shifted(self, session: Session, key: Key, shifts: np.ndarray) -> Means:
        """The same for each shift of the labels."""
        index, number = self.index[session.name, key[0]], len(self.bins[key[0]])
        return shifted_means(session, key, index, number, self.minimum, shifts)


def compared(spec: Mapping, sessions: Sequence[Session]) -> Common:
    """What the sessions have in common; a UserError where rates, labels, folds or seeds differ. Says what is padded."""
    check_rates(sessions)
    keys = shared_keys(sessions)
    bins = {fold: _bins(spec, sessions, fold) for fold in dict(keys)}
    for line in padded_lines(sessions, bins[keys[0][0]]):
        say(line)
    index = {(s.name, fold): of.index(s.labels) for s in sessions for fold, of in bins.items()}
    return Common(bins, index, spec["minimum"], keys)


def _bins(spec: Mapping, sessions: Sequence[Session], fold: int) -> Bins:
    trained = {s.name: chosen(s.labels, part_of(s.split, fold) == "train") for s in sessions}
    return common_bins(trained, spec["labels"], spec["bins"], spec.get("points", {}))


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

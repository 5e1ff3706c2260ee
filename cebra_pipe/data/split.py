"""Which samples train, choose and test: blocks of time, whole trials, or folds over trials; then the gap between them.

Trials (or, in scheme `blocks`, samples) are cut into contiguous stretches and each stretch into contiguous runs, so
that every part is spread over the recording and yet has few borders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import Problems, counted, did_you_mean
from .recording import Recording
from .spans import collapsed

PARTS = ("train", "valid", "test")  # by rank: who gives samples to the gap first; test is never cut
GAP = len(PARTS)
NAMES = np.array([*PARTS, "gap"], dtype=object)
SMALLEST_PART = 50  # samples below which a score of a part means nothing
ROUNDING = 5e-7  # s: time stamps are sums of floats
SHORT = 30.0  # s: a recording that lasts less may have the rate of its acquisition in place of its samples'


@dataclass(frozen=True)
class Cut:
    """One fold."""

    part: np.ndarray  # (time,) int8: index into NAMES
    whole: np.ndarray  # (time,) int8: the same before the gap

    def names(self) -> np.ndarray:
        return NAMES[self.part]


def split(recording: Recording, scheme: Mapping) -> list[Cut]:
    """The folds of a recording under a SplitConfig (as a dictionary), gaps taken out, checked."""
    _check(recording, scheme)
    cuts = [Cut(cut_gap(whole, recording.time, scheme["gap"]), whole) for whole in whole_parts(recording, scheme)]
    _check_sizes(recording, cuts, scheme)
    return cuts


def whole_parts(recording: Recording, scheme: Mapping) -> list[np.ndarray]:
    """(time,) parts of each fold before the gap: no trial is divided (in scheme blocks: no stretch's run)."""
    if scheme["scheme"] == "blocks":
        return [by_shares(len(recording), shares(scheme), scheme["blocks"])]
    ids, member = trials_of(recording.trial)
    stratum = classes_of_trials(recording, member, len(ids), scheme["stratify"])
    folds = scheme["folds"] if scheme["scheme"] in FOLDED else 1
    parts = np.zeros((folds, len(ids)), np.int8)
    for one in np.unique(stratum):
        trials = np.flatnonzero(stratum == one)
        parts[:, trials] = _trial_parts(len(trials), scheme)
    _check_trials(recording, parts, stratum, scheme)
    return [fold[member] for fold in parts]


def _trial_parts(trials: int, scheme: Mapping) -> np.ndarray:
    """(fold, trial) parts of the trials of one stratum."""
    if scheme["scheme"] in FOLDED:
        return FOLDED[scheme["scheme"]](trials, scheme)
    return by_shares(trials, shares(scheme), scheme["blocks"])[None]


def shares(scheme: Mapping) -> np.ndarray:
    return np.array([scheme[part] for part in PARTS], np.float64)


def by_shares(items: int, wanted: np.ndarray, stretches: int) -> np.ndarray:
    """(item,) parts 0, 1, …: each stretch in runs of these shares; rounding carries over, so that totals match."""
    parts, given, seen = [], np.zeros(len(wanted), np.int64), 0
    for size in stretch_sizes(items, stretches):
        seen += size
        counts = _rounded(wanted * seen - given, size)
        given += counts
        parts.append(np.repeat(np.arange(len(wanted), dtype=np.int8), counts))
    return np.concatenate(parts)


def by_folds(items: int, folds: int, stretches: int) -> np.ndarray:
    """(fold, item) parts: fold f holds out the f-th piece of each stretch, one half of it to choose and one to test."""
    parts = np.zeros((folds, items), np.int8)
    held = np.zeros((folds, 2), np.int64)  # trials given to valid and to test so far
    start = 0
    for number, size in enumerate(stretch_sizes(items, stretches)):
        # The larger pieces go round over the folds from stretch to stretch.
        for place, piece in enumerate(np.roll(stretch_sizes(size, folds), number)):
            valid = (piece + (held[place, 0] <= held[place, 1])) // 2
            halves = np.repeat([1, 2], [valid, piece - valid])
            parts[place, start : start + piece] = halves if (number + place) % 2 == 0 else halves[::-1]
            held[place] += [valid, piece - valid]
            start += piece
    return parts


def by_nested(items: int, folds: int, inner: int, stretches: int) -> np.ndarray:
    """(fold, item) parts: fold f tests on the f-th piece of each stretch and chooses on one inner fold of the rest.

    Every item is in the test part of one fold. The inner fold moves on with f, so that valid parts lie at other places.
    """
    parts, outer = np.zeros((folds, items), np.int8), by_shares(items, np.full(folds, 1 / folds), stretches)
    for fold, part in enumerate(parts):
        rest = np.flatnonzero(outer != fold)
        part[outer == fold] = 2
        part[rest[by_shares(len(rest), np.full(inner, 1 / inner), stretches) == fold % inner]] = 1
    return parts


# scheme -> (fold, item) parts of so many items
FOLDED: Mapping[str, Callable[[int, Mapping], np.ndarray]] = {
    "folds": lambda items, scheme: by_folds(items, scheme["folds"], scheme["blocks"]),
    "nested": lambda items, scheme: by_nested(items, scheme["folds"], scheme["inner"], scheme["blocks"]),
}


def stretch_sizes(items: int, stretches: int) -> np.ndarray:
    """(stretch,) sizes that differ by one at most, the first ones larger."""
    return items // stretches + (np.arange(stretches) < items % stretches)


def _rounded(wanted: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers ≥ 0 with sum `total`, nearest to `wanted` (largest remainders)."""
    counts = np.maximum(np.floor(wanted + 1e-9), 0).astype(np.int64)
    while counts.sum() < total:
        counts[np.argmax(wanted - counts)] += 1
    while counts.sum() > total:
        counts[np.argmin(np.where(counts > 0, wanted - counts, np.inf))] -= 1
    return counts


def trials_of(trial: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Trial numbers in the order of time, and (time,) which of them each sample belongs to."""
    ids, first, member = np.unique(trial, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return ids[order], rank[member.reshape(-1)]


def classes_of_trials(recording: Recording, member: np.ndarray, trials: int, stratify: str | None) -> np.ndarray:
    """(trial,) the class that most of a trial's samples have; zeros without a label to stratify by."""
    if stratify is None:
        return np.zeros(trials, np.int64)
    classes, label = np.unique(recording.labels[stratify].values, return_inverse=True)
    counts = np.zeros((trials, len(classes)), np.int64)
    np.add.at(counts, (member, label.reshape(-1)), 1)
    return classes[counts.argmax(axis=1)]


def cut_gap(part: np.ndarray, time: np.ndarray, gap: float) -> np.ndarray:
    """(time,) parts where samples nearer than `gap` seconds to one of another part are gap; the lower rank gives."""
    cut = part.copy()
    for rank in range(GAP - 2, -1, -1):
        others = time[(cut > rank) & (cut < GAP)]
        mine = np.flatnonzero(cut == rank)
        cut[mine[_nearest(time[mine], others) < gap - ROUNDING]] = GAP
    return cut


def _nearest(time: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(time,) seconds from each time to the nearest of `others`, both rising."""
    if not len(others):
        return np.full(len(time), np.inf)
    after = np.searchsorted(others, time)
    right = others[np.minimum(after, len(others) - 1)]
    left = others[np.maximum(after - 1, 0)]
    return np.minimum(np.abs(right - time), np.abs(time - left))


def _check(recording: Recording, scheme: Mapping) -> None:
    problems = Problems()
    trials = len(np.unique(recording.trial))
    if scheme["scheme"] != "blocks" and trials < 3:
        remedy = "Set `scheme: blocks`, or give the recording's `trials`."
        found = ("2 trials" if trials == 2 else "1 trial, all of it") + _of_given(recording)
        problems.add(f"split.scheme {scheme['scheme']}", "a recording with 3 trials or more", found, remedy)
    name, discrete = scheme["stratify"], [n for n, label in recording.labels.items() if label.discrete]
    if name is not None and name not in discrete:
        found = f"{name!r}, which is continuous" if name in recording.labels else repr(name)
        problems.add("split.stratify", "a discrete label of the recording", found, did_you_mean(name, discrete))
    problems.raise_any()


def _check_trials(recording: Recording, parts: np.ndarray, stratum: np.ndarray, scheme: Mapping) -> None:
    """Each part of each fold and stratum has a trial."""
    problems = Problems()
    for one in np.unique(stratum):
        label = scheme["stratify"]
        of = f" of {label} {recording.labels[label].named(one)}" if label else ""
        count, lacking = int((stratum == one).sum()), {}
        for fold, row in enumerate(parts[:, stratum == one]):
            missing = [name for rank, name in enumerate(PARTS) if not (row == rank).any()]
            lacking.setdefault(", ".join(missing), []).append(fold)
        for missing, folds in lacking.items():
            if missing:
                where = f"split.scheme {scheme['scheme']}" + (f", {_numbered(folds)}" if len(parts) > 1 else "")
                found = f"none ({counted(count, 'trial')}{of}{_of_given(recording)})"
                problems.add(where, f"a trial{of} in {missing}", found, _remedy(scheme))
    problems.raise_any()


def _of_given(recording: Recording) -> str:
    """How many trials are left, where all samples of some were dropped."""
    left = len(np.unique(recording.trial))
    given = recording.notes.get("trials_given", left)
    return f"; {left} of the recording's {given} trials have samples that are used" if left < given else ""


def _numbered(folds: list[int]) -> str:
    return f"fold{'s' * (len(folds) > 1)} {', '.join(collapsed(folds, range(folds[-1] + 1)))}"


def _remedy(scheme: Mapping) -> str:
    means = {"folds": "Use fewer `folds`", "nested": "Use fewer `folds` or `inner` folds"}.get(
        scheme["scheme"], "Give the part a larger share"
    )
    return (
        f"{means}, drop `stratify`, or set `scheme: blocks`."
        if scheme["stratify"]
        else f"{means}, or set `scheme: blocks`."
    )


def _check_sizes(recording: Recording, cuts: list[Cut], scheme: Mapping) -> None:
    """Each part of each fold is large enough; one problem a part, for all folds that it is too small in."""
    problems, seconds = Problems(), len(recording) / recording.rate
    for rank, name in enumerate(PARTS):
        sizes = [(int((cut.part == rank).sum()), int((cut.whole == rank).sum())) for cut in cuts]
        small = [fold for fold, (left, _) in enumerate(sizes) if left < SMALLEST_PART]
        if not small:
            continue
        left, before = (_extent([each[i] for each in map(sizes.__getitem__, small)]) for i in range(2))
        found = f"{left} ({before} before the gap of {scheme['gap']:g} s took its samples)"
        ways = "fewer `blocks`, a smaller `gap`, a larger share, or a longer recording."
        remedy = f"Use {ways}"
        if seconds < SHORT:
            found += f"; the recording lasts {seconds:.3g} s at {recording.rate:g} Hz"
            remedy = f"Is its `rate` that of the samples, and not of the acquisition? If so, use {ways}"
        problems.add(f"split: {name} of {_numbered(small)}", f"at least {SMALLEST_PART} samples", found, remedy)
    problems.raise_any()


def _extent(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"

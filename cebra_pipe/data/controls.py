"""Controls: a recording whose tie of labels and neural data is broken, over its whole length and before any split."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Problem, UserError, did_you_mean
from ..streams import generator
from .parts import content, segments
from .recording import Recording
from .shifts import circular_shifts, source


@dataclass(frozen=True, eq=False)
class Repeat:
    """One repeat of a control of one recording."""

    number: int
    own: np.random.Generator  # of this repeat
    shared: np.random.Generator  # the same for every repeat
    inside: np.ndarray  # (n,) sample numbers: the stitched time that labels are shifted in


def apply_control(kind: str | None, recording: Recording, inside: np.ndarray, seed: int, study_seed: int) -> Recording:
    """The recording as control `kind` transforms it; the same for equal content and seeds, whatever its name.

    inside: (time,) bool, the samples whose windows lie in their epoch.
    """
    if kind is None:
        return recording
    if kind not in CONTROLS:
        raise UserError(Problem("control", "a known control", repr(kind), did_you_mean(kind, CONTROLS)))
    if kind in OF_LABELS and not recording.labels:
        raise UserError(
            Problem("control", "labels to transform", "none", "Use neuron_shift for recordings without labels.")
        )
    key = ("control", kind, study_seed, content(recording))
    return CONTROLS[kind](recording, Repeat(seed, generator(*key, seed), generator(*key), np.flatnonzero(inside)))


def circular_shift(recording: Recording, repeat: Repeat) -> Recording:
    """All labels rolled together by one shift, each repeat by another one as long as there are any left.

    A label that is too slow for any shift (classes recorded one after the other) does not bound it, and is named; so is
    one that repeats, which is shifted all the same.
    """
    inside, rate = repeat.inside, recording.rate
    shifts = circular_shifts(recording.labels, rate, inside, repeat.shared)
    listed = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in shifts.slow.items())
    if not len(shifts.values):
        half = len(inside) / rate / 2
        expected = f"a label with five autocorrelation times in half the recording ({half:.1f} s)"
        raise UserError(
            Problem("control: circular_shift", expected, listed, "Use a longer recording or another control.")
        )
    repeating = ", ".join(f"{name} every {seconds:.4g} s" for name, seconds in shifts.periodic.items())
    named = {"too slow to be shifted away from itself": listed, "repeats, so a fit can learn it shifted": repeating}
    for what, which in named.items():
        if which:
            print(f"circular_shift: {what}: {which}", file=sys.stderr, flush=True)
    rows = source(inside, int(shifts.values[repeat.number % len(shifts.values)]), len(recording))
    return _with_labels(recording, lambda values: values[rows])


def permute_labels(recording: Recording, repeat: Repeat) -> Recording:
    """Label rows in random order: destroys their autocorrelation too."""
    order = repeat.own.permutation(len(recording))
    return _with_labels(recording, lambda values: values[order])


def permute_neural(recording: Recording, repeat: Repeat) -> Recording:
    """Neural rows in random order: destroys their autocorrelation too."""
    return replace(recording, neural=recording.neural[repeat.own.permutation(len(recording))])


def trial_shuffle(recording: Recording, repeat: Repeat) -> Recording:
    """Each trial with the labels of another trial of its class, warped to its length (nearest sample).

    The class is that of all discrete labels, so what is broken is the coding of the single trial, not of the label.
    """
    start, stop = segments(np.ones(len(recording), bool), recording.trial).T
    length = stop - start
    if len(start) < 2:
        raise UserError(
            Problem("control", "trial_shuffle with two trials or more", "1", "Give the recording's `trials`.")
        )
    source = np.arange(len(recording))
    for mine, other in enumerate(_partners(_classes(recording, start, length), repeat.own)):
        warped = ((np.arange(length[mine]) + 0.5) * length[other] / length[mine]).astype(np.int64)
        source[start[mine] : start[mine] + length[mine]] = start[other] + warped
    return _with_labels(recording, lambda values: values[source])


def neuron_shift(recording: Recording, repeat: Repeat) -> Recording:
    """Each neuron circularly shifted on its own: breaks what neurons share and keeps each one's autocorrelation."""
    shifts = repeat.own.integers(1, len(recording), size=recording.neural.shape[1])
    rolled = [np.roll(recording.neural[:, n], shift) for n, shift in enumerate(shifts)]
    return replace(recording, neural=np.stack(rolled, axis=1))


def _with_labels(recording: Recording, change: Callable[[np.ndarray], np.ndarray]) -> Recording:
    labels = {name: replace(label, values=change(label.values)) for name, label in recording.labels.items()}
    return replace(recording, labels=labels)


def _classes(recording: Recording, start: np.ndarray, length: np.ndarray) -> np.ndarray:
    """(trial,) the combination of the discrete labels in the middle of each trial, as a number."""
    middle = start + length // 2
    values = [label.values[middle] for _, label in sorted(recording.labels.items()) if label.discrete]
    if not values:
        return np.zeros(len(start), np.int64)
    return np.unique(np.stack(values, axis=1), axis=0, return_inverse=True)[1].reshape(-1)


def _partners(classes: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    """(trial,) another trial of the same class, each used once; of any class where that class has a single trial."""
    partner = np.arange(len(classes))
    for one in np.unique(classes):
        members = stream.permutation(np.flatnonzero(classes == one))
        partner[members] = np.roll(members, 1)
    for lone in np.flatnonzero(partner == np.arange(len(classes))):
        partner[lone] = stream.choice(np.delete(np.arange(len(classes)), lone))
    return partner


CONTROLS: Mapping[str, Callable[[Recording, Repeat], Recording]] = {
    "circular_shift": circular_shift,
    "permute_labels": permute_labels,
    "permute_neural": permute_neural,
    "trial_shuffle": trial_shuffle,
    "neuron_shift": neuron_shift,
}
OF_LABELS = ("circular_shift", "permute_labels", "trial_shuffle")

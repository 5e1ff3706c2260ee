"""One part of one or several recordings as a flat time index.

The samples of a part fall into segments: consecutive samples inside one epoch. Segments long enough for the encoder's
window lie end to end, over all sessions; one integer addresses any sample of any session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import Problems, did_you_mean
from .datatypes import Offset
from .parts import segments
from .recording import Label, Recording
from .words import add_clashes


@dataclass(frozen=True, eq=False)
class Timeline:
    """Segments end to end. A centre is a sample whose whole window lies inside its segment."""

    offset: Offset
    start: np.ndarray  # (session + 1,) first flat index of each session, and the end
    session: np.ndarray  # (sample,)
    segment: np.ndarray  # (sample,) numbered over all sessions
    sample: np.ndarray  # (sample,) its number in the recording
    trial: np.ndarray  # (sample,) as the recording numbers it
    centres: tuple[np.ndarray, ...]  # per session, flat indices
    dropped: tuple[int, ...]  # per session, segments shorter than the window

    @property
    def sessions(self) -> int:
        return len(self.centres)

    def __len__(self) -> int:
        return len(self.session)

    def is_centre(self) -> np.ndarray:
        """(sample,) bool"""
        mask = np.zeros(len(self), bool)
        mask[np.concatenate(self.centres)] = True
        return mask


def lay_out(recordings: Sequence[Recording], masks: Sequence[np.ndarray], offset: Offset, across: bool) -> Timeline:
    """The samples in `masks`, one mask (time,) a recording; `across`: epoch borders are no borders."""
    epochs = [np.zeros_like(r.epoch) if across else r.epoch for r in recordings]
    return timeline_of(epochs, masks, [r.trial for r in recordings], offset)


def timeline_of(
    epochs: Sequence[np.ndarray], masks: Sequence[np.ndarray], trials: Sequence[np.ndarray], offset: Offset
) -> Timeline:
    """Session by session (time,) each: the samples in `masks`, whose segments never cross a change of `epochs`."""
    start, session, sample, segment, centres, dropped = [0], [], [], [], [], []
    for s, (epoch, mask) in enumerate(zip(epochs, masks, strict=True)):
        found = segments(mask, epoch)
        long = found[found[:, 1] - found[:, 0] >= len(offset)]
        lengths, begin = long[:, 1] - long[:, 0], start[-1]
        numbers = np.repeat(np.arange(len(long)), lengths)
        inside = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        centre = (inside >= offset.left) & (inside + offset.right <= lengths[numbers])
        session.append(np.full(len(numbers), s))
        segment.append(numbers + (segment[-1].max() + 1 if s and len(segment[-1]) else 0))
        sample.append(long[numbers, 0] + inside)
        centres.append(begin + np.flatnonzero(centre))
        dropped.append(len(found) - len(long))
        start.append(begin + len(numbers))
    trial = [given[rows] for given, rows in zip(trials, sample, strict=True)]
    flat = (np.concatenate(parts).astype(np.int64) for parts in (session, segment, sample, trial))
    return Timeline(offset, np.array(start), *flat, tuple(centres), tuple(dropped))


def random_stretch(timeline: Timeline, wanted: Sequence[int], stream: np.random.Generator) -> list[np.ndarray]:
    """Per session, sample numbers of whole segments (the last one cut) that hold `wanted` centres, or all there are."""
    chosen = []
    for s, count in enumerate(wanted):
        mine = slice(timeline.start[s], timeline.start[s + 1])
        sample, segment, taken = timeline.sample[mine], timeline.segment[mine], [np.zeros(0, np.int64)]
        for number in stream.permutation(np.unique(segment)):
            if count <= 0:
                break
            taken.append(sample[segment == number][: count + len(timeline.offset) - 1])
            count -= len(taken[-1]) - len(timeline.offset) + 1
        chosen.append(np.sort(np.concatenate(taken)))
    return chosen


@dataclass(frozen=True, eq=False)
class LabelSpace:
    """The labels of a timeline's samples, in the space where positives are searched."""

    coordinates: np.ndarray  # (sample, continuous label) float64: value times weight, about its mean where it is linear
    periods: np.ndarray  # (continuous label,) period times weight; 0 where the label is linear
    classes: np.ndarray  # (sample,) joint class of the discrete labels, 0 without any

    def embed(self, coordinates: np.ndarray) -> np.ndarray:
        """(n, label) -> (n, feature): linear labels as they are, circular ones as points on a circle."""
        columns = []
        for values, period in zip(coordinates.T, self.periods, strict=True):
            angle, radius = values * (2 * np.pi / period) if period else values, period / (2 * np.pi)
            columns += [radius * np.cos(angle), radius * np.sin(angle)] if period else [values]
        return np.stack(columns, axis=1)


def label_space(recordings: Sequence[Recording], timeline: Timeline, weights: Mapping[str, float]) -> LabelSpace:
    """The labels that `weights` names, of the samples of `timeline`."""
    rows = [timeline.sample[timeline.session == s] for s in range(timeline.sessions)]
    flat = {
        name: np.concatenate([r.labels[name].values[i] for r, i in zip(recordings, rows, strict=True)])
        for name in weights
    }
    labels = {name: recordings[0].labels[name] for name in weights}
    continuous = [name for name in weights if not labels[name].discrete]
    discrete = [name for name in weights if labels[name].discrete]
    periods = np.array([(labels[name].period or 0.0) * weights[name] for name in continuous])
    columns = [_centred(flat[name].astype(np.float64), labels[name]) * weights[name] for name in continuous]
    coordinates = np.stack(columns, axis=1) if columns else np.zeros((len(timeline), 0))
    return LabelSpace(coordinates, periods, _joint([flat[name] for name in discrete], len(timeline)))


def check_labels(names: Sequence[str], recordings: Sequence[Recording], weights: Mapping[str, float]) -> None:
    """A UserError where a label is missing, or means different things in different sessions."""
    problems = Problems()
    for label, weight in weights.items():
        if not (np.isfinite(weight) and weight > 0):
            problems.add(
                f"labels.{label}", "a weight above 0", f"{weight}", "Leave the label out, or give it a weight."
            )
        seen: dict[tuple, str] = {}
        for name, recording in zip(names, recordings, strict=True):
            if label not in recording.labels:
                problems.add(
                    f"labels.{label}",
                    f"a label of recording {name}",
                    "none of that name",
                    did_you_mean(label, recording.labels),
                )
                continue
            found = recording.labels[label]
            seen.setdefault((found.kind, found.unit, found.period), name)
        if len(seen) > 1:
            told = "; ".join(
                f"{name}: {kind}, unit {unit!r}, period {period}" for (kind, unit, period), name in seen.items()
            )
            problems.add(
                f"labels.{label}",
                "one kind, unit and period in all recordings of a model",
                told,
                "Bring them to one scale.",
            )
    add_clashes({n: r.labels for n, r in zip(names, recordings, strict=True)}, weights, "", problems)
    problems.raise_any()


def check_varied(
    names: Sequence[str], recordings: Sequence[Recording], timeline: Timeline, weights: Mapping[str, float]
) -> None:
    """A UserError where a label has a single value in the training part of all sessions."""
    problems = Problems()
    for label in weights:
        rows = (timeline.sample[timeline.session == s] for s in range(timeline.sessions))
        values = np.concatenate([r.labels[label].values[i] for r, i in zip(recordings, rows, strict=True)])
        if len(np.unique(values)) < 2:
            where = f"labels.{label} of {', '.join(names)}"
            problems.add(
                where,
                "at least two values in the training part",
                f"{values[0]} alone",
                "Leave it out, or train on more samples.",
            )
    problems.raise_any()


def _centred(values: np.ndarray, label: Label) -> np.ndarray:
    # Distances between large numbers (time stamps, frame numbers) lose digits; about the mean they keep them.
    return values if label.period else values - values.mean()


def _joint(columns: list[np.ndarray], length: int) -> np.ndarray:
    if not columns:
        return np.zeros(length, np.int64)
    return np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)[1].reshape(-1)

"""What `check` tells of recordings and labels that a user may not expect: units, ties, the metric of positives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..data import circles, moments
from ..data.recording import Label, Recording
from ..data.shifts import AWAY, pace
from ..data.spans import BETWEEN, ends_alone
from .config.recording import RecordingConfig

if TYPE_CHECKING:
    from ..solver.objective import Objective
    from ..solver.task import Task

DOMINATES = 0.95  # share of the squared distance to the nearest sample above which one label decides alone
OUTSIDE = 0.05  # share of queries outside the labels' range above which it is told
LONG = 6 * 3600  # seconds: a recording of less than a sample a second that lasts longer may have its rate turned round
APART = 5.0  # times that one recording's range of a label may be another's before the unit is doubted
DRAWS = 4096  # queries that the shares are counted over


def source_warnings(name: str, entry: RecordingConfig, recording: Recording) -> Iterator[str]:
    """What reading did that a user may not expect: dropped samples, one neuron, bins from the first spike."""
    dropped = dict(recording.notes.get("dropped") or {})
    if "trial_table" in recording.notes:  # which is told apart, with the samples outside of all trials
        dropped.pop("outside of trials", None)
    if dropped:
        told = ", ".join(f"{number} {rule}" for rule, number in dropped.items())
        yield f"{name}: {sum(dropped.values())} of {recording.notes['samples_read']} samples dropped: {told}"
    if (clocks := recording.notes.get("clocks")) is not None and (text := moments.doubt(clocks)):
        yield f"{name}: {text}"
    if (text := _turned_rate(entry, recording)) is not None:
        yield f"{name}: {text}"
    if alone := ends_alone(entry.neural.columns if entry.neural else None):
        told = f"reads 2 neurons, columns {alone[0]} and {alone[1]}"
        yield f"{name}: neural {told}; for all from one to the other write columns: [{BETWEEN.join(map(str, alone))}]"
    table = recording.notes.get("units")  # an NWB file's, which says whose each spike is
    if entry.spikes is not None and entry.spikes.neurons is None and entry.spikes.ends is None and table is None:
        yield f"{name}: all spikes count as one neuron; name each spike's with spikes.neurons"
    elif entry.neural is not None and recording.neural.shape[1] == 1:
        yield f"{name}: a single neuron; spike times belong under spikes.times, an array (neuron, time) needs transpose"
    elif entry.neural is not None and recording.neural.shape[1] > len(recording):
        yield f"{name}: more neurons than samples; an array (neuron, time) needs transpose: true"
    elif entry.spikes is not None and recording.neural.shape[1] > len(recording):
        told = "more neurons than bins; spike times are in seconds, `rate` is bins per second"
        yield f"{name}: {told}, `start` and `stop` say which seconds are binned"
    observed = table is not None and table["unobserved_bins"] is not None
    if entry.spikes is not None and entry.spikes.start is None and entry.time is None and not observed:
        yield f"{name}: bins begin at the first spike; set spikes.start to where the labels begin"


def _turned_rate(entry: RecordingConfig, recording: Recording) -> str | None:
    """A rate that may be the seconds of a sample; time stamps beside it would have shown."""
    if entry.rate is None or entry.rate >= 1 or entry.time is not None:
        return None
    asked = f"rate is samples per second; if {entry.rate:g} is seconds per sample, write rate: {1 / entry.rate:g}"
    if entry.spikes is not None:
        return f"rate {entry.rate:g} makes bins of {1 / entry.rate:g} s: {asked}"
    hours = len(recording) / entry.rate / 3600
    return (
        f"rate {entry.rate:g}: {len(recording)} samples last {hours:.3g} hours; {asked}"
        if hours * 3600 > LONG
        else None
    )


def label_lines(recording: Recording) -> Iterator[str]:
    """One line a label: range, distinct values and ties; classes with their samples."""
    for name, label in recording.labels.items():
        values, counts = np.unique(label.values, return_counts=True)
        if label.discrete:
            listed = ", ".join(f"{label.named(v)} ({n})" for v, n in list(zip(values, counts, strict=True))[:12])
            yield f"{name}: {len(values)} classes (samples): {listed}{', …' if len(values) > 12 else ''}"
        else:
            unit = f" {label.unit}" if label.unit else ""
            around = f", repeats after {label.period:g}" if label.period else ""
            yield (
                f"{name}: {values[0]:.4g} to {values[-1]:.4g}{unit}{around}; {len(values)} distinct values, "
                f"{_each(counts)} each (median)"
            )


def _each(counts: np.ndarray) -> str:
    return f"{np.median(counts):g} sample{'' if np.median(counts) == 1 else 's'}"


def label_warnings(name: str, recording: Recording) -> Iterator[str]:
    """Binary columns that are better classes, ties, periods that do not fit, labels too slow for a null."""
    span = len(recording) / recording.rate
    for key, label in recording.labels.items():
        values, counts = np.unique(label.values, return_counts=True)
        where = f"{name}.{key}"
        if key in recording.notes.get("two_valued", ()):
            yield f"{where} has two values, {values[0]:g} and {values[-1]:g}: kind: discrete makes it a class"
        elif not label.discrete and len(values) < 100:
            told = f"{len(values)} distinct values, {_each(counts)} each (median)"
            yield f"{where} has {told}: positives are drawn uniformly among them"
        turning = not label.discrete and not label.period and label.unit != "s"  # seconds since an event are no angle
        if turning and (told := circles.proposal(key, label.values, recording.epoch)):
            yield f"{where} {told}"
        if label.period and np.ptp(values) < label.period / APART:
            yield f"{where} spans {np.ptp(values):.4g} of its period {label.period:g}: is the period in its unit?"
        if key in (doubted := recording.notes.get("doubts", {})):
            yield f"{name}.{doubted[key]}. Where a row is of it, the verdict will say so"
        elif label.period and np.ptp(values) > label.period:
            told = f"{np.ptp(values):.4g}, more than its period {label.period:g}"
            yield f"{where} spans {told}: values a period apart are one. Is the period in its unit?"
        found = pace(label)
        seconds, every = found.memory / recording.rate, found.period / recording.rate
        if 2 * AWAY * seconds > span:
            yield f"{where} changes too slowly ({seconds:.1f} s) for a null of circular shifts over {span:.0f} s"
        elif every:
            told = "a circular shift only renames its phase, which a fit can learn: its scores have no p"
            yield f"{where} repeats every {every:.4g} s: {told}"


def metric_lines(task: Task, objectives: Sequence[Objective]) -> tuple[list[str], list[str], list[str]]:
    """What is told of the labels of a fit: its metric, what a unit adds to its line, and warnings."""
    labels = task.recordings[0].labels
    continuous = [name for name in task.labels if not labels[name].discrete]
    classes = [name for name in task.labels if labels[name].discrete]
    warnings = [line for name in task.labels for line in session_lines(task, name)]
    if task.positives == "discrete" or not continuous:
        return [], [], warnings
    terms = " + ".join(_term(name, task.labels[name], labels[name]) for name in continuous)
    within = f", within the class of {', '.join(classes)}" if classes else ""
    found = searched(objectives[0], task.study_seed)
    missed = ", ".join(f"{name} {100 * miss:.2g} %" for name, miss in zip(continuous, found.misses, strict=True))
    beside = [f"nearest samples miss {missed} of its spread"] if len(continuous) > 1 else []
    if found.outside > OUTSIDE:
        beside.append(f"{100 * found.outside:.0f} % of the queries outside the labels' range")
    if len(continuous) > 1 and found.shares.max() > DOMINATES:
        told = f"{100 * found.shares.max():.0f} % of the squared distance to the nearest sample"
        warnings.append(f"{told} lies in {continuous[found.shares.argmax()]} alone; weigh the labels")
    return [f"distance² = {terms}{within}"], beside, warnings


def _term(name: str, weight: float, label: Label) -> str:
    return f"({weight:g} Δ{name}{'/' + label.unit if label.unit else ''})²"


@dataclass(frozen=True, eq=False)
class Searched:
    """How near the nearest samples are to what is searched for."""

    shares: np.ndarray  # (continuous label,) of the squared distance of queries inside the labels' range
    misses: np.ndarray  # (continuous label,) root mean square of that distance, in standard deviations of the label
    outside: float  # share of the queries that lie outside the range of a linear label in their class


def searched(objective: Objective, seed: int) -> Searched:
    """Of 4,096 queries on the training part. Those outside the range say nothing of the weights and count apart."""
    found, stream = objective.conditional, np.random.default_rng(seed)
    centres = np.concatenate(found.timeline.centres)
    reference = centres[stream.integers(0, len(centres), DRAWS)]
    query, nearest = found.matched(reference, stream)
    outside = _outside(found.space, centres, query, found.space.classes[reference])
    used = ~outside if not outside.all() else outside
    apart = np.square(found.space.embed(query) - found.rows[nearest])[used].mean(axis=0)
    width = [2 if period else 1 for period in found.space.periods]
    owner, tiny = np.repeat(np.arange(len(width)), width), np.finfo(float).tiny
    apart = np.bincount(owner, apart, len(width))
    spread = np.bincount(owner, found.rows[centres].var(axis=0), len(width))
    return Searched(apart / max(apart.sum(), tiny), np.sqrt(apart / np.maximum(spread, tiny)), float(outside.mean()))


def _outside(space, centres: np.ndarray, query: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """(query,) bool"""
    linear, out = space.periods == 0, np.zeros(len(query), bool)
    for one in np.unique(classes):
        known = space.coordinates[centres[space.classes[centres] == one]][:, linear]
        mine = classes == one
        out[mine] = ((query[mine][:, linear] < known.min(0)) | (query[mine][:, linear] > known.max(0))).any(axis=1)
    return out


def session_lines(task: Task, label: str) -> Iterator[str]:
    """Ranges or classes of a label that differ between the recordings of one model."""
    values = {n: np.unique(r.labels[label].values) for n, r in zip(task.names, task.recordings, strict=True)}
    if len(values) < 2:
        return
    if task.recordings[0].labels[label].discrete:
        named = zip(task.names, (recording.labels[label].named for recording in task.recordings), strict=True)
        sets = {name: tuple(map(called, values[name].tolist())) for name, called in named}
        if len(set(sets.values())) > 1:
            yield f"classes of {label} differ: " + "; ".join(f"{n} has {', '.join(s)}" for n, s in sets.items())
        return
    widths, ends = [np.ptp(v) for v in values.values()], [(v[0], v[-1]) for v in values.values()]
    disjoint = max(low for low, _ in ends) > min(high for _, high in ends)
    if disjoint or max(widths) > APART * min(widths):
        told = "; ".join(f"{n} {low:.4g} to {high:.4g}" for n, (low, high) in zip(values, ends, strict=True))
        yield f"ranges of {label} differ ({told}): is it one unit, from one origin?"


def convention_lines(task: Task) -> Iterator[str]:
    """Classes in which a linear label rises in one recording of a model and falls in another."""
    for label in (name for name in task.labels if task.recordings[0].labels[name].discrete):
        for other in (name for name in task.labels if task.recordings[0].labels[name].kind == "continuous"):
            signs = [trends(recording, label, other) for recording in task.recordings]
            for one in sorted(set().union(*signs)):
                found = {name: sign[one] for name, sign in zip(task.names, signs, strict=True) if one in sign}
                if len(set(found.values())) > 1:
                    told = "; ".join(f"{name} {'rises' if sign > 0 else 'falls'}" for name, sign in found.items())
                    called = task.recordings[0].labels[label].named(one)
                    yield f"{other} in class {called} of {label}: {told}. Do the recordings share one convention?"


def trends(recording: Recording, label: str, other: str) -> dict[int, float]:
    """Of each class of `label`: 1 where `other` mostly rises, -1 where it mostly falls; left out where neither."""
    step, inside = np.diff(recording.labels[other].values), np.diff(recording.epoch) == 0
    owner, found = recording.labels[label].values[1:], {}
    for one in np.unique(owner) if not recording.labels[other].period else []:
        mine = step[inside & (owner == one) & (step != 0)]
        if len(mine) and abs(balance := float(np.sign(mine).mean())) > 0.5:
            found[int(one)] = float(np.sign(balance))
    return found

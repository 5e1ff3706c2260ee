"""Reads, splits and lays out everything that a config names, before any training, and says what would go wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..data.assemble import assemble
from ..data.controls import apply_control
from ..data.parts import autocorrelation_time, coordinates
from ..data.recording import Recording
from ..data.split import NAMES, Cut, split
from ..data.timeline import Timeline, check_varied, label_space, lay_out
from ..datasets.rats import simulate
from ..errors import Problems, UserError
from ..models.table import MODELS
from ..sklearn.nulls import SMALLEST_NULL
from ..solver.inputs import PARTS, check_gap, check_parts, check_sessions, scaling_of
from .plan import Plan, check_files, decoded_labels
from .reading import read_study
from .recording_options import RecordingConfig
from .study import Condition, Resolved

DOMINATES = 0.95  # share of the squared distance to the nearest label above which one label decides alone


@dataclass(frozen=True, eq=False)
class Prepared:
    """A recording with its folds."""

    recording: Recording
    cuts: list[Cut]


def main(options: argparse.Namespace) -> int:
    """Print what the study is; exit 2 with all problems where it cannot run."""
    study = read_study(options.config)
    plan, problems = Plan(study), Problems()
    check_files(plan, str(options.config))
    prepared = {}
    for name in study.config.recordings:
        collected(problems, f"recordings.{name}", lambda name=name: prepared.update({name: prepare(study, name)}))
    problems.raise_any()
    for name, one in prepared.items():
        print(describe(name, one))
    for name, one in prepared.items():
        for line in source_warnings(name, study.config.recordings[name], one.recording):
            print(f"warning: {line}")
    for warning in [w for name, one in prepared.items() for w in label_warnings(name, one.recording)]:
        print(f"warning: {warning}")
    for condition in study.conditions.values():
        for line in check_condition(study, condition, prepared, problems):
            print(line)
    collected(problems, "device", lambda: check_device(study))
    sys.stdout.flush()
    problems.raise_any()
    for line in null_lines(study):
        print(line)
    jobs = [job.stage for job in plan.jobs()]
    print(f"{options.config}: in order. {len(jobs)} jobs, {jobs.count('fit')} of them fits; results go to {plan.root}/")
    return 0


def collected(problems: Problems, where: str, action: Callable[[], object]) -> None:
    """Runs `action`; its problems are kept, with the place they came from."""
    try:
        action()
    except UserError as error:
        problems.extend(p if where in p.where else replace(p, where=f"{where}: {p.where}") for p in error.problems)


def prepare(study: Resolved, name: str) -> Prepared:
    """The recording as `load` or `simulate` will make it, and its folds as `split` will."""
    entry = study.config.recordings[name]
    if entry.simulate:
        recording = replace(simulate(**entry.simulate.model_dump()), minimum_rate=entry.select.minimum_rate)
    else:
        recording = assemble(entry, study.config.data_folder, name)
    return Prepared(recording, split(recording, study.config.split.model_dump()))


def describe(name: str, one: Prepared) -> str:
    """One line: sizes, trials, epochs, parts."""
    r, count = one.recording, np.bincount(one.cuts[0].part, minlength=len(NAMES))
    parts = ", ".join(f"{part} {n}" for part, n in zip(NAMES, count, strict=True))
    return (
        f"{name}: {len(r)} samples × {r.neural.shape[1]} neurons at {r.rate:g} Hz, {len(np.unique(r.trial))} trials, "
        f"{r.epoch[-1] + 1} epochs; fold 0: {parts}"
    )


def source_warnings(name: str, entry: RecordingConfig, recording: Recording) -> Iterator[str]:
    """What reading did that a user may not expect: dropped samples, one neuron, bins from the first spike."""
    dropped = recording.notes.get("dropped") or {}
    if dropped:
        told = ", ".join(f"{number} {rule}" for rule, number in dropped.items())
        yield f"{name}: {sum(dropped.values())} of {recording.notes['samples_read']} samples dropped: {told}"
    if entry.spikes is not None and entry.spikes.neurons is None:
        yield f"{name}: all spikes count as one neuron; name each spike's with spikes.neurons"
    elif recording.neural.shape[1] == 1:
        yield f"{name}: a single neuron; spike times belong under spikes.times, an array (neuron, time) needs transpose"
    if entry.spikes is not None and entry.spikes.start is None and entry.time is None:
        yield f"{name}: bins begin at the first spike; set spikes.start to where the labels begin"


def label_warnings(name: str, recording: Recording) -> Iterator[str]:
    """Binary columns that are better classes, few distinct values, slow labels."""
    for label, found in recording.labels.items():
        values = np.unique(found.values)
        if not found.discrete and len(values) == 2:
            yield f"{name}.{label} has two values, {values[0]:g} and {values[1]:g}: kind: discrete makes it a class"
        elif not found.discrete and len(values) < 100:
            ties = int(np.median(np.unique(found.values, return_counts=True)[1]))
            told = f"{len(values)} distinct values, {ties} samples each (median)"
            yield f"{name}.{label} has {told}: positives are drawn uniformly among them"
        seconds = autocorrelation_time(coordinates(found), recording.rate)
        if 10 * seconds > len(recording) / recording.rate:
            span = len(recording) / recording.rate
            yield f"{name}.{label} changes too slowly ({seconds:.1f} s) for a null of circular shifts over {span:.0f} s"


def check_condition(
    study: Resolved, k: Condition, prepared: Mapping[str, Prepared], problems: Problems
) -> Iterator[str]:
    """Lays out each unit and fold; yields one line a unit and warnings of its label metric."""
    told: set[str] = set()  # said once, though it may hold for every unit
    for unit, members in k.units.items():
        ones = [prepared[name] for name in members]
        made: list[Timeline] = []
        collected(
            problems,
            f"conditions.{k.name} ({unit})",
            lambda m=members, o=ones, made=made: made.extend(layouts(study, k, m, o)),
        )
        if made:
            windows = ", ".join(f"{part} {sum(map(len, t.centres))}" for part, t in zip(PARTS, made, strict=False))
            window = len(MODELS[k.training.model].offset)
            yield f"{k.name} ({unit}): {k.training.model}, {window} samples a window; windows {windows}"
            told |= set(metric_lines(k, [one.recording for one in ones], made[0]))
    yield from sorted(told)


def layouts(study: Resolved, k: Condition, members: tuple[str, ...], ones: list[Prepared]) -> list[Timeline]:
    """The timelines of fold 0 by part; every fold is checked as its fit will check it."""
    architecture, across, made = MODELS[k.training.model], k.training.windows == "across", []
    recordings = [one.recording for one in ones]
    if k.control:
        recordings = [apply_control(k.control, r, k.seeds[0], study.config.seed) for r in recordings]
    check_sessions(members, recordings, architecture.offset, across)
    for fold in range(study.folds):
        parts = [one.cuts[fold].names() for one in ones]
        for name, recording, part in zip(members, recordings, parts, strict=True):
            check_gap(name, recording, part, architecture.offset, across)
            scaling_of(recording, part == "train", k.training.normalize)
        for part in PARTS:
            masks = [p == part for p in parts]
            timeline = lay_out(recordings, masks, architecture.offset, across)
            longest = [int(m.sum()) for m in masks]
            check_parts(members, part, fold, [len(c) for c in timeline.centres], longest, len(architecture.offset))
            if part == "train" and k.labels:
                check_varied(members, recordings, timeline, k.labels)
            made.append(timeline)
    return made[: len(PARTS)]


def metric_lines(k: Condition, recordings: list[Recording], train: Timeline) -> Iterator[str]:
    """The metric in which positives are searched, and who decides in it."""
    continuous = [name for name in k.labels if not recordings[0].labels[name].discrete]
    if not continuous or k.positives == "discrete":
        return
    space, lag = label_space(recordings, train, k.labels), max(1, round(k.training.time_offset * recordings[0].rate))
    terms = " + ".join(
        f"({k.labels[n]:g} Δ{n}{'/' + recordings[0].labels[n].unit if recordings[0].labels[n].unit else ''})²"
        for n in continuous
    )
    classes = [name for name in k.labels if recordings[0].labels[name].discrete]
    yield f"  {k.name}: distance² = {terms}" + (f", within the class of {', '.join(classes)}" if classes else "")
    variance = np.var(space.embed(space.coordinates), axis=0)
    share = variance.max() / max(variance.sum(), 1e-300)
    if len(continuous) > 1 and share > DOMINATES:
        yield f"warning: {k.name}: one label makes more than {100 * DOMINATES:.0f} % of the distances; weigh the labels"
    if k.positives == "time_delta":
        yield from outside_lines(k, space.coordinates, train, lag)


def outside_lines(k: Condition, values: np.ndarray, train: Timeline, lag: int) -> Iterator[str]:
    """How many queries (label plus a change) fall outside the label's range, where the nearest is an end."""
    late = np.arange(lag, len(train))
    late = late[train.segment[late] == train.segment[late - lag]]
    if not len(late):
        return
    change = values[late] - values[late - lag]
    stream = np.random.default_rng(0)
    query = values[stream.integers(0, len(values), 4096)] + change[stream.integers(0, len(change), 4096)]
    share = ((query < values.min(0)) | (query > values.max(0))).any(1).mean()
    if share > 0.05:
        about = f"about {10 * round(10 * share)} % of the queries"
        yield f"  {k.name}: {about} fall outside the labels' range, where an end is nearest"


def null_lines(study: Resolved) -> Iterator[str]:
    """The smallest p that the nulls of the config can reach."""
    n = study.config.decode.shifts
    if any(decoded_labels(study, k.recordings) for k in study.conditions.values()):
        yield f"decoder null: {n} shifts, smallest p {1 / (n + 1):.2g}" + (
            " (too few for p)" if n < SMALLEST_NULL else ""
        )
    for name, comparison in study.comparisons.items():
        if comparison.between == "recordings" and comparison.shifts < SMALLEST_NULL:
            yield f"warning: comparisons.{name}: {comparison.shifts} shifts are too few for p"


def check_device(study: Resolved) -> None:
    """A UserError where a GPU is asked for and there is none."""
    if study.config.device == "cuda":
        from ..solver.device import resolve

        resolve("cuda", 1)

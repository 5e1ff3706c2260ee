"""What a fit learns from and is scored on, made before its first step: parts, their exams, the fresh network."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..data.parts import segments
from ..data.recording import Recording
from ..data.timeline import Timeline, check_varied, label_space, lay_out, random_stretch
from ..distributions.conditional import conditional
from ..distributions.prior import Prior, everything, uniform
from ..distributions.sampling import Sampling
from ..errors import Problem, UserError
from ..models.contrast import Contrast
from ..models.encoder import Encoder
from ..streams import generator, seed_of
from .adapt import adopt
from .evaluate import Exam, Part, exam
from .inputs import PARTS, Scaling, check_parts, epochs, scaling_of
from .network import Network, build
from .objective import Objective
from .task import Task, check

ROUNDS = 16  # batches of a final score
# References of such a batch, and its negatives of each session. One number whatever a step has: bits of more negatives
# are others, so fits in batches of other sizes would not compare.
EXAM = 512


@dataclass(frozen=True, eq=False)
class Prepared:
    """A fit before its first step."""

    scalings: tuple[Scaling, ...]
    parts: Mapping[str, Part]  # train, train_subsample, valid, test
    objectives: Sequence[Objective]  # on the timeline of train
    network: Network


def prepare(task: Task, device: str, rounds: int = ROUNDS, base: Encoder | None = None) -> Prepared:
    """All that a fit builds; a UserError where that cannot be. `cebra-pipe check` ends here, with few rounds.

    base: the encoder of a fitted model; a single session is then adapted to it (`adapt.adopt`).
    """
    check(task)
    whole = [part == "train" for part in task.parts]
    scalings = tuple(scaling_of(r, m, task.training["normalize"]) for r, m in zip(task.recordings, whole, strict=True))
    network = network_of(task, scalings)
    if base is not None:
        (encoder,) = network.encoders
        sizes = base.widths[0] + 1, task.training["hidden_units"], task.training["output_dimension"]
        adopt(encoder, base, Encoder(task.architecture, *sizes, torch.Generator()))
    network = network.to(device)
    lesson = _part(task, "train", whole, scalings, device, rounds)
    check_varied(task.names, task.recordings, lesson.timeline, task.labels)
    parts = {name: _part(task, name, [p == name for p in task.parts], scalings, device, rounds) for name in PARTS[1:]}
    few = _subsample(task, lesson, parts["valid"], scalings, device, rounds)
    parts = {"train": lesson, "train_subsample": few, **parts}
    prior = everything if task.full else uniform
    return Prepared(scalings, parts, _objectives(task, task.recordings, lesson.timeline, prior), network)


def key(task: Task) -> tuple:
    """What names a fit in random streams."""
    return task.study_seed, task.contents, task.fold, task.seed


def network_of(task: Task, scalings: Sequence[Scaling]) -> Network:
    """The network of a fit before its first step, on the CPU."""
    options = task.training
    criterion = Contrast(
        options["similarity"], options["temperature"], options["learn_temperature"], options.get("minimum_temperature")
    )
    start = torch.Generator().manual_seed(seed_of("network", *key(task)))
    neurons = [len(s.units) for s in scalings]
    return build(task.architecture, neurons, options["hidden_units"], options["output_dimension"], criterion, start)


def _objectives(
    task: Task, recordings: Sequence[Recording], timeline: Timeline, prior: Prior = uniform
) -> list[Objective]:
    """The label objective, the time objective, or for hybrid both: labels shape three dimensions, time shapes all."""
    dimension, made = task.training["output_dimension"], []
    if task.positives != "time":
        space = label_space(recordings, timeline, task.labels)
        found = conditional(task.positives, timeline, space, task.lag, task.training.get("delta"))
        made.append(Objective("labels", Sampling(found, prior), min(3, dimension) if task.hybrid else dimension))
    if task.positives == "time" or task.hybrid:
        found = conditional("time", timeline, None, task.lag, None)
        made.append(Objective("time", Sampling(found, prior), dimension))
    return made


def _part(
    task: Task, name: str, masks: Sequence[np.ndarray], scalings: Sequence[Scaling], device: str, rounds: int
) -> Part:
    """The samples in `masks` with their exams: each session alone, and where there are several all of them."""
    timeline = lay_out(task.recordings, masks, task.offset, task.across)
    _check_part(task, name, masks, timeline)
    series = []
    for s, (recording, scaling) in enumerate(zip(task.recordings, scalings, strict=True)):
        samples = timeline.sample[timeline.start[s] : timeline.start[s + 1]]
        series.append(torch.from_numpy(scaling(recording.neural[samples])).to(device))
    return Part(name, timeline, series, _exams(task, name, masks, timeline, rounds))


def _exams(task: Task, name: str, masks: Sequence[np.ndarray], timeline: Timeline, rounds: int) -> list:
    """Fixed draws: the same for all conditions, seeds, controls and batch sizes with equal positives."""
    apart = not task.training.get("own_trial", False)
    made, own = [], []
    groups = [(task.names[s], slice(s, s + 1)) for s in range(len(task.names))]
    groups += [("pooled", slice(None))] if len(groups) > 1 else []
    for session, chosen in groups:
        recordings = task.recordings[chosen]
        mine = lay_out(recordings, masks[chosen], task.offset, task.across)
        shift = int(timeline.start[chosen][0])
        for objective in _named(name, _objectives, task, recordings, mine):
            stream = generator("evaluate", task.study_seed, task.contents[chosen], task.fold, name, objective.name)
            made.append(exam(objective, session, EXAM, rounds, stream, shift, apart))
            if apart and any(
                np.ptp(r.trial) for r in recordings
            ):  # a recording of one trial has no other to take them from
                own += _own_trials(made[-1], mine)
    if own:
        told = (
            f"positives of the reference's own trial, where no other trial of the part has its class: {', '.join(own)}"
        )
        print(f"scores on {name}: {told}", file=sys.stderr, flush=True)
    return made


def _own_trials(made: Exam, timeline: Timeline) -> list[str]:
    """Positives keep away from the reference's trial where they can: the share that cannot, where there is any."""
    reference, positive = made.draws.reference, made.draws.positive
    same = timeline.session[reference] == timeline.session[positive]
    own = float((same & (timeline.trial[reference] == timeline.trial[positive])).mean())
    return [f"{100 * own:.3g} % of {made.session}"] if made.objective.conditional.pooled and own else []


def _subsample(task: Task, lesson: Part, valid: Part, scalings: Sequence[Scaling], device: str, rounds: int) -> Part:
    """Stretches of the training part with as many windows as the valid part has, so that both scores compare."""
    wanted = [min(len(v), len(t)) for v, t in zip(valid.timeline.centres, lesson.timeline.centres, strict=True)]
    stream = generator("train_subsample", task.study_seed, task.contents, task.fold)
    chosen = random_stretch(lesson.timeline, wanted, stream)
    masks = [np.isin(np.arange(len(r)), samples) for r, samples in zip(task.recordings, chosen, strict=True)]
    return _part(task, "train_subsample", masks, scalings, device, rounds)


def _check_part(task: Task, name: str, masks: Sequence[np.ndarray], timeline: Timeline) -> None:
    for session, dropped in zip(task.names, timeline.dropped, strict=True):
        if dropped:
            window = len(task.offset)
            told = f"{session}: {dropped} stretches of part {name} shorter than the window of {window} samples left out"
            print(told, file=sys.stderr, flush=True)
    counts = [len(c) for c in timeline.centres]
    stretches = [segments(m, epochs(r, task.across)) for r, m in zip(task.recordings, masks, strict=True)]
    longest = [int(np.diff(found, axis=1).max(initial=0)) for found in stretches]
    check_parts(task.names, name, task.fold, counts, longest, len(task.offset))


def _named(part: str, function, *arguments):
    """What `function` gives; its errors name the part."""
    try:
        return function(*arguments)
    except UserError as error:
        told = [Problem(f"part {part}: {p.where}", p.expected, p.found, p.remedy) for p in error.problems]
        raise UserError(*told) from None

"""Stage fit: one model and its history, for one condition, unit, fold and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...data.alike import imprint, refuse_twins
from ...data.controls import OF_LABELS
from ...data.parts import check_length, content, part_of, read_split
from ...data.portions import Portion, portion
from ...data.recording import Recording
from ...errors import Problem, UserError
from ...solver.artifact import Fitted, write_model
from ...solver.device import settings
from ...solver.fitting import fit
from ...solver.history import table
from ...solver.inputs import Scaling
from ...solver.keeper import Keeper, checkpoint_path
from ...solver.network import Network
from ...solver.task import Task
from ..jobs.cards import on_device
from ..jobs.controlled import controlled, without_null
from ..jobs.job import Job, canonical, say


def run(job: Job) -> None:
    """Writes the model and its history."""
    job, given = on_device(job), given_of(job)
    task, portions = task_of(job.spec, *given), portions_of(job.spec, *given)
    keeper = Keeper(checkpoint_path(job.outputs["model"]), canonical(job.provenance()))
    with settings(task.training["threads"]):
        network, scalings, rows = fit(task, job.device, keeper)
    scalings = tuple(_of_whole(scaling, one) for scaling, one in zip(scalings, portions, strict=True))
    write_model(job.outputs["model"], fitted(task, network, scalings, job.provenance()))
    job.write("history", table(rows, about(job.spec, given[0], task, scalings)))
    keeper.remove()


def given_of(job: Job) -> tuple[list[Recording], list[np.ndarray]]:
    """The recordings, and the part (time,) of each sample of theirs."""
    spec, names = job.spec, tuple(job.spec["sessions"])
    recordings = [Recording.read(path) for path in job.inputs["recordings"]]
    splits = [read_split(path) for path in job.inputs["splits"]]
    for name, recording, split in zip(names, recordings, splits, strict=True):
        check_length(name, recording, split)
    if len(names) > 1:
        refuse_twins({n: imprint(r.neural, r.time) for n, r in zip(names, recordings, strict=True)}, "sessions")
    _check_control(spec)
    return recordings, [part_of(split, spec["fold"]) for split in splits]


def portions_of(spec: Mapping, recordings: Sequence[Recording], parts: Sequence[np.ndarray]) -> list[Portion]:
    """What the fit of `spec` is given of each recording."""
    key = spec["study_seed"], spec["fold"], spec["seed"]
    return [portion(spec.get("portion"), r, part, *key) for r, part in zip(recordings, parts, strict=True)]


def task_of(spec: Mapping, recordings: Sequence[Recording], parts: Sequence[np.ndarray]) -> Task:
    """What the fit of `spec` is given: recordings before their control, and the part (time,) of each sample."""
    portions = portions_of(spec, recordings, parts)
    return Task(
        names=tuple(spec["sessions"]),
        recordings=tuple(controlled(spec, one.of(r)) for one, r in zip(portions, recordings, strict=True)),
        parts=tuple(one.part for one in portions),
        contents=tuple(content(recording) for recording in recordings),
        training=spec["training"],
        labels=spec["labels"],
        positives=spec["positives"],
        hybrid=spec["hybrid"],
        fold=spec["fold"],
        seed=spec["seed"],
        study_seed=spec["study_seed"],
    )


def fitted(task: Task, network: Network, scalings: tuple[Scaling, ...], provenance: Mapping[str, object]) -> Fitted:
    """The model of a fit, with all that embedding by it needs."""
    names = ("causal", "hidden_units", "output_dimension", "similarity")
    about = {"name": task.training["model"], **{name: task.training[name] for name in names}}
    about |= {"neurons": [len(scaling.units) for scaling in scalings], "offset": list(task.offset)}
    return Fitted(network, task.names, scalings, about, provenance)


def about(spec: Mapping, recordings: Sequence[Recording], task: Task, scalings: Sequence[Scaling]) -> dict:
    """What a history says of the fit; recordings before their control."""
    return {"without_null": _without_null(spec, recordings), "learned_from": _learned_from(task, scalings)}


def _of_whole(scaling: Scaling, given: Portion) -> Scaling:
    """The scaling with its neurons by their place in the whole recording."""
    return Scaling(given.units[scaling.units], scaling.moments)


def _learned_from(task: Task, scalings: Sequence[Scaling]) -> dict[str, dict[str, float]]:
    """recording -> minutes of its training part, and neurons that the encoder reads."""
    return {
        name: {"minutes": float((part == "train").sum() / recording.rate / 60), "neurons": len(scaling.units)}
        for name, part, recording, scaling in zip(task.names, task.parts, task.recordings, scalings, strict=True)
    }


def _without_null(spec: Mapping, recordings: Sequence[Recording]) -> dict[str, dict[str, str]]:
    """recording -> labels of the fit of which shifts are no null -> why; its bits have no p against refits."""
    pairs = zip(spec["sessions"], recordings, strict=True)
    return {name: without_null(spec["training"], spec["labels"], recording) for name, recording in pairs}


def _check_control(spec) -> None:
    if spec["control"] in OF_LABELS and not spec["labels"]:
        remedy = "A fit without labels does not see it: use neuron_shift."
        raise UserError(Problem("control", "a control of the neural data", repr(spec["control"]), remedy))
    if spec["control"]:
        say(f"control: {spec['control']}, repeat {spec['seed']}")

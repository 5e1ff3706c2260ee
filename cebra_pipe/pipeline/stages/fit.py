"""Stage fit: one model and its history, for one condition, unit, fold and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...data.controls import OF_LABELS
from ...data.parts import check_length, content, part_of, read_split
from ...data.recording import Recording
from ...errors import Problem, UserError
from ...solver.artifact import Fitted, write_model
from ...solver.device import resolve, settings
from ...solver.fitting import fit
from ...solver.history import table
from ...solver.keeper import Keeper, checkpoint_path
from ...solver.task import Task
from ..controlled import controlled
from ..job import Job, canonical, say


def run(job: Job) -> None:
    """Writes the model and its history."""
    job, task = job.with_device(resolve(job.spec.get("device", "auto"), job.gpus)), _task(job)
    keeper = Keeper(checkpoint_path(job.outputs["model"]), canonical(job.provenance()))
    with settings(task.training["threads"]):
        network, scalings, rows = fit(task, job.device, keeper)
    about = {
        "name": task.training["model"],
        "causal": task.training["causal"],
        "neurons": [len(scaling.units) for scaling in scalings],
        "hidden_units": task.training["hidden_units"],
        "output_dimension": task.training["output_dimension"],
        "similarity": task.training["similarity"],
        "offset": list(task.offset),
    }
    write_model(job.outputs["model"], Fitted(network, task.names, scalings, about, job.provenance()))
    job.write("history", table(rows))
    keeper.remove()


def _task(job: Job) -> Task:
    spec, names = job.spec, tuple(job.spec["sessions"])
    recordings = [Recording.read(path) for path in job.inputs["recordings"]]
    splits = [read_split(path) for path in job.inputs["splits"]]
    for name, recording, split in zip(names, recordings, splits, strict=True):
        check_length(name, recording, split)
    _check_control(spec)
    return task_of(spec, recordings, [part_of(split, spec["fold"]) for split in splits])


def task_of(spec: Mapping, recordings: Sequence[Recording], parts: Sequence[np.ndarray]) -> Task:
    """What the fit of `spec` is given: recordings before their control, and the part (time,) of each sample."""
    return Task(
        names=tuple(spec["sessions"]),
        recordings=tuple(controlled(spec, recording) for recording in recordings),
        parts=tuple(parts),
        contents=tuple(content(recording) for recording in recordings),
        training=spec["training"],
        labels=spec["labels"],
        positives=spec["positives"],
        hybrid=spec["hybrid"],
        fold=spec["fold"],
        seed=spec["seed"],
        study_seed=spec["study_seed"],
    )


def _check_control(spec) -> None:
    if spec["control"] in OF_LABELS and not spec["labels"]:
        remedy = "A fit without labels does not see it: use neuron_shift."
        raise UserError(Problem("control", "a control of the neural data", repr(spec["control"]), remedy))
    if spec["control"]:
        say(f"control: {spec['control']}, repeat {spec['seed']}")

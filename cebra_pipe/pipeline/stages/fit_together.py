"""Stage fit_together: the models of all seeds of one condition, unit and fold as one batch, and their history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...data.table import from_rows
from ...solver.artifact import seed_name, write_models
from ...solver.device import settings
from ...solver.history import COLUMNS
from ...solver.keeper import Keeper, checkpoint_path
from ...solver.together import fit_together
from ..jobs.cards import on_device
from ..jobs.job import Job, canonical
from .fit import about, fitted, given_of, task_of


def run(job: Job) -> None:
    """Writes the models by seed, and a history with a column `seed`."""
    job, given = on_device(job), given_of(job)
    seeds = job.spec["seeds"]
    first = task_of({**job.spec, "seed": seeds[0]}, *given)
    tasks = [replace(first, seed=seed) for seed in seeds]
    keeper = Keeper(checkpoint_path(job.outputs["models"]), canonical(job.provenance()))
    with settings(first.training["threads"]):
        made = fit_together(tasks, job.device, keeper)
    models = {seed_name(task.seed): fitted(task, *each[:2], {}) for task, each in zip(tasks, made, strict=True)}
    write_models(job.outputs["models"], models, job.provenance())
    rows = [{"seed": task.seed, **row} for task, (*_, told) in zip(tasks, made, strict=True) for row in told]
    scalings = made[0][1]  # fitted on train, which all seeds share
    job.write("history", from_rows(rows, {"seed": np.int32, **COLUMNS}, about(job.spec, given[0], first, scalings)))
    keeper.remove()

"""Stage adapt: a recording that a model was fitted without, embedded by that model with a new first layer.

For each share of the recording's training part (its part adapt) two embeddings: `adapted`, whose later layers are those
of the fitted model, and `scratch`, fitted afresh to the same samples in as many steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from ...data.parts import check_length, content, part_of, read_split
from ...data.recording import Recording
from ...data.shares import adapt_part, share_masks
from ...data.table import Table, from_rows
from ...errors import Problem, UserError, did_you_mean
from ...solver.artifact import Fitted, read_seed, write_models
from ...solver.device import settings
from ...solver.fitting import fit
from ...solver.history import COLUMNS
from ...solver.inputs import epochs
from ...solver.keeper import Keeper, checkpoint_path
from ...solver.task import Task
from ...streams import generator
from ..jobs.cards import on_device
from ..jobs.job import Job, canonical, say
from ..jobs.roles import lesson_file
from .fit import fitted as fitted_of
from .fit import task_of
from .transform import embed


@dataclass(frozen=True, eq=False)
class Lesson:
    """One fit to a share of the training part."""

    way: str  # adapted | scratch
    share: float
    adapt: np.ndarray  # (time,) bool: the samples that it learns from
    task: Task
    base: nn.Module | None  # the encoder whose later layers are kept

    @property
    def name(self) -> str:
        """Its model's name in adapted.pt."""
        return f"{self.way} {self.share:.15g}"


def run(job: Job) -> None:
    """Writes a block of rows for each share and way, the model of each, and the history of each fit.

    Each has a checkpoint of its own, which stays until all is written: a killed job goes on in the midst of one.
    """
    job, spec = on_device(job), job.spec
    (name,), recording, split = (
        spec["sessions"],
        Recording.read(job.input("recordings")),
        read_split(job.input("splits")),
    )
    check_length(name, recording, split)
    fitted, part = read_seed(job.input("model"), spec["seed"]), part_of(split, spec["fold"])
    _check_base(spec, fitted)
    blocks, rows, models, keepers = [], [], {}, []
    with settings(spec["training"]["threads"]):
        for lesson in lessons(spec, recording, part, fitted):
            say(f"{lesson.way}, share {lesson.share:g}: {int(lesson.adapt.sum())} samples")
            keepers.append(_keeper(job, lesson))
            with naming(lesson):
                made, told = _learned(lesson, job.device, keepers[-1])
            models[lesson.name] = made
            blocks.append(_embedded(lesson, made))
            rows += [{"way": lesson.way, "share": lesson.share, **row} for row in told]
    columns = {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
    about = {"dimension": spec["training"]["output_dimension"]}
    job.write("adapted", Table(columns, about), [len(block["sample"]) for block in blocks])
    write_models(job.outputs["models"], models, job.provenance())
    job.write("history", from_rows(rows, {"way": str, "share": np.float64, **COLUMNS}))
    for keeper in keepers:
        keeper.remove()


def lessons(spec: Mapping, recording: Recording, part: np.ndarray, fitted: Fitted | None) -> Iterator[Lesson]:
    """The fits of a spec; without a `fitted` model those from scratch alone (all that is checked beforehand)."""
    train, across = part == "train", spec["training"]["windows"] == "across"
    stream = generator("adapt", spec["study_seed"], content(recording), spec["fold"])
    stratify = spec["stratify"]
    classes = recording.labels[stratify].values if stratify else np.zeros(len(recording), np.int64)
    base = fitted.network.encoders[fitted.sessions.index(spec["base"])] if fitted else None
    for share, adapt in zip(
        spec["shares"], share_masks(train, epochs(recording, across), classes, spec["shares"], stream), strict=True
    ):
        # What is left of train is no part of this fit: as good as gap.
        task = task_of(spec, [recording], [adapt_part(part, adapt)])
        if fitted:
            yield Lesson("adapted", share, adapt, _as_fitted(task, fitted), base)
        yield Lesson("scratch", share, adapt, task, None)


@contextmanager
def naming(lesson: Lesson) -> Iterator[None]:
    """Errors name the share; of those of training samples a larger share is the remedy."""
    try:
        yield
    except UserError as error:
        raise UserError(*(_of_share(problem, lesson) for problem in error.problems)) from None


def _of_share(problem: Problem, lesson: Lesson) -> Problem:
    remedy = problem.remedy
    if problem.where.startswith(("part train", "labels.")):  # what a whole training part would lack has other remedies
        remedy = "Remove this share, or use a larger one: it has more samples."
    return replace(problem, where=f"share {lesson.share:g} of {lesson.task.names[0]}: {problem.where}", remedy=remedy)


def _as_fitted(task: Task, fitted: Fitted) -> Task:
    """With the temperature that the model ended with, where it was learned: kept as it is, it needs no bound."""
    learned = {"temperature": fitted.network.temperature, "learn_temperature": False, "minimum_temperature": None}
    return replace(task, training={**task.training, **learned}) if task.training["learn_temperature"] else task


def _keeper(job: Job, lesson: Lesson) -> Keeper:
    place = job.outputs["models"].with_name(lesson_file(lesson.way, lesson.share))
    return Keeper(checkpoint_path(place), canonical({"lesson": lesson.name, **job.provenance()}))


def _learned(lesson: Lesson, device: str, keeper: Keeper) -> tuple[Fitted, list[dict]]:
    """The model, and its history."""
    network, scalings, rows = fit(lesson.task, device, keeper, lesson.base)
    return fitted_of(lesson.task, network.to("cpu").eval(), scalings, {}), rows


def _embedded(lesson: Lesson, made: Fitted) -> dict[str, np.ndarray]:
    """The embedding of every sample."""
    (recording,) = lesson.task.recordings
    points, padded = embed(made, 0, recording, lesson.task.across)
    length = len(recording)
    fixed = {
        "way": np.full(length, lesson.way, dtype=object),
        "share": np.full(length, lesson.share),
        "sample": np.arange(length, dtype=np.int32),
        "adapt": lesson.adapt,
        "padded": padded,
    }
    return fixed | {f"e{i}": column for i, column in enumerate(points.T)}


def _check_base(spec: Mapping, fitted: Fitted) -> None:
    if spec["base"] not in fitted.sessions:
        remedy = did_you_mean(spec["base"], fitted.sessions)
        raise UserError(
            Problem("base", f"a recording of the model ({', '.join(fitted.sessions)})", repr(spec["base"]), remedy)
        )

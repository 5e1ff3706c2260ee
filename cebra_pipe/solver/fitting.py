"""One fit: recordings and their parts in, a network and its history out."""

from __future__ import annotations

import json
import sys

import numpy as np
import torch
from torch import Tensor, nn

from ..distributions.sampling import embedded
from ..errors import Problem, UserError
from ..streams import generator
from .draws import Place
from .encode import encoding
from .engine import train
from .evaluate import Part
from .history import score_rows, step_rows
from .inputs import Scaling
from .keeper import Keeper
from .lessons import ROUNDS, Prepared, key, prepare
from .memory import check_memory
from .network import Network
from .optimizer import Adam
from .progress import Progress
from .task import Task

EVERY = 10  # steps that one row of the history averages
POINTS = 20  # scores on the valid part over the run
GLANCE = 4  # batches of a score on the way


def fit(
    task: Task, device: str, keeper: Keeper | None = None, base: nn.Module | None = None
) -> tuple[Network, tuple[Scaling, ...], list[dict]]:
    """The trained network, the scaling of each session, and the rows of its history.

    With a `keeper` it goes on from the last checkpoint of the same fit, and leaves one now and then. With the encoder
    `base` of a fitted model a new first layer alone is trained.
    """
    given = prepare(task, device, base=base)
    rows = _train(task, given, keeper)
    return given.network, given.scalings, rows + final_rows(task, given, given.network)


def final_rows(task: Task, given: Prepared, network: Network) -> list[dict]:
    """Scores of all parts after the last step."""
    rows, steps = [], task.training["steps"]
    for name, part in given.parts.items():
        rows += score_rows("score", steps, name, network, part.score(network, ROUNDS), ROUNDS)
    return rows


def _train(task: Task, given: Prepared, keeper: Keeper | None) -> list[dict]:
    """Rows of the history over the run."""
    options, objectives, network = task.training, given.objectives, given.network
    lesson, steps = given.parts["train"], options["steps"]
    batch = task.batch(lesson.timeline)
    drawn = embedded([o.sampling for o in objectives], batch)
    way = encoding(network, lesson.series, lesson.timeline, drawn)
    if task.full:
        check_memory(way, lesson.series, drawn)
    print(f"fit: {way}, {len(lesson.timeline)} training samples", file=sys.stderr, flush=True)
    optimizer = Adam((p for p in network.parameters() if p.requires_grad), options["learning_rate"])
    kept = keeper.restore() if keeper else None
    place, rows = _taken_up(kept, network, optimizer) if kept else (Place(), None)
    diary = Diary(task, given, network, rows)
    run = train(network, way, objectives, batch, steps, optimizer, generator("fit", *key(task)), place)
    progress = Progress(steps, "fit", place.step)
    for step, (loss, chance) in enumerate(progress(run), start=place.step + 1):
        if diary.note(step, loss, chance):
            progress.told = diary.told
            if keeper and keeper.due():
                keeper.save(_state(network, optimizer, place, diary.rows))
    return diary.rows


class Diary:
    """Rows of the history as the steps go by: the batch loss, and about twenty scores on the valid part.

    rows: those so far, of a fit that goes on.
    """

    def __init__(self, task: Task, given: Prepared, network: Network, rows: list[dict] | None = None):
        self.task, self.network, self.valid, self.told = task, network, given.parts["valid"], ""
        self.names, self.steps = [o.name for o in given.objectives], task.training["steps"]
        self.drawn = len(task.names) * task.batch(given.parts["train"].timeline)  # references of a step
        self.looks = max(EVERY, self.steps // POINTS // EVERY * EVERY)
        self.rows = _glance(task, network, self.valid, 0) if rows is None else rows
        self._losses, self._levels, self._temperatures = [], [], []

    @torch.no_grad()
    def note(self, step: int, loss: Tensor, chance: np.ndarray) -> bool:
        """Losses (objective, 3) of a step, which stay on their device until a look; whether this was one."""
        last = step == self.steps
        self._losses.append(loss)
        self._levels.append(chance)
        if step % EVERY == 0 or last:
            self._temperatures.append((step, len(self._losses), 1 / self.network.criterion.scale))
        if step % self.looks and not last:
            return False
        waiting = self._losses, self._levels, self._temperatures
        self.rows += _lesson_rows(self.names, self.task.pooled, *waiting, self.drawn)
        self.rows += (seen := _glance(self.task, self.network, self.valid, step))
        self.told = " ".join(f"{r['objective']} valid {r['loss']:.4f} nats, {r['bits']:.3f} bits" for r in seen)
        for each in waiting:
            each.clear()
        return True


def _state(network: Network, optimizer: Adam, place: Place, rows: list[dict]) -> dict:
    """A fit between two steps, after a look: no loss waits to be told."""
    told = json.dumps({"place": vars(place), "rows": rows})
    return {"told": told, "network": network.state_dict(), "optimizer": optimizer.state()}


def _taken_up(kept: dict, network: Network, optimizer: Adam) -> tuple[Place, list[dict]]:
    """Put what `_state` gave back; the place and the rows so far."""
    told = json.loads(kept["told"])
    network.load_state_dict(kept["network"])
    optimizer.restore(kept["optimizer"])
    place = Place(**told["place"])
    print(f"fit: goes on after step {place.step}, from its last checkpoint", file=sys.stderr, flush=True)
    return place, told["rows"]


def _lesson_rows(names, session, losses, levels, temperatures, drawn) -> list[dict]:
    """One row an objective for every ten steps; reads the losses from the device, so it is called now and then."""
    values, levels, rows, begin = torch.stack(losses).double().cpu().numpy(), np.stack(levels), [], 0
    for step, end, temperature in temperatures:
        mine = slice(begin, end)
        if not np.isfinite(values[mine]).all():
            remedy = "Lower learning_rate, raise temperature, or set normalize: zscore."
            raise UserError(Problem("training", "finite losses", f"NaN or infinite values near step {step}", remedy))
        rows += step_rows(names, session, step, values[mine], levels[mine], float(temperature), drawn * (end - begin))
        begin = end
    return rows


def _glance(task: Task, network: Network, valid: Part, step: int) -> list[dict]:
    return score_rows("step", step, "valid", network, valid.score(network, GLANCE, (task.pooled,)), GLANCE)

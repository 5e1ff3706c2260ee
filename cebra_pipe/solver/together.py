"""Seeds of one condition trained as one batch of models: on a GPU one network leaves most of the card idle.

Weights are stacked, seed by seed, and one call runs all networks, each on the draws that it would have alone. Gradients
of a seed are those of its own loss, and Adam knows no neighbours: what comes out is what single fits give, to rounding,
since sums are taken in another order.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from ..distributions.sampling import embedded
from ..errors import Problem, UserError
from ..streams import generator
from .draws import Drawn, Place, draws, tell_who_draws
from .encode import Encoding, encoding
from .evaluate import Part
from .fitting import Diary, final_rows
from .inputs import Scaling
from .keeper import Keeper
from .lessons import Prepared, key, network_of, prepare
from .memory import available, estimate, told_size
from .network import Network
from .objective import Objective
from .optimizer import Adam, constants
from .progress import Progress
from .stepper import losses_of, stepper, why_not_even
from .task import Task

OWN = "seed"  # the field of a task in which those of a batch may differ
# Measured on the CPU, eight seeds: within 3 % where series are encoded whole, 40 % above where windows are.
MORE = 2  # times the memory of a step by the engine's own functions that torch's operations keep
MATRICES = 4  # of all pairs, with gradients, that the loss keeps at its peak


def fit_together(
    tasks: Sequence[Task], device: str, keeper: Keeper | None = None
) -> list[tuple[Network, tuple[Scaling, ...], list[dict]]]:
    """What `fit` gives for each task, in their order. A UserError where they differ in more than their seed.

    With a `keeper` it goes on from the last checkpoint of the same batch, and leaves one now and then.
    """
    check_alike(tasks)
    first, given = tasks[0], prepare(tasks[0], device)
    networks = [given.network, *(network_of(task, given.scalings).to(device) for task in tasks[1:])]
    update = Together(networks, given, first)
    lesson, steps = given.parts["train"], first.training["steps"]
    print(
        f"fit: {len(tasks)} seeds at once, {update.encoding}, {len(lesson.timeline)} training samples",
        file=sys.stderr,
        flush=True,
    )
    kept = keeper.restore() if keeper else None
    places, rows = _taken_up(kept, update) if kept else ([Place() for _ in tasks], [None] * len(tasks))
    diaries = [Diary(task, given, *each) for task, *each in zip(tasks, networks, rows, strict=True)]
    streams = [generator("fit", *key(task)) for task in tasks]
    runs = [update.draws(stream, steps, place) for stream, place in zip(streams, places, strict=True)]
    done = places[0].step
    step, progress = stepper(update), Progress(steps, "fit", done)
    tell_who_draws(update.encoding, update.objectives)
    for number, drawn in enumerate(progress(zip(*runs, strict=True)), start=done + 1):
        losses = step(joined(drawn))
        looks = [diary.note(number, loss, d.chance) for diary, loss, d in zip(diaries, losses, drawn, strict=True)]
        if looks[0]:  # all look after the same steps
            progress.told = diaries[0].told
            if keeper and keeper.due():
                keeper.save(_state(update, places, diaries))
    update.part()
    return [
        (network, given.scalings, diary.rows + final_rows(task, given, network))
        for task, network, diary in zip(tasks, networks, diaries, strict=True)
    ]


class Together:
    """One gradient update of several networks of one shape, whose weights are views into the stacked ones."""

    def __init__(self, networks: Sequence[Network], given: Prepared, task: Task):
        lesson, self.objectives = given.parts["train"], given.objectives
        self.batch = task.batch(lesson.timeline)
        self.networks, self.network = networks, copy.deepcopy(networks[0])
        for part in (*self.network.encoders, self.network.criterion):
            part.again = True
        drawn = embedded([o.sampling for o in self.objectives], self.batch)
        self.encoding = encoding(self.network, lesson.series, lesson.timeline, drawn)
        self.encoding.again = True
        self.encoding.inputs = list(lesson.series)  # the sums over filled bins are no operation of torch's own
        check_memory(self, lesson, drawn)
        check_even(self.objectives)
        self.weights = stacked(networks)
        self._scored = Scored(self.network, self.encoding, self.objectives)
        self.optimizer = Adam((w for w in self.weights.values() if w.requires_grad), task.training["learning_rate"])

    def draws(self, stream: np.random.Generator, steps: int, place: Place | None = None):
        """The draws of one seed, as it would have them alone, from its `place` on."""
        return draws(self.encoding, self.objectives, self.batch, steps, stream, place or Place())

    def __call__(self, drawn: Drawn) -> Tensor:
        """Losses (seed, objective, 3) before the update, for `joined` draws."""
        losses = self._losses(drawn)
        self.optimizer.zero_grad()
        losses[..., 0].sum().backward()
        self.optimizer.step()
        return losses.detach()

    def _losses(self, drawn: Drawn) -> Tensor:
        rows, places, counts, _ = drawn.plan

        def of_one(weights: dict[str, Tensor], rows: Tensor, places: Tensor | None) -> Tensor:
            mine = drawn._replace(plan=(rows, places, counts, None))
            return functional_call(self._scored, weights, (mine,))

        return vmap(of_one, in_dims=(0, 0, None if places is None else 0))(self.weights, rows, places)

    def constants(self) -> object:
        """What a recorded step holds fast."""
        return constants(self.optimizer)

    def part(self) -> None:
        """Give each network weights of its own."""
        for network in self.networks:
            for parameter in network.parameters():
                parameter.data = parameter.data.clone()


class Scored(nn.Module):
    """`losses_of` as a module, whose weights `functional_call` takes the place of."""

    def __init__(self, network: Network, way: Encoding, objectives: Sequence[Objective]):
        super().__init__()
        self.network, self.way, self.objectives = network, way, objectives

    def forward(self, drawn: Drawn) -> Tensor:
        """(objective, 3)"""
        return losses_of(self.network, self.way, self.objectives, drawn)


def _state(update: Together, places: Sequence[Place], diaries: Sequence[Diary]) -> dict:
    """A batch between two steps, after a look: no loss waits to be told."""
    told = json.dumps({"places": [vars(place) for place in places], "rows": [diary.rows for diary in diaries]})
    weights = {name: weight.detach() for name, weight in update.weights.items()}
    return {"told": told, "weights": weights, "optimizer": update.optimizer.state()}


@torch.no_grad()
def _taken_up(kept: Mapping, update: Together) -> tuple[list[Place], list[list[dict]]]:
    """Put what `_state` gave back; of each seed its place and the rows so far."""
    told = json.loads(kept["told"])
    for name, weight in update.weights.items():
        weight.copy_(kept["weights"][name])
    update.optimizer.restore(kept["optimizer"])
    places = [Place(**place) for place in told["places"]]
    print(f"fit: goes on after step {places[0].step}, from its last checkpoint", file=sys.stderr, flush=True)
    return places, told["rows"]


def stacked(networks: Sequence[Network]) -> dict[str, Tensor]:
    """The weights of all networks by their names in `Scored`; those of the networks become views of them."""
    found = {}
    for name, first in networks[0].named_parameters():
        each = [network.get_parameter(name) for network in networks]
        found[f"network.{name}"] = whole = torch.stack([p.detach() for p in each]).requires_grad_(first.requires_grad)
        for parameter, mine in zip(each, whole.detach(), strict=True):
            parameter.data = mine
    return found


def joined(drawn: Sequence[Drawn]) -> Drawn:
    """The draws of one step of all seeds: a first axis more."""
    first = drawn[0]
    rows = torch.stack([each.plan[0] for each in drawn])
    places = None if first.plan[1] is None else torch.stack([each.plan[1] for each in drawn])
    return first._replace(plan=(rows, places, first.plan[2], None), allowed=[None] * len(first.allowed))


def check_memory(update: Together, lesson: Part, drawn: int) -> None:
    """A UserError where a step of all networks needs more memory than there is."""
    way, seeds = update.encoding, len(update.networks)
    pairs = (update.batch * len(lesson.series)) ** 2 * len(update.objectives)
    need = seeds * (MORE * estimate(way.network, lesson.series, drawn, way.depths) + 4 * MATRICES * pairs)
    free = available(way.network.device)
    if free is not None and need > free:
        size = f"{seeds} seeds of about {told_size(need // seeds)} each, and {told_size(free)} are free"
        raise UserError(Problem("seeds of one batch", "a step that fits into memory", size, "Fit fewer seeds at once."))


def check_even(objectives: Sequence[Objective]) -> None:
    """A UserError where a step has other numbers of positives from one seed to the next."""
    if reason := why_not_even(objectives):
        remedy = "Fit them apart: without `together`."
        raise UserError(Problem("seeds of one batch", "as many positives of each session", reason, remedy))


def check_alike(tasks: Sequence[Task]) -> None:
    """A UserError unless the tasks differ in nothing but their seed."""
    first, *others = tasks
    for task in others:
        for name in (f.name for f in fields(Task) if f.name != OWN):
            if not _same(getattr(first, name), getattr(task, name)):
                remedy = "Fit them apart. Controls transform the data seed by seed."
                raise UserError(Problem("seeds of one batch", "fits that differ in their seed alone", name, remedy))
    if len({task.seed for task in tasks}) < len(tasks):
        raise UserError(Problem("seeds of one batch", "each seed once", ", ".join(str(task.seed) for task in tasks)))


def _same(a: object, b: object) -> bool:
    if isinstance(a, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return a is b or (np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b)

"""What a solver's fit does beside its steps: when it is scored, saved and ended."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import nn

from ..data.base import Loader, is_count
from .course import PATTERN, Course, check_resumable, identity_of, last_of
from .logged import LOGGED
from .state import copied, put_back
from .steps import Trained, steps_of
from .util import Counted, ProgressBar


class Fitted(Trained, Protocol):
    """What a timetable asks of a solver."""

    model: nn.Module
    log: dict[str, list]
    tqdm_on: bool
    best_step: int | None
    device: str
    _course: Course | None

    def validation(self, loader: Loader) -> float: ...
    def save(self, logdir: str | Path, filename: str) -> Path: ...
    def load_state_dict(self, state_dict: dict) -> None: ...


@dataclass(frozen=True)
class Timetable:
    """The options of `Solver.fit`; ValueError for all that are out of range or would have no effect."""

    valid_loader: Loader | None = None
    save_frequency: int | None = None
    valid_frequency: int | None = None
    decode: bool = False
    logdir: str | Path | None = None
    save_hook: Callable[[int, object], None] | None = None
    patience: int | None = None
    restore_best: bool = False
    resume: bool = False

    def __post_init__(self):
        problems = [
            f"{name}: expected a whole number above 0, found {value!r}."
            for name in ("save_frequency", "valid_frequency", "patience")
            if (value := getattr(self, name)) is not None and not is_count(value)
        ]
        scored, saved = self.valid_frequency is not None, self.save_frequency is not None
        if self.decode:
            problems.append("decode: decoding in fit is gone; use save_hook, or decode afterwards.")
        if (self.valid_loader is not None) != scored:
            problems.append("valid_loader and valid_frequency: expected both or neither.")
        if not scored and (self.patience is not None or self.restore_best):
            problems.append("patience and restore_best: expected a valid_loader and a valid_frequency beside them.")
        if not saved and self.save_hook is not None:
            problems.append("save_hook: expected a save_frequency beside it.")
        if saved and self.save_hook is None and self.logdir is None:
            problems.append("save_frequency: expected a logdir or a save_hook beside it.")
        if self.logdir is not None and not (saved or scored):
            problems.append("logdir: expected a save_frequency or a valid_frequency beside it; or call save after fit.")
        if self.resume and (self.logdir is None or not saved):
            problems.append("resume: expected a logdir and a save_frequency beside it.")
        if problems:
            raise ValueError("\n".join(problems))

    def saves(self, number: int) -> bool:
        """Whether a checkpoint or the user's hook is due after step `number`."""
        return self.save_frequency is not None and number % self.save_frequency == 0

    def scores(self, number: int, steps: int) -> bool:
        """Whether the model is scored after step `number` of `steps`.

        After the last one always: the model that would be kept has to be among those that are scored.
        """
        return self.valid_frequency is not None and (number == steps - 1 or number % self.valid_frequency == 0)

    def ends(self, course: Course) -> bool:
        """Whether there were `patience` scores without a better one."""
        return self.patience is not None and course.stale >= self.patience


def carry_out(solver: Fitted, loader: Loader, plan: Timetable) -> None:
    """All steps of `loader`, with what `plan` says after each; meanwhile the solver's `_course` is that of this fit."""
    resumable = plan.logdir is not None and plan.save_frequency is not None
    course = solver._course = Course(identity_of(loader) if resumable else {})
    try:
        if plan.resume:
            _take_up(solver, loader, Path(plan.logdir), course)
        solver.model.train()
        _run(solver, loader, plan, course)
    finally:
        solver._course = None
    if plan.restore_best and course.weights is not None:
        put_back(solver, course.weights)


def _run(solver: Fitted, loader: Loader, plan: Timetable, course: Course) -> None:
    steps, first = len(loader), course.place.step
    run = iter(()) if plan.ends(course) else steps_of(solver, loader, course.place)
    bar = ProgressBar(Counted(run, steps - first), "tqdm" if solver.tqdm_on else "off")
    for number, read in bar:
        number += first
        scores, saves = plan.scores(number, steps), plan.saves(number)
        if read(scores or saves):
            bar.set_description({name: solver.log[name][-1] for name in LOGGED if solver.log.get(name)})
        if scores:
            _score(solver, number, plan, course)
        if saves:
            _save(solver, number, plan)
        if scores and plan.ends(course):
            break
        if number == steps - 1:
            read(True)


def _score(solver: Fitted, number: int, plan: Timetable, course: Course) -> None:
    loss = solver.validation(plan.valid_loader)
    course.stale += 1
    solver.log.setdefault("valid", []).append((number, loss))
    if loss < course.best:
        course.best, course.stale, solver.best_step = loss, 0, number
        course.weights = copied(solver) if plan.restore_best else None
        if plan.logdir is not None:
            solver.save(plan.logdir, "checkpoint_best.pth")


def _save(solver: Fitted, number: int, plan: Timetable) -> None:
    if plan.save_hook:
        plan.save_hook(number, solver)
    if plan.logdir is not None:
        solver.save(plan.logdir, PATTERN.format(number))


def _take_up(solver: Fitted, loader: Loader, logdir: Path, course: Course) -> None:
    """Go on from the last checkpoint, where there is one."""
    check_resumable(loader)
    state = last_of(logdir, solver.device)
    if state is None:
        return
    course.take(state["course"], solver.device)
    solver.load_state_dict(state)
    print(f"fit: goes on after step {course.place.step}, from its last checkpoint", file=sys.stderr, flush=True)

"""The beginning of a study without its training: recordings, folds, and every fit up to its first step."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from ..data import moments, spikes, trial_table, units
from ..data.assemble import assemble
from ..data.recording import Recording
from ..data.split import Cut, split
from ..datasets.simulated import simulate
from ..errors import UserError
from .config.study import Condition, Resolved
from .planning.plan import Plan

if TYPE_CHECKING:
    from ..solver.objective import Objective
    from ..solver.task import Task


@dataclass(frozen=True, eq=False)
class Prepared:
    """A recording with its folds."""

    recording: Recording
    cuts: list[Cut]

    @property
    def totals(self) -> dict[str, int]:
        """What portions are of: samples of train, of the fold with the fewest, and neurons."""
        train = min(int((cut.names() == "train").sum()) for cut in self.cuts)
        return {"minutes": train, "neurons": self.recording.neural.shape[1]}


def prepare(study: Resolved, name: str) -> Prepared:
    """The recording as `load` or `simulate` will make it, and its folds as `split` will."""
    entry = study.config.recordings[name]
    if entry.simulate:
        recording = replace(simulate(**entry.simulate.model_dump()), minimum_rate=entry.select.minimum_rate)
    else:
        recording = assemble(entry, study.config.data_folder, name)
    # First: mistakes told below may follow from it.
    for line in dict.fromkeys(recording.notes.get("overlap", {}).values()):
        print(f"warning: {name}: {line}")
    try:
        return Prepared(recording, split(recording, study.config.split.model_dump()))
    except UserError:  # what reading made of the files may say why
        for line in reading_lines(recording):
            print(f"{name}: {line}")
        raise


def reading_lines(recording: Recording) -> Iterator[str]:
    """What became of spikes, of a table of units, of clocks and of a table of trials, a sentence each."""
    yield from spikes.lines(recording.notes)
    for note, line in (("units", units.line), ("clocks", moments.line), ("trial_table", trial_table.line)):
        if (told := recording.notes.get(note)) is not None:
            yield line(told)


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What a fit would begin with."""

    task: Task
    objectives: Sequence[Objective]
    windows: Mapping[str, int]  # of each part
    said: Sequence[str]  # lines of its log


def rehearse(plan: Plan, k: Condition, unit: str, ones: Sequence[Prepared]) -> Iterator[Rehearsal]:
    """The fits of a unit, one a fold, as far as their first step; of a portion each seed's, whose draws differ."""
    from ..solver.lessons import prepare as begin
    from ..solver.together import check_even
    from .stages.fit import task_of

    seeds = k.seeds if unit in k.portions else k.seeds[:1]
    for fold, seed in product(range(plan.study.folds), seeds):
        spec = json.loads(plan.spec("fit", {"condition": k.name, "unit": unit, "fold": str(fold), "seed": str(seed)}))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            task = task_of(spec, [one.recording for one in ones], [one.cuts[fold].names() for one in ones])
            given = begin(task, "cpu", rounds=1)
        if k.batched(unit):
            check_even(given.objectives)
        windows = {name: sum(map(len, part.timeline.centres)) for name, part in given.parts.items()}
        yield Rehearsal(task, given.objectives, windows, said.getvalue().splitlines())


def rehearse_adaptation(plan: Plan, k: Condition, unit: str, one: Prepared) -> None:
    """The fits to the smallest share of a recording that is left out, one a fold, as far as their first step."""
    from ..solver.lessons import prepare as begin
    from .stages.adapt import lessons, naming

    for fold, cut in enumerate(one.cuts):
        wildcards = {"condition": k.name, "unit": unit, "fold": str(fold), "seed": str(k.seeds[0])}
        spec = json.loads(plan.spec("adapt", wildcards))
        spec["shares"] = spec["shares"][:1]
        with contextlib.redirect_stderr(io.StringIO()):
            for lesson in lessons(spec, one.recording, cut.names(), None):
                with naming(lesson):
                    begin(lesson.task, "cpu", rounds=1)

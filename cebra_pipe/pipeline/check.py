"""Reads and splits what a config names and builds every fit up to its first step; says what would go wrong."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..data.memory import apart, memory_times, near_lines
from ..data.split import GAP, NAMES, PARTS
from ..errors import Problems, UserError, counted
from . import activity, loaded_labels, reachable, twins
from .advice import convention_lines, label_lines, label_warnings, metric_lines, source_warnings
from .comparing.sessions import differ
from .condensed import condensed
from .config.binned import by_one_label
from .config.changes import read_changed
from .config.doubts import doubts
from .config.study import Condition, Resolved, left_out
from .config.without import check_sizes
from .disk import claims
from .planning.plan import Plan, check_files, check_results
from .rehearsal import Prepared, prepare, reading_lines, rehearse, rehearse_adaptation

if TYPE_CHECKING:
    from ..solver.task import Task


def main(options: argparse.Namespace) -> int:
    """Print what the study is; exit 2 with all problems where it cannot run."""
    study = read_changed(options.config, options.changes)
    plan, problems = Plan(study), Problems()
    collected(problems, "", lambda: check_files(plan, str(options.config)))
    collected(problems, "", lambda: check_results(plan, str(options.config)))
    collected(problems, "", lambda: claims.check(plan, [options.config]))
    prepared, missing = {}, {problem.where.rpartition("recordings.")[2] for problem in problems}
    for name in (name for name in study.config.recordings if name not in missing):
        collected(problems, f"recordings.{name}", lambda name=name: prepared.update({name: prepare(study, name)}))
    recordings = {name: one.recording for name, one in prepared.items()}
    for line in twins.check_twins(plan, recordings, problems):
        print(f"warning: {line}")
    for name, one in prepared.items():
        print(describe(name, one))
        for line in (*reading_lines(one.recording), activity.line(one.recording), *label_lines(one.recording)):
            print(f"  {line}")
    for name, one in prepared.items():
        for line in [
            *source_warnings(name, study.config.recordings[name], one.recording),
            *label_warnings(name, one.recording),
            *(f"{name}: {line}" for line in near(one, study.config.split.scheme)),
        ]:
            print(f"warning: {line}")
    rates = {name: one.rate for name, one in recordings.items()}
    for line in (*doubts(study, rates), *loaded_labels.lines(study, recordings)):
        print(f"warning: {line}")
    for condition in study.conditions.values():
        for line in check_condition(plan, condition, prepared, problems):
            print(line)
    loaded_labels.check(study, recordings, problems)
    check_rates(plan, rates, problems)
    collected(problems, "device", lambda: check_device(study))
    sys.stdout.flush()
    problems.raise_any()
    for line in (*reachable.lines(study, recordings), *by_one_label(study, plan.aligned, plan.figures)):
        print(line)
    jobs = Counter(job.stage for job in plan.jobs())
    listed = ", ".join(f"{number} {stage}" for stage, number in jobs.items())
    print(f"{options.config}: in order. {jobs.total()} jobs ({listed}); results go to {plan.root}/")
    if jobs["adapt"]:
        print(f"Each adapt is {adaptations(study)}: a job's shares are learned one after the other.")
    return 0


def adaptations(study: Resolved) -> str:
    """The fits in a job of adapt, by condition where they differ."""
    number = {name: 2 * len(k.leave_one_out.shares) for name, k in study.conditions.items() if k.without}
    if len(set(number.values())) == 1:
        return f"{next(iter(number.values()))} fits (adapted and from scratch, for each share)"
    listed = ", ".join(f"{n} fits in {name}" for name, n in number.items())
    return f"two fits (adapted and from scratch) for each share: {listed}"


def collected(problems: Problems, where: str, action: Callable[[], object]) -> None:
    """Runs `action`; its problems are kept, with the place they came from."""
    try:
        action()
    except UserError as error:
        problems.extend(p if where in p.where else replace(p, where=f"{where}: {p.where}") for p in error.problems)


def near(one: Prepared, scheme: str) -> Iterator[str]:
    """What parts are not independent in, as `split` will tell it."""
    seconds = apart(one.recording.time, [cut.names() for cut in one.cuts])
    return near_lines(seconds, memory_times(one.recording, scheme))


def describe(name: str, one: Prepared) -> str:
    """One line: sizes, trials, epochs, parts."""
    r, count = one.recording, np.bincount(one.cuts[0].part, minlength=len(NAMES))
    parts = ", ".join(f"{part} {n}" for part, n in zip(PARTS, count, strict=False))
    # A share of none is no sign that `split.gap` is ignored: rests between trials may keep parts farther apart.
    dropped = f"{counted(count[GAP], 'sample')} between parts dropped by split.gap"
    return (
        f"{name}: {len(r)} samples × {counted(r.neural.shape[1], 'neuron')} at {r.rate:g} Hz, "
        f"{counted(len(np.unique(r.trial)), 'trial')}, {counted(r.epoch[-1] + 1, 'epoch')}; fold 0: {parts}; {dropped}"
    )


def check_condition(plan: Plan, k: Condition, prepared: Mapping[str, Prepared], problems: Problems) -> Iterator[str]:
    """Builds each fit up to its first step; yields one line a unit, then what is to be known of its labels."""
    told: dict[str, None] = {}  # said once, though it may hold for every unit and fold
    said: list[tuple[str, str]] = []
    for name in (name for name in k.recordings if name in prepared):
        check_sizes(k, name, prepared[name].totals, problems)
    if k.enough_data and len(k.seeds) == 1:
        yield f"warning: {k.name}: enough_data of one seed cannot say whether scores still rise; give five or more"
    whole = {unit: members for unit, members in k.fitted.items() if all(name in prepared for name in members)}
    for unit, members in whole.items():
        if unit in k.portions and unit not in k.smallest:
            continue
        where, made = f"{k.name} ({unit})", []
        collected(
            problems,
            f"conditions.{where}",
            lambda u=unit, m=members, made=made: made.extend(rehearse(plan, k, u, [prepared[n] for n in m])),
        )
        if not made or unit in k.portions:  # of its unit all is said
            continue
        metric, beside, warnings = metric_lines(made[0].task, made[0].objectives)
        windows = ", ".join(f"{part} {made[0].windows[part]}" for part in PARTS)
        yield f"{where}: " + "; ".join([f"{k.training.model}, {spans(made[0].task)}", f"windows {windows}", *beside])
        warnings += [] if k.control else convention_lines(made[0].task)
        told |= dict.fromkeys(f"  {k.name}: {line}" for line in metric)
        told |= dict.fromkeys(f"warning: {where}: {line}" for line in warnings)
        said += [(unit, line) for one in made for line in one.said]
    for unit in (unit for unit in k.without if left_out(unit) in prepared):
        place, one = f"conditions.{k.name} ({unit})", prepared[left_out(unit)]
        collected(problems, place, lambda u=unit, one=one: rehearse_adaptation(plan, k, u, one))
    yield from told
    yield from condensed(k.name, said)


def spans(task: Task) -> str:
    """Window and time offset in whole samples, and the seconds that these are."""
    rate, window = task.recordings[0].rate, len(task.offset)
    told = f"{counted(window, 'sample')} a window ({window / rate:.4g} s)"
    return f"{told}, time offset {task.lag} ({task.lag / rate:.4g} s)" if task.timed else told


def check_rates(plan: Plan, rates: Mapping[str, float], problems: Problems) -> None:
    """Conditions that would be aligned or compared have one rate; the plan knows only those that the config states."""
    compared = [k.condition for k in plan.study.comparisons.values() if k.between == "recordings"]
    for name in dict.fromkeys([*plan.aligned, *compared]):
        mine = {one: rates[one] for one in plan.study.conditions[name].recordings if one in rates}
        if differ(mine.values()):
            listed = ", ".join(f"{recording} {rate:g} Hz" for recording, rate in mine.items())
            remedy = "State each recording's `rate`, so that they are not compared, or name `recordings` of one rate."
            problems.add(f"conditions.{name}", "recordings of one rate, to align or compare them", listed, remedy)


def check_device(study: Resolved) -> None:
    """A UserError where a GPU is asked for and there is none."""
    if study.config.device == "cuda":
        from ..solver.device import resolve

        resolve("cuda", 1)

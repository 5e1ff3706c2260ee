"""The refit null of a study: which control belongs to which condition, and what its primary tests can reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType

import numpy as np

from ...errors import Problems, counted, did_you_mean
from ...models.table import architecture
from ...sklearn.families import holm
from ...sklearn.nulls import NO_REFITS, SMALLEST_NULL
from . import options as c
from .points import decoded
from .study import Condition, Resolved

# control -> what its draws are a null of: shifted neurons keep no population, which a decoder reads
TESTED = {"circular_shift": ("bits", "decoding"), "neuron_shift": ("bits",)}
Found = Mapping[tuple[str, str], Mapping[str, str]]  # (condition, recording) -> label without a null -> why
SAME = ("training", "labels", "positives", "hybrid", "units")  # what a control shares with its condition


@dataclass(frozen=True, eq=False)
class Pair:
    """A condition and the control whose seeds are the draws of its null."""

    real: Condition
    control: Condition

    @property
    def names(self) -> tuple[str, str]:
        return self.real.name, self.control.name

    @property
    def draws(self) -> object:
        """What two pairs have in common whose draws are shared: seed by seed the same shift of a recording."""
        training = self.control.training
        window = architecture(training.model, training.causal).offset
        return self.control.control, self.control.seeds, window, training.windows


@dataclass(frozen=True)
class Member:
    """One test of the family of primary tests."""

    pair: Pair
    recording: str
    score: str  # bits, or a label or point that is decoded
    lost: str  # why it will have no p; empty where it may have one

    @property
    def draws(self) -> int:
        return len(self.pair.control.seeds)

    def __str__(self) -> str:
        return f"{self.pair.real.name} against {self.pair.control.name}, {self.recording}, {self.score}: {self.lost}"


def pairs(study: Resolved) -> list[Pair]:
    """Every control that gives a p, with the first condition that differs from it in nothing else."""
    real = [k for k in study.conditions.values() if not k.control]
    found = []
    for control in (k for k in study.conditions.values() if k.control in TESTED):
        twin = next((k for k in real if not differences(k, control)), None)
        found += [Pair(twin, control)] if twin else []
    return found


def differences(real: Condition, control: Condition) -> list[str]:
    return [name for name in SAME if getattr(real, name) != getattr(control, name)]


def primary(study: Resolved) -> list[tuple[Pair, c.PrimaryTestConfig]]:
    """The tests that the config names, in its order."""
    given = study.config.primary_tests
    known = study.conditions
    return [(Pair(known[t.condition], known[t.control]), t) for t in (given.tests if given else [])]


def shared(named: Sequence[tuple[Pair, c.PrimaryTestConfig]]) -> bool:
    return len({pair.draws for pair, _ in named}) == 1


def members(named: Sequence[tuple[Pair, c.PrimaryTestConfig]], found: Found = MappingProxyType({})) -> list[Member]:
    """The tests of the family, one a score and recording; where `found` tells of labels, which of them have no p."""
    return [
        Member(pair, name, score, _why_no_p(pair, score, found.get((pair.real.name, name), {})))
        for pair, test in named
        for unit in pair.real.units.values()
        for name in unit
        for score in test.scores
    ]


def _why_no_p(pair: Pair, score: str, known: Mapping[str, str]) -> str:
    """Of a label that is decoded, or of any that is fitted."""
    why = [known.get(label, "") for label in (pair.real.labels if score == "bits" else [score])]
    return next((each for each in why if each in NO_REFITS.get(pair.control.control, ())), "")


def reached(draws: Sequence[int], shared: bool) -> float:
    """The smallest corrected p that every test of a family can reach, by the draws (test,) of each: all others pass.

    Holm's correction never falls when a p grows, so no family does better than one of the smallest p, 1 / (1 + n).
    Of m tests with n draws each that is m / (1 + n); a test of few draws may come after those of more.
    """
    if shared:
        return 1 / (1 + min(draws))
    return float(holm(1 / (1 + np.array(draws))).max())


def alone(draws: Sequence[int], shared: bool) -> float:
    """The smallest corrected p of the test with the fewest draws where no other test passes.

    Then it comes first in Holm's order, and its p counts m times whatever draws the others have.
    """
    return min(1.0, (1 if shared else len(draws)) / (1 + min(draws)))


def needed(tests: int, shared: bool, alpha: float) -> int:
    """The fewest draws with which each test of a family reaches alpha, whatever the others do."""
    return max(SMALLEST_NULL, ceil((1 if shared else tests) / alpha - 1e-9) - 1)


def lines(study: Resolved, found: Found = MappingProxyType({})) -> Iterator[str]:
    """What `check` says of it."""
    for pair in pairs(study):
        n = len(pair.control.seeds)
        few = " (too few for p)" if n < SMALLEST_NULL else f", smallest p {1 / (1 + n):.2g}"
        yield f"refit null of {pair.real.name}: {counted(n, 'draw')} of {pair.control.name}{few}"
    if named := primary(study):
        way = "maximum over shared draws" if shared(named) else "Holm"
        every = members(named, found)
        yield from (f"warning: primary test of {test}" for test in every if test.lost)
        held, alpha = [test for test in every if not test.lost], study.config.primary_tests.alpha
        if not held:
            yield f"primary tests: none of {len(every)} has a p"
            return
        told = f"{len(held)} of {len(every)}" if len(held) < len(every) else f"{len(every)}"
        yield f"primary tests: {told} in one family, {way}; {_reach(held, shared(named))}, alpha {alpha:g}"
        yield from _dependent(held, shared(named), alpha)


def _reach(held: Sequence[Member], shared: bool) -> str:
    draws = [test.draws for test in held]
    best, worst = reached(draws, shared), alone(draws, shared)
    differs = f" where all others pass, {worst:.2g} where none does" if worst > best * (1 + 1e-9) else ""
    return f"smallest corrected p {best:.2g}{differs}"


def _dependent(held: Sequence[Member], shared: bool, alpha: float) -> Iterator[str]:
    """Controls whose tests cannot pass by themselves."""
    least = needed(len(held), shared, alpha)
    few = {test.pair.control.name: test.draws for test in held if test.draws < least}
    if few:
        of = ", ".join(f"{name} ({counted(draws, 'seed')})" for name, draws in few.items())
        remedy = f"With seeds: {least} each passes by itself."
        yield f"warning: primary tests against {of} can pass only where others do. {remedy}"


def check_primary(study: Resolved, where: str, problems: Problems) -> None:
    """Names that exist, a control that is one, scores that there are, and draws that can reach alpha."""
    given, found = study.config.primary_tests, []
    for i, test in enumerate(given.tests if given else []):
        place = f"{where}: primary_tests.tests.{i}"
        names = {"condition": test.condition, "control": test.control}
        missing = {key: name for key, name in names.items() if name not in study.conditions}
        for key, name in missing.items():
            remedy = did_you_mean(name, study.conditions)
            problems.add(f"{place}.{key}", "a condition of this study", repr(name), remedy)
        if not missing:
            pair = Pair(study.conditions[test.condition], study.conditions[test.control])
            before = {score for other, it in found if other.names == pair.names for score in it.scores}
            if again := [score for score in test.scores if score in before]:
                problems.add(f"{place}.scores", "scores that no test before names", str(again), "Remove them.")
            found.append((pair, test))
            _check_pair(study, pair, test, place, problems)
    if not found or not all(pair.control.seeds for pair, _ in found):
        return
    # Every test counts, also one that will have no p: which those are is known from the data alone.
    draws = [test.draws for test in members(found)]
    n, least = min(draws), needed(len(draws), shared(found), given.alpha)
    if n < SMALLEST_NULL or reached(draws, shared(found)) > given.alpha * (1 + 1e-9):
        problems.add(
            f"{where}: primary_tests",
            f"{least} seeds or more of each control: the smallest corrected p is then at most {given.alpha:g}",
            f"{n}, which reach {reached(draws, shared(found)):.3g}",
            f"Set seeds: {least} in the controls that have fewer.",
        )


def _check_pair(study: Resolved, pair: Pair, test: c.PrimaryTestConfig, place: str, problems: Problems) -> None:
    if pair.real.control:
        problems.add(f"{place}.condition", "a condition without control", f"control: {pair.real.control}")
    if pair.control.control not in TESTED:
        found = f"control: {pair.control.control}" if pair.control.control else "no control"
        problems.add(f"{place}.control", "a condition with control: circular_shift or neuron_shift", found)
        return
    other = differences(pair.real, pair.control)
    if other:
        remedy = f"Write it as like: {pair.real.name} with a control and seeds."
        problems.add(f"{place}.control", f"{pair.real.name} in all but control", f"other {', '.join(other)}", remedy)
    known = ["bits", *(_decoded(study, pair) if "decoding" in TESTED[pair.control.control] else [])]
    for score in test.scores:
        if score not in known:
            expected = "bits, or a label or point that is decoded under control: circular_shift"
            problems.add(f"{place}.scores", expected, repr(score), did_you_mean(score, known))
    if len(set(test.scores)) < len(test.scores):
        problems.add(f"{place}.scores", "each score once", str(test.scores))


def _decoded(study: Resolved, pair: Pair) -> list[str]:
    """Labels and points that are decoded in every unit."""
    of_units = [decoded(study, unit) for unit in pair.real.units.values()]
    return [name for name in of_units[0] if all(name in other for other in of_units)]

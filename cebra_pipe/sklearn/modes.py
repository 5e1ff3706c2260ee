"""Which loader and which solver an estimator's data and options ask for."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..data.base import Dataset
from ..data.datasets import DatasetCollection, TensorDataset
from ..data.options import LOADERS
from ..data.sampling import DrawnLoader
from ..errors import Problem, Problems, UserError
from .declared import Declared
from .labels import Session
from .parameters import DEFAULTS, time_offset_of

BY_LABEL = ("time_delta", "delta_normal", "delta")
CONDITIONALS = ("time", *BY_LABEL)
# Mode -> options of the estimator that its loaders take
TIMED = ("conditional", "time_offset", "delta", "label_weights", "label_periods")
MODES = {"continuous": TIMED, "discrete": ("prior",), "mixed": (*TIMED, "prior"), "hybrid": TIMED}


@dataclass(frozen=True)
class Plan:
    """What is trained: the mode, the distribution of positives, and whether every sample is in every batch."""

    mode: str
    conditional: str
    several: bool
    full: bool

    @property
    def solver(self) -> str:
        """The registered name."""
        if self.full:
            return "single-session-full"
        return f"{'multi' if self.several else 'single'}-session{'-hybrid' * (self.mode == 'hybrid')}"

    @property
    def reads_time_offset(self) -> bool:
        """Whether an objective reads the time offset: not the classes, nor a normal change of the label."""
        return self.mode == "hybrid" or self.conditional in ("time", "time_delta")


def plan(sessions: Sequence[Session], conditional: str | None, hybrid: bool, batch_size: int | None) -> Plan:
    """The mode of data with these labels; time, with a warning, where `conditional` asks for labels that lack."""
    discrete, columns = sessions[0].kinds
    several, full = len(sessions) > 1, batch_size is None
    if conditional is not None and conditional not in CONDITIONALS:
        raise UserError(Problem("conditional", f"one of {', '.join(CONDITIONALS)}, or None", repr(conditional)))
    if hybrid and not columns:
        found = "classes alone" if discrete else "none"
        raise UserError(Problem("hybrid", "continuous labels beside hybrid=True", found, "Pass float labels."))
    if hybrid and (discrete or conditional == "time"):
        found = "a discrete label too" if discrete else "conditional='time'"
        raise UserError(Problem("hybrid", "continuous labels alone, and positives by labels", found))
    kind = "mixed" if discrete and columns else "discrete" if discrete else "continuous"
    wanted = conditional or ("time_delta" if columns else None if discrete else "time")
    if wanted in BY_LABEL and not columns:
        _warn(f"conditional={wanted!r} asks for continuous labels, found {'classes' if discrete else 'none'}")
        kind, wanted = "continuous", "time"
    elif wanted == "time" and (discrete or columns):
        _warn("conditional='time' reads no labels" + ", and nothing aligns the sessions" * several)
        kind = "continuous"
    kind = "hybrid" if hybrid else kind
    if full and (several or kind != "continuous"):
        what = "several sessions" if several else f"{kind} labels"
        raise UserError(Problem("batch_size", f"a number of samples for {what}", "None", "Set batch_size=512."))
    return Plan(kind, wanted or "", several, full)


def _warn(why: str) -> None:
    warnings.warn(f"{why}: training is time contrastive.", stacklevel=5)


def dataset_of(sessions: Sequence[Session], device: str) -> Dataset:
    """The data set, or the collection, of these sessions."""
    made = [
        TensorDataset(_shared(s.neural), continuous=s.continuous, discrete=s.discrete, trial=s.trial, device=device)
        for s in sessions
    ]
    return made[0] if len(made) == 1 else DatasetCollection(made)


def _shared(values: np.ndarray) -> torch.Tensor:
    """The same memory as a tensor; nothing here writes to it, so it may be read-only."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writ")
        return torch.from_numpy(values)


def options_of(estimator: Declared) -> dict[str, object]:
    """The parameters that loaders read, by the loaders' names."""
    names = ("batch_size", "num_negatives", "delta", "prior", "label_weights", "label_periods")
    return {n: getattr(estimator, n) for n in names} | {"time_offset": time_offset_of(estimator.time_offsets)}


def loader_of(chosen: Plan, dataset: Dataset, steps: int, options: dict[str, object], seed: int) -> DrawnLoader:
    """The loader of a plan."""
    kind = LOADERS["full" if chosen.full else chosen.mode][chosen.several]
    reads = MODES[chosen.mode]
    given = {name: value for name, value in options.items() if value is not None and name in reads}
    if "conditional" in reads:
        given["conditional"] = chosen.conditional
    try:
        return kind(
            dataset, num_steps=steps, seed=seed, batch_size=options["batch_size"],
            num_negatives=options["num_negatives"], **given,
        )  # fmt: skip
    except UserError as error:
        raise type(error)(*map(_in_own_words, error.problems)) from None


def _in_own_words(problem: Problem) -> Problem:
    """What a loader says of `time_offset`, said of the estimator's parameter."""
    texts = (problem.where, problem.remedy.replace("a shorter time_offset.", "shorter time_offsets."))
    where, remedy = (re.sub(r"(training\.)?time_offset\b", "time_offsets", text) for text in texts)
    return replace(problem, where=where, remedy=remedy)


def check_effect(chosen: Plan, options: dict[str, object]) -> None:
    """A UserError for options that were set and that the plan does not read."""
    problems, reads = Problems(), MODES[chosen.mode]
    normal = chosen.conditional in ("delta", "delta_normal")
    if normal and options["delta"] is None:
        problems.add("delta", f"a standard deviation for conditional={chosen.conditional!r}", "None")
    if not normal and options["delta"] is not None:
        problems.add("delta", "None unless conditional='delta_normal'", repr(options["delta"]))
    for name in ("label_weights", "label_periods"):
        if options[name] is not None and (name not in reads or chosen.conditional == "time"):
            problems.add(name, "None where positives read no continuous labels", repr(options[name]))
    if options["prior"] is not None and "prior" not in reads:
        problems.add("prior", "None without a discrete label", repr(options["prior"]))
    if options["num_negatives"] is not None and chosen.full:
        problems.add("num_negatives", "None with batch_size=None", repr(options["num_negatives"]))
    offset = options["time_offset"]
    if offset != DEFAULTS["time_offsets"] and normal and not chosen.reads_time_offset:
        remedy = "delta says how far positives lie; leave time_offsets out."
        problems.add("time_offsets", f"its default for conditional={chosen.conditional!r}", str(offset), remedy)
    problems.raise_any()
    if (
        offset != DEFAULTS["time_offsets"] and not chosen.reads_time_offset
    ):  # the documents set it for classes: no error
        text = f"time_offsets={offset} has no effect: positives are drawn by class alone"
        warnings.warn(text, stacklevel=4)

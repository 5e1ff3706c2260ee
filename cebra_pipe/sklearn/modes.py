"""Which loader and which solver an estimator's data and options ask for."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..data.base import Dataset
from ..data.datasets import DatasetCollection, TensorDataset
from ..data.multi_session import (
    ContinuousMultiSessionDataLoader,
    DiscreteMultiSessionDataLoader,
    HybridMultiSessionDataLoader,
    MixedMultiSessionDataLoader,
)
from ..data.sampling import DrawnLoader
from ..data.single_session import (
    ContinuousDataLoader,
    DiscreteDataLoader,
    FullDataLoader,
    HybridDataLoader,
    MixedDataLoader,
)
from ..errors import Problem, Problems, UserError
from .labels import Session

BY_LABEL = ("time_delta", "delta_normal", "delta")
CONDITIONALS = ("time", *BY_LABEL)


@dataclass(frozen=True)
class Mode:
    """Loaders for one session and for several, the solver of either, and the options that the loaders take."""

    single: type[DrawnLoader]
    several: type[DrawnLoader]
    solvers: tuple[str, str] = ("single-session", "multi-session")
    options: tuple[str, ...] = ()  # of the estimator that the loaders take


TIMED = ("conditional", "time_offset", "delta", "label_weights", "label_periods")
MODES = {
    "continuous": Mode(ContinuousDataLoader, ContinuousMultiSessionDataLoader, options=TIMED),
    "discrete": Mode(DiscreteDataLoader, DiscreteMultiSessionDataLoader, options=("prior",)),
    "mixed": Mode(MixedDataLoader, MixedMultiSessionDataLoader, options=(*TIMED, "prior")),
    "hybrid": Mode(
        HybridDataLoader, HybridMultiSessionDataLoader, ("single-session-hybrid", "multi-session-hybrid"), TIMED
    ),
}


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
        return "single-session-full" if self.full else MODES[self.mode].solvers[self.several]


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
        _warn("conditional='time' reads no labels")
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


def loader_of(chosen: Plan, dataset: Dataset, steps: int, options: dict[str, object], seed: int) -> DrawnLoader:
    """The loader of a plan; a UserError for an option that was set and that the plan does not read."""
    mode = MODES[chosen.mode]
    kind = mode.several if chosen.several else FullDataLoader if chosen.full else mode.single
    _check_effect(chosen, mode, options)
    given = {name: value for name, value in options.items() if value is not None and name in mode.options}
    if "conditional" in mode.options:
        given["conditional"] = chosen.conditional
    return kind(
        dataset, num_steps=steps, seed=seed, batch_size=options["batch_size"],
        num_negatives=options["num_negatives"], **given,
    )  # fmt: skip


def _check_effect(chosen: Plan, mode: Mode, options: dict[str, object]) -> None:
    problems = Problems()
    normal = chosen.conditional in ("delta", "delta_normal")
    if normal and options["delta"] is None:
        problems.add("delta", f"a standard deviation for conditional={chosen.conditional!r}", "None")
    if not normal and options["delta"] is not None:
        problems.add("delta", "None unless conditional='delta_normal'", repr(options["delta"]))
    for name in ("label_weights", "label_periods"):
        if options[name] is not None and (name not in mode.options or chosen.conditional == "time"):
            problems.add(name, "None where positives read no continuous labels", repr(options[name]))
    if options["prior"] is not None and "prior" not in mode.options:
        problems.add("prior", "None without a discrete label", repr(options["prior"]))
    if options["num_negatives"] is not None and chosen.full:
        problems.add("num_negatives", "None with batch_size=None", repr(options["num_negatives"]))
    problems.raise_any()


def time_offset_of(value: object) -> int:
    """The one number of samples that `time_offsets` gives; a UserError for another."""
    if isinstance(value, list | tuple):
        if len(value) != 1:
            raise NotImplementedError(f"time_offsets: expected one number of samples, found {len(value)}.")
        (value,) = value
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise UserError(Problem("time_offsets", "a whole number of samples from 1", repr(value)))
    return int(value)

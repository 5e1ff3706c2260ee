"""From the declaration of a loader to the draws of the engine, and from the engine's draws to a BatchIndex."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from ..distributions.conditional import CONDITIONALS
from ..distributions.prior import ClassUniform, Prior, everything, uniform
from ..distributions.sampling import Sampling, draw_each
from ..errors import Problem, Problems, UserError
from ..streams import generator
from .base import Dataset, Loader, is_count
from .datatypes import BatchIndex, Offset, Triplet
from .lagged import warn_of_short
from .timeline import LabelSpace, Timeline, timeline_of

PRIORS = ("empirical", "uniform")


@dataclass(frozen=True)
class Aim:
    """What one objective of a loader asks for."""

    conditional: str  # a key of CONDITIONALS
    labels: bool = True  # whether the continuous index takes part
    classes: bool = False  # whether the discrete index does
    prior: str = "empirical"  # uniform over samples, or over classes
    lag: int = 1  # samples
    delta: float | None = None

    @property
    def reads_labels(self) -> bool:
        """Whether positives depend on the continuous index."""
        return self.labels and self.conditional != "time"


@dataclass
class Streamed(Loader):
    """A loader with a random stream of its own."""

    @cached_property
    def stream(self) -> np.random.Generator:
        """The loader's own randomness, going on from batch to batch."""
        return self.fresh()

    def fresh(self) -> np.random.Generator:
        """The stream as it is before the first draw."""
        return generator("loader", torch.initial_seed() if self.seed is None else self.seed)


@dataclass
class DrawnLoader(Streamed):
    """A loader whose draws the engine makes: subclasses declare `aims`, and no more.

    num_negatives: negatives of each session, batch_size where None. label_weights, label_periods: one number a column
    of the continuous index; a period above 0 makes a column circular (heading, phase).
    """

    num_negatives: int | None = field(default=None, kw_only=True)
    label_weights: Sequence[float] | None = field(default=None, kw_only=True)
    label_periods: Sequence[float] | None = field(default=None, kw_only=True)

    full = False  # whether every sample is a reference in every batch

    def __post_init__(self):
        super().__post_init__()
        self._check()
        self._made: dict[Offset, tuple[Timeline, tuple[Sampling, ...]]] = {}
        self.samplings(self.dataset.offset)  # what does not fit the data is told now, not at the first batch

    def _check(self) -> None:
        """A UserError with all numbers that are wrong, and all options that would have no effect."""
        problems, kinds = Problems(), {aim.conditional for aim in self.aims}
        for name, value in (("num_negatives", self.num_negatives), *(("time_offset", aim.lag) for aim in self.aims)):
            if value is not None and not is_count(value):
                problems.add(name, "a whole number above 0", repr(value))
        if (self.batch_size is None) != self.full:
            wanted = "None, since every sample is in every batch" if self.full else "a number of samples"
            problems.add("batch_size", f"{wanted}, for {type(self).__name__}", repr(self.batch_size))
        if self.full and self.num_negatives is not None:
            problems.add("num_negatives", "None, since every sample is a negative", repr(self.num_negatives))
        delta = getattr(self, "delta", None)
        if "delta_normal" not in kinds and delta != getattr(type(self), "delta", None):
            problems.add("delta", "its default unless conditional is delta_normal", repr(delta))
        if "delta_normal" in kinds and not (isinstance(delta, Real) and 0 < delta < np.inf):
            problems.add("delta", "a standard deviation above 0", repr(delta))
        for name in ("label_weights", "label_periods"):
            if getattr(self, name) is not None and not any(aim.reads_labels for aim in self.aims):
                problems.add(name, "None where positives read no continuous labels", repr(getattr(self, name)))
        problems.raise_any()

    @property
    @abstractmethod
    def aims(self) -> tuple[Aim, ...]:
        """What is drawn, one aim an objective."""

    def timeline(self, offset: Offset) -> Timeline:
        """The samples of all sessions, end to end."""
        return self._laid_out(offset)[0]

    def samplings(self, offset: Offset) -> tuple[Sampling, ...]:
        """One sampling an aim, for windows of `offset`."""
        return self._laid_out(offset)[1]

    def _laid_out(self, offset: Offset) -> tuple[Timeline, tuple[Sampling, ...]]:
        if offset not in self._made:
            timeline = lay_out_sessions(sessions_of(self.dataset), offset)
            self._made[offset] = timeline, tuple(self._sampling(aim, timeline) for aim in self.aims)
        return self._made[offset]

    def _sampling(self, aim: Aim, timeline: Timeline) -> Sampling:
        space = label_space_of(self, timeline, aim)
        try:
            found = CONDITIONALS[aim.conditional](timeline, space, aim.lag, aim.delta)
        except UserError as error:  # told by the loader's own field, not by the config's
            told = (replace(p, where=p.where.removeprefix("training.")) for p in error.problems)
            raise UserError(*told) from None
        warn_of_short(timeline, aim.conditional, aim.lag)
        return Sampling(found, self._prior(aim, space), self.num_negatives)

    def _prior(self, aim: Aim, space: LabelSpace | None) -> Prior:
        if self.full:
            return everything
        return uniform if aim.prior == "empirical" else ClassUniform(space.classes)

    def get_indices(self, num_samples: int | None = None) -> BatchIndex:
        """Sample numbers of `num_samples` references, their positives, and negatives, one aim after another."""
        timeline, samplings = self._laid_out(self.dataset.offset)
        draws = draw_each(samplings, 1, num_samples, self.stream)
        drawn = Triplet(*(np.concatenate(each, axis=-1)[0] for each in zip(*draws, strict=True)))
        return batch_index(drawn, timeline, self.dataset.device)


@contextmanager
def fresh_draws(loader: Loader) -> Iterator[None]:
    """Inside the block a built-in loader draws as it does from its start; afterwards it goes on where it was."""
    if not isinstance(loader, Streamed):
        yield
        return
    stream, loader.stream = loader.stream, loader.fresh()
    try:
        yield
    finally:
        loader.stream = stream


def sessions_of(dataset: Dataset) -> list[Dataset]:
    """The data sets of a collection, or the single one."""
    return list(dataset.iter_sessions()) if dataset.multisession else [dataset]


def lay_out_sessions(sessions: Sequence[Dataset], offset: Offset) -> Timeline:
    """Sessions end to end; trial borders are borders of segments.

    Trials shorter than the window are left out, with a warning. ValueError where nothing is as long as the window.
    """
    trials = [_trials(s) for s in sessions]
    runs = [np.cumsum(np.diff(t, prepend=t[:1]) != 0) for t in trials]
    timeline = timeline_of(runs, [np.ones(len(t), bool) for t in trials], trials, offset)
    for s, centres in enumerate(timeline.centres):
        if not len(centres):
            longest = max((len(t) for t in np.split(trials[s], np.flatnonzero(np.diff(trials[s])) + 1)), default=0)
            raise ValueError(
                f"session {s}: expected at least {len(offset)} samples in a row (the model's window), found {longest}."
            )
    if any(timeline.dropped):
        told = ", ".join(f"{n} of session {s}" for s, n in enumerate(timeline.dropped) if n)
        warnings.warn(f"trials shorter than the window of {len(offset)} samples are left out: {told}.", stacklevel=2)
    return timeline


def _trials(session: Dataset) -> np.ndarray:
    given = session.trial_index
    return np.zeros(len(session), np.int64) if given is None else given.cpu().numpy().astype(np.int64)


def label_space_of(loader: DrawnLoader, timeline: Timeline, aim: Aim) -> LabelSpace | None:
    """The labels that `aim` searches; None for time alone. ValueError where the data set lacks them."""
    sessions, kind = sessions_of(loader.dataset), type(loader).__name__
    if aim.conditional == "time":
        return None
    columns, classes = np.zeros((len(timeline), 0)), np.zeros(len(timeline), np.int64)
    if aim.labels:
        columns = _flat(timeline, [s.continuous_index for s in sessions], f"a continuous index, which {kind} needs")
        columns = columns.astype(np.float64).reshape(len(timeline), -1)
    if aim.classes:
        classes = _flat(timeline, [s.discrete_index for s in sessions], f"a discrete index, which {kind} needs")
    weights = _per_column("label_weights", loader.label_weights, columns.shape[1], 1.0)
    periods = _per_column("label_periods", loader.label_periods, columns.shape[1], 0.0)
    # Distances between large numbers lose digits; about the mean they keep them. A circle has no mean.
    columns = columns - np.where(periods > 0, 0.0, columns.mean(axis=0))
    classes = np.unique(classes, axis=0, return_inverse=True)[1].reshape(-1)  # rows, where there are several columns
    return LabelSpace(columns * weights, periods * weights, classes)


def _per_column(name: str, given: Sequence[float] | None, columns: int, default: float) -> np.ndarray:
    values = np.full(columns, default) if given is None else np.asarray(given, np.float64)
    if values.shape != (columns,) or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{name}: expected {columns} numbers from 0, one a column of the labels, found {given}.")
    if name == "label_weights" and columns and not values.any():
        raise UserError(Problem(name, "one above 0 or more", repr(given), "With none, labels would do nothing."))
    return values


def _flat(timeline: Timeline, values: Sequence[Tensor | None], wanted: str = "labels") -> np.ndarray:
    """Values (sample, …) of every session -> those of the timeline's samples."""
    if any(v is None for v in values):
        raise ValueError(f"data set: expected {wanted}, found none.")
    bounds = zip(timeline.start[:-1], timeline.start[1:], strict=True)
    return np.concatenate([v.cpu().numpy()[timeline.sample[a:b]] for v, (a, b) in zip(values, bounds, strict=True)])


def batch_index(draws: Triplet[np.ndarray], timeline: Timeline, device: str = "cpu") -> BatchIndex:
    """Flat draws (session, n) of one step as sample numbers inside each session.

    One session: (n,) each, aligned. Several: see BatchIndex; where classes are missing in a session the positives of
    the sessions differ in number, and `positive` is a list.
    """

    def moved(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(device)

    reference, positive, negative = (timeline.sample[d] for d in draws)
    if len(draws.reference) == 1:
        return BatchIndex(moved(reference[0]), moved(positive[0]), moved(negative[0]))
    session = timeline.session[draws.positive.reshape(-1)]
    index = np.argsort(session, kind="stable")
    rows = np.split(positive.reshape(-1)[index], np.cumsum(np.bincount(session, minlength=timeline.sessions))[:-1])
    equal = len({len(row) for row in rows}) == 1
    positives = moved(np.stack(rows)) if equal else [moved(row) for row in rows]
    return BatchIndex(moved(reference), positives, moved(negative), moved(index), moved(np.argsort(index)))

"""Loaders for several objectives on one embedding (xCEBRA): what each is drawn by is told by `add_config`.

`solver.multiobjective.MultiObjectiveConfig` fills them in and makes the criterion that goes along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..distributions.conditional import CONDITIONALS, Conditional
from ..errors import Problem, UserError, did_you_mean
from .datasets import DatasetxCEBRA
from .datatypes import Batch, BatchIndex, Offset
from .sampling import Streamed, lay_out_sessions
from .timeline import LabelSpace, Timeline

# distribution -> the options that it needs; time_offset alone may be left to the loader
CONTRASTIVE = {
    "time": ("time_offset",),
    "time_delta": ("time_delta", "label_name"),
    "delta_normal": ("delta", "label_name"),
}
SUPERVISED = {"label": ("label_name",)}


@dataclass
class MultiObjectiveLoader(Streamed):
    """What both kinds share. `time_offset`: that of time objectives which do not say their own."""

    time_offset: int = 10
    objectives: list[tuple[str, dict[str, object]]] = field(default_factory=list, init=False)

    mode = ""  # of the criterion that goes along
    known = ()  # distributions and their options

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.dataset, DatasetxCEBRA):
            raise UserError(Problem("dataset", "a DatasetxCEBRA", type(self.dataset).__name__))
        if self.batch_size is None or self.batch_size > len(self.dataset):
            raise UserError(Problem("batch_size", f"at most the {len(self.dataset)} samples", repr(self.batch_size)))

    def add_config(self, config: Mapping[str, object]) -> None:
        """Add an objective: {"distribution": name, "kwargs": its options}."""
        name, options = str(config["distribution"]), dict(config.get("kwargs") or {})
        if name not in self.known:
            raise UserError(Problem("distribution", "one of this loader", repr(name), did_you_mean(name, self.known)))
        if name == "time":
            options.setdefault("time_offset", self.time_offset)
        if wrong := set(options) ^ set(self.known[name]):
            wanted, found = ", ".join(self.known[name]), ", ".join(sorted(options)) or "none"
            raise UserError(Problem(f"options of {name}", wanted, found, f"Look at {', '.join(sorted(wrong))}."))
        label = options.get("label_name")
        if label is not None and label not in self.dataset.labels:
            remedy = did_you_mean(str(label), self.dataset.labels)
            raise UserError(Problem("label_name", "a label of the data set", repr(label), remedy))
        self.objectives.append((name, options))

    def _check_configured(self) -> None:
        if not self.objectives:
            remedy = "Use MultiObjectiveConfig(loader), and finalize it."
            raise UserError(Problem("objectives", "at least one", "none", remedy))


@dataclass
class ContrastiveMultiObjectiveLoader(MultiObjectiveLoader):
    """References and negatives that all objectives share, uniform over samples, and positives of each objective.

    Where an objective pairs by time, references are samples that have a partner.
    """

    sampling_mode_contrastive: str = "refneg_shared"

    mode = "contrastive"
    known = CONTRASTIVE

    def __post_init__(self):
        super().__post_init__()
        if self.sampling_mode_contrastive != "refneg_shared":
            found = repr(self.sampling_mode_contrastive)
            raise UserError(Problem("sampling_mode_contrastive", "refneg_shared", found))
        self._made: dict[tuple[Offset, int], tuple[Timeline, list[Conditional], np.ndarray]] = {}

    def get_indices(self, num_samples: int) -> BatchIndex:
        """(n,) references, a list of (n,) positives, one an objective, and (n,) negatives."""
        timeline, conditionals, references = self._laid_out(self.dataset.offset)
        reference = references[self.stream.integers(0, len(references), num_samples)]
        (centres,) = timeline.centres
        negative = centres[self.stream.integers(0, len(centres), num_samples)]
        positive = [c.positive(reference[None], self.stream)[0] for c in conditionals]
        moved = [torch.from_numpy(timeline.sample[d]).to(self.dataset.device) for d in (reference, negative, *positive)]
        return BatchIndex(moved[0], moved[2:], moved[1])

    def __iter__(self) -> Iterator[Batch]:
        for _ in range(self.num_steps):
            yield self.dataset.load_batch_contrastive(self.get_indices(self.batch_size))

    def _laid_out(self, offset: Offset) -> tuple[Timeline, list[Conditional], np.ndarray]:
        self._check_configured()
        key = offset, len(self.objectives)
        if key not in self._made:
            timeline = lay_out_sessions([self.dataset], offset)
            made = [self._conditional(timeline, *objective) for objective in self.objectives]
            shared = made[0].references[0]
            for each in made[1:]:
                shared = np.intersect1d(shared, each.references[0])
            self._made[key] = timeline, made, shared
        return self._made[key]

    def _conditional(self, timeline: Timeline, name: str, options: Mapping[str, object]) -> Conditional:
        lag = int(options.get("time_offset") or options.get("time_delta") or 1)
        space = None if name == "time" else _space(timeline, options["label_name"], self.dataset)
        return CONDITIONALS[name](timeline, space, lag, options.get("delta"))


@dataclass
class SupervisedMultiObjectiveLoader(MultiObjectiveLoader):
    """References that all objectives share, uniform over samples, and the labels of each objective."""

    sampling_mode_supervised: str = "ref_shared"

    mode = "supervised"
    known = SUPERVISED

    def __post_init__(self):
        super().__post_init__()
        if self.sampling_mode_supervised != "ref_shared":
            raise UserError(Problem("sampling_mode_supervised", "ref_shared", repr(self.sampling_mode_supervised)))

    def get_indices(self, num_samples: int) -> BatchIndex:
        """(n,) references alone."""
        timeline = lay_out_sessions([self.dataset], self.dataset.offset)
        (centres,) = timeline.centres
        chosen = timeline.sample[centres[self.stream.integers(0, len(centres), num_samples)]]
        return BatchIndex(torch.from_numpy(chosen).to(self.dataset.device), None, None)

    def __iter__(self) -> Iterator[Batch]:
        self._check_configured()
        names = [str(options["label_name"]) for _, options in self.objectives]
        for _ in range(self.num_steps):
            yield self.dataset.load_batch_supervised(self.get_indices(self.batch_size), names)


def _space(timeline: Timeline, name: str, dataset: DatasetxCEBRA) -> LabelSpace:
    """One label of the data set, in float64 about its mean, where large numbers keep their digits."""
    given = dataset.labels[name]
    values = np.asarray(given.cpu() if isinstance(given, Tensor) else given, np.float64)[timeline.sample]
    columns = values.reshape(len(values), -1)
    if not np.isfinite(columns).all():
        raise UserError(Problem(f"label {name}", "finite values", "NaN or infinite ones"))
    return LabelSpace(columns - columns.mean(0), np.zeros(columns.shape[1]), np.zeros(len(columns), np.int64))

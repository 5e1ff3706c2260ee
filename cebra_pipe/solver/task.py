"""What a fit is given, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..data.datatypes import Offset
from ..data.recording import Recording
from ..data.timeline import Timeline, check_labels
from ..errors import Problems, UserError
from ..models.table import Architecture, architecture
from .inputs import check_gap, check_sessions

FULL = "full"  # the batch size where every step has every sample


@dataclass(frozen=True, eq=False)
class Task:
    """What a fit is given."""

    names: tuple[str, ...]
    recordings: tuple[Recording, ...]  # as the control made them
    parts: tuple[np.ndarray, ...]  # (time,) str: train, valid, test, gap
    contents: tuple[str, ...]  # what names the recordings in random streams; of those before the control
    training: Mapping[str, object]  # fields of TrainingConfig
    labels: Mapping[str, float]
    positives: str
    hybrid: bool
    fold: int
    seed: int
    study_seed: int

    @property
    def architecture(self) -> Architecture:
        return architecture(self.training["model"], self.training["causal"])

    @property
    def offset(self) -> Offset:
        return self.architecture.offset

    @property
    def across(self) -> bool:
        return self.training["windows"] == "across"

    @property
    def timed(self) -> bool:
        """Whether an objective reads the time offset."""
        return self.hybrid or self.positives in ("time", "time_delta")

    @property
    def lag(self) -> int:
        """Samples of the time offset."""
        return max(1, round(self.training.get("time_offset", 0.0) * self.recordings[0].rate))

    @property
    def full(self) -> bool:
        return self.training["batch_size"] == FULL

    def batch(self, timeline: Timeline) -> int:
        """References of a session in a step; of a full batch as many as `timeline` has samples with whole windows."""
        return max(map(len, timeline.centres)) if self.full else self.training["batch_size"]

    @property
    def pooled(self) -> str:
        """Who the scores of all sessions together are told under."""
        return self.names[0] if len(self.names) == 1 else "pooled"


def check(task: Task) -> None:
    """A UserError where sessions, labels, windows or gaps do not fit the task."""
    check_sessions(task.names, task.recordings, task.offset, task.across)
    check_labels(task.names, task.recordings, task.labels)
    _check_options(task)
    problems = Problems()
    for name, recording, part in zip(task.names, task.recordings, task.parts, strict=True):
        try:
            check_gap(name, recording, part, task.offset, task.across)
        except UserError as error:
            problems.extend_from(error)
    problems.raise_any()


def _check_options(task: Task) -> None:
    problems, kinds = Problems(), {task.recordings[0].labels[name].kind for name in task.labels}
    if unfit := task.architecture.unfit:
        found = f"{task.training['model']}: {unfit}"
        problems.add("training.model", "a model that a study can train", found, "Use another.")
    wants_labels = task.positives != "time"
    if wants_labels and not task.labels:
        problems.add(
            "labels", f"labels for positives: {task.positives}", "none", "Name labels, or use positives: time."
        )
    if task.labels and not wants_labels:
        problems.add(
            "labels", "none with positives: time, where they have no effect", ", ".join(task.labels), "Use time_delta."
        )
    if task.hybrid and not wants_labels:
        problems.add("hybrid", "positives from labels", "positives: time", "Set hybrid: false, or name labels.")
    if task.positives in ("time_delta", "delta_normal") and kinds == {"discrete"}:
        problems.add("positives", "discrete for classes alone", task.positives, "Add a continuous label.")
    if task.positives == "discrete" and "continuous" in kinds:
        problems.add(
            "labels", "discrete labels alone for positives: discrete", "a continuous one", "Use positives: time_delta."
        )
    rate = task.recordings[0].rate
    if task.timed and task.training["time_offset"] * rate < 0.5:
        expected, found = (
            f"about a sample at least, {1 / rate:g} s at {rate:g} Hz",
            f"{task.training['time_offset']:g} s",
        )
        problems.add("training.time_offset", expected, found, f"Set time_offset: {1 / rate:g}, or more.")
    if task.full and len(task.recordings) > 1:
        problems.add("training.batch_size", "a number for a model of several recordings", FULL, "Set batch_size: 512.")
    if task.positives == "delta_normal" and not task.training.get("delta"):
        problems.add("training.delta", "the standard deviation of delta_normal", "nothing", "Set delta.")
    if task.training["similarity"] == "cosine" and not task.architecture.normalize:
        found = f"{task.training['model']}, whose embedding has any length"
        problems.add(
            "training.similarity", "euclidean for a model without normalisation", found, "Use the model without -mse."
        )
    problems.raise_any()

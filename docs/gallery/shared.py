"""What the scripts of the gallery share: simulated rats cut into parts, their models, the look of an embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

import cebra_pipe as cebra
from cebra_pipe.data.recording import Recording
from cebra_pipe.datasets import rats
from cebra_pipe.datasets.table import SIMULATED
from cebra_pipe.plot.style import LIGHT, ramp

LATER = 10  # samples (250 ms) between a reference and its positive
OPTIONS = {
    "model_architecture": "offset10-model",
    "batch_size": 512,
    "learning_rate": 1e-3,
    "max_iterations": 800,
    "output_dimension": 3,
    "random_state": 1,
}


@dataclass(frozen=True, eq=False)
class Rat:
    """A simulated rat; its first laps train, then some choose, the last ones test. A lap between parts is in none."""

    recording: Recording

    @property
    def counts(self) -> np.ndarray:
        """(time, neuron) spikes in 25 ms"""
        return self.recording.neural.astype(np.float32)

    @property
    def position(self) -> np.ndarray:
        """(time,) m"""
        return self.recording.labels["position"].values

    @property
    def direction(self) -> np.ndarray:
        """(time,) 1 = to the right"""
        return self.recording.labels["direction"].values

    @property
    def lap(self) -> np.ndarray:
        """(time,)"""
        return self.recording.trial

    def part(self, name: str) -> np.ndarray:
        """(time,) bool: train, valid or test."""
        first, last = {"train": (0, 0.7), "valid": (0.7, 0.8), "test": (0.8, 1)}[name]
        laps = self.lap.max() + 1
        return (self.lap >= round(first * laps) + (first > 0)) & (self.lap < round(last * laps))


@cache
def rat(number: int = 1) -> Rat:
    return Rat(rats.simulate(**SIMULATED[number]))


def shifted(labels: np.ndarray) -> np.ndarray:
    """Labels a third of the recording later: as slow and as smooth as they were, and of other moments."""
    return np.roll(labels, len(labels) // 3, axis=0)


@cache
def model(kind: str) -> cebra.CEBRA:
    """A model of the first rat's training laps: by its own labels or shifted ones, by position or time, or by both."""
    one = rat()
    labels = {
        "own": (one.position, one.direction),
        "shifted": (shifted(one.position), shifted(one.direction)),
        "time": (),
        "position": (one.position,),
        "hybrid": (one.position,),
    }[kind]
    train = one.part("train")
    made = cebra.CEBRA(**OPTIONS, time_offsets=LATER, hybrid=kind == "hybrid")
    return made.fit(one.counts[train], *[label[train] for label in labels], trial=one.lap[train])


def embedded(made: cebra.CEBRA, one: Rat, session: int | None = None) -> np.ndarray:
    """(time, latent) of all laps; no window leaves its lap."""
    return made.transform(one.counts, trial=one.lap, session_id=session)


def colours(position: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(sample, 4) the hue tells the direction, the depth the position."""
    share = (position / rats.TRACK)[:, None]
    return np.where(direction[:, None] == 1, ramp(1)(share[:, 0]), ramp(0)(share[:, 0]))


def facing(points: np.ndarray) -> np.ndarray:
    """(latent, latent) a rotation: the points spread most along x, then y, and least towards the viewer."""
    axes = np.linalg.svd(points - points.mean(0), full_matrices=False)[2].T
    return axes * np.array([1, 1, np.sign(np.linalg.det(axes))])


def sphere(ax: Axes, points: np.ndarray, color: np.ndarray) -> None:
    """Points of length one, seen along z, with the outline of the sphere."""
    angle = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(angle), np.sin(angle), color=LIGHT, lw=0.7, zorder=0)
    order = np.argsort(points[:, 2])  # what is nearer lies above
    ax.scatter(*points[order, :2].T, c=color[order], s=2.2, linewidths=0)
    ax.set(aspect="equal", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    ax.axis("off")


def direction_key(fig: Figure, axes: Sequence[Axes]) -> None:
    """What the colours of `colours` mean, in two bars beside the axes."""
    for index, name in {1: "to the right", 0: "to the left"}.items():
        bar = fig.colorbar(ScalarMappable(cmap=ramp(index)), ax=list(axes), shrink=0.6, aspect=14, pad=0.01)
        bar.set_ticks([0, 1], labels=["0 m", f"{rats.TRACK:g} m"])
        bar.set_label(name, labelpad=-8)
        bar.outline.set_visible(False)

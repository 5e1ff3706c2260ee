"""Decoding a recording by a decoder of others: their samples vote, brought together by a rotation of bin means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap

import numpy as np

from ..data.helper import procrustes
from ..data.recording import Label
from .bins import FEWEST_BINS, Bins, bin_means, chosen, common_bins
from .maps import complete
from .methods import choose
from .neighbours import nearest, vote
from .points import NO_POINTS, Points, target
from .tasks import Candidates, Decoded, Task


@dataclass(frozen=True, eq=False)
class Session:
    """One recording with its embedding."""

    labels: Mapping[str, Label]
    points: np.ndarray  # (time, dimension)
    train: np.ndarray  # indices of the samples that a decoder is trained on
    valid: np.ndarray


def rotation(
    own: Session, others: Sequence[Session], names: list[str], count: int, minimum: int, points: Points = NO_POINTS
) -> tuple[np.ndarray | None, int]:
    """(dim, dim) the orthogonal map of `own`'s bin means onto those of the others' samples; the number of common bins.

    Bins (`count` of the continuous one of the labels `names`, or of each coordinate of the point) and both means are of
    training samples alone. None where fewer bins than dimensions (or than 3) are common.
    """
    trained = {str(i): chosen(s.labels, s.train) for i, s in enumerate([*others, own])}
    bins = common_bins(trained, names, count, points)
    mine, _ = _means([own], bins, minimum)
    goal, _ = _means(others, bins, minimum)
    common = complete(mine) & complete(goal)
    if common.sum() < max(FEWEST_BINS, mine.shape[1]):
        return None, int(common.sum())
    return procrustes(mine[common], goal[common]), int(common.sum())


def _means(sessions: Sequence[Session], bins: Bins, minimum: int) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate([s.points[s.train] for s in sessions])
    index = np.concatenate([bins.index(chosen(s.labels, s.train)) for s in sessions])
    return bin_means(points, index, len(bins), minimum)


def transferred(task: Task, points: np.ndarray, others: Sequence[Session], metric: str) -> dict[str, Decoded]:
    """Nearest neighbours of the recording's test samples `points` (time, dimension) among the others' training samples.

    k is chosen on the others' valid samples: of the recording's own labels the decoder sees none.
    """
    train = np.concatenate([s.points[s.train] for s in others])
    chosen_on = np.concatenate([s.points[s.valid] for s in others])
    test = np.concatenate([task.samples.test, task.samples.padded])
    near = nearest(train, np.concatenate([chosen_on, np.asarray(points, np.float64)[test]]), max(task.ks), metric)
    return {name: _decoded(task, name, others, near) for name in task.targets}


def _decoded(task: Task, name: str, others: Sequence[Session], near: np.ndarray) -> Decoded:
    label, samples = task.target(name), task.samples
    of_others = [target(s.labels, task.points, name).values for s in others]
    known = np.concatenate([values[s.train] for values, s in zip(of_others, others, strict=True)])
    valid = np.concatenate([values[s.valid] for values, s in zip(of_others, others, strict=True)])
    truth = np.concatenate([valid, label.values[samples.test], label.values[samples.padded]])
    borders = np.cumsum([0, len(valid), len(samples.test), len(samples.padded)]).tolist()
    found = Candidates(vote(label, known, near, task.ks), task.ks, ("",) * len(task.ks))
    return choose(label, truth, tuple(starmap(slice, pairwise(borders))), found)

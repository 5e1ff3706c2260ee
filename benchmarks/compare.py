"""What two programs' embeddings of one recording score, by one and the same code, and whether the scores agree.

An embedding here is an .npz of embed.py. Scores leave out samples whose window is padded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from embed import MODES, OPTIONS, labels
from scipy.special import logsumexp
from scipy.stats import t
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from cebra_pipe import data
from cebra_pipe.data.datatypes import Offset

WINDOW = Offset(5, 5)  # of offset10-model
LAST = 100  # steps whose mean is the training loss
ROUNDS = 100  # batches of the held-out loss, the same draws for every embedding
DRAWS = 20260101  # their seed
NEIGHBOURS = 25
SPREADS = 3  # standard deviations between seeds

OBJECTIVES = {  # what positives are, by the samplers of this package: which labels, which loader
    "behavior": ("behavior", data.ContinuousDataLoader, {"conditional": "time_delta", "time_offset": 10}),
    "time": ("time", data.ContinuousDataLoader, {"conditional": "time", "time_offset": 10}),
    "discrete": ("discrete", data.DiscreteDataLoader, {}),
    "mixed": ("mixed", data.MixedDataLoader, {"time_offset": 10}),
}
TRAINED = {mode: (mode,) for mode in MODES} | {"hybrid": ("behavior", "time")}


@dataclass(frozen=True)
class Measure:
    """A column of scores, and the difference that is of no interest however little the seeds differ."""

    unit: str
    floor: float


LOSS, ERROR, SHARE = Measure("nats", 0.02), Measure("cm", 0.5), Measure("share", 0.01)
MEASURES = {
    "training loss": LOSS,
    **{f"held-out loss, {objective}": LOSS for objective in OBJECTIVES},
    "position error": ERROR,
    "direction right": SHARE,
}


def scores(found: dict[str, np.ndarray], mode: str, train: np.ndarray, test: np.ndarray) -> dict[str, float]:
    """One number a measure. `train`, `test`: (sample, 3) position in m, right, left."""
    held_out = {f"held-out loss, {o}": infonce(found["test"], o, test) for o in TRAINED[mode]}
    return {"training loss": float(found["history"][-LAST:].mean()), **held_out, **decoded(found, train, test)}


def infonce(embedding: np.ndarray, objective: str, position: np.ndarray) -> float:
    """Mean of log sum_j exp phi(x, x_j-) - phi(x, x+), in nats, phi the cosine; batches as in training."""
    named, loader, options = OBJECTIVES[objective]
    given = labels(named, position)
    kinds = {"discrete" if y.dtype.kind == "i" else "continuous": y for y in given}
    dataset = data.TensorDataset(torch.from_numpy(embedding), **kinds, offset=WINDOW)
    drawn = loader(dataset, num_steps=ROUNDS, batch_size=OPTIONS["batch_size"], seed=DRAWS, **options)
    losses = []
    for _ in range(ROUNDS):
        reference, positive, negative = (
            embedding[i.numpy()].astype(np.float64) for i in drawn.get_indices(drawn.batch_size)[:3]
        )
        losses.append(np.mean(logsumexp(reference @ negative.T, axis=1) - (reference * positive).sum(axis=1)))
    return float(np.mean(losses))


def decoded(found: dict[str, np.ndarray], train: np.ndarray, test: np.ndarray) -> dict[str, float]:
    """Nearest neighbours by cosine: median absolute error of the position in cm, share of directions that is right."""
    whole = slice(WINDOW.left, 1 - WINDOW.right)
    x, y, x_test, y_test = (each[whole] for each in (found["train"], train, found["test"], test))
    position = KNeighborsRegressor(NEIGHBOURS, metric="cosine").fit(x, y[:, 0]).predict(x_test)
    direction = KNeighborsClassifier(NEIGHBOURS, metric="cosine").fit(x, y[:, 1] > 0).predict(x_test)
    return {
        "position error": float(100 * np.median(np.abs(position - y_test[:, 0]))),
        "direction right": float(np.mean(direction == (y_test[:, 1] > 0))),
    }


@dataclass(frozen=True)
class Verdict:
    """Difference of the means of seeds, ours less theirs, and what is within the noise of seeds."""

    difference: float
    half_width: float  # of its 95 % interval
    allowed: float

    @property
    def within(self) -> bool:
        return abs(self.difference) <= self.allowed


def verdict(ours: Sequence[float], theirs: Sequence[float], floor: float) -> Verdict:
    """Within: not more than three standard deviations between seeds (pooled over both programs), or than `floor`.

    ours, theirs: one number a seed, two or more of each.
    """
    if min(len(ours), len(theirs)) < 2:
        raise ValueError(f"seeds: expected two or more of each program, found {len(ours)} and {len(theirs)}.")
    free = len(ours) + len(theirs) - 2
    squares = sum((len(each) - 1) * np.var(each, ddof=1) for each in (ours, theirs))
    spread = float(np.sqrt(squares / free))
    width = t.ppf(0.975, free) * spread * np.sqrt(1 / len(ours) + 1 / len(theirs))
    return Verdict(float(np.mean(ours) - np.mean(theirs)), float(width), max(SPREADS * spread, floor))

"""What is measured, as a table: a case is data, options of the estimator, and how many steps make a measurement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SEED = 7
OPTIONS = {
    "model_architecture": "offset10-model",
    "batch_size": 512,
    "output_dimension": 3,
    "num_hidden_units": 32,
    "time_offsets": 10,
    "learning_rate": 3e-4,
    "device": "cpu",
}
Arrays = dict[str, np.ndarray]  # X0, X1, …: sessions; y0_0, y0_1, …: label sets of session 0


@dataclass(frozen=True)
class Case:
    """One line of the table. Steps are those of (cebra_pipe, cebra); None: that program is not measured."""

    title: str
    data: Callable[[], Arrays]
    kind: str = "fit"  # a key of worker.KINDS
    options: dict = field(default_factory=dict)
    steps: tuple[int, int | None] = (201, 13)
    at_least: str = ""  # what is asked for
    aim: str = ""
    rounds: int | None = None  # at most so many


def rat() -> Arrays:
    """Achilles (10,178 samples, 120 neurons) from the folder of the data sets, else a simulated rat of that size."""
    import cebra_pipe.datasets as datasets
    from cebra_pipe.errors import UserError

    try:
        found = datasets.init("rat-hippocampus-single-achilles", download=False)
        return {"X0": found.neural.numpy().astype(np.uint8), "y0_0": found.continuous_index.numpy().astype(np.float64)}
    except (UserError, OSError):
        return simulated((10178, 120))


def simulated(*sizes: tuple[int, int]) -> Arrays:
    """Rats on a track, (samples, neurons) each, labelled as the recorded ones are: position, right, left."""
    from cebra_pipe.datasets.rats import simulate

    arrays = {}
    for s, (samples, neurons) in enumerate(sizes):
        one = simulate(SEED + s, neurons, samples, 0.5, 0.03)
        right = one.labels["direction"].values.astype(np.float64)
        arrays[f"X{s}"] = one.neural
        arrays[f"y{s}_0"] = np.stack([one.labels["position"].values, right, 1 - right], axis=1)
    return arrays


def classed(columns: bool) -> Arrays:
    """The rat with its place and direction as one class in 32; with `columns` the position beside the direction."""
    made = rat()
    place, right = made["y0_0"][:, 0], made["y0_0"][:, 1].astype(np.int64)
    if columns:
        return {"X0": made["X0"], "y0_0": place, "y0_1": right}
    return {"X0": made["X0"], "y0_0": np.minimum(place / 0.1, 15).astype(np.int64) * 2 + right}


def walks(samples: int, columns: int, neurons: int = 120) -> Arrays:
    """Counts with 3 % of bins filled, as CA1 at 25 ms, beside labels that wander between 0 and 1."""
    stream = np.random.default_rng(SEED)
    parts = [(stream.random((min(100_000, samples - b), neurons)) < 0.03) for b in range(0, samples, 100_000)]
    way = np.cumsum(stream.normal(0, 0.02, (samples, columns)), axis=0)
    return {"X0": np.concatenate(parts).astype(np.uint8), "y0_0": np.abs(way % 2 - 1)}


def embeddings(*samples: int) -> Arrays:
    """Points on a sphere with a position each, as aligned across recordings."""
    stream, arrays = np.random.default_rng(SEED), {}
    for s, number in enumerate(samples):
        place = stream.random((number, 1))
        points = np.concatenate([np.cos(6 * place), np.sin(6 * place), place], axis=1)
        points += 0.1 * stream.standard_normal(points.shape)
        arrays |= {f"X{s}": points / np.linalg.norm(points, axis=1, keepdims=True), f"y{s}_0": place}
    return arrays


FOUR = ((10178, 120), (6577, 48), (47431, 55), (18077, 62))  # Achilles, Buddy, Cicero and, as far as known, Gatsby
SHORT = ((10178, 120), (7000, 66), (6577, 48), (13000, 80))
CASES = {
    "behavior": Case("behavior, 3 label columns, one rat", rat, at_least="5", aim="10"),
    "time": Case("time, one rat", rat, options={"conditional": "time"}, steps=(201, 21), at_least="2", aim="4"),
    "hybrid": Case("hybrid, one rat", rat, options={"hybrid": True}, at_least="8", aim="15"),
    "discrete": Case("discrete, one rat", lambda: classed(False), steps=(201, 21), at_least="2", aim="4"),
    "mixed": Case("mixed, one rat", lambda: classed(True), at_least="5", aim="10"),
    "several": Case(
        "behavior, four rats in one model", lambda: simulated(*FOUR), steps=(101, 6), at_least="8", aim="20"
    ),
    "several_short": Case(
        "behavior, four shorter rats in one model", lambda: simulated(*SHORT), steps=(101, 6)
    ),
    "ten_labels": Case(
        "behavior, 10 label columns, 100,000 samples",
        lambda: walks(100_000, 10),
        steps=(101, 4),
        at_least="10",
        aim="50",
        rounds=1,
    ),
    "million": Case(
        "behavior, 1,000,000 samples x 120 neurons",
        lambda: walks(1_000_000, 3),
        steps=(201, 2),
        at_least="100",
        aim="500",
        rounds=1,
    ),
    "ten_thousand": Case(
        "behavior, 10,000 samples, windows cut as for long ones", lambda: walks(10_000, 3), steps=(201, 13)
    ),
    "transform": Case(
        "transform of 1,000,000 x 120", lambda: walks(1_000_000, 3), "transform", at_least="2", aim="5", rounds=1
    ),
    "align": Case(
        "Procrustes, 47,431 against 10,178 samples",
        lambda: embeddings(10178, 47431),
        "align",
        steps=(1, None),
        at_least="1 GB, 30 s",
    ),
    "full": Case(
        "full batch, 50,000 samples, one step",
        lambda: walks(50_000, 3),
        "memory",
        options={"batch_size": None},
        steps=(1, None),
        at_least="4 GB",
        rounds=1,
    ),
    "consistency": Case(
        "consistency of four rats, ten seeds", lambda: embeddings(10178, 7000, 6577, 13000), "consistency",
        at_least="1", aim="5", rounds=1,
    ),
    "decoding": Case(
        "decoding of four rats, ten seeds", lambda: embeddings(10178, 7000, 6577, 13000), "decoding",
        at_least="1", aim="5", rounds=1,
    ),
}  # fmt: skip


def write(case: Case, folder: Path) -> Path:
    """The arrays of a case in a file that both programs read."""
    path = folder / "data.npz"
    np.savez(path, **case.data())
    return path

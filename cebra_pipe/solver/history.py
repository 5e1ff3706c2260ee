"""The history of a fit as rows of a table: losses on the way, scores at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..data.table import Table, from_rows
from .evaluate import Exam, Score, ceiling
from .network import Network

COLUMNS = {
    "kind": str,
    "step": np.int32,
    "part": str,
    "objective": str,
    "session": str,
    "loss": np.float64,
    "align": np.float64,
    "uniform": np.float64,
    "bits": np.float64,
    "chance": np.float64,
    "ceiling": np.float64,
    "temperature": np.float64,
    "draws": np.int32,
}


def table(rows: Iterable[Mapping], meta: Mapping[str, object] | None = None) -> Table:
    """history.parquet, in the order the rows were made."""
    return from_rows(rows, COLUMNS, meta)


def step_rows(
    names: Sequence[str],
    session: str,
    step: int,
    losses: np.ndarray,
    chance: np.ndarray,
    temperature: float,
    draws: int,
) -> list[dict]:
    """Mean losses (step, objective, 3) since the last row, one row an objective; chance (step, objective)."""
    rows = []
    for name, (loss, align, uniform), level in zip(
        names, losses.mean(0).tolist(), chance.mean(0).tolist(), strict=True
    ):
        score = Score(loss, align, uniform, level, (level - loss) / np.log(2))
        rows.append(_row("step", step, "train", name, session, score, np.nan, temperature, draws))
    return rows


def score_rows(
    kind: str, step: int, part: str, network: Network, scores: Iterable[tuple[Exam, Score]], rounds: int
) -> list[dict]:
    """One row an exam."""
    rows = []
    for exam, score in scores:
        draws = exam.rounds(rounds) * int(np.prod(exam.draws.reference.shape[1:]))
        top = highest(network, exam.objective.dimensions)
        rows.append(_row(kind, step, part, exam.objective.name, exam.session, score, top, network.temperature, draws))
    return rows


def highest(network: Network, dimensions: int) -> float:
    """The ceiling in bits; nan where the embedding is not on a sphere."""
    on_sphere = network.criterion.similarity == "cosine" and network.architecture.normalize
    return ceiling(network.temperature, dimensions) if on_sphere else np.nan


def _row(kind, step, part, objective, session, score: Score, top: float, temperature: float, draws: int) -> dict:
    told = {"kind": kind, "step": step, "part": part, "objective": objective, "session": session}
    return told | vars(score) | {"ceiling": top, "temperature": temperature, "draws": draws}

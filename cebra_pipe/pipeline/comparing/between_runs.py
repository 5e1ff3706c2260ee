"""Consistency between runs: linear maps between fits of one recording that differ in their seed, sample by sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations

import numpy as np

from ...errors import Problems
from ...sklearn.maps import linear_map_r2
from ..jobs.job import say
from .between_recordings import DEFINITIONS, Definition
from .sessions import Key, Session, padded_lines

Seeds = dict[str, dict[int, list[int]]]  # recording -> fold -> seeds


def between_runs(spec: dict, sessions: tuple[Session, ...]) -> tuple[list[dict], dict]:
    """Rows and summary over pairs of seeds of each recording and fold."""
    seeds = _seeds(sessions)
    for line in padded_lines(sessions, None):
        say(line)
    rows, padded = list(_rows(sessions, seeds, padded=False)), list(_rows(sessions, seeds, padded=True))
    return rows, {name: _summary(name, rows, padded) for name in DEFINITIONS}


def _seeds(sessions: tuple[Session, ...]) -> Seeds:
    """Seeds of each recording and fold, rising; a UserError where there is a single one."""
    found: Seeds = {session.name: {} for session in sessions}
    for session in sessions:
        for fold, seed in sorted(session.runs):
            found[session.name].setdefault(fold, []).append(seed)
    problems = Problems()
    for name, folds in found.items():
        for fold, seeds in folds.items():
            if len(seeds) < 2:
                where, remedy = f"embeddings of {name}, fold {fold}", "Add `seeds` to the condition."
                problems.add(where, "two seeds or more", str(seeds), remedy)
    problems.raise_any()
    return found


def _rows(sessions: tuple[Session, ...], seeds: Seeds, padded: bool) -> Iterator[dict]:
    for session in sessions:
        for fold, known in seeds[session.name].items():
            for one, other in permutations(known, 2):
                for name in DEFINITIONS:
                    yield _row(session, (fold, one), (fold, other), name, padded)


def _row(session: Session, source: Key, target: Key, definition: str, padded: bool) -> dict:
    """R² of the map between two fits; coverage: the share of samples of the definition's parts that is not padded."""
    way = DEFINITIONS[definition]
    parts = dict.fromkeys((way.fit, way.scored))
    used = {part: session.chosen(source, part, padded) & session.chosen(target, part, padded) for part in parts}
    every = sum(session.chosen(source, part, padded=True).sum() for part in parts)
    return {
        "fold": source[0],
        "from": f"seed{source[1]}",
        "to": f"seed{target[1]}",
        "recording": session.name,
        "seed": -1,
        "definition": definition,
        "score": _score(*(session.runs[key].embedding for key in (source, target)), used, way),
        "coverage": float(sum(mask.sum() for mask in used.values()) / max(every, 1)),
        "bins_used": -1,
    }


def _score(x: np.ndarray, y: np.ndarray, used: Mapping[str, np.ndarray], way: Definition) -> float:
    """R² of the map fitted on some samples and scored on others; NaN where too few leave it free. used: by part."""
    fit, scored = used[way.fit], used[way.scored]
    if fit.sum() < x.shape[1] + 2:
        return np.nan
    return float(linear_map_r2(x[fit], y[fit], x[scored], y[scored], pooled=not way.published))


def _summary(definition: str, rows: list[dict], padded: list[dict]) -> dict:
    return {
        "mean": _mean(definition, rows),
        "mean_with_padded": _mean(definition, padded),
        "pairs": len({(row["recording"], *sorted((row["from"], row["to"]))) for row in rows}),
        "null": [],
        "null_n": 0,
        "null_effective": 0.0,
        "p": float("nan"),
        "note": "no null for this comparison",
    }


def _mean(definition: str, rows: list[dict]) -> float:
    """Mean over pairs, then folds, then recordings."""
    scores: dict[str, dict[int, list[float]]] = {}
    for row in (row for row in rows if row["definition"] == definition):
        scores.setdefault(row["recording"], {}).setdefault(row["fold"], []).append(row["score"])
    return float(np.mean([np.mean([np.mean(pairs) for pairs in folds.values()]) for folds in scores.values()]))

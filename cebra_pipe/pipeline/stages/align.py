"""Stage align: the embeddings of every recording turned onto those of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...data.alike import twins
from ...data.helper import procrustes
from ...data.parts import part_of
from ...data.table import Table
from ...errors import Problem, UserError, did_you_mean
from ...sklearn.maps import complete, r_squared
from ..comparing.common import check_overlap, compared
from ..comparing.sessions import Key, Means, Session, read_sessions
from ..jobs.job import Job, say


@dataclass(frozen=True, eq=False)
class Turn:
    """The rotation of one session's fit onto the reference's, with its scores; none of them for the reference."""

    session: Session
    key: Key
    rotation: np.ndarray | None  # (dim, dim)
    train: float = np.nan  # R² of rotated bin means
    test: float = np.nan
    coverage: float = np.nan  # share of bins used, of those occupied in either

    @property
    def name(self) -> dict:
        return {"recording": self.session.name, "fold": self.key[0], "seed": self.key[1]}


def run(job: Job) -> None:
    """Writes the rotated embedding of every sample (first seed of each fold); the reference's as it is."""
    sessions = read_sessions(job)
    turns = _turns(job, sessions)
    others = [turn for turn in turns if turn.rotation is not None]
    meta = {
        "rotations": [{**turn.name, "matrix": _matrix(turn).tolist()} for turn in turns],
        "scores": [{**t.name, "train": t.train, "test": t.test, "coverage": t.coverage} for t in others],
        "reference": job.spec["reference"],
        "dimension": len(_matrix(turns[0])),
        "doubts": _doubts(sessions),
    }
    job.write("aligned", _table(turns, meta))
    for turn in others:
        scores = f"R² train {turn.train:.3f}, test {turn.test:.3f}, coverage {turn.coverage:.2f}"
        say(f"{turn.session.name}, fold {turn.key[0]}: {scores}")
    for line in meta["doubts"]:
        say(f"warning: {line}")


def _doubts(sessions: Sequence[Session]) -> list[str]:
    """Of recordings that hold the same samples: they may be drawn beside one another, but no R² says anything."""
    same = twins({session.name: session.samples for session in sessions})
    return [f"{one.told(one.names)}: aligned as two recordings, they are one" for one in same]


def _turns(job: Job, sessions: tuple[Session, ...]) -> list[Turn]:
    """By recording in the spec's order, then by fold."""
    spec, by_name = job.spec, {session.name: session for session in sessions}
    if spec["reference"] not in by_name:
        problem = Problem(
            "reference", "one of the sessions", repr(spec["reference"]), did_you_mean(spec["reference"], by_name)
        )
        raise UserError(problem)
    common, reference = compared(spec, sessions), spec["reference"]
    turns = []
    for key in _first_seeds(common.keys):
        means = {session.name: common.means(session, key) for session in sessions}
        check_overlap(means, common.bins[key[0]], [(name, reference) for name in means if name != reference])
        turns += [
            _turn(s, key, means[s.name], means[reference]) if s.name != reference else Turn(s, key, None)
            for s in sessions
        ]
    return sorted(turns, key=lambda turn: list(by_name).index(turn.session.name))  # and by fold, as they are


def _first_seeds(keys: Sequence[Key]) -> list[Key]:
    first: dict[int, Key] = {}
    for key in keys:
        first.setdefault(key[0], key)
    return list(first.values())


def _turn(session: Session, key: Key, own: Means, goal: Means) -> Turn:
    """Fitted on the bins that both fill in train, scored on those that both fill in test."""
    common = {part: complete(own.means[part]) & complete(goal.means[part]) for part in ("train", "test")}
    pairs = {part: (own.means[part][mask], goal.means[part][mask]) for part, mask in common.items()}
    rotation = procrustes(*pairs["train"])
    scores = {part: _score(x, y, rotation) for part, (x, y) in pairs.items()}
    occupied = sum(side.counts[part] for side in (own, goal) for part in common) > 0
    coverage = (common["train"] | common["test"]).sum() / occupied.sum()
    return Turn(session, key, rotation, scores["train"], scores["test"], float(coverage))


def _score(x: np.ndarray, y: np.ndarray, rotation: np.ndarray) -> float:
    """R² of the turned bin means; NaN where the recordings share no bin of this part."""
    return float(r_squared(y, np.einsum("bi,ij->bj", x, rotation), pooled=True)) if len(x) else np.nan


def _matrix(turn: Turn) -> np.ndarray:
    return np.eye(turn.session.runs[turn.key].embedding.shape[1]) if turn.rotation is None else turn.rotation


def _table(turns: list[Turn], meta: dict) -> Table:
    blocks = list(_blocks(turns))
    return Table({name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}, meta)


def _blocks(turns: list[Turn]) -> Iterator[dict[str, np.ndarray]]:
    """The rows of each turn, gap and padded samples among them."""
    for turn in turns:
        fitted, length = turn.session.runs[turn.key], len(turn.session)
        turned = fitted.embedding if turn.rotation is None else np.einsum("ti,ij->tj", fitted.embedding, turn.rotation)
        yield {
            "recording": np.full(length, turn.session.name, object),
            "fold": np.full(length, turn.key[0], np.int16),
            "seed": np.full(length, turn.key[1], np.int32),
            "sample": np.arange(length, dtype=np.int32),
            "part": part_of(turn.session.split, turn.key[0]),
            "padded": fitted.padded,
            **{f"a{i}": column.astype(np.float32) for i, column in enumerate(turned.T)},
        }

"""What is compared between recordings: labels, parts and embeddings of each session, read and checked together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from ...data.alike import Imprint, imprint
from ...data.parts import content, part_of, read_split
from ...data.recording import Label, Recording
from ...data.shifts import shifted
from ...data.table import Table, read_table
from ...errors import Problem, Problems, UserError
from ...sklearn.bins import NO_BIN, Bins, bin_means
from ..jobs.job import Job

RATES_DIFFER = 0.01  # relative difference from which two sampling rates are two
Key = tuple[int, int]  # fold, seed
PARTS = ("train", "test")


@dataclass(frozen=True, eq=False)
class Run:
    """The embedding of one fit."""

    embedding: np.ndarray  # (time, dim) float64
    padded: np.ndarray  # (time,) bool


@dataclass(frozen=True, eq=False)
class Session:
    """A recording with its split and the embeddings of all folds and seeds."""

    name: str
    rate: float  # samples per second
    labels: Mapping[str, Label]
    content: str  # names the recording's samples whatever it is called
    samples: Imprint  # of its neural data
    split: Table
    runs: Mapping[Key, Run]
    notes: Mapping[str, object] = field(default_factory=dict)  # of its recording

    def __len__(self) -> int:
        return len(self.split)

    def chosen(self, key: Key, part: str, padded: bool = False) -> np.ndarray:
        """(time,) bool: the samples of a part; the padded ones among them only where asked for."""
        return (part_of(self.split, key[0]) == part) & (padded | ~self.runs[key].padded)


@dataclass(frozen=True, eq=False)
class Means:
    """Bin means of one session and fit by part: (…, bin, dim), NaN where samples are too few, and (…, bin) numbers."""

    means: Mapping[str, np.ndarray]
    counts: Mapping[str, np.ndarray]


def means_of(session: Session, key: Key, index: np.ndarray, n_bins: int, minimum: int, padded: bool = False) -> Means:
    """Train and test means of the samples whose bins are `index` (time,)."""
    masks = {part: session.chosen(key, part, padded) & (index != NO_BIN) for part in PARTS}
    embedding = session.runs[key].embedding
    found = {part: bin_means(embedding[mask], index[mask], n_bins, minimum) for part, mask in masks.items()}
    return Means({part: means for part, (means, _) in found.items()}, {part: n for part, (_, n) in found.items()})


def shifted_means(
    session: Session, key: Key, index: np.ndarray, n_bins: int, minimum: int, shifts: np.ndarray
) -> Means:
    """The same for each shift of labels, parts and padding together against the embedding: (draw, bin, dim).

    Padding and gap lie at certain places of the track. Labels that moved without them would fill other bins than the
    real ones do, and noise would come out significant; so every draw has the bins and numbers of samples of the truth.
    """
    means, counts = {}, {}
    for part in PARTS:
        rows = np.flatnonzero(session.chosen(key, part) & (index != NO_BIN))
        bins, embedding, every = index[rows], session.runs[key].embedding, np.arange(len(session))
        # The labels move by shift, which is the embedding by -shift.
        moved = (embedding[shifted(every, rows, np.array([-shift]))[0]] for shift in shifts)
        means[part] = np.stack([bin_means(values, bins, n_bins, minimum)[0] for values in moved])
        counts[part] = np.bincount(bins, minlength=n_bins)
    return Means(means, counts)


# ---- reading ---------------------------------------------------------------------------------------------------------
def read_sessions(job: Job) -> tuple[Session, ...]:
    """The sessions of the spec, in its order; a UserError where a file does not go with the others."""
    names = list(job.spec["sessions"])
    _check_files(job, names)
    runs = _read_runs(job.inputs["embeddings"], names)
    sessions = tuple(
        _read_session(name, recording, split, runs[name])
        for name, recording, split in zip(names, job.inputs["recordings"], job.inputs["splits"], strict=True)
    )
    _check_dimensions(sessions)
    return sessions


def _check_files(job: Job, names: list[str]) -> None:
    problems = Problems()
    for role in ("recordings", "splits"):
        if len(job.inputs[role]) != len(names):
            found, remedy = f"{len(job.inputs[role])} files", f"Give them in the order {', '.join(names)}."
            problems.add(f"--input {role}", f"{len(names)}, one a session", found, remedy)
    problems.raise_any()


def _read_session(name: str, recording_path: Path, split_path: Path, runs: Mapping[Key, Table]) -> Session:
    recording, split = Recording.read(recording_path), read_split(split_path)
    if len(split) != len(recording):
        found = f"{len(split)} samples, {len(recording)} in {recording_path}"
        raise UserError(Problem(str(split_path), "the split of the recording", found, "Give both in the same order."))
    made = {key: _run(name, key, rows, len(recording)) for key, rows in sorted(runs.items())}
    named = content(recording), imprint(recording.neural, recording.time)
    return Session(name, recording.rate, recording.labels, *named, split, made, recording.notes)


def _read_runs(paths: Sequence[Path], names: list[str]) -> dict[str, dict[Key, Table]]:
    """recording -> fold and seed -> rows, from the files of one or several units."""
    found: dict[str, dict[Key, Table]] = {name: {} for name in names}
    problems = Problems()
    for path in paths:
        for name, key, rows in _blocks(read_table(path, stage="transform")):
            if key in found.get(name, {}):
                problems.add(
                    str(path), f"each recording in one file (fold {key[0]}, seed {key[1]})", f"{name} once more"
                )
            elif name in found:
                found[name][key] = rows
    for name in names:
        if not found[name]:
            remedy = "Give the embeddings of every unit of the condition."
            problems.add("--input embeddings", f"embeddings of {name}", "none in these files", remedy)
    problems.raise_any()
    return found


def _blocks(table: Table) -> list[tuple[str, Key, Table]]:
    """(recording, (fold, seed), rows) for each contiguous block."""
    columns = [table[name] for name in ("recording", "fold", "seed")]
    changes = [np.flatnonzero(values[1:] != values[:-1]) + 1 for values in columns]
    borders = np.unique(np.concatenate([[0], *changes, [len(table)]]))
    blocks = []
    for begin, end in pairwise(borders.tolist()):
        rows = Table({name: values[begin:end] for name, values in table.columns.items()}, table.meta)
        blocks.append((str(columns[0][begin]), (int(columns[1][begin]), int(columns[2][begin])), rows))
    return blocks


def _run(name: str, key: Key, rows: Table, length: int) -> Run:
    where = f"embedding of {name}, fold {key[0]}, seed {key[1]}"
    if len(rows) != length or (rows["sample"] != np.arange(length)).any():
        remedy = "Run transform again on this recording."
        raise UserError(Problem(where, f"samples 0 to {length - 1} in order", f"{len(rows)} rows", remedy))
    columns = [rows[f"e{i}"] for i in range(int(rows.meta["dimension"]))]
    embedding = np.stack(columns, axis=1).astype(np.float64)
    if not np.isfinite(embedding).all():
        found = f"{int((~np.isfinite(embedding)).sum())} NaN or infinite values"
        raise UserError(Problem(where, "finite numbers", found, "The fit diverged: lower its learning rate."))
    return Run(embedding, rows["padded"].astype(bool))


# ---- checks ----------------------------------------------------------------------------------------------------------
def _check_dimensions(sessions: Sequence[Session]) -> None:
    found = {s.name: sorted({run.embedding.shape[1] for run in s.runs.values()}) for s in sessions}
    if len({d for dims in found.values() for d in dims}) > 1:
        listed = ", ".join(f"{name} {dims}" for name, dims in found.items())
        raise UserError(Problem("embeddings", "one dimension for all", listed, "Compare fits of one condition."))


def differ(rates: Iterable[float]) -> bool:
    """Whether sampling rates differ by 1 % or more."""
    known = list(rates)
    return len(known) > 1 and max(known) >= min(known) * (1 + RATES_DIFFER)


# ---- said ------------------------------------------------------------------------------------------------------------
def padded_lines(sessions: Sequence[Session], bins: Bins | None) -> list[str]:
    """How many samples are padded, and where along the continuous label, or each coordinate, they lie."""
    lines = []
    for session in sessions:
        padded = next(iter(session.runs.values())).padded
        where = _along(session, padded, bins) if bins and bins.spans and padded.any() else ""
        lines.append(f"{session.name}: {int(padded.sum())} of {len(session)} samples padded, left out{where}")
    return lines


def _along(session: Session, padded: np.ndarray, bins: Bins) -> str:
    fifths = [replace(span, width=span.width * span.count / 5, count=5) for span in bins.spans]
    counts = ((s.name, np.bincount(s.index(session.labels[s.name].values[padded]), minlength=5)) for s in fifths)
    return f" (in fifths of {'; '.join(f'{name}: ' + ', '.join(map(str, number)) for name, number in counts)})"

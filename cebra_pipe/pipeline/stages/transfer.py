"""Stage transfer: a recording that was left out, decoded by a decoder of the others and by decoders of its own.

`transfer`: nearest neighbours among the training samples of the other recordings. `within`: among the samples that the
adaptation saw. `scratch`: the same on an embedding that was fitted to these samples alone. Beside them naive Bayes and
the best constant on these samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from ...data.controls import apply_control
from ...data.measured import add_unlike
from ...data.parts import check_length, part_of, read_split
from ...data.recording import Recording
from ...data.shares import adapt_part
from ...data.table import Table, from_rows, read_table
from ...data.words import add_clashes
from ...errors import Problem, Problems, UserError
from ...sklearn import methods
from ...sklearn.report import SCORES, Result, score_rows
from ...sklearn.tasks import Decoded, Task
from ...sklearn.transfer import Session, rotation, transferred
from ..jobs.job import Job, say
from .decode import NO_SEED, Block, read_blocks, result, shared_samples, task_of

WAYS = {"within": "adapted", "scratch": "scratch"}  # method -> the embedding that it decodes
BASELINES = ("naive_bayes", "constant")
COLUMNS = {**SCORES, "share": np.float64, "n_adapt": np.int32, "common_bins": np.int32}
LINE = "{recording} fold{fold} seed{seed} share {share:g} {method} {label}: {metric} {score:.4g} {unit} {note}"
UNTURNED = (
    "{} bins that adapt and the other recordings share are too few for a rotation: "
    "use a larger share, a lower align.minimum, fewer align.bins, or alignment: none"
)


@dataclass(frozen=True, eq=False)
class Given:
    """A recording with its split."""

    name: str
    recording: Recording
    split: Table


@dataclass(frozen=True, eq=False)
class Adapted:
    """Both embeddings of one share, fold and seed."""

    share: float
    fold: int
    seed: int
    adapt: np.ndarray  # (time,) bool: the samples that were learned from
    padded: np.ndarray  # (time,) bool
    points: Mapping[str, np.ndarray]  # way -> (time, dimension)


def run(job: Job) -> None:
    """Writes a row of scores for each share, fold, seed, method and label."""
    spec, (*others, own) = job.spec, _given(job)
    table = read_table(job.input("embedding"), stage="transform")
    blocks = {(o.name, b.fold, b.seed): b for o in others for b in read_blocks(o.name, table, len(o.recording))}
    groups = _groups([one for path in job.inputs["adapted"] for one in _adapted(path, own)], bool(spec["control"]))
    rows = [row for group in groups for row in _rows(group, own, others, blocks, spec)]
    job.write("transfer", from_rows(rows, COLUMNS))
    for row in rows:
        say(LINE.format(**row))


# ---- what there is ---------------------------------------------------------------------------------------------------
def _given(job: Job) -> list[Given]:
    """The others, then the recording that was left out."""
    files = zip(job.spec["sessions"], job.inputs["recordings"], job.inputs["splits"], strict=True)
    found = [Given(name, Recording.read(recording), read_split(split)) for name, recording, split in files]
    problems = Problems()
    for one in found:
        check_length(one.name, one.recording, one.split)
    labels, decode = {one.name: one.recording.labels for one in found}, job.spec["decode"]
    names = dict.fromkeys([*decode["labels"], *chain(*(decode.get("points") or {}).values())])
    for check in (add_clashes, add_unlike):
        check(labels, names, "", problems)
    problems.raise_any()
    return found


def _adapted(path: Path, own: Given) -> Iterator[Adapted]:
    """The shares of one fold and seed, each checked to hold the recording's samples in order."""
    table = read_table(path, stage="adapt")
    spec, dimension = table.meta["spec"], table.meta["dimension"]
    if spec["sessions"] != [own.name]:
        raise UserError(Problem(str(path), f"an adaptation to {own.name}", f"one to {', '.join(spec['sessions'])}"))
    for share in spec["shares"]:
        found = {way: table.where((table["share"] == share) & (table["way"] == way)) for way in WAYS.values()}
        for rows in found.values():
            if not np.array_equal(rows["sample"], np.arange(len(own.recording))):
                expected = f"the {len(own.recording)} samples of {own.name}"
                raise UserError(Problem(str(path), expected, f"{len(rows)} rows", "Run adapt again."))
        points = {way: np.stack([r[f"e{i}"] for i in range(dimension)], axis=1) for way, r in found.items()}
        first = found["adapted"]
        yield Adapted(share, spec["fold"], spec["seed"], first["adapt"], first["padded"], points)


def _groups(found: list[Adapted], apart: bool) -> list[list[Adapted]]:
    """Seeds of one share and fold, which share samples and baselines; each alone where each has labels of its own."""
    groups: dict[tuple, list[Adapted]] = {}
    for one in found:
        groups.setdefault((one.fold, one.share, one.seed if apart else NO_SEED), []).append(one)
    return list(groups.values())


# ---- decoding --------------------------------------------------------------------------------------------------------
def _rows(
    group: list[Adapted], own: Given, others: Sequence[Given], blocks: Mapping[tuple, Block], spec: Mapping
) -> Iterator[dict]:
    """Rows of COLUMNS. Under a control each seed is a data set of its own, baselines too."""
    first, kind, study_seed = group[0], spec["control"], spec["study_seed"]
    part = adapt_part(part_of(own.split, first.fold), first.adapt)
    samples, seed = shared_samples(own.name, part, first.padded), first.seed if kind else NO_SEED
    task = task_of(apply_control(kind, own.recording, samples.inside, seed, study_seed), part, samples, spec)
    results, bins = [], {}
    for one in group:
        sessions = [_session(o, blocks[o.name, one.fold, one.seed], kind, study_seed) for o in others]
        decoded, bins[one.seed] = _transferred(task, one.points["adapted"], sessions, spec)
        results.append(Result("transfer", one.fold, one.seed, decoded))
        for method, way in WAYS.items():
            predictions = methods.embedding(task, one.points[way], spec["metric"])
            results.append(result(task, method, one.fold, one.seed, predictions))
    results += [result(task, name, first.fold, seed, methods.BASELINES[name](task)) for name in BASELINES]
    about = {"share": first.share, "n_adapt": int(first.adapt.sum())}
    for row in score_rows(own.name, task, results, spec["decode"]["null"], study_seed, kind):
        turned = bins[row["seed"]] if row["method"] == "transfer" else -1
        untold = {"note": UNTURNED.format(turned)} if turned >= 0 and not np.isfinite(row["score"]) else {}
        yield row | about | {"common_bins": turned} | untold


def _transferred(
    task: Task, points: np.ndarray, others: Sequence[Session], spec: Mapping
) -> tuple[Mapping[str, Decoded], int]:
    """What the others' decoder says of the recording; nothing where it cannot be turned. The number of common bins."""
    points, wanted = points.astype(np.float64), spec["rotation"]
    if wanted is None:
        return transferred(task, points, others, spec["metric"]), -1
    own = Session(task.recording.labels, points, task.samples.train, task.samples.valid)
    grain = wanted["labels"], wanted["bins"], wanted["minimum"], wanted.get("points", {})
    turn, common = rotation(own, others, *grain)
    if turn is None:
        return {}, common
    return transferred(task, np.einsum("ti,ij->tj", points, turn), others, spec["metric"]), common


def _session(given: Given, block: Block, control: str | None, study_seed: int) -> Session:
    """One of the others, as its fit saw it."""
    recording = apply_control(control, given.recording, ~block.padded, block.seed, study_seed)
    part = part_of(given.split, block.fold)
    train, valid = (np.flatnonzero((part == name) & ~block.padded) for name in ("train", "valid"))
    return Session(recording.labels, block.points.astype(np.float64), train, valid)

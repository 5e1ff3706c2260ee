"""Stage decode: embeddings and baselines decoded on the same samples, each score with its null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...data.controls import apply_control
from ...data.parts import folds_of, keep_units, part_of, read_split
from ...data.portions import portion
from ...data.recording import Recording
from ...data.table import Table, from_rows, read_table
from ...errors import Problem, Problems, UserError, did_you_mean
from ...sklearn import methods
from ...sklearn.points import misfit
from ...sklearn.report import SCORES, TRACED, Result, joined, score_rows, trace
from ...sklearn.tasks import Predictions, Samples, Task
from ..jobs.job import Job, say

LINE = (
    "{recording} fold{fold} seed{seed} {method} {label}: {metric} {score:.4g} {unit} "
    "(chance {chance:.4g}, {p_text}) {note}"
)
NO_SEED = -1  # of baselines, which have none


@dataclass(frozen=True)
class Block:
    """The embedding of one recording by one model."""

    fold: int
    seed: int
    points: np.ndarray  # (time, dimension)
    padded: np.ndarray  # (time,) bool


def run(job: Job) -> None:
    """Writes a row of scores for each recording, fold, seed, method and label or point, and the decoded traces."""
    spec, embedding = job.spec, read_table(job.input("embedding"), stage="transform")
    files = zip(spec["sessions"], job.inputs["recordings"], job.inputs["splits"], strict=True)
    rows, traces = [], []
    for name, recording_path, split_path in files:
        recording, split = Recording.read(recording_path), read_split(split_path)
        _check(name, recording, split, spec["decode"])
        for task, results in _decoded(name, recording, split, read_blocks(name, embedding, len(recording)), spec):
            rows += score_rows(name, task, results, spec["decode"]["null"], spec["study_seed"], spec["control"])
            traces += [trace(name, task, result) for result in results if result.method in TRACED]
    job.write("scores", from_rows(rows, SCORES))
    job.write("traces", joined(traces))
    for row in rows:
        say(LINE.format(**row, p_text=f"p {row['p']:.3g}" if np.isfinite(row["p"]) else "no p"))


# ---- what there is ---------------------------------------------------------------------------------------------------
def read_blocks(name: str, embedding: Table, length: int) -> list[Block]:
    """The blocks of one recording in an embedding table, each checked to hold the recording's samples in order."""
    mine = np.flatnonzero(embedding["recording"] == name)
    fold, seed = embedding["fold"][mine], embedding["seed"][mine]
    border = np.flatnonzero((np.diff(fold) != 0) | (np.diff(seed) != 0)) + 1
    blocks = [rows for rows in np.split(mine, border) if len(rows)]
    if not blocks or any(not np.array_equal(embedding["sample"][rows], np.arange(length)) for rows in blocks):
        found = f"blocks of {sorted({len(rows) for rows in blocks})} samples"
        raise UserError(
            Problem(f"embedding of {name}", f"blocks of its {length} samples", found, "Run transform again.")
        )
    points = np.stack([embedding[f"e{i}"] for i in range(embedding.meta["dimension"])], axis=1)
    return [
        Block(
            int(embedding["fold"][r[0]]), int(embedding["seed"][r[0]]), points[r], embedding["padded"][r].astype(bool)
        )
        for r in blocks
    ]


def _check(name: str, recording: Recording, split: Table, decode: Mapping) -> None:
    problems, points = Problems(), decode.get("points") or {}
    asked = {"labels": decode["labels"] or [], **{f"points.{point}": members for point, members in points.items()}}
    for option, labels in asked.items():
        for label in (label for label in labels if label not in recording.labels):
            expected, remedy = "a label of the recording", did_you_mean(label, recording.labels)
            problems.add(f"decode.{option}: {name}", expected, repr(label), remedy)
    if not (any(asked.values()) or recording.labels):
        problems.add(f"decode.labels: {name}", "a label to decode", "none", "Add labels to the recording.")
    if len(split) != len(recording) or not folds_of(split):
        problems.add(f"split of {name}", f"{len(recording)} samples", str(len(split)), "Run split again.")
    problems.raise_any()
    for point, members in points.items():
        if told := misfit({member: recording.labels[member] for member in members}):
            problems.add(f"decode.points.{point}: {name}", "continuous labels of one unit without period", told)
    problems.raise_any()


def shared_samples(name: str, part: np.ndarray, padded: np.ndarray) -> Samples:
    """The samples of each part that every method is decoded on: those whose window lies in their epoch."""
    chosen = {p: np.flatnonzero((part == p) & ~padded) for p in ("train", "valid", "test")}
    problems = Problems()
    for p in (p for p, index in chosen.items() if not len(index)):
        problems.add(f"{name}: {p}", "samples that are not padded", "none", "Use a shorter encoder or longer trials.")
    problems.raise_any()
    return Samples(**chosen, padded=np.flatnonzero((part == "test") & padded), inside=~padded)


# ---- decoding --------------------------------------------------------------------------------------------------------
def _decoded(
    name: str, recording: Recording, split: Table, blocks: list[Block], spec: Mapping
) -> Iterator[tuple[Task, list[Result]]]:
    """Tasks with the results of all methods.

    Under a control each seed is a data set of its own, baselines too; so it is where a portion is decoded.
    """
    apart = bool(spec["control"] or spec.get("portion"))
    for fold in sorted({block.fold for block in blocks}):
        mine, part = [block for block in blocks if block.fold == fold], part_of(split, fold)
        padded = np.any([block.padded for block in mine], axis=0)
        say(f"{name} fold{fold}: {padding_line(recording, shared_samples(name, part, padded))}")
        for group in [[block] for block in mine] if apart else [mine]:
            seed = group[0].seed if apart else NO_SEED
            left = portion(spec.get("portion"), recording, part, spec["study_seed"], fold, seed)
            samples = shared_samples(name, left.part, padded)
            given = apply_control(spec["control"], left.of(recording), samples.inside, seed, spec["study_seed"])
            task = task_of(given, left.part, samples, spec)
            found = [("embedding", b.seed, methods.embedding(task, b.points, spec["metric"])) for b in group]
            found += [(method, seed, decoder(task)) for method, decoder in methods.BASELINES.items()]
            yield task, [result(task, method, fold, s, predictions) for method, s, predictions in found]


def task_of(recording: Recording, part: np.ndarray, samples: Samples, spec: Mapping) -> Task:
    """What is decoded of a recording: the samples of `part` (time,), by the spec of a decoding."""
    decode = spec["decode"]
    return Task(
        recording=recording,
        labels=tuple(recording.labels if decode["labels"] is None else decode["labels"]),
        samples=samples,
        units=keep_units(recording.neural, part == "train", recording.rate, recording.minimum_rate),
        ks=tuple(sorted(set(decode["neighbors"]))),
        bins=decode["bins"],
        width=max(1, round(decode["window"] * recording.rate)),
        offset=tuple(spec["offset"]),
        dimension=spec["dimension"],
        points={name: tuple(members) for name, members in (decode.get("points") or {}).items()},
    )


def result(task: Task, method: str, fold: int, seed: int, predictions: Predictions) -> Result:
    """Each label and point by the candidate that is best on valid."""
    decoded = {name: methods.decode(task, name, candidates) for name, candidates in predictions.items()}
    return Result(method, fold, seed, decoded)


def padding_line(recording: Recording, samples: Samples) -> str:
    """How many test samples are padded and left out, and how many of them lie at the ends of each continuous label."""
    padded, total = samples.padded, len(samples.test) + len(samples.padded)
    line = f"{len(padded)} of {total} test samples are padded and left out"
    for name, label in sorted(recording.labels.items()):
        if len(padded) and not label.discrete and not label.period:
            low, high = label.values.min(), label.values.max()
            place = (label.values[padded] - low) / max(high - low, 1e-300)
            line += f"; {100 * (np.abs(place - 0.5) > 0.4).mean():.0f} % of them in the outer fifth of {name}"
    return line

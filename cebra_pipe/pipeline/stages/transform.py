"""Stage transform: embeddings of all samples of a unit's recordings, by every fold and seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from ...data.controls import OF_LABELS
from ...data.datatypes import Offset
from ...data.parts import windows_inside
from ...data.recording import Recording
from ...data.table import Table
from ...errors import Problem, UserError
from ...solver.artifact import Fitted, read_model, read_models, seed_name
from ...solver.device import settings
from ...solver.inputs import epochs
from ..jobs.controlled import controlled
from ..jobs.job import Job

THREADS = 1  # an embedding takes less time than starting Python


def run(job: Job) -> None:
    """Writes one block of rows for each recording, fold and seed, each a row group."""
    names, recordings = job.spec["sessions"], [Recording.read(path) for path in job.inputs["recordings"]]
    models = list(_models(job))
    for path, fitted in models:
        _check_fits(path, fitted, names, recordings)
    with settings(THREADS):
        blocks = [
            _block(name, s, recording, fitted, fold, seed)
            for s, (name, recording) in enumerate(zip(names, recordings, strict=True))
            for (fold, seed), (_, fitted) in zip(job.spec["models"], models, strict=True)
        ]
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    about = {
        "dimension": fitted.settings["output_dimension"],
        "offset": list(fitted.offset),
        "similarity": fitted.settings["similarity"],
    }
    job.write("embedding", Table(columns, about), [len(block["sample"]) for block in blocks])


def _models(job: Job) -> Iterator[tuple[Path, Fitted]]:
    """The model of each fold and seed of the spec with its file, which holds those of all seeds of a fold or one."""
    files, pairs = job.inputs["models"], job.spec["models"]
    if not job.spec.get("together"):
        yield from zip(files, map(read_model, files), strict=True)
        return
    folds = dict.fromkeys(fold for fold, _ in pairs)
    batches = {fold: (path, read_models(path)) for fold, path in zip(folds, files, strict=True)}
    for fold, seed in pairs:
        path, models = batches[fold]
        if (name := seed_name(seed)) not in models:
            found, remedy = ", ".join(models), "Run snakemake again: it trains the batch anew."
            raise UserError(Problem(str(path), f"a model of {name}", found, remedy))
        yield path, models[name]


def _block(
    name: str, session: int, recording: Recording, fitted: Fitted, fold: int, seed: int
) -> dict[str, np.ndarray]:
    length, spec = len(recording), fitted.provenance["spec"]
    embedding, padded = embed(fitted, session, _controlled(spec, recording), spec["training"]["windows"] == "across")
    fixed = {
        "recording": np.full(length, name, dtype=object),
        "fold": np.full(length, fold, np.int16),
        "seed": np.full(length, seed, np.int32),
        "sample": np.arange(length, dtype=np.int32),
        "padded": padded,
    }
    return fixed | {f"e{i}": column for i, column in enumerate(embedding.T)}


def embed(fitted: Fitted, session: int, recording: Recording, across: bool) -> tuple[np.ndarray, np.ndarray]:
    """(time, dimension) float32 of every sample, and (time,) bool: its window leaves the epoch."""
    epoch = epochs(recording, across)
    series = torch.from_numpy(fitted.scalings[session](recording.neural)[stitched(epoch, fitted.offset)])
    rows = np.arange(len(epoch)) + _number(epoch) * (len(fitted.offset) - 1)
    return fitted.network.embed(session, series).numpy()[rows], ~windows_inside(epoch, *fitted.offset)


def stitched(epoch: np.ndarray, offset: Offset) -> np.ndarray:
    """Sample numbers of all epochs end to end, the first and last of each repeated for windows at its edges."""
    number = _number(epoch)
    start = np.flatnonzero(np.diff(number, prepend=-1))
    stop = np.append(start[1:], len(epoch))
    length = stop - start + len(offset) - 1
    inside = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return np.clip(
        np.repeat(start - offset.left, length) + inside, np.repeat(start, length), np.repeat(stop - 1, length)
    )


def _number(epoch: np.ndarray) -> np.ndarray:
    """(time,) epochs counted from 0 without gaps in the numbers."""
    return np.concatenate([[0], np.cumsum(np.diff(epoch) != 0)])


def _controlled(spec: Mapping, recording: Recording) -> Recording:
    """The neural data as the fit saw them."""
    return recording if spec["control"] is None or spec["control"] in OF_LABELS else controlled(spec, recording)


def _check_fits(path: Path, fitted: Fitted, names: list[str], recordings: list[Recording]) -> None:
    if list(fitted.sessions) != list(names):
        found = ", ".join(fitted.sessions)
        raise UserError(
            Problem(str(path), f"a model of {', '.join(names)}", f"one of {found}", "Give the models of this unit.")
        )
    for name, recording, scaling in zip(names, recordings, fitted.scalings, strict=True):
        most = int(scaling.units.max(initial=-1))
        if most >= recording.neural.shape[1]:
            found = f"{recording.neural.shape[1]}"
            raise UserError(
                Problem(f"recording {name}", f"at least {most + 1} neurons, as in {path}", found, "Run the fit again.")
            )

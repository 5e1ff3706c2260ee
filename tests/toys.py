"""Small recordings, splits, configs and fit jobs for tests."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.ndimage import gaussian_filter1d

from cebra_pipe.data import seal
from cebra_pipe.data.recording import Label, Recording
from cebra_pipe.data.table import Table, write_table
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.sklearn.tasks import Samples, Task

TRAINING = {
    "model": "offset10-model",
    "causal": False,
    "output_dimension": 3,
    "hidden_units": 16,
    "similarity": "cosine",
    "temperature": 1.0,
    "learn_temperature": False,
    "time_offset": 0.2,
    "batch_size": 64,
    "steps": 40,
    "learning_rate": 3e-3,
    "normalize": "none",
    "windows": "within",
    "threads": 1,
}
LABELS = {"position": 1.0, "direction": 1.0}


def track(
    seed: int = 0, trials: int = 40, length: int = 30, neurons: int = 20, rate: float = 20.0, **changed
) -> Recording:
    """Runs back and forth over a track of 1 m, seen by cells with one place field each; every run an epoch."""
    rng = np.random.default_rng(seed)
    trial = np.repeat(np.arange(trials), length).astype(np.int32)
    along = np.tile((np.arange(length) + 0.5) / length, trials)
    direction = (trial % 2).astype(np.int64)
    position = np.where(direction == 1, along, 1 - along)
    fields, prefers = rng.random(neurons), rng.integers(0, 2, neurons)
    rates = 8 * np.exp(-((position[:, None] - fields) ** 2) / 0.02) * (0.2 + (direction[:, None] == prefers))
    made = {
        "neural": rng.poisson(rates * 0.25).astype(np.float32),
        "rate": rate,
        "labels": {"position": Label(position, unit="m"), "direction": Label(direction, "discrete")},
        "time": np.arange(len(trial)) / rate + trial,
        "epoch": trial,
        "trial": trial,
    }
    return Recording(**{**made, **changed})


def open_field(seed: int = 0, length: int = 2400, trials: int = 24, neurons: int = 30) -> Recording:
    """A walk over a square of 1 m at 20 samples a second, seen by place cells."""
    rng = np.random.default_rng(seed)
    walk = gaussian_filter1d(rng.standard_normal((length, 2)), 12, axis=0)
    place = 0.5 + 0.5 * np.tanh(walk / walk.std(axis=0))
    apart = np.linalg.norm(place[:, None] - rng.random((neurons, 2)), axis=2)
    counts = rng.poisson(4 * np.exp(-((apart / 0.2) ** 2)))
    trial = (np.arange(length) // -(-length // trials)).astype(np.int32)
    labels = {name: Label(axis, unit="m") for name, axis in zip("xy", place.T, strict=True)}
    time = np.arange(length) / 20 + 2.0 * trial
    return Recording(counts.astype(np.float32), 20.0, labels, time, epoch=trial, trial=trial)


def task_of_points(recording: Recording, **changed) -> Task:
    """Its point and labels decoded; of four trials two train, one chooses, one tests."""
    of = recording.trial % 4
    samples = Samples(*(np.flatnonzero(np.isin(of, w)) for w in ((0, 1), 2, 3)), np.zeros(0, int), of >= 0)
    units = np.arange(recording.neural.shape[1])
    usual = {"ks": (1, 4, 9), "bins": 8, "width": 5, "offset": (2, 3), "dimension": 3, "points": {"place": ("x", "y")}}
    return Task(recording, ("x", "y"), samples, units, **usual | changed)


def parts(recording: Recording) -> np.ndarray:
    """(time,) whole trials: of ten, seven train, one and a half valid and as many test."""
    of = {0: "valid", 1: "valid", 2: "test", 3: "test"}
    return np.array([of.get(int(t) % 12, "train") for t in recording.epoch], dtype=object)


def save(folder: Path, name: str, recording: Recording, part: np.ndarray | None = None) -> tuple[Path, Path]:
    """The two files that load and split would have written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.parquet", folder / f"{name}.split.parquet"
    table = recording.columns()
    write_table(paths[0], Table(table.columns, {**table.meta, "stage": "simulate"}))
    part = parts(recording) if part is None else part
    columns = {"sample": np.arange(len(recording), dtype=np.int32), "epoch": recording.epoch, "fold0": part}
    write_table(paths[1], Table(columns, {"stage": "split"}))
    return paths


def fit_job(folder: Path, recordings: dict[str, Recording], out: str = "out", part=None, **changed) -> Job:
    """A fit of time_delta on position and direction; `changed` replaces fields of the spec or of its training."""
    files = [save(folder, name, recording, part) for name, recording in recordings.items()]
    spec = {
        "stage": "fit",
        "sessions": list(recordings),
        "training": {**TRAINING, **{k: v for k, v in changed.items() if k not in SPEC}},
        "labels": LABELS,
        "positives": "time_delta",
        "hybrid": False,
        "control": None,
        "fold": 0,
        "seed": 1,
        "study_seed": 1,
        "device": "cpu",
    } | {k: v for k, v in changed.items() if k in SPEC}
    inputs = {"recordings": [a for a, _ in files], "splits": [b for _, b in files]}
    return Job("fit", spec, inputs, {role: folder / out / name for role, name in OUTPUTS.items()})


def together_job(folder: Path, recordings: dict[str, Recording], seeds=(1, 2), out: str = "out", **changed) -> Job:
    """The same fit for several seeds, as one batch of models."""
    alone = fit_job(folder, recordings, out, **changed)
    spec = {key: value for key, value in alone.spec.items() if key != "seed"} | {"stage": "fit_together"}
    outputs = {"models": folder / out / "models.pt", "history": folder / out / "history.parquet"}
    return Job("fit_together", spec | {"seeds": list(seeds)}, alone.inputs, outputs)


def transform_job(fit: Job, *models: Path) -> Job:
    """The transform of a fit's recordings by its model, or by `models` of seeds 1, 2, …"""
    models = models or (fit.outputs["model"],)
    spec = {
        "stage": "transform",
        "sessions": fit.spec["sessions"],
        "models": [[0, seed] for seed, _ in enumerate(models, 1)],
    }
    return Job("transform", spec, {**fit.inputs, "models": list(models)}, {"embedding": models[0].parent / "e.parquet"})


def altered(config: dict, **entries: object) -> dict:
    """A copy of a config in which `conditions__joint__seeds=3` sets conditions.joint.seeds."""
    made = copy.deepcopy(config)
    for path, value in entries.items():
        place, (*parents, last) = made, path.split("__")
        for key in parents:
            place = place.setdefault(key, {})
        place[last] = value
    return made


SPEC = ("labels", "positives", "hybrid", "control", "fold", "seed", "study_seed", "device")
OUTPUTS = {"model": "model.pt", "history": "history.parquet"}


def kept(path: Path, table: pa.Table) -> None:
    """A table of ours written anew with every key of its footer, the seal too, as the most careful program would."""
    held = pq.read_metadata(path).metadata
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({seal.KEY: held[seal.KEY]})

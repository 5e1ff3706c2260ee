"""Recordings, splits and embeddings on disk for the stages that compare embeddings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cebra_pipe.data.recording import Label, Recording
from cebra_pipe.data.table import Table
from cebra_pipe.pipeline.jobs.job import Job

Embed = Callable[[Recording, int, int], np.ndarray]  # recording, fold, seed -> (time, dim)


def make_recording(seed: int, laps: int = 40, rate: float = 40.0, unit: str = "m", track: float = 1.6) -> Recording:
    """Laps of different length to and fro on a track, without place in the neural data."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(40, 90, laps)
    trial = np.repeat(np.arange(laps), lengths).astype(np.int32)
    phase = np.concatenate([np.linspace(0, 1, n) for n in lengths])
    position = track * np.where(trial % 2, 1 - phase, phase)
    labels = {
        "position": Label(position, "continuous", unit),
        "direction": Label((trial % 2).astype(np.int64), "discrete"),
    }
    time = np.arange(len(trial)) / rate
    return Recording(rng.poisson(0.2, (len(trial), 5)).astype(np.float32), rate, labels, time, trial, trial)


def make_split(recording: Recording, folds: int = 1) -> Table:
    """Whole laps, five in ten to train, two to test; the first four samples of a lap are gap."""
    parts = np.array(["train", "train", "valid", "train", "test"], dtype=object)
    columns = {"sample": np.arange(len(recording), dtype=np.int32), "epoch": recording.epoch}
    inside = np.concatenate([np.arange(n) for n in np.bincount(recording.trial)])
    for fold in range(folds):
        part = parts[(recording.trial // 2 + fold) % 5].copy()
        part[inside < 4] = "gap"
        columns[f"fold{fold}"] = part
    return Table(columns)


def padding(recording: Recording, samples: int = 5) -> np.ndarray:
    """(time,) bool: the ends of each lap."""
    lengths = np.bincount(recording.trial)
    return np.concatenate([(np.arange(n) < samples) | (np.arange(n) >= n - samples) for n in lengths])


def curve(recording: Recording, noise: float = 0.0, seed: int = 0, dim: int = 3) -> np.ndarray:
    """A smooth function of position and direction, and noise."""
    position, direction = recording.labels["position"].values, recording.labels["direction"].values
    made = np.stack([np.sin((k + 1.3) * position + (2 * k + 1) * direction) for k in range(dim)], axis=1)
    return made + noise * np.random.default_rng(seed).normal(size=made.shape)


@dataclass
class Study:
    """Files of a few recordings."""

    folder: Path
    recordings: Mapping[str, Recording]
    embed: Embed
    folds: int = 1
    seeds: Sequence[int] = (1,)
    padded: int = 5
    spoil: Callable[[np.ndarray, np.ndarray], np.ndarray] = field(default=lambda embedding, padded: embedding)

    def job(self, stage: str, output: str, units: Sequence[Sequence[str]] | None = None, **spec: object) -> Job:
        names = list(self.recordings)
        for name, recording in self.recordings.items():
            self._write("load", f"recordings/{name}", recording.columns())
            self._write("split", f"splits/{name}", make_split(recording, self.folds))
        units = units or [[name] for name in names]
        for unit in units:
            self._write("transform", f"embeddings/{'_'.join(unit)}", self._embeddings(unit))
        inputs = {role: [self.folder / role / f"{name}.parquet" for name in names] for role in ("recordings", "splits")}
        inputs["embeddings"] = [self.folder / "embeddings" / f"{'_'.join(unit)}.parquet" for unit in reversed(units)]
        return Job(
            stage, {"stage": stage, "sessions": names, **spec}, inputs, {output: self.folder / f"{output}.parquet"}
        )

    def _write(self, stage: str, name: str, table: Table) -> None:
        path = self.folder / f"{name}.parquet"
        Job(stage, {"stage": stage}, {}, {"made": path}).write("made", table)

    def _embeddings(self, names: Sequence[str]) -> Table:
        blocks = [
            self._block(name, fold, seed) for name in names for fold in range(self.folds) for seed in sorted(self.seeds)
        ]
        columns = {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
        dimension = sum(name.startswith("e") for name in columns)
        return Table(columns, {"dimension": dimension, "offset": [5, 5], "similarity": "cosine"})

    def _block(self, name: str, fold: int, seed: int) -> dict[str, np.ndarray]:
        recording = self.recordings[name]
        length, padded = len(recording), padding(recording, self.padded)
        embedding = self.spoil(np.array(self.embed(recording, fold, seed), np.float64), padded)
        return {
            "recording": np.full(length, name, object),
            "fold": np.full(length, fold, np.int16),
            "seed": np.full(length, seed, np.int32),
            "sample": np.arange(length, dtype=np.int32),
            "padded": padded,
            **{f"e{i}": column.astype(np.float32) for i, column in enumerate(embedding.T)},
        }

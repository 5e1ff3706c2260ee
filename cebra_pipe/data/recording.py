"""A recording as the chain sees it: neural samples, labels, time and epochs, checked when it is made.

(`load` makes one from files, `simulate` from a recipe; both end in the same parquet file.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ..errors import Problems
from .alike import neural_digest
from .table import Table, read_table

Kind = Literal["continuous", "discrete"]


@dataclass(frozen=True, eq=False)
class Label:
    """One variable beside the neural data; several columns (x, y) are several labels."""

    values: np.ndarray  # (time,) float64 where continuous, int64 where discrete
    kind: Kind = "continuous"
    unit: str = ""
    period: float | None = None  # circular labels (heading, phase): the value after which they repeat
    classes: tuple[str, ...] = ()  # names of the codes 0, 1, 2… of a discrete label, where it has names

    @property
    def discrete(self) -> bool:
        return self.kind == "discrete"

    def named(self, code: int) -> str:
        """What a class is called: its name, else its code."""
        return self.classes[code] if 0 <= code < len(self.classes) else str(code)

    def names(self, samples: np.ndarray) -> np.ndarray:
        """(n,) the names of the classes of some samples."""
        return np.array(self.classes, dtype=object)[self.values[samples]]

    @property
    def about(self) -> dict[str, object]:
        """All but the values, for the metadata of a table."""
        classes = {"classes": list(self.classes)} if self.classes else {}
        return {"kind": self.kind, "unit": self.unit, "period": self.period, **classes}


@dataclass(frozen=True, eq=False)
class Recording:
    """Samples at a fixed rate. Epochs are runs of samples that follow each other without a gap, numbered 0, 1, 2…

    Windows, time positives and label changes never cross an epoch border.
    """

    neural: np.ndarray  # (time, neuron), any real dtype
    rate: float  # samples per second
    labels: Mapping[str, Label]
    time: np.ndarray  # (time,) seconds, rising
    epoch: np.ndarray  # (time,) int32, rising from 0
    trial: np.ndarray  # (time,) int32; the unit of splits, made of whole epochs
    neurons: tuple[str, ...] = ()
    minimum_rate: float = 0.0  # Hz on the training part below which a fit leaves a neuron out
    notes: Mapping[str, object] = field(default_factory=dict)  # what loading did: gaps, dropped samples…

    def __post_init__(self):
        if not self.neurons:
            object.__setattr__(self, "neurons", tuple(f"n{i:04d}" for i in range(self.neural.shape[1])))
        problems, length = Problems(), len(self.neural)
        columns = {"time": self.time, "epoch": self.epoch, "trial": self.trial}
        columns |= {f"labels.{name}": label.values for name, label in self.labels.items()}
        for name, values in columns.items():
            if len(values) != length:
                problems.add(name, f"{length} samples as in neural", str(len(values)))
            elif not np.isfinite(values).all():
                problems.add(name, "finite numbers", f"{int((~np.isfinite(values)).sum())} NaN or infinite values")
        if not np.isfinite(self.neural).all():
            problems.add("neural", "finite numbers", f"{int((~np.isfinite(self.neural)).sum())} NaN or infinite values")
        problems.raise_any()

    def __len__(self) -> int:
        return len(self.neural)

    @property
    def step(self) -> float:
        """Seconds between two samples of an epoch."""
        return 1.0 / self.rate

    @classmethod
    def read(cls, path: Path) -> Recording:
        """The recording of a parquet file that `write_columns` described."""
        table = read_table(path, stage=("load", "simulate"))
        about = table.meta["recording"]
        neurons = tuple(about["neurons"])
        neural = np.stack([table[f"neural.{name}"] for name in neurons], axis=1)
        labels = {
            name: Label(table[f"label.{name}"], **said | {"classes": tuple(said.get("classes", ()))})
            for name, said in about["labels"].items()
        }
        fixed = {name: table[name] for name in ("time", "epoch", "trial")}
        return cls(
            neural,
            about["rate"],
            labels,
            neurons=neurons,
            minimum_rate=about["minimum_rate"],
            notes=about["notes"],
            **fixed,
        )

    def columns(self) -> Table:
        """The table that goes to disk: time, epoch, trial, one column a label and a neuron."""
        columns = {
            "time": self.time.astype(np.float64),
            "epoch": self.epoch.astype(np.int32),
            "trial": self.trial.astype(np.int32),
        }
        columns |= {f"label.{name}": label.values for name, label in self.labels.items()}
        columns |= {f"neural.{name}": np.ascontiguousarray(self.neural[:, i]) for i, name in enumerate(self.neurons)}
        about = {
            "rate": self.rate,
            "neurons": list(self.neurons),
            "minimum_rate": self.minimum_rate,
            "neural_digest": neural_digest(self.neural),
            "labels": {name: label.about for name, label in self.labels.items()},
            "notes": dict(self.notes),
        }
        return Table(columns, {"recording": json.loads(json.dumps(about))})


def epochs_of(time: np.ndarray, trial: np.ndarray, largest_gap: float) -> np.ndarray:
    """(time,) int32 epoch numbers: a new one at each trial border and each gap above `largest_gap` seconds."""
    if not len(time):
        return np.zeros(0, np.int32)
    # Half a microsecond: time stamps are sums of floats, and a gap of exactly the limit is no border.
    border = (np.diff(time) > largest_gap + 5e-7) | (np.diff(trial) != 0)
    return np.concatenate([[0], np.cumsum(border)]).astype(np.int32)

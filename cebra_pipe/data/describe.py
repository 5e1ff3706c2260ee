"""What is to be known of a recording before anything is fitted: counts, gaps, distinct values, proposals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .recording import Label

QUANTILES = {"minimum": 0.0, "quarter": 0.25, "median": 0.5, "three_quarters": 0.75, "maximum": 1.0}


def notes(
    neural: np.ndarray,
    rate: float,
    labels: Mapping[str, Label],
    time: np.ndarray,
    epoch: np.ndarray,
    trial: np.ndarray,
    limit: float,
    binary: Sequence[str],
) -> dict[str, object]:
    """Plain numbers and text, for the recording's metadata and `check`; `binary` names labels of two values."""
    return {
        "samples": len(neural),
        "trials": int(trial[-1]) + 1,
        "epochs": int(epoch[-1]) + 1,
        **gaps(time, epoch, trial, rate, limit),
        "labels": {name: label_notes(label) for name, label in labels.items()},
        "two_valued": list(binary),
        "proposals": [f"{name} has two values: set `kind: discrete`" for name in binary],
        "zero_share": share_of_zeros(neural),
        "constant_neurons": int((neural == neural[0]).all(axis=0).sum()),
        "rate_per_second": rates(neural, rate),
    }


def gaps(time: np.ndarray, epoch: np.ndarray, trial: np.ndarray, rate: float, limit: float) -> dict[str, object]:
    """Missing stretches of time: those that begin an epoch, and those inside one that are tolerated."""
    step = np.diff(time)
    missing = step > 1.5 / rate
    inside = np.diff(epoch) == 0
    return {
        "gaps_tolerated": int((missing & inside).sum()),
        "longest_gap_tolerated_s": round(float(step[missing & inside].max(initial=0.0)), 6),
        "gaps_at_borders": int((missing & ~inside).sum()),
        "gaps_that_begin_an_epoch": int((missing & ~inside & (np.diff(trial) == 0)).sum()),
        "largest_gap_s": limit,
    }


def label_notes(label: Label) -> dict[str, object]:
    """Distinct values and range."""
    return {
        "distinct": len(np.unique(label.values)),
        "minimum": label.values.min().item(),
        "maximum": label.values.max().item(),
    }


def share_of_zeros(neural: np.ndarray) -> float:
    """Share of samples × neurons that are exactly 0."""
    return round(float(1 - np.count_nonzero(neural) / neural.size), 6)


def rates(neural: np.ndarray, rate: float) -> dict[str, float]:
    """Quantiles over neurons of the mean per second (spikes where the data are counts)."""
    mean = neural.mean(axis=0, dtype=np.float64) * rate
    return {
        name: round(float(value), 6)
        for name, value in zip(QUANTILES, np.quantile(mean, list(QUANTILES.values())), strict=True)
    }


def doubts(notes: Mapping[str, Mapping[str, str]], labels: Iterable[str]) -> list[str]:
    """What the notes of a recording hold against `labels`, each sentence once: of their clocks, then of values."""
    names = list(labels)
    found = (notes.get(kind, {}).get(name) for kind in ("overlap", "doubts") for name in names)
    return list(dict.fromkeys(text for text in found if text))

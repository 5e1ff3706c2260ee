"""The numbers of a recording and of its split, as the data figure and the table of recordings print them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..data.recording import Recording
from ..data.table import Table
from .drawn import number

PARTS = ("train", "valid", "test", "gap")


def counted(recording: Recording) -> bool:
    """Whether the neural data are counts of spikes."""
    return bool((recording.neural >= 0).all() and (recording.neural == np.round(recording.neural)).all())


def about(recording: Recording, split: Table) -> dict[str, object]:
    """Samples, neurons, time, rates, gaps, and the samples of each part of fold 0."""
    neural, step = recording.neural, recording.step
    counts = counted(recording)
    steps = np.diff(recording.time)
    return {
        "samples": len(recording),
        "neurons": neural.shape[1],
        "rate_hz": recording.rate,
        "duration_s": len(recording) * step,
        "span_s": float(recording.time[-1] - recording.time[0] + step) if len(recording) else 0.0,
        "epochs": len(np.unique(recording.epoch)),
        "trials": len(np.unique(recording.trial)),
        # Time stamps jitter; half a sample more than one step is a missing sample.
        "gaps": int((steps > 1.5 * step).sum()),
        "longest_gap_s": float(max(steps.max(initial=step) - step, 0.0)),
        "counts": counts,
        "mean_activity": float(neural.mean(dtype=np.float64)) * (recording.rate if counts else 1.0),
        "zero_share": float((neural == 0).mean()),
        "silent_neurons": int((neural == 0).all(axis=0).sum()),
        **{f"n_{part}": int((split["fold0"] == part).sum()) for part in PARTS},
        "folds": sum(name.startswith("fold") for name in split.columns),
    }


def several(number: int, what: str) -> str:
    """1 trial, 2 trials."""
    return f"{number} {what}{'s' * (number != 1)}"


def sentence(n: Mapping[str, object]) -> str:
    """The same in one line."""
    activity = f"mean activity {number(n['mean_activity'], 3)}"
    if n["counts"]:  # of fluorescence no bin is empty
        activity = f"mean rate {number(n['mean_activity'], 3)} Hz, {100 * n['zero_share']:.1f} % empty bins"
    return ", ".join(
        (
            f"N = {several(n['neurons'], 'neuron')}",
            f"T = {several(n['samples'], 'sample')} at {number(n['rate_hz'])} Hz ({number(n['duration_s'], 3)} s)",
            activity,
            several(n["trials"], "trial"),
            several(n["epochs"], "epoch"),
            f"{several(n['gaps'], 'gap')} in time"
            + (f" (longest {number(n['longest_gap_s'], 2)} s)" if n["gaps"] else ""),
        )
    )

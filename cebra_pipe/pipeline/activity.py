"""What `check` tells of the values of neurons: their range, neurons that never change, an offset beside the spread."""

from __future__ import annotations

import numpy as np

from ..data.recording import Recording
from ..errors import counted
from ..plot.numbers import counted as are_counts

FAR = 3.0  # standard deviations of a median neuron from 0: below 1 for ΔF/F and rates, 5 and more for raw fluorescence
SAMPLES = 20_000


def line(recording: Recording) -> str:
    """One sentence; values are in whatever unit the file has them."""
    neural = recording.neural
    kind = "counts" if are_counts(recording) else "values"
    parts = [f"{kind} {neural.min():.4g} to {neural.max():.4g}"]
    if neural.min() < 0:
        parts.append("below 0 in places: no naive Bayes")
    still = (neural == neural[0]).all(axis=0)
    if still.any():
        parts.append(f"{counted(int(still.sum()), 'neuron')} constant")
    if kind == "values" and not still.all() and (far := offset(neural[:, ~still])) > FAR:
        told = f"{far:.2g} standard deviations from 0 (median neuron), as raw fluorescence is"
        parts.append(f"{told}: `normalize: zscore`, or ΔF/F, trains better")
    return f"neurons: {'; '.join(parts)}"


def offset(neural: np.ndarray) -> float:
    """|mean| / standard deviation of the median neuron; at most about SAMPLES samples are looked at."""
    some = neural[:: max(1, len(neural) // SAMPLES)].astype(np.float64)
    spread = some.std(axis=0)
    return float(np.median(np.abs(some.mean(axis=0)) / np.where(spread > 0, spread, np.inf)))

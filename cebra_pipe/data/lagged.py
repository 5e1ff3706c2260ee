"""What a time offset leaves of trials."""

from __future__ import annotations

import warnings

import numpy as np

from .timeline import Timeline

# What the conditionals that read a time offset take from two samples of a trial.
LAGGED = {"time": "references", "time_delta": "changes of labels"}


def warn_of_short(timeline: Timeline, conditional: str, lag: int) -> None:
    """A warning where trials hold no two samples that are the time offset apart, so that nothing is drawn from them."""
    if conditional not in LAGGED:
        return
    taken = np.concatenate(timeline.centres) if conditional == "time" else slice(None)
    lengths = np.bincount(timeline.segment[taken])
    short = lengths <= lag
    if short.any():
        text = (
            f"trials no longer than the time offset of {lag} samples (windows included) give no "
            f"{LAGGED[conditional]}: {short.sum()} of {len(short)} trials, {lengths[short].sum()} of "
            f"{lengths.sum()} samples. Set a shorter time offset to use them."
        )
        warnings.warn(text, stacklevel=3)

"""Which stretch each clock of a recording covers, as `check` and the log tell it: clocks that differ are seen there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import counted
from . import events, overlap
from .shelf import Read
from .trial_table import SECONDS

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig


def notes(config: RecordingConfig, read: Mapping[str, Read], time: np.ndarray, limit: float) -> dict[str, object]:
    """Plain numbers for the recording's metadata; empty where nothing has a clock beside that of the samples.

    time (time,) seconds of all neural samples, before any is dropped. limit: seconds above which a step is a gap.
    """
    beside = {", ".join(labels): list(span) for span, labels in overlap.spans(config, read).items()}
    for role in events.roles(config):
        name = role.removeprefix("labels.")
        scale = config.labels[name].scale
        beside[f"events of {name}"] = _span(read[role].values * (1.0 if scale is None else scale))
    if "trials.start" in read and (factor := SECONDS.get(config.trials.unit or "s")) is not None:
        beside["trials"] = _span(factor * np.concatenate([read[f"trials.{end}"].values for end in ("start", "stop")]))
    if not beside:
        return {}
    assumed = config.spikes is None and config.start is None and "time" not in read
    gaps = [float(step) for step in np.diff(time) if step > limit]
    return {"clocks": {"samples": _span(time), "gaps": gaps, "assumed": assumed, "beside": beside}}


def _span(seconds: np.ndarray) -> list[float]:
    known = seconds[np.isfinite(seconds)]
    return [float(known.min()), float(known.max())]


def line(told: Mapping[str, object]) -> str:
    """Each clock from its first to its last second."""
    spans = {"samples": told["samples"], **told["beside"]}
    parts = [f"{name} {first:.7g} to {last:.7g}" for name, (first, last) in spans.items()]
    if gaps := told["gaps"]:
        parts[0] += f" with {counted(len(gaps), 'gap')} ({'the longest ' * (len(gaps) > 1)}{max(gaps):.4g})"
    return f"clocks (s): {'; '.join(parts)}"


def doubt(told: Mapping[str, object]) -> str:
    """Where the clock of the samples is a guess, that; else nothing."""
    if not told["assumed"]:
        return ""
    beside = ", ".join(told["beside"])
    return (
        f"samples are counted from 0 s, as neither `time` nor `start` says when the first was taken: is that 0 on the "
        f"clock of {beside}? Then write `start: 0`"
    )

"""The recording as the fit of a spec sees it: with the labels or neural data that its control transforms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ...data.controls import apply_control
from ...data.parts import windows_inside
from ...data.recording import Recording
from ...data.shifts import unshifted
from ...models.table import architecture
from ...sklearn.nulls import PERIODIC, TOO_SLOW
from ...solver.inputs import epochs

WHY = {"repeats": PERIODIC, "slow": TOO_SLOW}


def controlled(spec: Mapping, recording: Recording) -> Recording:
    """The recording under the control and repeat of a fit's spec."""
    inside = _inside(spec["training"], recording)
    return apply_control(spec["control"], recording, inside, spec["seed"], spec["study_seed"])


def without_null(training: Mapping, labels: Iterable[str], recording: Recording) -> dict[str, str]:
    """Labels of a fit of which shifts are no null -> why, as the notes of a decoding say it."""
    inside = np.flatnonzero(_inside(training, recording))
    found = {name: unshifted(recording.labels[name], inside) for name in labels}
    return {name: WHY[why] for name, why in found.items() if why}


def _inside(training: Mapping, recording: Recording) -> np.ndarray:
    """(time,) bool: samples whose windows lie in their epoch."""
    window = architecture(training["model"], training["causal"]).offset
    return windows_inside(epochs(recording, training["windows"] == "across"), *window)

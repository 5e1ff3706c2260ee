"""The recording as the fit of a spec sees it: with the labels or neural data that its control transforms."""

from __future__ import annotations

from collections.abc import Mapping

from ..data.controls import apply_control
from ..data.parts import windows_inside
from ..data.recording import Recording
from ..models.table import architecture
from ..solver.inputs import epochs


def controlled(spec: Mapping, recording: Recording) -> Recording:
    """The recording under the control and repeat of a fit's spec."""
    training = spec["training"]
    window = architecture(training["model"], training["causal"]).offset
    inside = windows_inside(epochs(recording, training["windows"] == "across"), *window)
    return apply_control(spec["control"], recording, inside, spec["seed"], spec["study_seed"])

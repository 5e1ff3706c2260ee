"""Options of a condition that have an effect only beside others."""

from __future__ import annotations

from ...models.table import MODELS

# option -> (when it has an effect, what it needs)
EFFECTS = {
    "delta": (lambda k: k.positives == "delta_normal", "positives: delta_normal"),
    "time_offset": (
        lambda k: k.positives in ("time", "time_delta") or k.hybrid,
        "positives: time or time_delta, or hybrid",
    ),
    "minimum_temperature": (lambda k: k.training.learn_temperature, "learn_temperature: true"),
    "own_trial": (lambda k: k.positives != "time", "positives other than time"),
    "hidden_units": (
        lambda k: k.training.model not in MODELS or MODELS[k.training.model].free,
        "a model whose layers are not of fixed width",
    ),
    "causal": (
        lambda k: k.training.model not in MODELS or len(MODELS[k.training.model].offset) > 1,
        "a model whose window is longer than one sample",
    ),
    "labels": (
        lambda k: k.positives != "time" or not k.labels,
        "positives other than time (hybrid adds time to labels)",
    ),
}

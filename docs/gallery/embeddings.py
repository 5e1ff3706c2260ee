"""Embeddings of training and of held-out laps, beside a model that was fitted to shifted labels."""

from __future__ import annotations

import shared
from matplotlib.figure import Figure

from cebra_pipe.plot import style
from cebra_pipe.sklearn.metrics import goodness_of_fit_score

PARTS = {"train": "training laps", "test": "held-out laps"}


@style.styled
def draw() -> Figure:
    """Four spheres: own and shifted labels, training and held-out laps; bits of each."""
    fig, rat = style.figure(2.35), shared.rat()
    axes = fig.subplots(1, 4)
    labels = {"own": (rat.position, rat.direction)}
    labels["shifted"] = tuple(map(shared.shifted, labels["own"]))
    for i, (kind, (position, direction)) in enumerate(labels.items()):
        model = shared.model(kind)
        points = shared.embedded(model, rat)
        points = points @ shared.facing(points[rat.part("train")])
        for ax, (part, title) in zip(axes[2 * i :], PARTS.items()):
            at = rat.part(part)
            shown = rat.counts[at], position[at], direction[at]
            bits = goodness_of_fit_score(model, *shown, trial=rat.lap[at], num_batches=100)
            shared.sphere(ax, points[at], shared.colours(position, direction)[at])
            ax.set_title(f"{kind} labels, {title}\n{round(bits, 1) + 0:.1f} bits, n = {at.sum():,}")
    for i, ax in enumerate(axes):
        style.letter(ax, i, dx=4)
    shared.direction_key(fig, axes)
    return fig

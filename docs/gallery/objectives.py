"""The same held-out laps by time alone, by labels, and by both at once."""

from __future__ import annotations

import shared
from matplotlib.figure import Figure

from cebra_pipe import CEBRA
from cebra_pipe.plot import style
from cebra_pipe.sklearn.metrics import goodness_of_fit_score

KINDS = {"time": "time alone", "position": "position", "hybrid": "hybrid: position and time"}
OBJECTIVES = {"behavior": "position", "time": "time"}


@style.styled
def draw() -> Figure:
    """A sphere an objective, coloured by position and direction, with the bits of held-out laps."""
    fig, rat = style.figure(2.6, 7.0), shared.rat()
    axes, at = fig.subplots(1, 3), rat.part("test")
    for ax, (kind, title) in zip(axes, KINDS.items()):
        model = shared.model(kind)
        points = shared.embedded(model, rat)
        points = (points @ shared.facing(points[rat.part("train")]))[at]
        shared.sphere(ax, points, shared.colours(rat.position, rat.direction)[at])
        ax.set_title(f"{title}\n{told(kind, model, rat)}")
    for i, ax in enumerate(axes):
        style.letter(ax, i, dx=4)
    shared.direction_key(fig, axes)
    return fig


def told(kind: str, model: CEBRA, rat: shared.Rat) -> str:
    """Bits of the held-out laps, one value an objective."""
    at = rat.part("test")
    labels = () if kind == "time" else (rat.position[at],)
    given = {"trial": rat.lap[at], "num_batches": 100}
    if kind != "hybrid":
        return f"{goodness_of_fit_score(model, rat.counts[at], *labels, **given):.2f} bits"
    found = {o: goodness_of_fit_score(model, rat.counts[at], *labels, objective=o, **given) for o in OBJECTIVES}
    return ", ".join(f"{OBJECTIVES[name]} {bits:.2f}" for name, bits in found.items()) + " bits"

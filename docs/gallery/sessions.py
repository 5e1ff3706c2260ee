"""Three rats with models of their own, and in one model of three sessions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shared
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import cebra_pipe as cebra
from cebra_pipe.plot import style
from cebra_pipe.sklearn.metrics import consistency_score

RATS, BINS = (1, 2, 3), 30
STEPS = 600


@style.styled
def draw() -> Figure:
    """Curves of bin means of held-out laps, and the consistency of all pairs: alone, together, labels shifted."""
    fig = style.figure(4.6, 7.6)
    axes = fig.subplots(2, 3)
    rats = [shared.rat(number) for number in RATS]
    alone, together = [points_alone(rat) for rat in rats], points_together(rats)
    kept = [rat.part("test") for rat in rats]
    labels = [signed(rat)[at] for rat, at in zip(rats, kept)]
    moved = [shared.shifted(label) if i else label for i, label in enumerate(labels)]
    rows = {
        "a model each": (alone, labels),
        "one model": (together, labels),
        "one model, labels of 2 and 3 shifted": (together, moved),
    }
    for ax, matrix, (title, (points, known)) in zip(axes[0], axes[1], rows.items()):
        points = [each[at] for each, at in zip(points, kept)]
        curves(ax, points, known)
        ax.set_title(title)
        scores, pairs, names = consistency_score(points, "datasets", known, num_discretization_bins=BINS)
        cebra.plot_consistency(scores, pairs, names, ax=matrix, cmap="Greys", colorbar_label=None)
        matrix.set(xticks=range(len(RATS)), xticklabels=RATS, yticklabels=RATS, xlabel="to rat", ylabel="from rat")
        matrix.set_title(f"R² of a linear map, %: mean {100 * scores.mean():.0f}")
    for i, ax in enumerate(axes.flat):
        style.letter(ax, i)
    axes[0, 0].legend(loc="lower left", bbox_to_anchor=(-0.12, -0.12))
    return fig


def signed(rat: shared.Rat) -> np.ndarray:
    """(time,) m along one way there and back: positions on the way to the left are negative."""
    return np.where(rat.direction == 1, rat.position, -rat.position)


def labels_of(rat: shared.Rat) -> tuple[np.ndarray, np.ndarray]:
    at = rat.part("train")
    return rat.position[at], rat.direction[at]


def points_alone(rat: shared.Rat) -> np.ndarray:
    """(time, latent) of a model of this rat"""
    at = rat.part("train")
    model = cebra.CEBRA(**shared.OPTIONS | {"max_iterations": STEPS}, time_offsets=shared.LATER)
    return shared.embedded(model.fit(rat.counts[at], *labels_of(rat), trial=rat.lap[at]), rat)


def points_together(rats: Sequence[shared.Rat]) -> list[np.ndarray]:
    """(time, latent) of each rat, by one model of all"""
    at = [rat.part("train") for rat in rats]
    position, direction = zip(*map(labels_of, rats))
    laps = [rat.lap[each] for rat, each in zip(rats, at)]
    model = cebra.CEBRA(**shared.OPTIONS | {"max_iterations": STEPS}, time_offsets=shared.LATER)
    model.fit([rat.counts[each] for rat, each in zip(rats, at)], list(position), list(direction), trial=laps)
    return [shared.embedded(model, rat, session) for session, rat in enumerate(rats)]


def curves(ax: Axes, points: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> None:
    """A closed curve a rat, through the mean points of bins of the label, all seen from one side."""
    edges = np.linspace(min(map(np.min, labels)), max(map(np.max, labels)), BINS + 1)[1:-1]
    seen = shared.facing(points[0])
    for i, (each, label) in enumerate(zip(points, labels)):
        bins = np.digitize(label, edges)
        means = np.stack([each[bins == b].mean(0) for b in np.unique(bins)]) @ seen
        ax.plot(*means[:, :2].T, "o-", ms=2.2, lw=0.8, color=style.color(i), label=f"rat {RATS[i]}")
    ax.set(aspect="equal", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    ax.axis("off")

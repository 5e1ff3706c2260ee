"""The embedding as a scatter plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from ..errors import Problem, Problems, UserError, short
from .canvas import canvas, colormap
from .points import points

INK = 15_000  # points squared that all samples cover: an eighth of a figure of 5 by 5 inches
MOST = 12  # classes that a legend holds


def plot_embedding(
    embedding: ArrayLike,
    embedding_labels: ArrayLike | str | None = "grey",
    ax: Axes | None = None,
    idx_order: Sequence[int] | None = None,
    markersize: float | None = None,
    alpha: float = 0.7,
    cmap: str | Colormap = "cool",
    title: str = "Embedding",
    figsize: tuple[float, float] = (5, 5),
    dpi: float = 100,
    colorbar_label: str | None = "",
    **kwargs: object,
) -> Axes:
    """Axes with a point for each sample: 3-D for three latents, 2-D for two, over time for a single one.

    Values have a colour bar beside the axes, texts a legend.

    Args:
        embedding: (sample, dimension).
        embedding_labels: a colour; "time" for the number of the sample; or one value a sample, texts as classes.
        ax: where to draw, with projection="3d" for three latents; a new figure where there is none.
        idx_order: the latents to draw, from 0; the first three where none are given.
        markersize: area of a point, in points squared; None: the larger, the fewer samples there are.
        alpha: opacity, 0 to 1.
        cmap: the colours of "time" and of values.
        title: above the axes.
        figsize: of a new figure, in inches.
        dpi: of a new figure.
        colorbar_label: beside the colour bar of values, such as "position (m)"; None leaves the bar out.
        kwargs: for `matplotlib.axes.Axes.scatter`, such as vmin and vmax.

    Raises:
        ValueError: no sample is finite, labels of another length, no colour, latents that are not there, axes of other
            dimensions, no colour map, a name for a colour bar that nothing is shown by.
        NotImplementedError: labels of several columns.
    """
    shown, colors = points(embedding, embedding_labels, idx_order), colormap(cmap)
    valued = shown.mapped and shown.classes is None
    _check_colors(kwargs, shown.mapped)
    if colorbar_label and not valued:
        found = "one colour for all, or texts"
        raise UserError(Problem("colorbar_label", "values in embedding_labels", found, "Leave it out."))
    ax = canvas(ax, figsize, dpi, (5, 5), "3d" if shown.dimensions == 3 else None)
    coloring = {"c": shown.colors, "cmap": colors} if shown.mapped else {"color": shown.colors}
    size = {"s": area(len(shown.values)) if markersize is None else markersize, "linewidths": 0}
    drawn = ax.scatter(*shown.values.T, alpha=alpha, **(size | coloring | kwargs))
    if shown.classes is not None and len(shown.classes) <= MOST:
        drawn_in = drawn.cmap(drawn.norm(np.arange(len(shown.classes))))
        ax.legend(
            handles=[Line2D([], [], ls="", marker="o", color=c, label=t) for c, t in zip(drawn_in, shown.classes)]
        )
    if valued and colorbar_label is not None:
        bar = ax.figure.colorbar(drawn, ax=ax, shrink=0.6)
        bar.solids.set_alpha(1)
        bar.set_label(colorbar_label or ("Sample" if isinstance(embedding_labels, str) else ""))
    ax.set_title(title)
    if shown.dimensions == 3:
        ax.axis("off")
    else:
        ax.set(xlabel=shown.names[0], ylabel=shown.names[1])
    return ax


def _check_colors(given: Mapping[str, object], mapped: bool) -> None:
    """A UserError where points are given colours twice: matplotlib has names of its own for them."""
    problems = Problems()
    for name in ("c", "color"):
        if name in given and (name == "c" or mapped):
            problems.add(name, "no colours beside embedding_labels", short(given[name]), "Pass it as embedding_labels.")
    problems.raise_any()


def area(samples: int) -> float:
    """Of one point, in points squared: many points together neither vanish nor merge, a few can be seen."""
    return float(np.clip(INK / samples, 1, 20))

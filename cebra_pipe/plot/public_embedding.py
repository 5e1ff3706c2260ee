"""The embedding as a scatter plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import Colormap
from matplotlib.lines import Line2D
from mpl_toolkits.mplot3d import Axes3D
from numpy.typing import ArrayLike

from ..errors import Problem, Problems, UserError, short
from .canvas import canvas, check_keywords, colormap
from .points import points

INK = 15_000  # points squared that all samples cover: an eighth of a figure of 5 by 5 inches
BAR = {"fraction": 0.04, "pad": 0.02}  # beside three latents, whose axes have no numbers
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

    Values have a colour bar beside the axes, texts a legend. In a new figure three latents have axes of one length.

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
        TypeError: a keyword that there is none of.
        NotImplementedError: labels of several columns.
    """
    shown, colors = points(embedding, embedding_labels, idx_order), colormap(cmap)
    valued = shown.mapped and shown.classes is None
    new, deep = ax is None, shown.dimensions == 3
    _check_colors(kwargs, shown.mapped)
    check_keywords(plot_embedding, kwargs, [Axes3D.scatter, Axes.scatter][not deep :], PathCollection)
    if colorbar_label and not valued:
        found = "one colour for all, or texts"
        raise UserError(Problem("colorbar_label", "values in embedding_labels", found, "Leave it out."))
    ax = canvas(ax, figsize, dpi, (5, 5), "3d" if deep else None)
    if new and deep:
        _fill(ax, shown.values, beside=valued and colorbar_label is not None)
    coloring = {"c": shown.colors, "cmap": colors} if shown.mapped else {"color": shown.colors}
    size = {"s": area(len(shown.values)) if markersize is None else markersize}
    size |= {} if {"linewidths", "linewidth", "lw"} & kwargs.keys() else {"linewidths": 0}
    drawn = ax.scatter(*shown.values.T, alpha=alpha, **(size | coloring | kwargs))
    if shown.classes is not None and len(shown.classes) <= MOST:
        drawn_in = drawn.cmap(drawn.norm(np.arange(len(shown.classes))))
        ax.legend(
            handles=[Line2D([], [], ls="", marker="o", color=c, label=t) for c, t in zip(drawn_in, shown.classes)]
        )
    if valued and colorbar_label is not None:
        bar = ax.figure.colorbar(drawn, ax=ax, shrink=0.6, **(BAR if new and deep else {}))
        bar.solids.set_alpha(1)
        bar.set_label(colorbar_label or ("Sample" if isinstance(embedding_labels, str) else ""))
    ax.set_title(title)
    if deep:
        ax.axis("off")
    else:
        ax.set(xlabel=shown.names[0], ylabel=shown.names[1])
    return ax


def _fill(ax: Axes, values: np.ndarray, beside: bool) -> None:
    """The three axes of one length, so that a sphere is round, and no room around them for ticks that are not drawn."""
    low, high = values.min(axis=0), values.max(axis=0)
    inside = (2 * values - low - high) / np.where(high > low, high - low, 1)  # the box from -1 to 1
    farthest = max(1.0, float(np.linalg.norm(inside, axis=1).max()))  # 1 for a sphere, √3 for the corners of a box
    ax.set_box_aspect((1, 1, 1), zoom=min(1.7, 1.9 / farthest))
    ax.figure.subplots_adjust(left=0.02, right=0.86 if beside else 0.98, bottom=0.02, top=0.92)


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

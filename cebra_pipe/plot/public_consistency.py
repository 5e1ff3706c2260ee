"""Consistency scores as a heat map."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from ..data.arrays import plain
from ..errors import Problems
from .canvas import canvas, check_color, check_keywords, colormap

EMPTY = "#A6A6A6"  # frame, and hatching of cells without a score: the lowest score may be as white as the page
DARK = 0.55  # relative luminance below which white text reads better than black


def plot_consistency(
    scores: ArrayLike,
    pairs: ArrayLike | None = None,
    datasets: Sequence[Hashable] | None = None,
    ax: Axes | None = None,
    cmap: str | Colormap = "binary",
    text_color: str | None = None,
    colorbar_label: str | None = "Consistency score (%)",
    title: str | None = None,
    figsize: tuple[float, float] = (5, 5),
    dpi: float = 100,
    **kwargs: object,
) -> Axes:
    """Axes with a matrix of consistency in percent: the map goes from the data set of a row to that of a column.

    Cells without a score, as the diagonal, are hatched. Colours run from 0 to 100 %, so that pictures compare; a score
    below is drawn as 0, with an arrow at the bar.

    Args:
        scores: (pair,) R², at most 1, as `consistency_score` gives them.
        pairs: (pair, 2) data sets of a score, from and to.
        datasets: their names or numbers, in the order of rows and columns; where they lack one of the pairs, those of
            the pairs are drawn, with a warning.
        ax: where to draw; a new figure where there is none.
        cmap: the colours.
        text_color: of the numbers; black or white, whichever reads better, where none is given.
        colorbar_label: beside the colour bar; None leaves the bar out.
        title: above the axes.
        figsize: of a new figure, in inches.
        dpi: of a new figure.
        kwargs: for `matplotlib.axes.Axes.imshow`, such as vmin and vmax (in percent; None: as far as the scores reach).

    Raises:
        ValueError: pairs or data sets are missing, or there is not one pair a score.
    """
    check_keywords(plot_consistency, kwargs, [Axes.imshow], AxesImage)
    matrix, names = _matrix(scores, pairs, datasets)
    ax = canvas(ax, figsize, dpi, (5, 5))
    limits = {} if "norm" in kwargs else {"vmin": 0, "vmax": 100}
    image = ax.imshow(np.ma.masked_invalid(matrix), cmap=colormap(cmap), **limits | kwargs)
    for (row, column), value in np.ndenumerate(matrix):
        if np.isfinite(value):
            ax.text(column, row, f"{value:.1f}", ha="center", va="center", color=_readable(image, value, text_color))
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("map from row to column")
    ax.patch.set(facecolor="white", edgecolor=EMPTY, hatch="////")
    ax.spines[:].set(visible=True, color=EMPTY, linewidth=0.6)
    ax.tick_params(length=0)
    if colorbar_label is not None:
        plt.colorbar(image, ax=ax, label=colorbar_label, shrink=0.75, extend=_beyond(image, matrix))
    if title is not None:
        ax.set_title(title)
    return ax


def _matrix(
    scores: ArrayLike, pairs: ArrayLike | None, datasets: Sequence[Hashable] | None
) -> tuple[np.ndarray, list[str]]:
    """(dataset, dataset) percent, NaN where there is no score; and the names."""
    values, problems = plain(scores), Problems()
    if values.ndim != 1 or not values.size:
        problems.add("scores", "one dimension, as consistency_score gives them", f"shape {values.shape}")
    for name, given in {"pairs": pairs, "datasets": datasets}.items():
        if given is None:
            problems.add(name, "those that consistency_score gives beside the scores", "none")
    problems.raise_any()
    names, ends = [str(name) for name in plain(datasets).tolist()], plain(pairs)
    if ends.shape != (len(values), 2):
        problems.add("pairs", f"shape ({len(values)}, 2), one a score", f"shape {ends.shape}")
    problems.raise_any()
    if absent := sorted({str(end) for end in ends.ravel().tolist()} - set(names)):
        text = (
            f"datasets {', '.join(names)}: none for {', '.join(absent)} of the pairs; the names of the pairs are drawn"
        )
        warnings.warn(text, stacklevel=3)
        names = list(dict.fromkeys(map(str, ends[:, 0].tolist() + ends[:, 1].tolist())))
    matrix = np.full((len(names), len(names)), np.nan)
    for (one, other), score in zip(ends.tolist(), values, strict=True):
        matrix[names.index(str(one)), names.index(str(other))] = 100 * score
    return matrix, names


def _beyond(image: AxesImage, matrix: np.ndarray) -> str:
    """The ends of the colours that scores lie beyond."""
    low, high = np.nanmin(matrix) < image.norm.vmin, np.nanmax(matrix) > image.norm.vmax
    return {(True, True): "both", (True, False): "min", (False, True): "max"}.get((low, high), "neither")


def _readable(image: AxesImage, value: float, asked: str | None) -> str:
    if asked is not None:
        check_color(asked, "text_color")
        return asked
    red, green, blue, _ = image.cmap(image.norm(value))
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < DARK else "black"

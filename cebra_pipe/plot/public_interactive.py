"""The embedding as a figure that turns under the mouse. Needs plotly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import Colormap, to_hex
from numpy.typing import ArrayLike

from ..errors import MissingPackage, Problem, UserError
from .canvas import colormap, spread
from .points import Points, points

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

STEPS = 64  # colours of a scale: plotly interpolates between them


def plot_embedding_interactive(
    embedding: ArrayLike,
    embedding_labels: ArrayLike | str | None = "grey",
    axis: Figure | None = None,
    markersize: float = 2,
    idx_order: Sequence[int] | None = None,
    alpha: float = 0.7,
    cmap: str | Colormap = "cool",
    title: str = "Embedding",
    figsize: tuple[float, float] = (5, 5),
    dpi: float = 100,
    discrete: bool = False,
    showlegend: bool = False,
    **kwargs: object,
) -> Figure:
    """A plotly figure with a point for each sample: 3-D for three latents, else 2-D. Values have a colour bar.

    Args:
        embedding: (sample, dimension).
        embedding_labels: as in `plot_embedding`.
        axis: a plotly figure to draw into; a new one where there is none.
        markersize: diameter of a point, in pixels.
        idx_order: the latents to draw, from 0; the first three where none are given.
        alpha: opacity, 0 to 1.
        cmap: a colour map of matplotlib.
        title: above the figure.
        figsize: in inches; with `dpi` the size in pixels.
        dpi: dots an inch.
        discrete: draw each value of the labels as a class of its own, with a name in the legend.
        showlegend: whether there is a legend.
        kwargs: for the layout of the figure.

    Raises:
        ImportError: plotly is not installed.
        ValueError: labels of another length, no colour, latents that are not there.
        NotImplementedError: labels of several columns.
    """
    try:
        from plotly import graph_objects as go
    except ImportError as error:
        raise MissingPackage(Problem("plot_embedding_interactive", "plotly", "none", "pip install plotly")) from error
    shown, cmap = points(embedding, embedding_labels, idx_order), colormap(cmap)
    fig = go.Figure() if axis is None else axis
    kind = go.Scatter3d if shown.dimensions == 3 else go.Scatter
    for name, chosen, marker in _groups(shown, cmap, discrete):
        x_y_z = dict(zip("xyz", shown.values[chosen].T))
        fig.add_trace(kind(**x_y_z, mode="markers", name=name, marker={"size": markersize, "opacity": alpha} | marker))
    names = {f"{axis}axis_title": name for axis, name in zip("xyz", shown.names)}
    fig.update_layout({"scene": names} if shown.dimensions == 3 else names)
    width, height = figsize
    fig.update_layout(title=title, width=int(width * dpi), height=int(height * dpi), showlegend=showlegend, **kwargs)
    return fig


def _groups(shown: Points, cmap: Colormap, discrete: bool) -> Iterator[tuple[str, np.ndarray, dict[str, object]]]:
    """The name of each trace, its samples, and its colour."""
    everything = np.arange(len(shown.values))
    if not shown.mapped:
        if discrete:
            found = "a colour for all samples"
            raise UserError(Problem("discrete", "labels, one a sample", found, "Give embedding_labels."))
        yield "embedding", everything, {"color": to_hex(shown.colors)}
    elif not discrete and shown.classes is None:
        scale = [[i / (STEPS - 1), to_hex(color)] for i, color in enumerate(spread(cmap, STEPS))]
        yield "embedding", everything, {"color": shown.colors, "colorscale": scale, "showscale": True}
    else:
        values, index = np.unique(shown.colors, return_inverse=True)
        texts = values if shown.classes is None else shown.classes
        for i, (text, color) in enumerate(zip(texts, spread(cmap, len(values)))):
            yield str(text), np.flatnonzero(index == i), {"color": to_hex(color)}

"""How a model trained: loss and temperature of each step, of one model or of several beside one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from ..errors import Problem, Problems, UserError
from .canvas import canvas, check_color, check_keywords, spread
from .public_embedding import plot_embedding

if TYPE_CHECKING:
    from ..sklearn.estimator import CEBRA

SIZE = (7, 4)
QUANTITIES = {  # quantity -> its key in the solver's log, its name beside the axis
    "loss": ("total", "InfoNCE loss (nats)"),
    "temperature": ("temperature", "Temperature"),
}


def plot_loss(
    model: CEBRA,
    label: str | float | None = None,
    ax: Axes | None = None,
    color: str = "magenta",
    linewidth: float = 1,
    x_label: bool = True,
    y_label: bool = True,
    figsize: tuple[float, float] = SIZE,
    dpi: float = 100,
    **kwargs: object,
) -> Axes:
    """Axes with the training loss over steps, in nats.

    Args:
        model: a fitted estimator.
        label: its name in a legend.
        ax: where to draw; a new figure where there is none.
        color: of the line.
        linewidth: of the line, in points.
        x_label: whether the axis of the steps is named.
        y_label: whether the axis of the loss is named.
        figsize: of a new figure, in inches.
        dpi: of a new figure.
        kwargs: `title`, and what `matplotlib.axes.Axes.plot` takes.

    Raises:
        ValueError: the model is not fitted.
    """
    _check_lines(plot_loss, kwargs)
    return _draw("loss", [model], [label], [color], (ax, figsize, dpi), linewidth, (x_label, y_label), kwargs)


def plot_temperature(
    model: CEBRA,
    ax: Axes | None = None,
    color: str = "dodgerblue",
    linewidth: float = 1,
    x_label: bool = True,
    y_label: bool = True,
    figsize: tuple[float, float] = SIZE,
    dpi: float = 100,
    **kwargs: object,
) -> Axes:
    """Axes with the temperature over steps; it moves where `temperature_mode` is "auto". Arguments as `plot_loss`."""
    _check_lines(plot_temperature, kwargs)
    return _draw("temperature", [model], [None], [color], (ax, figsize, dpi), linewidth, (x_label, y_label), kwargs)


def compare_models(
    models: Sequence[CEBRA],
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
    color: str | None = None,
    cmap: str | Colormap = "cebra",
    linewidth: float = 1,
    x_label: bool = True,
    y_label: bool = True,
    figsize: tuple[float, float] = SIZE,
    dpi: float = 100,
    **kwargs: object,
) -> Axes:
    """Axes with the training losses of several models over steps.

    Losses compare only where batch size, temperature, distance and dimension are the same.

    Args:
        models: fitted estimators.
        labels: their names in a legend.
        ax: where to draw; a new figure where there is none.
        color: one colour for all lines, instead of `cmap`.
        cmap: the colours, from the first model to the last.
        linewidth: of the lines, in points.
        x_label: whether the axis of the steps is named.
        y_label: whether the axis of the loss is named.
        figsize: of a new figure, in inches.
        dpi: of a new figure.
        kwargs: `title`, and what `matplotlib.axes.Axes.plot` takes.

    Raises:
        ValueError: no list of models, one of them is not fitted, or not one label a model.
    """
    _check_lines(compare_models, kwargs)
    _check_models(models, labels)
    colors = spread(cmap, len(models))
    if color is not None:
        colors = [color] * len(models)
    named = labels or [None] * len(models)
    return _draw("loss", models, named, colors, (ax, figsize, dpi), linewidth, (x_label, y_label), kwargs)


def plot_overview(
    model: CEBRA,
    X: ArrayLike,
    loss_kwargs: Mapping[str, object] = {},
    temperature_kwargs: Mapping[str, object] = {},
    embedding_kwargs: Mapping[str, object] = {},
    figsize: tuple[float, float] = (15, 4),
    dpi: float = 100,
    session_id: int | None = None,
    **kwargs: object,
) -> tuple[Figure, tuple[Axes, Axes, Axes]]:
    """A figure with loss, temperature and embedding of a model, and its three axes.

    Args:
        model: a fitted estimator.
        X: (sample, neuron), what is embedded.
        loss_kwargs: for `plot_loss`.
        temperature_kwargs: for `plot_temperature`.
        embedding_kwargs: for `plot_embedding`.
        figsize: in inches.
        dpi: dots an inch.
        session_id: whose encoder embeds X, for a model of several sessions.
        kwargs: for `matplotlib.pyplot.figure`.
    """
    embedding = model.transform(X, session_id=session_id)
    latents = len(embedding_kwargs.get("idx_order") or range(embedding.shape[1]))
    fig = plt.figure(figsize=figsize, dpi=dpi, **({"layout": "constrained"} | kwargs))
    loss, temperature = fig.add_subplot(131), fig.add_subplot(132)
    cloud = fig.add_subplot(133, projection="3d" if latents >= 3 else None)
    plot_loss(model, ax=loss, **loss_kwargs)
    plot_temperature(model, ax=temperature, **temperature_kwargs)
    plot_embedding(embedding, ax=cloud, **embedding_kwargs)
    return fig, (loss, temperature, cloud)


def _draw(
    quantity: str,
    models: Sequence[CEBRA],
    labels: Sequence[object],
    colors: Sequence[object],
    place: tuple[Axes | None, tuple[float, float], float],
    linewidth: float,
    named: tuple[bool, bool],
    kwargs: Mapping[str, object],
) -> Axes:
    """Axes with a line over steps for each model; `place`: axes, size, dots an inch; `named`: whether x and y are."""
    key, measured = QUANTITIES[quantity]
    where = ["model"] if len(models) == 1 else [f"models[{i}]" for i in range(len(models))]
    values = [_logged(model, key, each) for model, each in zip(models, where, strict=True)]
    for color in colors:
        check_color(color)
    ax, options = canvas(*place, SIZE), dict(kwargs)
    if "title" in options:
        ax.set_title(options.pop("title"))
    for line, label, color in zip(values, labels, colors, strict=True):
        marker = {"marker": "o", "markersize": 3} if len(line) == 1 else {}  # one step is no line
        own = {"color": color, "linewidth": linewidth, "label": label}
        ax.plot(np.arange(len(line)), line, **(marker | own | options))
    if any(label is not None for label in labels):
        ax.legend()
    ax.spines[["top", "right"]].set_visible(False)
    for text, wanted, name in zip(("Steps", measured), named, ("xlabel", "ylabel"), strict=True):
        if wanted:
            ax.set(**{name: text})
    return ax


def _check_lines(function: Callable, kwargs: Mapping[str, object]) -> None:
    check_keywords(function, kwargs, [Axes.plot], Line2D, "title")


def _logged(model: CEBRA, key: str, where: str) -> np.ndarray:
    """(step,) what a fitted model noted."""
    solver = getattr(model, "solver_", None)
    if solver is None:
        raise UserError(Problem(where, "a fitted model", type(model).__name__, "Call fit first."))
    if not len(values := np.asarray(solver.log[key], np.float64)):
        raise UserError(Problem(where, "a model with a history of its training", "none", "Call fit first."))
    return values


def _check_models(models: Sequence[CEBRA], labels: Sequence[str] | None) -> None:
    problems = Problems()
    if not isinstance(models, list | tuple) or not models:
        problems.add("models", "a list of fitted models", type(models).__name__ if models else "an empty one")
    elif labels is not None and len(labels) != len(models):
        problems.add("labels", f"{len(models)}, one a model", str(len(labels)))
    problems.raise_any()

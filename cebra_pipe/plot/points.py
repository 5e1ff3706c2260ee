"""What a scatter plot of an embedding shows: which latents, and in which colours."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import is_color_like
from numpy.typing import ArrayLike

from ..data.arrays import plain
from ..errors import NotSupported, Problem, UserError


@dataclass(frozen=True, eq=False)
class Points:
    """Latents to draw, (sample, 2 or 3), with their names, and a colour or a value for each sample."""

    values: np.ndarray
    names: tuple[str, ...]
    colors: object  # a colour for all, or (sample,) numbers for a colour map
    mapped: bool
    classes: np.ndarray | None = None  # the texts that the numbers stand for

    @property
    def dimensions(self) -> int:
        return self.values.shape[1]


def points(embedding: ArrayLike, labels: ArrayLike | str | None, idx_order: Sequence[int] | None) -> Points:
    """The points of an embedding (sample, dimension), as `plot_embedding` documents them."""
    values = plain(embedding)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or not values.size:
        raise UserError(Problem("embedding", "an array (sample, dimension) that is not empty", f"shape {values.shape}"))
    latents = _latents(values.shape[1], idx_order)
    _check_finite(values[:, latents])
    colors, mapped, classes = _colors(labels, len(values))
    if len(latents) == 1:
        time = np.arange(len(values))
        return Points(
            np.stack([time, values[:, latents[0]]], 1), ("Sample", f"Latent {latents[0]}"), colors, mapped, classes
        )
    return Points(values[:, latents], tuple(f"Latent {i}" for i in latents), colors, mapped, classes)


def _check_finite(values: np.ndarray) -> None:
    """A UserError where no sample (sample, latent) can be drawn; a warning where some cannot."""
    drawn = int(np.isfinite(values).all(axis=1).sum())
    if not drawn:
        remedy = "A fit that diverged gives NaN: see plot_loss, and lower the learning rate."
        raise UserError(Problem("embedding", "samples with finite values", "none", remedy))
    if drawn < len(values):
        text = f"embedding: {len(values) - drawn} of {len(values)} samples are not finite and are not drawn"
        warnings.warn(text, stacklevel=4)


def _latents(dimension: int, idx_order: Sequence[int] | None) -> list[int]:
    """The first three latents, or those asked for."""
    if idx_order is None:
        return list(range(min(dimension, 3)))
    latents = list(idx_order)
    if not 1 <= len(latents) <= 3:
        raise UserError(Problem("idx_order", "one to three latents", f"{len(latents)}: {tuple(latents)}"))
    if wrong := [i for i in latents if not (isinstance(i, int | np.integer) and 0 <= i < dimension)]:
        expected = f"latents from 0 to {dimension - 1}"
        raise UserError(Problem("idx_order", expected, ", ".join(map(str, wrong)), "The first latent is 0."))
    return latents


def _colors(labels: ArrayLike | str | None, samples: int) -> tuple[object, bool, np.ndarray | None]:
    """The colour or the values, whether a colour map serves them, and the classes behind values of texts."""
    if labels is None:
        return "grey", False, None
    if isinstance(labels, str) and labels == "time":
        return np.arange(samples), True, None
    if isinstance(labels, str) or (isinstance(labels, tuple) and len(labels) != samples):
        if not is_color_like(labels):
            raise UserError(Problem("embedding_labels", "'time', a colour or one value a sample", repr(labels)))
        return labels, False, None
    values = plain(labels)
    if values.ndim > 1 and values.size != len(values):
        remedy = "Choose one column, such as labels[:, 0]."
        raise NotSupported(Problem("embedding_labels", "one value a sample", f"shape {values.shape}", remedy))
    values = values.reshape(-1)
    if len(values) != samples:
        raise UserError(Problem("embedding_labels", f"{samples} values, one a sample", str(len(values))))
    if values.dtype.kind in "biuf":
        return values, True, None
    classes, codes = np.unique(values.astype(str), return_inverse=True)
    return codes, True, classes

"""The methods by name. Each gives maps (sample, output, neuron); what they attribute is in `gradients`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..data.arrays import plain
from ..errors import Problem, UserError
from ..streams import generator
from . import gradients
from .base import BATCH, AttributionMap


class JFMethodBased(AttributionMap):
    """The Jacobian of the embedding with respect to the input window, and its pseudo-inverse.

    Schneider, González Laiz, Filippova, Frey and Mathis 2025, "Time-series attribution maps with regularized
    contrastive learning", AISTATS. Maps `jf`, `jf-convabs`, and for each `-inv-lsq` and `-inv-svd`.
    """

    key = "jf"

    def compute_attribution_map(self, batch_size: int = BATCH) -> dict[str, np.ndarray]:
        """The Jacobian's maps and their inverses, `batch_size` windows at a time."""
        return self._attributed(lambda model, windows, _: gradients.jacobian(model, windows), batch_size, inverses=True)


class NeuronGradientMethod(JFMethodBased):
    """The gradient of each output: the same numbers as the Jacobian, under names of their own."""

    key = "neuron-gradient"


class FeatureAblationMethod(AttributionMap):
    """How much an output changes where a value of the window is replaced by a baseline."""

    key = "feature-ablation"

    def compute_attribution_map(
        self,
        baselines: float | ArrayLike | None = None,
        feature_mask: ArrayLike | None = None,
        perturbations_per_eval: int = 1,
        batch_size: int = BATCH,
    ) -> dict[str, np.ndarray]:
        """Maps of output(window) - output(ablated window).

        Args:
            baselines: what takes the place of a value: a number, or an array that broadcasts to (neuron, time); 0.
            feature_mask: (neuron, time) whole numbers; values with the same number are ablated together. Each alone.
            perturbations_per_eval: ablations in one pass of the model: speed against memory.
            batch_size: windows at a time.
        """
        shape = self.windows.shape[1:]
        base, groups = _baseline(baselines, self.windows), _groups(feature_mask, shape)
        if perturbations_per_eval < 1:
            raise UserError(Problem("perturbations_per_eval", "a whole number from 1", str(perturbations_per_eval)))
        return self._attributed(
            lambda model, windows, _: gradients.ablated(model, windows, base, groups, perturbations_per_eval),
            batch_size,
            inverses=False,
        )


class IntegratedGradientsMethod(AttributionMap):
    """The gradient integrated along the line from a baseline to the window: it sums to the outputs' difference."""

    key = "integrated-gradients"

    def compute_attribution_map(
        self,
        n_steps: int = 50,
        method: str = "gausslegendre",
        baselines: float | ArrayLike | None = None,
        batch_size: int = BATCH,
    ) -> dict[str, np.ndarray]:
        """Maps of the integral.

        Args:
            n_steps: nodes of the integral.
            method: gausslegendre, riemann_left, riemann_middle, riemann_right or riemann_trapezoid.
            baselines: where the line starts: a number, or an array that broadcasts to (neuron, time); 0.
            batch_size: windows at a time.
        """
        (nodes, weights), base = gradients.rule(method, n_steps), _baseline(baselines, self.windows)
        return self._attributed(
            lambda model, windows, _: gradients.integrated(model, windows, base, nodes, weights),
            batch_size,
            inverses=False,
        )


class NeuronGradientShapMethod(AttributionMap):
    """Integrated gradients from many baselines at random places of their lines: an estimate of SHAP values."""

    key = "neuron-gradient-shap"

    def compute_attribution_map(
        self,
        baselines: str | ArrayLike = "zeros",
        n_samples: int = 5,
        stdevs: float = 0.0,
        batch_size: int = BATCH,
    ) -> dict[str, np.ndarray]:
        """Maps of the mean over draws; the same ones for the same seed, whatever the batch size.

        Args:
            baselines: zeros; shuffle, windows of the data whose values are permuted over windows, for each neuron and
                place apart; or an array (baseline, neuron, time).
            n_samples: draws a window.
            stdevs: standard deviation of normal noise on the window.
            batch_size: windows at a time.
        """
        if n_samples < 1 or stdevs < 0:
            raise UserError(Problem("n_samples and stdevs", "1 or more, 0 or more", f"{n_samples} and {stdevs:g}"))
        pool = self._pool(baselines)
        return self._attributed(
            lambda model, windows, begin: gradients.expected(
                model, windows, self._draws(pool, begin, windows, n_samples, stdevs)
            ),
            batch_size,
            inverses=False,
        )

    def _pool(self, baselines: str | ArrayLike) -> Tensor:
        """(baseline, neuron, time)"""
        if not isinstance(baselines, str):
            given = torch.as_tensor(plain(baselines)).to(self.windows)
            if given.ndim != 3 or given.shape[1:] != self.windows.shape[1:] or not len(given):
                expected = f"(baseline, {self.windows.shape[1]}, {self.windows.shape[2]})"
                raise UserError(Problem("baselines", expected, str(tuple(given.shape))))
            return given
        if baselines == "zeros":
            return torch.zeros_like(self.windows[:1])
        if baselines != "shuffle":
            raise UserError(
                Problem("baselines", "zeros, shuffle or an array (baseline, neuron, time)", repr(baselines))
            )
        order = generator("attribution shuffle", self.seed).random(self.windows.shape).argsort(axis=0)
        return self.windows.gather(0, torch.from_numpy(order).to(self.windows.device))

    def _draws(
        self, pool: Tensor, begin: int, windows: Tensor, number: int, stdev: float
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Noise, baseline and place on the line for each window; streams belong to draws, so batches do not matter."""
        rows, shape = slice(begin, begin + len(windows)), tuple(self.windows.shape)
        for draw in range(number):
            stream = generator("attribution draws", self.seed, draw)
            chosen, place = stream.integers(0, len(pool), shape[0])[rows], stream.random(shape[0])[rows]
            noise = stdev * stream.standard_normal(shape)[rows] if stdev else np.zeros((1, 1, 1))
            yield (
                torch.from_numpy(noise).to(windows),
                pool[torch.from_numpy(chosen).to(pool.device)],
                torch.from_numpy(place).to(windows)[:, None, None],
            )


def _baseline(given: float | ArrayLike | None, windows: Tensor) -> Tensor:
    """(neuron, time) of a number or an array"""
    values = torch.as_tensor(plain(0.0 if given is None else given)).to(windows)
    values = values[0] if values.ndim == 3 and len(values) == 1 else values
    try:
        return values.expand(windows.shape[1:])
    except RuntimeError:
        expected = f"a number or an array ({windows.shape[1]}, {windows.shape[2]})"
        raise UserError(Problem("baselines", expected, f"shape {tuple(values.shape)}")) from None


def _groups(mask: ArrayLike | None, shape: torch.Size) -> list[Tensor]:
    """(neuron, time) bool each, which values are ablated together."""
    numbers = np.arange(np.prod(shape)).reshape(shape) if mask is None else plain(mask)
    numbers = numbers[0] if numbers.ndim == 3 and len(numbers) == 1 else numbers
    if numbers.shape != tuple(shape) or numbers.dtype.kind not in "iu":
        found = f"{numbers.dtype} of shape {numbers.shape}"
        raise UserError(Problem("feature_mask", f"whole numbers of shape {tuple(shape)}", found))
    return [torch.from_numpy(numbers == one) for one in np.unique(numbers)]

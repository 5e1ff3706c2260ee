"""What all methods share: the windows that are attributed, reductions over them, and scores of a map."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ..data.arrays import plain
from ..errors import Problem, Problems, UserError
from ..models.checks import lacking
from ..streams import generator
from .inverse import METHODS, inverse, moore_penrose

BATCH = 1024  # windows at a time


class AttributionMap(abc.ABC):
    """Attribution of a model's outputs to its neurons, for each sample whose window lies inside the data.

    Args:
        model: a model of one session, on any device; dropout is off while it is attributed.
        input_data: (sample, neuron), in time; epochs that do not follow one another are attributed apart.
        output_dimension: how many outputs, the first ones; all where none is given.
        num_samples: how many samples, drawn without replacement; all where none is given.
        seed: of that draw, and of all others of the method.

    Attributes:
        samples: (sample,) which rows of `input_data` are attributed: the centres of the windows.
    """

    key: str  # name of the map in the results

    def __init__(
        self,
        model: nn.Module,
        input_data: ArrayLike,
        output_dimension: int | None = None,
        num_samples: int | None = None,
        seed: int = 9712341,
    ):
        _check_model(model)
        self.model, self.output_dimension, self.num_samples, self.seed = model, output_dimension, num_samples, seed
        self.windows, self.samples = _windows(model, plain(input_data), num_samples, seed)

    @abc.abstractmethod
    def compute_attribution_map(self) -> dict[str, np.ndarray]:
        """By name a map (sample, output, neuron): mean over the window, and with `-convabs` the mean of magnitudes."""

    def compute_attribution_score(self, attribution_map: ArrayLike, ground_truth_map: ArrayLike) -> float:
        """Area under the ROC curve: how surely a connected pair has the larger attribution, 0.5 by chance.

        Args:
            attribution_map: (output, neuron), magnitudes.
            ground_truth_map: (output, neuron) bool, whether the neuron is connected to the latent.
        """
        from sklearn.metrics import roc_auc_score

        values, truth = _compared(attribution_map, ground_truth_map)
        return float(roc_auc_score(truth.ravel(), values.ravel()))

    def compute_metrics(self, attribution_map: ArrayLike, ground_truth_map: ArrayLike) -> dict[str, float]:
        """Largest, mean and smallest attribution of connected and other pairs, and the gaps between them."""
        values, truth = _compared(attribution_map, ground_truth_map)
        on, off = values[truth], values[~truth]
        found = {f"{name}_{which}": getattr(part, name)() for which, part in _parts(on, off) for name in _NAMES}
        gaps = {f"gap_{name}": getattr(on, name)() - getattr(off, name)() for name in _NAMES}
        whole = {"gap_minmax": on.min() - off.max(), "max_jacobian": values.max(), "min_jacobian": values.min()}
        return {name: float(value) for name, value in (found | gaps | whole).items()}

    def check_moores_penrose_conditions(self, jacobian: ArrayLike, jacobian_pseudoinverse: ArrayLike) -> np.ndarray:
        """(sample, 4) bool: the four conditions on a pseudo-inverse, both (sample, output, neuron) as in the maps."""
        return moore_penrose(plain(jacobian), plain(jacobian_pseudoinverse))

    def _attributed(
        self, attribute: Callable[[Callable[[Tensor], Tensor], Tensor, int], Tensor], batch_size: int, inverses: bool
    ) -> dict[str, np.ndarray]:
        """The maps of `attribute(model, windows, number of the first window)`, batch by batch."""
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise UserError(Problem("batch_size", "a whole number from 1", repr(batch_size)))
        signed, magnitude = [], []
        with _at_rest(self.model) as forward:
            outputs = _first(forward, self.output_dimension, self.windows[:1])
            for begin in range(0, len(self.windows), batch_size):
                values = attribute(outputs, self.windows[begin : begin + batch_size], begin)
                signed.append(values.mean(-1).cpu().numpy())
                magnitude.append(values.abs().mean(-1).cpu().numpy())
        maps = {self.key: np.concatenate(signed), f"{self.key}-convabs": np.concatenate(magnitude)}
        return maps | _inverted(maps) if inverses else maps


_NAMES = ("max", "mean", "min")


def _parts(on: np.ndarray, off: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [("nonconnected", off), ("connected", on)]


def _inverted(maps: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{name}-inv-{method}": inverse(values, method) for name, values in maps.items() for method in METHODS}


def _check_model(model: nn.Module) -> None:
    if isinstance(model, nn.ModuleList):
        remedy = "Attribute the sessions apart: model[0], model[1], …"
        raise UserError(Problem("model", "the model of one session", f"{len(model)} models", remedy))
    if not isinstance(model, nn.Module) or lacking(model, "get_offset"):
        remedy = "Give model_ of a fitted estimator."
        raise UserError(Problem("model", "a torch module with get_offset", type(model).__name__, remedy))


def _windows(model: nn.Module, series: np.ndarray, number: int | None, seed: int) -> tuple[Tensor, np.ndarray]:
    """(window, neuron, time) on the model's device and in its precision, and their centres."""
    offset, problems = model.get_offset(), Problems()
    neurons = getattr(model, "num_input", None)
    if series.ndim != 2 or (neurons is not None and series.shape[1] != neurons):
        problems.add("input_data", f"(sample, {neurons or 'neuron'})", f"shape {series.shape}")
    elif len(series) < len(offset):
        problems.add("input_data", f"{len(offset)} samples or more, the window", str(len(series)))
    elif not np.isfinite(series).all():
        problems.add("input_data", "finite numbers", f"{int((~np.isfinite(series)).sum())} NaN or infinite values")
    problems.raise_any()
    count = len(series) - len(offset) + 1
    if number is not None and not 1 <= number <= count:
        raise UserError(Problem("num_samples", f"1 to {count}, the whole windows", str(number)))
    starts = np.arange(count)
    if number is not None:
        starts = np.sort(generator("attribution", seed, count).choice(count, number, replace=False))
    like = next(model.parameters(), torch.zeros(()))
    rows = torch.as_tensor(series).to(like.device, like.dtype)
    return rows.unfold(0, len(offset), 1)[torch.from_numpy(starts).to(like.device)], starts + offset.left


@contextmanager
def _at_rest(model: nn.Module) -> Iterator[Callable[[Tensor], Tensor]]:
    """The model without dropout, its outputs joined where it has several; afterwards in its earlier mode."""
    training = model.training
    model.eval()
    try:
        yield lambda windows: _joined(model(windows))
    finally:
        model.train(training)


def _joined(outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    """(window, output), also of models with several embeddings"""
    joined = torch.cat(list(outputs), dim=1) if isinstance(outputs, tuple | list) else outputs
    return joined.flatten(1)


def _first(forward: Callable[[Tensor], Tensor], number: int | None, example: Tensor) -> Callable[[Tensor], Tensor]:
    """The model's first outputs."""
    with torch.no_grad():
        width = forward(example).shape[1]
    if number is not None and not 1 <= number <= width:
        raise UserError(Problem("output_dimension", f"1 to {width}, the outputs of the model", str(number)))
    return lambda windows: forward(windows)[:, :number]


def _compared(attribution_map: ArrayLike, ground_truth_map: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values, truth, problems = plain(attribution_map), plain(ground_truth_map), Problems()
    if values.shape != truth.shape:
        remedy = "Reduce the map over samples first."
        problems.add("ground_truth_map", f"shape {values.shape} of attribution_map", f"shape {truth.shape}", remedy)
    if truth.dtype != bool and not np.isin(truth, (0, 1)).all():
        problems.add("ground_truth_map", "true or false", f"values of type {truth.dtype}")
    elif not 0 < truth.astype(bool).sum() < truth.size:
        problems.add("ground_truth_map", "connected pairs and others", "one kind alone")
    problems.raise_any()
    return values, truth.astype(bool)

"""The Jacobian's map in one call."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ..data.arrays import plain
from ..errors import Problem, Problems, UserError
from .base import BATCH, _at_rest, _check_model, _windows
from .gradients import jacobian
from .inverse import inverse

AGGREGATES = {
    "mean": lambda values: values.mean(-1),
    "sum": lambda values: values.sum(-1),
    "max": lambda values: values.amax(-1),
}
TRANSFORMS = {"none": lambda values: values, "abs": torch.abs}


def get_attribution_map(
    model: nn.Module,
    input_data: ArrayLike,
    double_precision: bool = True,
    convert_to_numpy: bool = True,
    aggregate: str = "mean",
    transform: str = "none",
    hybrid_solver: bool = False,
) -> tuple[np.ndarray | Tensor, np.ndarray | Tensor]:
    """The Jacobian (sample, output, neuron) over windows, and its pseudo-inverse (sample, neuron, output).

    Args:
        model: a model of one session; it stays as it is.
        input_data: (sample, neuron) in time, or windows (sample, neuron, time) as long as the model's.
        double_precision: compute in double precision.
        convert_to_numpy: arrays, otherwise tensors.
        aggregate: mean, sum or max over the window.
        transform: none, or abs for magnitudes, before they are aggregated.
        hybrid_solver: the model gives several embeddings, which are joined.

    Raises:
        ValueError: an unknown aggregate or transform, windows of another length, `hybrid_solver` with a single
            embedding or several without it.
    """
    problems = Problems()
    for name, value, known in (("aggregate", aggregate, AGGREGATES), ("transform", transform, TRANSFORMS)):
        if value not in known:
            problems.add(name, " or ".join(known), repr(value))
    problems.raise_any()
    _check_model(model)
    kept = copy.deepcopy(model).double() if double_precision else copy.deepcopy(model).float()
    windows = _given_windows(kept, plain(input_data))
    _check_outputs(kept, windows, hybrid_solver)
    reduce, change = AGGREGATES[aggregate], TRANSFORMS[transform]
    with _at_rest(kept) as forward:
        blocks = [reduce(change(jacobian(forward, block))) for block in windows.split(BATCH)]
    found = torch.cat(blocks).cpu()
    back = torch.from_numpy(inverse(found.numpy()).swapaxes(1, 2).copy())
    return (found.numpy(), back.numpy()) if convert_to_numpy else (found, back)


def _given_windows(model: nn.Module, values: np.ndarray) -> Tensor:
    """(window, neuron, time), cut from a series or as given"""
    if values.ndim != 3:
        return _windows(model, values, None, 0)[0]
    neurons, length = getattr(model, "num_input", values.shape[1]), len(model.get_offset())
    if values.shape[1:] != (neurons, length):
        expected = f"windows (sample, {neurons}, {length}), or a series (sample, {neurons})"
        raise UserError(Problem("input_data", expected, f"shape {values.shape}"))
    like = next(model.parameters(), torch.zeros(()))
    return torch.as_tensor(values).to(like.device, like.dtype)


def _check_outputs(model: nn.Module, windows: Tensor, hybrid: bool) -> None:
    with torch.no_grad():
        several = isinstance(model(windows[:1]), tuple | list)
    if several and not hybrid:
        found = "several embeddings"
        raise UserError(Problem("model", "a single embedding", found, "Pass hybrid_solver=True to join them."))
    if hybrid and not several:
        raise UserError(Problem("hybrid_solver", "a model with several embeddings", "a single one", "Leave it out."))

"""Attributions of each output of a model to each value of its input windows, for windows that do not see one another.

x is a window (neuron, time), f an output, b a baseline; shapes are (window, output, neuron, time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ..errors import Problem, UserError, did_you_mean

Model = Callable[[Tensor], Tensor]  # (window, neuron, time) -> (window, output)


def jacobian(model: Model, windows: Tensor) -> Tensor:
    """df / dx"""
    windows = windows.detach().requires_grad_()
    outputs = model(windows)
    # Windows are independent, so the gradient of the sum over windows is that of each.
    rows = [torch.autograd.grad(one.sum(), windows, retain_graph=True)[0] for one in outputs.unbind(1)]
    return torch.stack(rows, dim=1)


def integrated(model: Model, windows: Tensor, baselines: Tensor, nodes: np.ndarray, weights: np.ndarray) -> Tensor:
    """(x - b) int_0^1 df/dx(b + a (x - b)) da, by a rule of nodes and weights (Sundararajan et al. 2017)."""
    apart, total = windows - baselines, 0.0
    for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
        total = total + weight * jacobian(model, baselines + node * apart)
    return total * apart[:, None]


def _gauss_legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return (nodes + 1) / 2, weights / 2


def _trapezoid(n: int) -> tuple[np.ndarray, np.ndarray]:
    weights = np.full(n, 1 / max(n - 1, 1))
    weights[[0, -1]] /= 2
    return np.linspace(0, 1, n), weights


RULES = {
    "gausslegendre": _gauss_legendre,
    "riemann_left": lambda n: (np.arange(n) / n, np.full(n, 1 / n)),
    "riemann_middle": lambda n: ((np.arange(n) + 0.5) / n, np.full(n, 1 / n)),
    "riemann_right": lambda n: (np.arange(1, n + 1) / n, np.full(n, 1 / n)),
    "riemann_trapezoid": _trapezoid,
}


def rule(method: str, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes in 0..1 and weights of an integral."""
    if method not in RULES:
        raise UserError(Problem("method", "a rule of integration", repr(method), did_you_mean(method, RULES)))
    if not isinstance(n_steps, int | np.integer) or n_steps < (2 if method == "riemann_trapezoid" else 1):
        raise UserError(Problem("n_steps", "a whole number from 1, from 2 for the trapezoid rule", repr(n_steps)))
    return RULES[method](n_steps)


def expected(model: Model, windows: Tensor, draws: Iterator[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """Mean over draws (noise, baseline, a) of (x + noise - b) df/dx(b + a (x + noise - b)) (Lundberg and Lee 2017)."""
    total, number = 0.0, 0
    for noise, baseline, share in draws:
        apart = windows + noise - baseline
        total = total + jacobian(model, baseline + share * apart) * apart[:, None]
        number += 1
    return total / number


def ablated(model: Model, windows: Tensor, baselines: Tensor, groups: Sequence[Tensor], at_once: int) -> Tensor:
    """f(x) - f(x with a group of values at the baseline), for each value of the group.

    groups: (neuron, time) bool, which values are ablated together; `at_once` of them in one pass.
    """
    with torch.no_grad():
        whole = model(windows)
        found = whole.new_zeros(*whole.shape, *windows.shape[1:])
        for begin in range(0, len(groups), at_once):
            some = torch.stack(list(groups[begin : begin + at_once])).to(windows.device)  # (group, neuron, time)
            without = torch.where(some[:, None], baselines, windows)
            lost = whole - model(without.flatten(0, 1)).reshape(len(some), *whole.shape)
            found += torch.einsum("gwo,gnt->wont", lost, some.to(lost.dtype))
    return found

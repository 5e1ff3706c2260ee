"""InfoNCE as the training loop needs it: groups of sessions, block by block, without the matrix of all pairs.

-phi(x, y+) + log sum_j exp phi(x, y-_j), averaged over references; phi = x.y / tau (cosine, for vectors of length one)
or -|x - y|^2 / tau (Euclidean). Schneider, Lee and Mathis 2023, doi 10.1038/s41586-023-06031-6, Methods.
The documented criteria in `criterions` compute through the same function.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..errors import Problem, UserError
from .logsumexp import MeanLogSumExp


class Loss(NamedTuple):
    """In nats; total = align + uniform."""

    total: Tensor
    align: Tensor
    uniform: Tensor


class Contrast(nn.Module):
    """The loss for one similarity and temperature; a learned temperature stays at or above its minimum."""

    again = False  # whether in torch's own operations, as `torch.func` needs them, with the matrix of all pairs

    def __init__(
        self, similarity: str = "cosine", temperature: float = 1.0, learn: bool = False, minimum: float | None = None
    ):
        super().__init__()
        if similarity not in ("cosine", "euclidean"):
            raise UserError(Problem("similarity", "cosine or euclidean", repr(similarity)))
        least = minimum if minimum is not None else 0.1 if learn else 0.0
        check_temperature(temperature, least)
        self.similarity, self.largest = similarity, -math.log(least) if least else math.inf
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)), requires_grad=learn)

    @property
    def scale(self) -> Tensor:
        """1 / tau"""
        return at_most(self.log_scale, self.largest).exp()

    def forward(self, reference: Tensor, positive: Tensor, negative: Tensor, allowed: Tensor | None = None) -> Loss:
        """(group, n, d), (group, n, d), (group, m, d): the negatives of a group serve its references.

        allowed: (n, m) bool for a single group, where some negatives do not serve some references.
        """
        return contrast(self.similarity, self.scale, reference, positive, negative, allowed, self.again)

    def similar(self, x: Tensor, y: Tensor) -> Tensor:
        """(..., d), (..., d) -> (...): phi times tau, pair by pair."""
        return similar(self.similarity, x, y)

    def features(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """a, b with a_i . b_j = phi(x_i, y_j) tau for all pairs."""
        return features(self.similarity, x, y)


def contrast(
    similarity: str,
    scale: Tensor | float,
    reference: Tensor,
    positive: Tensor,
    negative: Tensor,
    allowed: Tensor | None = None,
    again: bool = False,
) -> Loss:
    """The loss of groups (group, n, d), (group, n, d), (group, m, d), averaged over groups; as `Contrast.forward`."""
    align = -scale * similar(similarity, reference, positive).mean()
    pairs = zip(*features(similarity, reference, negative), strict=True)
    mean = _mean_log_sum if again else MeanLogSumExp.apply
    uniform = torch.stack([mean(scale * a, b, allowed) for a, b in pairs]).mean()
    return Loss(align + uniform, align, uniform)


def _mean_log_sum(a: Tensor, b: Tensor, allowed: Tensor | None) -> Tensor:
    """What MeanLogSumExp gives, by the matrix of all pairs."""
    pairs = a @ b.mT
    return (pairs if allowed is None else pairs.masked_fill(~allowed, -math.inf)).logsumexp(1).mean()


def similar(similarity: str, x: Tensor, y: Tensor) -> Tensor:
    """(..., d), (..., d) -> (...): phi times tau, pair by pair."""
    return (x * y).sum(-1) if similarity == "cosine" else -(x - y).square().sum(-1)


def features(similarity: str, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """a, b with a_i . b_j = phi(x_i, y_j) tau for all pairs."""
    if similarity == "cosine":
        return x, y
    # -|x - y|^2 = 2 x.y - |x|^2 - |y|^2 loses digits far from the origin; phi does not change under a shift.
    middle = y.mean(-2, keepdim=True).detach()
    x, y = x - middle, y - middle
    one_x, one_y = torch.ones_like(x[..., :1]), torch.ones_like(y[..., :1])
    a = torch.cat([2 * x, -x.square().sum(-1, keepdim=True), -one_x], -1)
    return a, torch.cat([y, one_y, y.square().sum(-1, keepdim=True)], -1)


def check_temperature(temperature: float, least: float = 0.0) -> None:
    """A UserError unless the temperature is a number above 0 and not below `least`."""
    if not isinstance(temperature, Real) or not 0 < temperature < math.inf:
        raise UserError(Problem("temperature", "a number above 0", repr(temperature)))
    if temperature < least:
        expected, remedy = f"at least the minimum temperature, {least:g}", "Raise temperature or lower the minimum."
        raise UserError(Problem("temperature", expected, f"{temperature:g}", remedy))


def at_most(x: Tensor, bound: float) -> Tensor:
    """min(x, bound), whose gradient at the bound still leads back inside: a clamped value would be stuck."""
    return _AtMost.apply(x, bound)


class _AtMost(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, bound):
        return x.clamp(max=bound)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, bound = inputs
        ctx.save_for_backward(x >= bound)

    @staticmethod
    def backward(ctx, grad):
        # Descent follows -grad: beyond the bound only a positive gradient leads back.
        (beyond,) = ctx.saved_tensors
        return torch.where(beyond, grad.clamp(min=0), grad), None

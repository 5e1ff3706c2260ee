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

LOG2_E = math.log2(math.e)
SPAN = 100  # powers of two below a row's bound that single precision still holds, with room for sums
BLOCK = {"cpu": 2**18, "cuda": 2**28}  # similarities at a time: what a core's cache holds, what a GPU does at once


class Loss(NamedTuple):
    """In nats; total = align + uniform."""

    total: Tensor
    align: Tensor
    uniform: Tensor


class Contrast(nn.Module):
    """The loss for one similarity and temperature; a learned temperature stays at or above its minimum."""

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
        return contrast(self.similarity, self.scale, reference, positive, negative, allowed)

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
) -> Loss:
    """The loss of groups (group, n, d), (group, n, d), (group, m, d), averaged over groups; as `Contrast.forward`."""
    align = -scale * similar(similarity, reference, positive).mean()
    pairs = zip(*features(similarity, reference, negative), strict=True)
    uniform = torch.stack([_MeanLogSumExp.apply(scale * a, b, allowed) for a, b in pairs]).mean()
    return Loss(align + uniform, align, uniform)


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
    @staticmethod
    def forward(ctx, x, bound):
        ctx.beyond = x >= bound
        return x.clamp(max=bound)

    @staticmethod
    def backward(ctx, grad):
        # Descent follows -grad: beyond the bound only a positive gradient leads back.
        return torch.where(ctx.beyond, grad.clamp(min=0), grad), None


class _MeanLogSumExp(torch.autograd.Function):
    """mean_i log sum_j exp(a_i . b_j), block by block: value and gradients in one pass, without the (n, m) matrix.

    In powers of two, whose exponential takes half the time. What a row is shifted by, and the sums of its weights, are
    one more dimension of the products.
    """

    @staticmethod
    def forward(ctx, a, b, allowed):
        (n, width), m, size = a.shape, len(b), BLOCK.get(a.device.type, BLOCK["cuda"])
        left, right = a * LOG2_E, torch.cat([b, torch.ones_like(b[:, :1])], 1).T.contiguous()
        bound = _bound(left, b)
        top = torch.zeros_like(left[:, 0]) if bound is None else bound
        left = torch.cat([left, -top[:, None]], 1)
        rows = min(n, max(1, size // m))
        buffer, sums, turned = a.new_empty(rows, m), a.new_empty(width + 1, n), a.T.contiguous()
        grad_b = a.new_zeros(width, m)  # dense rows: products into a turned matrix are ten times slower
        for begin in range(0, n, rows):
            mine = slice(begin, begin + rows)
            weight = torch.mm(left[mine], right, out=buffer[: min(rows, n - begin)])
            if allowed is not None:
                weight.masked_fill_(~allowed[mine], -math.inf)
            if bound is None:
                torch.amax(weight, 1, out=top[mine])
                weight.sub_(top[mine, None])
            weight.exp2_()
            # Few dimensions, many columns: products whose long side is the last one are several times faster.
            sums[:, mine] = right @ weight.T
            grad_b.addmm_(turned[:, mine] / sums[-1, mine], weight)
        ctx.save_for_backward((sums[:-1] / sums[-1]).T, grad_b.T)
        return (sums[-1].log() + top / LOG2_E).mean()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        grad_a, grad_b = ctx.saved_tensors
        share = grad / len(grad_a)
        return grad_a * share, grad_b * share, None


def _bound(a: Tensor, b: Tensor) -> Tensor | None:
    """(n,) no a_i . b_j lies above it, by Cauchy and Schwarz, nor so far below that 2 to their difference vanishes.

    None where that is not so, and on a device that would have to be waited for: the largest of each row is looked for.
    """
    if a.device.type != "cpu":
        return None
    bound = torch.linalg.vector_norm(a, dim=1) * torch.linalg.vector_norm(b, dim=1).max()
    return bound if 2 * float(bound.max()) < SPAN else None

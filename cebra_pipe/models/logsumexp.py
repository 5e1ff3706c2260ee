"""mean_i log sum_j exp(a_i . b_j) over references i and negatives j: value and gradients in one pass."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .expansion import expansion, mean_log_sum

LOG2_E = math.log2(math.e)
SPAN = 100  # powers of two below a row's bound that single precision still holds, with room for sums
BLOCK = {"cpu": 2**18, "cuda": 2**28}  # similarities at a time: what a core's cache holds, what a GPU does at once


class MeanLogSumExp(torch.autograd.Function):
    """Of (n, d) and (m, d), without the (n, m) matrix; allowed: (n, m) bool, pairs that count."""

    @staticmethod
    def forward(ctx, a, b, allowed):
        bound, found = _bound(a, b), None
        if bound is not None and allowed is None:
            found = expansion(float(bound.max()), len(a), *b.shape, torch.finfo(a.dtype).eps)
        value, *gradients = _by_blocks(a, b, allowed, bound) if found is None else mean_log_sum(found, a, b)
        ctx.save_for_backward(*gradients)
        return value

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        grad_a, grad_b = ctx.saved_tensors
        share = grad / len(grad_a)
        return grad_a * share, grad_b * share, None


def _by_blocks(a: Tensor, b: Tensor, allowed: Tensor | None, bound: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """The value, and times n its gradients.

    In powers of two, whose exponential takes half the time. What a row is shifted by, and the sums of its weights, are
    one more dimension of the products.
    """
    (n, width), m, size = a.shape, len(b), BLOCK.get(a.device.type, BLOCK["cuda"])
    left, right = a * LOG2_E, torch.cat([b, torch.ones_like(b[:, :1])], 1).T.contiguous()
    top = torch.zeros_like(left[:, 0]) if bound is None else bound * LOG2_E
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
    return (sums[-1].log() + top / LOG2_E).mean(), (sums[:-1] / sums[-1]).T, grad_b.T


def _bound(a: Tensor, b: Tensor) -> Tensor | None:
    """(n,) no a_i . b_j lies above it, by Cauchy and Schwarz, nor so far below that its exponential vanishes.

    None where that is not so, and on a device that would have to be waited for: the largest of each row is looked for.
    """
    if a.device.type != "cpu":
        return None
    bound = torch.linalg.vector_norm(a, dim=1) * torch.linalg.vector_norm(b, dim=1).max()
    return bound if 2 * LOG2_E * float(bound.max()) < SPAN else None

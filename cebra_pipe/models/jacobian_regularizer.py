"""A penalty on how much an embedding changes with its input: half the squared norm of the Jacobian.

Hoffman, Roberts and Yaida 2019, arXiv 1908.02729.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from ..errors import Problem, UserError


class JacobianReg(nn.Module):
    """1/2 mean_i |J_i|_F^2 over a batch, J_i the Jacobian of output i by input i.

    Args:
        n: -1: exact, one backward pass a dimension of the output; above 0: an unbiased estimate from so many random
            directions v of length one, C/2 mean |v^T J|^2 with C the dimensions of the output.
    """

    def __init__(self, n: int = 1):
        super().__init__()
        if n != -1 and (n != int(n) or n < 1):
            raise UserError(Problem("n", "-1 (exact) or a whole number of directions from 1 on", repr(n)))
        self.n = n

    def forward(self, x: Tensor, y: Tensor, generator: Generator | None = None) -> Tensor:
        """The scalar penalty of outputs y (batch, C) made from inputs x (batch, …), of which gradients are asked.

        Differentiable again, so that it can be trained with. Directions come from `generator`, or from torch's global
        one.
        """
        if not (x.requires_grad and y.requires_grad):
            found = "an input without requires_grad, or an output made without gradients"
            raise UserError(Problem("JacobianReg", "outputs of an input that asks for its gradient", found, REMEDY))
        dimensions = y.shape[1]
        if self.n == -1:
            return 0.5 * sum(_squared(x, y[:, i].sum()) for i in range(dimensions))
        found = (_squared(x, (y * _directions(y, generator)).sum()) for _ in range(self.n))
        return 0.5 * dimensions * sum(found) / self.n


REMEDY = "Call inputs.requires_grad_() before the model."


def _squared(x: Tensor, projected: Tensor) -> Tensor:
    """mean_i |d projected / d x_i|^2"""
    (gradient,) = torch.autograd.grad(projected, x, create_graph=True)
    return gradient.flatten(1).square().sum(1).mean()


def _directions(y: Tensor, generator: Generator | None) -> Tensor:
    return nn.functional.normalize(torch.empty_like(y, requires_grad=False).normal_(generator=generator), dim=1)

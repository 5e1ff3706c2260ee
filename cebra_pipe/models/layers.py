"""Valid convolutions over rows of time, written as matrix products.

Rows are laid out time first, then lane: `lanes` windows side by side, or one lane for a whole series. A shift by one
sample is then a shift by `lanes` rows, so every tap of a kernel is one product of a contiguous slab: no copy is made of
the input, neither for windows nor for a series.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

SPARSE_BELOW = 0.25  # share of non-zero entries under which sums over them were measured to be faster, by 30 % or more
NARROW = 8  # outputs up to which one product over all taps was measured to be faster than one a tap


class Bags(NamedTuple):
    """The entries of a matrix that differ from zero, row by row, as `embedding_bag` sums them."""

    columns: Tensor  # (entry,) int32
    starts: Tensor  # (row + 1,) int32
    values: Tensor  # (entry,)

    @classmethod
    def of(cls, matrix: Tensor) -> Bags:
        """Of (row, column)."""
        row, column = matrix.nonzero(as_tuple=True)
        starts = nn.functional.pad(torch.bincount(row, minlength=len(matrix)).cumsum(0), (1, 0))
        return cls(column.int(), starts.int(), matrix[row, column])

    def product(self, dense: Tensor) -> Tensor:
        """(row, column) times (column, n): for few entries half the time of a product of torch's CSR layout."""
        sums = nn.functional.embedding_bag
        return sums(
            self.columns, dense, self.starts, mode="sum", per_sample_weights=self.values, include_last_offset=True
        )


@dataclass(frozen=True, eq=False)
class SparseSeries:
    """A series of mostly empty bins, as the columns that a kernel of `kernel` samples sees; exact."""

    columns: Bags  # (time - kernel + 1, kernel * neuron)
    transposed: Bags  # (kernel * neuron, time - kernel + 1)

    @classmethod
    def of(cls, series: Tensor, kernel: int) -> SparseSeries:
        length = len(series) - kernel + 1
        columns = torch.cat([series[j : j + length] for j in range(kernel)], 1)
        return cls(Bags.of(columns), Bags.of(columns.T))


def worth_sparse(series: Tensor) -> bool:
    """Whether the first layer reads `series` as sparse: on the CPU, where few entries differ from zero."""
    return series.device.type == "cpu" and float((series != 0).float().mean()) < SPARSE_BELOW


class _Taps(torch.autograd.Function):
    """gelu(sum_j x[t + j] W[j] + b) + x[t + crop], with activation and skip optional."""

    @staticmethod
    def forward(ctx, x, weight, bias, lanes, gelu, skip):
        rows = len(x) - (len(weight) - 1) * lanes
        linear = torch.addmm(bias, x[:rows], weight[0])
        for j in range(1, len(weight)):
            linear.addmm_(x[j * lanes : j * lanes + rows], weight[j])
        ctx.save_for_backward(x, weight, linear if gelu else None)
        ctx.settings = lanes, gelu, skip
        out = nn.functional.gelu(linear) if gelu else linear
        return out.add_(_middle(x, rows)) if skip else out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        (x, weight, linear), (lanes, gelu, skip) = ctx.saved_tensors, ctx.settings
        inner = torch.ops.aten.gelu_backward(grad, linear) if gelu else grad
        grad_weight = torch.empty_like(weight)
        for j in range(len(weight)):
            torch.mm(x[j * lanes : j * lanes + len(inner)].T, inner, out=grad_weight[j])
        grad_x = _input_gradient(grad if skip else None, inner, x, weight, lanes) if ctx.needs_input_grad[0] else None
        return grad_x, grad_weight, inner.sum(0), None, None, None


class _NarrowTaps(torch.autograd.Function):
    """sum_j x[t + j] W[j] + b for few outputs: all taps in one product, then shifted sums of its rows."""

    @staticmethod
    def forward(ctx, x, weight, bias, lanes):
        (kernel, _, outputs), rows = weight.shape, len(x) - (len(weight) - 1) * lanes
        flat = weight.transpose(1, 2).reshape(kernel * outputs, -1)
        taps = (flat @ x.T).view(kernel, outputs, len(x))
        out = taps[0, :, :rows] + bias[:, None]
        for j in range(1, kernel):
            out += taps[j, :, j * lanes : j * lanes + rows]
        ctx.save_for_backward(x, flat)
        ctx.settings = lanes, kernel
        return out.T

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        (x, flat), (lanes, kernel) = ctx.saved_tensors, ctx.settings
        taps = grad.new_zeros(kernel, grad.shape[1], len(x))
        for j in range(kernel):
            taps[j, :, j * lanes : j * lanes + len(grad)] = grad.T
        taps = taps.flatten(0, 1)
        grad_weight = (taps @ x).view(kernel, grad.shape[1], -1).transpose(1, 2)
        return (taps.T @ flat if ctx.needs_input_grad[0] else None), grad_weight, grad.sum(0), None


class _SparseTaps(torch.autograd.Function):
    """The same for a sparse first layer, whose input needs no gradient and has no skip."""

    @staticmethod
    def forward(ctx, series, weight, bias, gelu):
        linear = series.columns.product(weight.flatten(0, 1)).add_(bias)
        ctx.save_for_backward(linear)
        ctx.settings = series, weight.shape, gelu
        return nn.functional.gelu(linear) if gelu else linear

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        (linear,), (series, shape, gelu) = ctx.saved_tensors, ctx.settings
        inner = torch.ops.aten.gelu_backward(grad, linear) if gelu else grad
        return None, series.transposed.product(inner).view(shape), inner.sum(0), None


def _middle(x: Tensor, rows: int) -> Tensor:
    """The rows of x that a valid convolution keeps: cropped by the same number at both ends."""
    crop = (len(x) - rows) // 2
    return x[crop : crop + rows]


def _input_gradient(skipped: Tensor | None, inner: Tensor, x: Tensor, weight: Tensor, lanes: int) -> Tensor:
    grad_x, edge = torch.empty_like(x), (len(x) - len(inner)) // 2
    if skipped is None:  # the first tap writes, the others add
        torch.mm(inner, weight[0].T, out=grad_x[: len(inner)])
        grad_x[len(inner) :] = 0
    else:
        grad_x[:edge], grad_x[len(x) - edge :] = 0, 0
        _middle(grad_x, len(inner)).copy_(skipped)
    for j in range(skipped is None, len(weight)):
        grad_x[j * lanes : j * lanes + len(inner)].addmm_(inner, weight[j].T)
    return grad_x


def _again(x: Tensor, weight: Tensor, bias: Tensor, lanes: int, gelu: bool, skip: bool) -> Tensor:
    """The same in torch's own operations, which can be differentiated again and by torch.func."""
    rows = len(x) - (len(weight) - 1) * lanes
    linear = sum(x[j * lanes : j * lanes + rows] @ weight[j] for j in range(len(weight))) + bias
    out = nn.functional.gelu(linear) if gelu else linear
    return out + _middle(x, rows) if skip else out


class Taps(nn.Module):
    """A convolution of `kernel` samples; kernel 1 is a linear layer. Initialised as torch.nn.Conv1d and Linear are."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, gelu: bool, skip: bool, generator: Generator | None = None
    ):
        super().__init__()
        bound = 1 / math.sqrt(inputs * kernel)
        weight = torch.empty(outputs, inputs, kernel).uniform_(-bound, bound, generator=generator)
        self.weight = nn.Parameter(weight.permute(2, 1, 0).contiguous())  # (kernel, input, output)
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound, generator=generator))
        self.gelu, self.skip = gelu, skip

    def forward(self, x: Tensor | SparseSeries, lanes: int = 1, again: bool = False) -> Tensor:
        """(time * lanes, input) -> ((time - kernel + 1) * lanes, output); `again`: differentiable more than once."""
        if again:
            return _again(x, self.weight, self.bias, lanes, self.gelu, self.skip)
        if isinstance(x, SparseSeries):
            return _SparseTaps.apply(x, self.weight, self.bias, self.gelu)
        if self.weight.shape[2] <= NARROW and not (self.gelu or self.skip):
            return _NarrowTaps.apply(x, self.weight, self.bias, lanes)
        return _Taps.apply(x, self.weight, self.bias, lanes, self.gelu, self.skip)


def normalize(x: Tensor, dim: int = -1) -> Tensor:
    """Vectors along `dim` of length one; one of zeros stays zero, with a finite gradient."""
    return nn.functional.normalize(x, dim=dim, eps=1e-12)


class Squeeze(nn.Module):
    """(batch, channel, 1) -> (batch, channel); whatever else comes in goes out as it is."""

    def forward(self, inp: Tensor) -> Tensor:
        """Of one to three dimensions."""
        return inp.squeeze(2) if inp.ndim > 2 else inp

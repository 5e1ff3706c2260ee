"""Series of mostly empty bins, as the entries that differ from zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

SPARSE_BELOW = 0.25  # share of non-zero entries under which sums over them were measured to be faster, by 30 % or more


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
    """A series of mostly empty bins, as the columns that a kernel of `kernel` samples sees; exact.

    One more column of ones stands for the bias, whose gradient is then one more row of a product.
    """

    columns: Bags  # (time - kernel + 1, kernel * neuron + 1)
    transposed: Bags  # (kernel * neuron + 1, time - kernel + 1)

    @classmethod
    def of(cls, series: Tensor, kernel: int) -> SparseSeries:
        length = len(series) - kernel + 1
        columns = torch.cat([*(series[j : j + length] for j in range(kernel)), series.new_ones(length, 1)], 1)
        return cls(Bags.of(columns), Bags.of(columns.T))

    def linear(self, weight: Tensor, bias: Tensor) -> Tensor:
        """(kernel, neuron, output), (output,) -> (time - kernel + 1, output)"""
        return self.columns.product(torch.cat([weight.flatten(0, 1), bias[None]]))

    def gradients(self, inner: Tensor, shape: torch.Size) -> tuple[Tensor, Tensor]:
        """Of weight and bias, from that of what `linear` gave."""
        both = self.transposed.product(inner)
        return both[:-1].view(shape), both[-1]


def summed(series: Tensor) -> float:
    """The share of entries that sums over `series` take: those that differ from zero, where that was measured to pay.

    On the CPU, where few do; 1.0 where a product with all of them is as fast.
    """
    if series.device.type != "cpu":
        return 1.0
    filled = int(torch.count_nonzero(series)) / max(1, series.numel())
    return filled if filled < SPARSE_BELOW else 1.0

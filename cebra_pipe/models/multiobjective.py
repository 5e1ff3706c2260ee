"""Models whose embedding serves several objectives, each on its own range of dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, cat, nn

from ..data.datatypes import Offset
from ..errors import Problem, UserError
from .base import ConvolutionalModelMixin
from .layers import normalize


class _Wrapped(nn.Module):
    """A model, with its window and sizes, whose output is cut into ranges of dimensions."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    @property
    def num_input(self) -> int:
        """Neurons."""
        return self.module.num_input

    @property
    def num_output(self) -> int:
        """Dimensions of the whole embedding."""
        return self.module.num_output

    def get_offset(self) -> Offset:
        """The window of the model inside."""
        return self.module.get_offset()


class MultiobjectiveModel(_Wrapped):
    """A model that gives one embedding for each of `dimensions`.

    Args:
        module: the model.
        dimensions: where the ranges end; the largest is the number of outputs of the model.
        renormalize: whether each embedding is brought to length one.
        output_mode: "overlapping": each range begins at 0; "separate": where the one before ends.
        append_last_dimension: whether the outputs beyond the largest of `dimensions` make a further range.
    """

    class Mode:
        """The values of `output_mode`."""

        OVERLAPPING = "overlapping"
        SEPARATE = "separate"

    def __init__(
        self,
        module: nn.Module,
        dimensions: Sequence[int],
        renormalize: bool = False,
        output_mode: str = "overlapping",
        append_last_dimension: bool = False,
    ):
        super().__init__(module)
        ends = _ends(tuple(dimensions), self.num_output, append_last_dimension)
        starts = {self.Mode.OVERLAPPING: [0] * len(ends), self.Mode.SEPARATE: [0, *ends[:-1]]}
        if output_mode not in starts:
            raise UserError(Problem("output_mode", " or ".join(starts), repr(output_mode)))
        self.renormalize, self.output_mode = renormalize, output_mode
        self.feature_ranges = tuple(slice(*each) for each in zip(starts[output_mode], ends, strict=True))
        if any(each.start >= each.stop for each in self.feature_ranges):
            found = f"{tuple(dimensions)} with output_mode {output_mode!r}"
            raise UserError(Problem("dimensions", "ranges of at least one dimension each", found))

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """(batch, num_input, window) -> one embedding (batch, dimension of its range) for each range."""
        whole = self.module(inputs)
        parts = (whole[:, each] for each in self.feature_ranges)
        return tuple(normalize(part, 1) if self.renormalize else part for part in parts)


def _ends(dimensions: tuple[int, ...], outputs: int, append: bool) -> tuple[int, ...]:
    largest = max(dimensions, default=0)
    if append and largest >= outputs:
        remedy = f"Leave append_last_dimension out: nothing is left beyond {largest}."
        raise UserError(
            Problem("dimensions", f"less than {outputs}, the outputs of the model", str(dimensions), remedy)
        )
    if not append and largest != outputs:
        remedy = "Change the last of them or the model's num_output, or pass append_last_dimension=True."
        expected = f"numbers whose maximum value is {outputs}, the outputs of the model"
        raise UserError(Problem("dimensions", expected, str(dimensions), remedy))
    return (*dimensions, outputs) if append else dimensions


class SubspaceMultiobjectiveModel(_Wrapped):
    """A model that gives one embedding for each of `feature_ranges`, or all in one tensor.

    Args:
        module: the model.
        feature_ranges: slices that begin at 0, leave no gap and end at the number of outputs; they may overlap.
        renormalize: whether each part is brought to length one. Parts are what the borders of all ranges cut the
            embedding into: ranges 0:3 and 0:5 have the parts 0:3 and 3:5, and 0:5 then has length sqrt(2).
        split_outputs: whether `forward` gives a tuple, one embedding a range, or the one tensor.
    """

    def __init__(
        self, module: nn.Module, feature_ranges: Sequence[slice], renormalize: bool, split_outputs: bool = True
    ):
        super().__init__(module)
        self.feature_ranges = tuple(_checked(feature_ranges, self.num_output))
        self.renormalize, self.split_outputs = renormalize, split_outputs
        borders = sorted({border for each in self.feature_ranges for border in (each.start, each.stop)})
        self._parts = [slice(*each) for each in pairwise(borders)]

    def set_split_outputs(self, val: bool) -> None:
        """Give a tuple (True) or the one tensor (False) from now on."""
        if not isinstance(val, bool):
            raise UserError(Problem("split_outputs", "True or False", repr(val)))
        self.split_outputs = val

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...] | Tensor:
        """(batch, num_input, window) -> (batch, dimension of its range) for each range, or (batch, num_output)."""
        whole = self.module(inputs)
        if self.renormalize:
            whole = cat([normalize(whole[:, part], 1) for part in self._parts], 1)
        return tuple(whole[:, each] for each in self.feature_ranges) if self.split_outputs else whole


class SubspaceMultiobjectiveConvolutionalModel(SubspaceMultiobjectiveModel, ConvolutionalModelMixin):
    """The same around a convolutional model."""


def _checked(ranges: Sequence[slice], outputs: int) -> list[slice]:
    """The ranges with both borders; a UserError unless they cover all outputs and no more."""
    for each in ranges:
        if not isinstance(each, slice) or each.step not in (None, 1):
            raise UserError(Problem("feature_ranges", "slices without a step", repr(each)))
    made = [slice(each.start or 0, each.stop) for each in ranges]
    told = ", ".join(f"{each.start}:{each.stop}" for each in made) or "none"
    if any(each.stop is None or not 0 <= each.start < each.stop for each in made):
        raise UserError(Problem("feature_ranges", "slices that end after they begin", told))
    covered = {i for each in made for i in range(each.start, each.stop)}
    if covered != set(range(outputs)):
        expected = f"ranges that begin at 0, leave no gap and end at {outputs}, the outputs of the model"
        raise UserError(Problem("feature_ranges", expected, told))
    return made

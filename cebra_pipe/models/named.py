"""Rows of the table as modules: (batch, neuron, window) -> (batch, dimension), through the one `Encoder`."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from torch import Generator, Tensor, nn

from ..data.datatypes import Offset
from ..errors import Problem, UserError
from .base import ClassifierModel, ConvolutionalModelMixin, Finish, ResampleModelMixin, _OffsetModel
from .encoder import Encoder
from .table import MODELS, Architecture, clipped, deep, dropping


class Windows(nn.Module):
    """An encoder, which takes time first, for (batch, neuron, time)."""

    def __init__(self, encoder: Encoder, neurons: int):
        super().__init__()
        self.encoder, self.neurons, self.window = encoder, neurons, len(encoder.architecture.offset)

    def forward(self, inputs: Tensor) -> Tensor:
        x = inputs[..., None] if inputs.ndim == 2 and self.window == 1 else inputs
        if x.ndim != 3 or x.shape[1] != self.neurons or x.shape[2] < self.window:
            expected = f"(batch, {self.neurons} neurons, {self.window} or more samples)"
            raise UserError(Problem("input of the model", expected, str(tuple(inputs.shape))))
        batch = len(x)
        rows = self.encoder(x.permute(2, 0, 1).flatten(0, 1), batch)
        return rows.unflatten(0, (-1, batch)).permute(1, 2, 0)


class Named(_OffsetModel):
    """A row of the table, for `num_neurons` inputs.

    Args:
        num_neurons: channels of the input.
        num_units: channels of the hidden layers; rows whose widths are fixed do not read it.
        num_output: dimensions of the embedding.
        normalize: whether the embedding has length one; None: as the row says.
        generator: where the initial weights come from; None: torch's global generator.
        causal: whether the window ends at the sample instead of around it.
    """

    row: ClassVar[str]

    def __init__(
        self,
        num_neurons: int,
        num_units: int,
        num_output: int,
        normalize: bool | None = None,
        *,
        generator: Generator | None = None,
        causal: bool = False,
        architecture: Architecture | None = None,
    ):
        row = replace(architecture or MODELS[self.row], causal=causal)
        row = row if normalize is None else replace(row, normalize=normalize)
        layer = _windows(row, num_neurons, num_units, num_output, generator)
        super().__init__(layer, num_input=num_neurons, num_output=num_output, normalize=row.normalize)

    @property
    def encoder(self) -> Encoder:
        """The layers, for rows of time."""
        return self.net[0].encoder

    @property
    def unchanged(self) -> bool:
        """Whether the model is its encoder and nothing else: no subclass changed `forward` or the layers."""
        return type(self).forward is _OffsetModel.forward and [*map(type, self.net)] == [Windows, Finish]

    def get_offset(self) -> Offset:
        """The window around a sample from which its embedding is made."""
        return self.encoder.architecture.offset


def _windows(row: Architecture, neurons: int, units: int, dimension: int, generator: Generator | None) -> Windows:
    sizes = (("num_neurons", neurons, 1), ("num_units", units, row.smallest), ("num_output", dimension, 1))
    for name, number, least in sizes:
        if number < least:
            raise UserError(Problem(name, f"at least {least}", str(number)))
    return Windows(Encoder(row, neurons, units, dimension, generator), neurons)


class Resampling(Named, ResampleModelMixin):
    """A row that gives fewer embeddings than there are samples."""

    @property
    def resample_factor(self) -> int:
        """Samples from one embedding of a series to the next."""
        return self.encoder.architecture.stride


class Dropping(Named, ConvolutionalModelMixin):
    """A row with dropout of channels in training."""

    inside: ClassVar[bool]

    def __init__(
        self,
        num_neurons: int,
        num_units: int,
        num_output: int,
        normalize: bool | None = None,
        dropout: float = 0.1,
        *,
        generator: Generator | None = None,
        causal: bool = False,
    ):
        if not 0 <= dropout < 1:
            raise UserError(Problem("dropout", "a share from 0 on and below 1", str(dropout)))
        options = {"generator": generator, "causal": causal, "architecture": dropping(dropout, self.inside)}
        super().__init__(num_neurons, num_units, num_output, normalize, **options)


class Clipped(Named):
    """A row with its outputs held between two numbers."""

    def __init__(
        self,
        num_neurons: int,
        num_units: int,
        num_output: int,
        clip_min: float = -1,
        clip_max: float = 1,
        normalize: bool | None = None,
        *,
        generator: Generator | None = None,
    ):
        if not clip_min < clip_max:
            raise UserError(Problem("clip_max", f"more than clip_min, {clip_min}", str(clip_max)))
        row = clipped(clip_min, clip_max)
        super().__init__(num_neurons, num_units, num_output, normalize, generator=generator, architecture=row)


class Deep(Named):
    """A row with one hidden layer that is applied `n_intermediate_layers` times."""

    skip: ClassVar[bool]

    def __init__(
        self,
        num_neurons: int,
        num_units: int,
        num_output: int,
        tanh: bool = False,
        n_intermediate_layers: int = 1,
        normalize: bool | None = None,
        *,
        generator: Generator | None = None,
    ):
        if n_intermediate_layers < 1:
            raise UserError(Problem("n_intermediate_layers", "at least 1", str(n_intermediate_layers)))
        row = deep(n_intermediate_layers, bool(tanh), self.skip)
        super().__init__(num_neurons, num_units, num_output, normalize, generator=generator, architecture=row)


class Supervised(ClassifierModel):
    """A row whose output is the features of a classifier."""

    row: ClassVar[str]

    def __init__(self, num_neurons: int, num_units: int, num_output: int, *, generator: Generator | None = None):
        row = MODELS[self.row]
        super().__init__(num_input=num_neurons, num_output=num_output, offset=row.offset)
        self.net = nn.Sequential(_windows(row, num_neurons, num_units, num_output, generator), Finish(False))

"""The table of encoders. A row says everything: offset, width, parameters and name follow from its layers.

No torch here: configs are checked against this table before anything heavy is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..data.datatypes import Offset
from ..errors import Problem, UserError, did_you_mean


@dataclass(frozen=True)
class Layer:
    """A convolution of `kernel` samples (1: linear) to `width` channels."""

    kernel: int
    width: str | int  # "units", "half" of them, "output", or a number: so many for each output
    gelu: bool = True
    skip: bool = False  # adds its input, cropped to the output's length

    def channels(self, units: int, dimension: int) -> int:
        """Outputs of this layer."""
        return {"units": units, "half": units // 2, "output": dimension}.get(self.width) or self.width * dimension


@dataclass(frozen=True)
class Architecture:
    """Layers from neurons to embedding, and whether the embedding has length one."""

    layers: tuple[Layer, ...]
    normalize: bool = True

    @property
    def offset(self) -> Offset:
        """The window: as many samples as the kernels span, the centre in the middle or just after it."""
        length = 1 + sum(layer.kernel - 1 for layer in self.layers)
        return Offset(length // 2, length - length // 2)

    @property
    def free(self) -> bool:
        """Whether the number of hidden units is the user's to choose."""
        return any(layer.width in ("units", "half") for layer in self.layers)

    @property
    def smallest(self) -> int:
        """Hidden units below which a layer would be empty."""
        return 2 if any(layer.width == "half" for layer in self.layers) else 1

    def work(self, neurons: int, units: int, dimension: int) -> tuple[int, ...]:
        """Multiplications a row of output, layer by layer."""
        widths = [neurons] + [layer.channels(units, dimension) for layer in self.layers]
        return tuple(layer.kernel * a * b for layer, a, b in zip(self.layers, widths, widths[1:], strict=False))


def _convolutional(first: int, skips: int, last: int) -> tuple[Layer, ...]:
    middle = tuple(Layer(3, "units", skip=True) for _ in range(skips))
    return (Layer(first, "units"), *middle, Layer(last, "output", gelu=False))


def _linear(*widths: str | int) -> tuple[Layer, ...]:
    return (*(Layer(1, width) for width in widths), Layer(1, "output", gelu=False))


MODELS = {
    "offset1-model": Architecture(_linear("units", "units", "half")),
    "offset1-model-mse": Architecture(_linear(30, 30, 10), normalize=False),
    "offset1-model-v2": Architecture(_linear("units", "units", "units")),
    "offset5-model": Architecture(_convolutional(2, 1, 2)),
    "offset10-model": Architecture(_convolutional(2, 3, 3)),
    "offset10-model-mse": Architecture(_convolutional(2, 3, 3), normalize=False),
    "offset15-model": Architecture(_convolutional(2, 6, 2)),
    "offset20-model": Architecture(_convolutional(2, 8, 3)),
    "offset36-model": Architecture(_convolutional(2, 16, 3)),
    "offset40-model": Architecture(_convolutional(2, 18, 3)),
    "offset50-model": Architecture(_convolutional(2, 23, 3)),
}


def architecture(name: str) -> Architecture:
    """The row of `name`; a UserError with the nearest names where there is none."""
    if name not in MODELS:
        raise UserError(Problem("model", "a known architecture", repr(name), did_you_mean(name, MODELS)))
    return MODELS[name]

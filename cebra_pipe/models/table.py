"""The table of encoders. A row says everything: offset, width, parameters and name follow from its layers.

No torch here: configs are checked against this table before anything heavy is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from ..data.datatypes import Offset
from ..errors import Problem, UserError, did_you_mean


@dataclass(frozen=True)
class Layer:
    """A convolution of `kernel` samples (1: linear) to `width` channels."""

    kernel: int
    width: str | int  # "units", "half" of them, "output", or a number: so many for each output
    gelu: bool = True
    # "outer" adds the input, cropped in time to the output's length, to what the layer gives; "inner" adds it before
    # the activation, cut or filled with zeros to the output's width
    skip: str = ""
    dropout: float = 0.0  # in training, the share of input channels of the convolution that are set to zero
    repeat: int = 1  # how often the layer is applied, with the same weights
    stride: int = 1
    thinned: bool = False  # every stride-th sample of the input beside the output, as further channels

    @property
    def plain(self) -> bool:
        """Whether it is a convolution with activation and outer skip, and nothing else."""
        return self == Layer(self.kernel, self.width, self.gelu, self.skip) and self.skip != "inner"

    def channels(self, inputs: int, units: int, dimension: int) -> int:
        """Outputs of this layer."""
        own = {"units": units, "half": units // 2, "output": dimension}.get(self.width) or self.width * dimension
        return own + inputs if self.thinned else own

    def work(self, inputs: int, outputs: int) -> int:
        """Multiplications a row of output."""
        return self.repeat * self.kernel * inputs * (outputs - inputs if self.thinned else outputs)

    def activations(self, outputs: int) -> int:
        """Numbers a row of output that pass through gelu."""
        return self.repeat * outputs if self.gelu else 0


@dataclass(frozen=True)
class Step:
    """A function of each entry: gelu, tanh, clamp (to two numbers), or dropout of channels (a share, in training)."""

    name: str
    numbers: tuple[float, ...] = ()
    kernel = stride = repeat = 1
    plain = True

    def channels(self, inputs: int, units: int, dimension: int) -> int:
        """As many as come in."""
        return inputs

    def work(self, inputs: int, outputs: int) -> int:
        """No multiplication by a weight."""
        return 0

    def activations(self, outputs: int) -> int:
        """As of a layer."""
        return outputs if self.name == "gelu" else 0


@dataclass(frozen=True)
class Architecture:
    """Layers from neurons to embedding, and whether the embedding has length one."""

    layers: tuple[Layer | Step, ...]
    normalize: bool = True
    classes: bool = False  # trained on classes, through a further linear layer on its output
    causal: bool = False  # the window ends at the sample: nothing later is read

    @property
    def offset(self) -> Offset:
        """The window: as many samples as the kernels span, the sample in the middle, just after it, or at the end."""
        length = stride = 1
        for layer in self.layers:
            length, stride = length + (layer.kernel - 1) * stride, stride * layer.stride
        return Offset(length - 1, 1) if self.causal else Offset(length // 2, length - length // 2)

    @property
    def free(self) -> bool:
        """Whether the number of hidden units is the user's to choose."""
        return bool(self._widths & {"units", "half"})

    @property
    def stride(self) -> int:
        """Samples from one row of the embedding of a series to the next."""
        stride = 1
        for layer in self.layers:
            stride *= layer.stride
        return stride

    @property
    def _widths(self) -> set[str | int]:
        return {layer.width for layer in self.layers if isinstance(layer, Layer)}

    @property
    def smallest(self) -> int:
        """Hidden units below which a layer would be empty."""
        return 2 if "half" in self._widths else 1

    @property
    def unfit(self) -> str:
        """Why the training loop of a study cannot run it; empty where it can."""
        if self.classes:
            return "it is trained on classes, by a supervised solver"
        if self.stride > 1:
            return f"its embedding has one row for {self.stride} samples, and a study needs one for each"
        if any(getattr(layer, "dropout", 0) or getattr(layer, "name", "") == "dropout" for layer in self.layers):
            return "its dropout draws from torch's global generator, so that the fit could not be repeated"
        return ""

    def weights(self, neurons: int, units: int, dimension: int) -> int:
        """Weights of all layers, without biases."""
        each = zip(self.work(neurons, units, dimension), self.layers, strict=True)
        return sum(work // layer.repeat for work, layer in each)

    def work(self, neurons: int, units: int, dimension: int) -> tuple[int, ...]:
        """Multiplications a row of output, layer by layer."""
        widths = [neurons]
        for layer in self.layers:
            widths.append(layer.channels(widths[-1], units, dimension))
        return tuple(layer.work(a, b) for layer, a, b in zip(self.layers, widths, widths[1:], strict=False))


TANH = Step("tanh")
FRONT = Layer(4, "units", gelu=False, stride=2, thinned=True)


def convolutional(skips: int, last: int, first: tuple[Layer | Step, ...] = (Layer(2, "units"),), dropout: float = 0.0):
    """Layers: `first`, then convolutions of three samples that are added to their input, then one to the output."""
    middle = tuple(Layer(3, "units", skip="outer", dropout=dropout) for _ in range(skips))
    return (*first, *middle, Layer(last, "output", gelu=False))


def linear(*widths: str | int) -> tuple[Layer, ...]:
    """Linear layers to these widths and to the output."""
    return (*(Layer(1, width) for width in widths), Layer(1, "output", gelu=False))


def dropping(share: float, inside: bool) -> Architecture:
    """offset36-model with dropout of channels after the first convolution, and `inside` every later one."""
    first = (Layer(2, "units", gelu=False), Step("dropout", (share,)), Step("gelu"))
    return Architecture(convolutional(16, 3, first, share if inside else 0.0))


def clipped(low: float, high: float) -> Architecture:
    """offset1-model-mse with its outputs held between two numbers."""
    return Architecture((*linear(30, 30, 10), Step("clamp", (low, high))), normalize=False)


def deep(layers: int, tanh: bool, skip: bool) -> Architecture:
    """Linear layers of which the second is applied `layers` times, each added to its input where `skip`."""
    inner = "inner" if skip else ""
    hidden = (Layer(1, width, skip=inner, repeat=n) for width, n in (("units", 1), ("units", layers), ("half", 1)))
    return Architecture((*hidden, Layer(1, "output", gelu=False), *([TANH] if tanh else [])), normalize=False)


_SLOWER = (FRONT, Layer(3, "units", stride=2))
_UNITS = Layer(1, "units")
_OUT = Layer(1, "output", gelu=False)
_INNER = Layer(1, "units", skip="inner")
_OUTER = Layer(1, "units", skip="outer")
CLIPS = tuple(product((1000, 100, 50, 25, 20, 15, 10, 5, 1), repeat=2))
DEPTHS = tuple(product(range(1, 11), (True, False)))

# In the order in which they are listed; the families follow.
SINGLE = {
    "offset10-model": Architecture(convolutional(3, 3)),
    "offset10-model-mse": Architecture(convolutional(3, 3), normalize=False),
    "offset5-model": Architecture(convolutional(1, 2)),
    "offset1-model-mse": Architecture(linear(30, 30, 10), normalize=False),
    "offset1-model": Architecture(linear("units", "units", "half")),
    "offset1-model-v2": Architecture(linear("units", "units", "units")),
    "offset1-model-v3": Architecture((_UNITS, _INNER, _INNER, _OUT)),
    "offset1-model-v4": Architecture((_UNITS, *4 * (_OUTER,), _OUT)),
    "offset1-model-v5": Architecture((_UNITS, *4 * (_INNER,), _OUT)),
    "offset40-model-4x-subsample": Architecture(convolutional(3, 3, _SLOWER)),
    "resample-model": Architecture(convolutional(3, 3, _SLOWER)),
    "offset20-model-4x-subsample": Architecture(convolutional(1, 2, _SLOWER)),
    "resample5-model": Architecture(convolutional(1, 2, _SLOWER)),
    "offset4-model-2x-subsample": Architecture((FRONT, *linear("units", "units", "half"))),
    "resample1-model": Architecture((FRONT, *linear("units", "units", "half"))),
    "supervised10-model": Architecture(convolutional(3, 3), normalize=False, classes=True),
    "supervised1-model": Architecture(linear("units", "units", "half"), normalize=False, classes=True),
    "offset36-model": Architecture(convolutional(16, 3)),
    "offset36-model-dropout": dropping(0.1, inside=False),
    "offset36-model-more-dropout": dropping(0.1, inside=True),
    "offset40-model": Architecture(convolutional(18, 3)),
    "offset50-model": Architecture(convolutional(23, 3)),
    "offset15-model": Architecture(convolutional(6, 2)),
    "offset20-model": Architecture(convolutional(8, 3)),
    "offset10-model-mse-tanh": Architecture((*convolutional(3, 3), TANH), normalize=False),
    "offset1-model-mse-tanh": Architecture((*linear(30, 30, 10), TANH), normalize=False),
}
MODELS = {
    **SINGLE,
    **{f"offset1-model-mse-clip-{a}-{b}": clipped(-a, b) for a, b in CLIPS},
    **{f"offset1-model-mse-v2-{n}layers{'-tanh' * t}": deep(n, t, skip=False) for n, t in DEPTHS},
    **{f"offset1-model-mse-resnet-{n}layers{'-tanh' * t}": deep(n, t, skip=True) for n, t in DEPTHS},
}


def architecture(name: str, causal: bool = False) -> Architecture:
    """The row of `name`; a UserError with the nearest names where there is none."""
    if name not in MODELS:
        raise UserError(Problem("model", "a known architecture", repr(name), did_you_mean(name, MODELS)))
    return replace(MODELS[name], causal=causal)

"""What all models share: (batch, neuron, window) -> (batch, dimension).

A model of one's own derives from `_OffsetModel`, with layers, or from `Model`, with its own `forward`. Convolutional
ones also take a whole series, (1, neuron, time) -> (1, dimension, time - window + 1).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..data.datatypes import Offset
from ..errors import Problem, UserError
from .layers import Squeeze, normalize


class Model(nn.Module):
    """Base of all models.

    Args:
        num_input: neurons, from 1 on.
        num_output: dimensions of the embedding, from 1 on.
        offset: the window that is read, for models that do not define `get_offset`.
    """

    def __init__(self, *, num_input: int, num_output: int, offset: Offset | None = None):
        super().__init__()
        for name, number in (("num_input", num_input), ("num_output", num_output)):
            if number < 1:
                raise UserError(Problem(name, "at least 1", str(number)))
        self.num_input, self.num_output, self._offset = num_input, num_output, offset

    def get_offset(self) -> Offset:
        """The window around a sample from which its embedding is made."""
        if self._offset is None:
            raise NotImplementedError(f"{type(self).__name__} has to define get_offset(), or be given its offset.")
        return self._offset


class ConvolutionalModelMixin:
    """Marks models that take a whole series (1, neuron, time) and give an embedding for each window in it."""


class ResampleModelMixin:
    """Marks models that give fewer embeddings than there are samples."""

    @property
    def resample_factor(self) -> int:
        """Samples from one embedding of a series to the next."""
        raise NotImplementedError(f"{type(self).__name__} has to define resample_factor.")


class HasFeatureEncoder:
    """Models whose features come from `net`."""

    @property
    def feature_encoder(self) -> nn.Module:
        """What maps the input to features."""
        return self.net


class ParameterCountMixin:
    """Counts the parameters of a torch.nn.Module."""

    @property
    def num_parameters(self) -> int:
        """Numbers in all parameters."""
        return sum(p.numel() for p in self.parameters())

    @property
    def num_trainable_parameters(self) -> int:
        """Numbers in those that are trained."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)


class ClassifierModel(Model, HasFeatureEncoder):
    """A model with a linear layer from its features to class scores, made by `set_output_num`."""

    def __init__(self, *, num_input: int, num_output: int, offset: Offset | None = None):
        super().__init__(num_input=num_input, num_output=num_output, offset=offset)
        self.classifier: nn.Linear | None = None

    @property
    def features_encoder(self) -> nn.Module:
        """The same as `feature_encoder`."""
        return self.feature_encoder

    def set_output_num(self, label_num: int, override: bool = False) -> None:
        """Make the layer for `label_num` classes.

        RuntimeError where there is one already, unless `override`; an optimizer then still holds the old one's weights.
        """
        if self.classifier is not None and not override:
            found = f"{self.classifier.out_features} classes"
            raise RuntimeError(f"The classifier is made, for {found}. Pass override=True to replace it.")
        if label_num < 1:
            raise UserError(Problem("label_num", "at least 1 class", str(label_num)))
        at = next(self.parameters(), torch.empty(0))
        self.classifier = nn.Linear(self.num_output, label_num, device=at.device, dtype=at.dtype)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Features (batch, num_output), those below zero cut off, and class scores (batch, label_num)."""
        if self.classifier is None:
            raise UserError(Problem("classifier", "a number of classes", "none", "Call set_output_num(label_num)."))
        features = torch.relu(self.feature_encoder(inputs))
        return features, self.classifier(features)


class _OffsetModel(Model, HasFeatureEncoder):
    """A model from layers, applied one after the other to (batch, channel, time).

    Args:
        layers: modules from `num_input` channels to `num_output`.
        num_input: neurons.
        num_output: dimensions of the embedding.
        normalize: whether the embedding has length one.
    """

    def __init__(self, *layers: nn.Module, num_input: int, num_output: int, normalize: bool = True):
        super().__init__(num_input=num_input, num_output=num_output)
        self.net, self.normalize = nn.Sequential(*layers, Finish(normalize)), normalize

    def forward(self, inp: Tensor) -> Tensor:
        """(batch, num_input, window) -> (batch, num_output), or a series where the layers are convolutions."""
        return self.net(inp)


class Finish(nn.Module):
    """Length one if asked for; a time axis of one sample falls away."""

    def __init__(self, unit: bool):
        super().__init__()
        self.unit, self.squeeze = unit, Squeeze()

    def forward(self, x: Tensor) -> Tensor:
        return self.squeeze(normalize(x, 1) if self.unit else x)

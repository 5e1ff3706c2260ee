"""Models and criteria of a user's own, in the form that the engine trains."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..models.contrast import Contrast, Loss
from ..models.criterions import Blockwise
from ..models.encoder import Encoder
from ..models.named import Named
from .network import Network


class Windowed(nn.Module):
    """Any model, read window by window: (window * n, neuron), time first -> (n, dimension)."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model, self.training = model, model.training

    def forward(self, x: Tensor, lanes: int) -> Tensor:
        windows = x.view(-1, lanes, x.shape[1]).permute(1, 2, 0)
        return self.model(windows)

    def finish(self, rows: Tensor) -> Tensor:
        return rows


class OwnCriterion(nn.Module):
    """Any criterion of (n, d), (n, d), (m, d), for groups of sessions."""

    def __init__(self, criterion: nn.Module):
        super().__init__()
        self.criterion = criterion

    def forward(self, reference: Tensor, positive: Tensor, negative: Tensor, allowed: Tensor | None = None) -> Loss:
        if allowed is not None:
            raise ValueError(
                f"criterion: {type(self.criterion).__name__} cannot leave out negatives, as a class asks for that is "
                "missing in a session. Take a built-in criterion, or sessions that have all classes."
            )
        losses = [self.criterion(*group) for group in zip(reference, positive, negative, strict=True)]
        return Loss(*(torch.stack(each).mean() for each in zip(*losses, strict=True)))


def encoder_of(model: nn.Module) -> Encoder | Windowed:
    """The rows of a built-in model whose forward nobody changed, else its windows."""
    plain = isinstance(model, Named) and model.unchanged and not training_differs(model)
    return model.encoder if plain else Windowed(model)


def training_differs(model: Named) -> bool:
    """Whether a series cannot be encoded at once in place of windows: rows are thinned out, or dropout is by window."""
    return bool(model.encoder.architecture.unfit)


def network_of(models: Sequence[nn.Module], criterion: nn.Module) -> Network:
    """What the engine trains; parameters are shared with `models` and `criterion`."""
    encoders = [encoder_of(model) for model in models]
    if not all(isinstance(e, Encoder) for e in encoders):
        encoders = [Windowed(model) for model in models]
    made, weights = contrast_of(criterion), [p for model in models for p in model.parameters()]
    if made is not criterion and weights:
        made.to(weights[0].device)  # a temperature that is not trained was a number
    return Network(encoders, made)


def contrast_of(criterion: nn.Module) -> nn.Module:
    """The criterion for groups of sessions, sharing a trained temperature."""
    if isinstance(criterion, Contrast):
        return criterion
    made = criterion.contrast() if isinstance(criterion, Blockwise) else None
    return OwnCriterion(criterion) if made is None else made

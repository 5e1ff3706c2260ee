"""A fitted model adapted to other neurons: a new first layer, all later ones as they were fitted."""

from __future__ import annotations

import itertools

from torch import nn


def adopt(made: nn.Module, base: nn.Module) -> None:
    """Weights of `base` for all but the first layer of `made`; they stay as they are in training."""
    state, first = base.state_dict(), first_layer(base)
    made.load_state_dict({name: value for name, value in state.items() if name not in first}, strict=False)
    for name, parameter in made.named_parameters():
        parameter.requires_grad_(name in first)


def first_layer(model: nn.Module) -> tuple[str, ...]:
    """Names of weight and bias of the layer that reads the neurons: the first two entries of the state."""
    return tuple(itertools.islice(model.state_dict(), 2))

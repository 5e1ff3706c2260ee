"""Whether a model reads the window that it says."""

from __future__ import annotations

import torch
from torch import nn

from ..errors import Problem, UserError
from .base import ClassifierModel

NEEDED = ("num_input", "num_output", "get_offset")


def lacking(model: object, *names: str) -> list[str]:
    """Those of `names` that a model of one's own does not have."""
    return [name for name in names if getattr(model, name, None) is None]


def check_model(name: str, model: object) -> None:
    """A UserError unless a window of `len(model.get_offset())` samples becomes one embedding.

    A wrong offset is not seen otherwise: a longer one gives several embeddings a sample, of other moments than their
    labels.
    """
    lacks = lacking(model, *NEEDED)
    if not isinstance(model, nn.Module) or lacks:
        found = f"a {type(model).__name__}" + (f" without {', '.join(lacks)}" if lacks else "")
        remedy = "Derive it from cebra_pipe.models.model.Model or _OffsetModel."
        raise UserError(Problem(f"model {name!r}", f"a torch module with {', '.join(NEEDED)}", found, remedy))
    window = len(model.get_offset())
    expected = f"a window of {window} samples, which is what get_offset() says, to become one embedding"
    remedy = "Let get_offset() return as many samples as the layers read: one more than the sum of (kernel - 1)."
    try:
        found = tuple(_embedded(model, window).shape)
    except RuntimeError as error:
        raise UserError(Problem(f"model {name!r}", expected, f"an error: {error}", remedy)) from error
    if found != (2, model.num_output):
        raise UserError(Problem(f"model {name!r}", f"{expected}, (2, {model.num_output})", str(found), remedy))


@torch.no_grad()
def _embedded(model: nn.Module, window: int) -> torch.Tensor:
    features = model.feature_encoder if isinstance(model, ClassifierModel) else model
    at, training = next(model.parameters(), torch.empty(0)), model.training
    try:
        model.eval()  # dropout draws nothing then
        return features(torch.zeros(2, model.num_input, window, device=at.device, dtype=at.dtype))
    finally:
        model.train(training)

"""Solvers of a single session."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data.datatypes import Batch
from .embed import embed
from .hybrid import MultiobjectiveSolver
from .training import Solver


@dataclass
class SingleSessionSolver(Solver):
    """References, positives and negatives go through one encoder."""

    def _inference(self, batch: Batch) -> Batch:
        return Batch(self.model(batch.reference), self.model(batch.positive), self.model(batch.negative))

    @torch.no_grad()
    def get_embedding(self, data: Tensor) -> Tensor:
        """(1, neuron, time) -> (time - window + 1, dimension), or windows (n, neuron, window) -> (n, dimension)."""
        if data.ndim == 3 and len(data) == 1 and data.shape[2] > len(self.model.get_offset()):
            return embed(self.model, data[0].T, pad=False)
        return embed(self.model, data)


@dataclass
class BatchSingleSessionSolver(SingleSessionSolver):
    """Every sample is a reference in every step; goes with FullDataLoader."""


@dataclass
class SingleSessionAuxVariableSolver(SingleSessionSolver):
    """References go through `reference_model`, positives and negatives through `model`."""

    reference_model: nn.Module | None = None
    plain = ("_inference",)

    def __post_init__(self):
        super().__post_init__()
        if self.reference_model is None:
            raise ValueError("reference_model: expected a model for the references, found None.")

    def _inference(self, batch: Batch) -> Batch:
        return Batch(self.reference_model(batch.reference), self.model(batch.positive), self.model(batch.negative))

    def parameters(self):
        yield from super().parameters()
        yield from self.reference_model.parameters()

    def state_dict(self) -> dict:
        return super().state_dict() | {"reference_model": self.reference_model.state_dict()}

    def load_state_dict(self, state_dict: dict, strict: bool = True) -> None:
        super().load_state_dict(state_dict, strict)
        if "reference_model" in state_dict or strict:
            self.reference_model.load_state_dict(state_dict["reference_model"])


@dataclass
class SingleSessionHybridSolver(MultiobjectiveSolver):
    """Behaviour and time at once; goes with HybridDataLoader."""

    def _inference(self, batch: Batch) -> Batch:
        return Batch(self.model(batch.reference), self.model(batch.positive), self.model(batch.negative))

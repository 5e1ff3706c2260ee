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
    others = ("reference_model",)

    def __post_init__(self):
        super().__post_init__()
        if self.reference_model is None:
            raise ValueError("reference_model: expected a model for the references, found None.")

    def _inference(self, batch: Batch) -> Batch:
        return Batch(self.reference_model(batch.reference), self.model(batch.positive), self.model(batch.negative))

    def transform(
        self,
        inputs: Tensor,
        pad_before_transform: bool = True,
        session_id: int | None = None,
        batch_size: int | None = None,
        use_reference_model: bool = False,
    ) -> Tensor:
        """As Solver.transform, by the model of positives and negatives or by that of the references."""
        if not use_reference_model:
            return super().transform(inputs, pad_before_transform, session_id, batch_size)
        self._chosen(session_id)
        return embed(self.reference_model, inputs, pad_before_transform, batch_size)


@dataclass
class SingleSessionHybridSolver(MultiobjectiveSolver):
    """Behaviour and time at once; goes with HybridDataLoader."""

    def _inference(self, batch: Batch) -> Batch:
        return Batch(self.model(batch.reference), self.model(batch.positive), self.model(batch.negative))

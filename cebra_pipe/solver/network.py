"""What is trained: one encoder per session, and the criterion."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..errors import Problem, UserError
from ..models.contrast import Contrast
from ..models.encoder import Encoder
from ..models.table import Architecture

ROWS = 2**16  # samples that are embedded at a time when no gradient is needed


class Network(nn.Module):
    """One encoder per session; a single session is a family of one."""

    def __init__(self, encoders: Sequence[Encoder], criterion: Contrast):
        super().__init__()
        self.encoders, self.criterion = nn.ModuleList(encoders), criterion

    @property
    def architecture(self) -> Architecture:
        return self.encoders[0].architecture

    @property
    def device(self) -> torch.device:
        return next(self.encoders.parameters()).device

    @property
    def temperature(self) -> float:
        return float(1 / self.criterion.scale.detach())

    def finish(self, rows: Tensor) -> Tensor:
        return self.encoders[0].finish(rows)

    @torch.no_grad()
    def embed(self, session: int, series: Tensor) -> Tensor:
        """(time, neuron) -> (time - window + 1, dimension)"""
        encoder, reach = self.encoders[session], len(self.architecture.offset) - 1
        blocks = range(0, len(series) - reach, ROWS)
        return torch.cat([encoder.finish(encoder(series[begin : begin + ROWS + reach])) for begin in blocks])


def build(
    architecture: Architecture,
    neurons: Sequence[int],
    units: int,
    dimension: int,
    criterion: Contrast,
    generator: torch.Generator,
) -> Network:
    """A fresh network; its weights come from `generator` alone."""
    if units < architecture.smallest:
        raise UserError(Problem("training.hidden_units", f"at least {architecture.smallest}", str(units)))
    return Network([Encoder(architecture, n, units, dimension, generator) for n in neurons], criterion)

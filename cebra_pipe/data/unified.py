"""Several sessions read side by side, as one animal with all their neurons."""

from __future__ import annotations

import torch

from .datasets import DatasetCollection
from .datatypes import Batch, BatchIndex


class UnifiedDataset(DatasetCollection):
    """Sessions whose samples a draw pairs by label, so that one encoder reads the neurons of all."""

    @property
    def input_dimension(self) -> int:
        """Neurons of all sessions together."""
        return sum(session.input_dimension for session in self.iter_sessions())

    def load_batch(self, index: BatchIndex) -> Batch:
        """Draws (session, n) -> windows (n, neurons of all sessions, window); row s counts samples of session s."""
        return Batch(self._beside(index.reference), self._beside(index.positive), self._beside(index.negative))

    def _beside(self, rows: torch.Tensor) -> torch.Tensor:
        windows = [session[row] for session, row in zip(self.iter_sessions(), rows, strict=True)]
        return torch.cat(windows, dim=1)

"""Solvers of several sessions: one encoder each, one loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data.base import Loader
from ..data.datatypes import Batch
from ..models.layers import normalize
from .hybrid import MultiobjectiveSolver
from .training import Solver


class _Sessions:
    """What solvers with one model a session share; `model` is a ModuleList."""

    @property
    def models(self) -> list[nn.Module]:
        return list(self.model)

    def _inference(self, batches: Sequence[Batch]) -> Batch:
        """One batch a session -> aligned embeddings of all of them."""
        pairs = list(zip(self.model, batches, strict=True))
        reference = torch.cat([model(b.reference) for model, b in pairs])
        positive = torch.cat([model(b.positive) for model, b in pairs])
        negative = torch.cat([model(b.negative) for model, b in pairs])
        return Batch(reference, positive[batches[0].index_reversed], negative)

    def _chosen(self, session_id: int | None) -> nn.Module:
        if session_id is None or not 0 <= session_id < len(self.model):
            raise RuntimeError(f"session_id: expected 0 to {len(self.model) - 1}, the sessions, found {session_id}.")
        return self.model[session_id]

    def _note_data(self, loader: Loader) -> None:
        sessions = list(loader.dataset.iter_sessions())
        self.n_features = [session.input_dimension for session in sessions]
        self.num_sessions = len(sessions)
        if len(self.model) != len(sessions):
            raise ValueError(f"model: expected one a session ({len(sessions)}), found {len(self.model)}.")
        self.to(loader.dataset.device)

    @torch.no_grad()
    def validation(self, loader: Loader, session_id: int | None = None) -> float:
        """The mean loss over the batches of `loader`: of all sessions, or with `session_id` of one against itself."""
        if session_id is None:
            return super().validation(loader)
        return self.alone(session_id).validation(loader)

    def alone(self, session_id: int) -> Solver:
        """A solver of one session: its model and the shared criterion."""
        model = self._chosen(session_id)
        return self._alone()(model, self.criterion, self.optimizer, tqdm_on=False, **self._options())

    def _options(self) -> dict[str, object]:
        return {}


@dataclass
class MultiSessionSolver(_Sessions, Solver):
    """Contrasts all sessions with one another."""

    def _alone(self) -> type[Solver]:
        from .single_session import SingleSessionSolver

        return SingleSessionSolver


@dataclass
class MultiSessionHybridSolver(_Sessions, MultiobjectiveSolver):
    """Behaviour over all sessions, and time inside each of them; goes with HybridMultiSessionDataLoader."""

    def _losses(self, batch: Sequence[Batch]) -> Sequence[Tensor]:
        """The halves of every session's batch are behaviour, over all sessions, and time, inside each."""
        embedded, sessions = self._inference(batch), len(batch)
        views = [z.view(sessions, -1, z.shape[-1]) for z in (embedded.reference, embedded.positive, embedded.negative)]
        (labels, time), losses = zip(*(z.chunk(2, dim=1) for z in views), strict=True), []
        for halves, (_, first, dimensions, renormalize) in zip((labels, time), self.spans, strict=True):
            parts = [z[..., first : first + dimensions] for z in halves]
            losses.append([normalize(z) if renormalize else z for z in parts])
        behavior = self.criterion(*(z.flatten(0, 1) for z in losses[0]))
        alone = [self.criterion(*group) for group in zip(*losses[1], strict=True)]
        return [a + sum(b) / sessions for a, *b in zip(behavior, *alone, strict=True)]

    def _alone(self) -> type[Solver]:
        from .single_session import SingleSessionHybridSolver

        return SingleSessionHybridSolver

    def _options(self) -> dict[str, object]:
        names = ("num_behavior_features", "renormalize_features", "output_mode")
        return {name: getattr(self, name) for name in names}


@dataclass
class MultiSessionAuxVariableSolver(MultiSessionSolver):
    """References go through `reference_model`, one a session, positives and negatives through `model`."""

    reference_model: nn.ModuleList | None = None
    plain = ("_inference",)

    def __post_init__(self):
        super().__post_init__()
        if self.reference_model is None:
            raise ValueError("reference_model: expected one model a session for the references, found None.")

    def _inference(self, batches: Sequence[Batch]) -> Batch:
        reference = torch.cat([m(b.reference) for m, b in zip(self.reference_model, batches, strict=True)])
        found = super()._inference(batches)
        return Batch(reference, found.positive, found.negative)

    def parameters(self):
        yield from super().parameters()
        yield from self.reference_model.parameters()

"""Solvers of several sessions: one encoder each, one loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data.base import Loader
from ..data.datatypes import Batch
from ..errors import Problem, UserError
from ..models.layers import normalize
from .hybrid import MultiobjectiveSolver
from .training import Solver


class _Sessions:
    """What solvers with one model a session share; `model` is a ModuleList."""

    several = True

    @property
    def models(self) -> list[nn.Module]:
        return list(self.model)

    def _inference(self, batches: Sequence[Batch]) -> Batch:
        """One batch a session -> embeddings of all of them, one session after another; positives as the references."""
        pairs = list(zip(self.model, batches, strict=True))
        reference = torch.cat([model(b.reference) for model, b in self._of_references(batches)])
        positive = torch.cat([model(b.positive) for model, b in pairs])
        negative = torch.cat([model(b.negative) for model, b in pairs])
        return Batch(reference, positive[batches[0].index_reversed], negative)

    def _of_references(self, batches: Sequence[Batch]) -> list[tuple[nn.Module, Batch]]:
        return list(zip(self.model, batches, strict=True))

    @torch.no_grad()
    def validation(self, loader: Loader, session_id: int | None = None) -> float:
        """The mean loss over the batches of `loader`: of all sessions, or with `session_id` of one against itself."""
        if session_id is None:
            return super().validation(loader)
        if loader.dataset.multisession:
            expected = f"that of session {session_id} alone where session_id is given"
            remedy = "Give a single-session loader of it, or leave session_id out to score all sessions."
            raise UserError(Problem("loader", expected, f"{type(loader).__name__} of several sessions", remedy))
        return self.alone(session_id).validation(loader)

    def alone(self, session_id: int) -> Solver:
        """A solver of one session: its model and the shared criterion."""
        model = self._chosen(session_id)
        return self._alone()(model, self.criterion, self.optimizer, tqdm_on=False, **self._options(session_id))

    def _options(self, session_id: int) -> dict[str, object]:
        return {}


@dataclass
class MultiSessionSolver(_Sessions, Solver):
    """Contrasts all sessions with one another, or by time each with itself."""

    def _losses(self, batch: Sequence[Batch]) -> Sequence[Tensor]:
        embedded, sessions = self._inference(batch), len(batch)
        if not self._apart:
            return self.criterion(embedded.reference, embedded.positive, embedded.negative)
        groups = (z.chunk(sessions) for z in (embedded.reference, embedded.positive, embedded.negative))
        losses = [self.criterion(*group) for group in zip(*groups, strict=True)]
        return [sum(each) / sessions for each in zip(*losses, strict=True)]

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

    def _options(self, session_id: int) -> dict[str, object]:
        names = ("num_behavior_features", "renormalize_features", "output_mode")
        return {name: getattr(self, name) for name in names}


@dataclass
class MultiSessionAuxVariableSolver(MultiSessionSolver):
    """References go through `reference_model`, one a session, positives and negatives through `model`."""

    reference_model: nn.ModuleList | None = None
    plain = ("_inference",)
    others = ("reference_model",)

    def __post_init__(self):
        super().__post_init__()
        if self.reference_model is None:
            raise ValueError("reference_model: expected one model a session for the references, found None.")

    def _inference(self, batches: Sequence[Batch]) -> Batch:
        return super()._inference(batches)

    def _of_references(self, batches: Sequence[Batch]) -> list[tuple[nn.Module, Batch]]:
        return list(zip(self.reference_model, batches, strict=True))

    def _alone(self) -> type[Solver]:
        from .single_session import SingleSessionAuxVariableSolver

        return SingleSessionAuxVariableSolver

    def _options(self, session_id: int) -> dict[str, object]:
        return {"reference_model": self.reference_model[session_id]}

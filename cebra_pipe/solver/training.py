"""Solvers: a model, a criterion and an optimizer, trained on a loader. Open for subclassing.

A built-in loader is handed to the engine (solver/engine.py), whatever the mode. A loader, data set, `step` or
`_inference` of one's own takes the plain way: batches of windows, one by one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..data.base import Loader
from ..data.datatypes import Batch
from ..data.sampling import DrawnLoader, fresh_draws, sessions_of
from .adapters import network_of
from .doors import check_batches, check_inputs, check_loader, check_made, check_trained, session_of
from .embed import embed
from .engine import score
from .handover import Handover, hand_over, own_parts
from .logged import LOGGED, Logged
from .state import Stateful
from .timetable import Timetable, carry_out
from .util import in_eval


@dataclass
class Solver(ABC, Stateful, Logged):
    """Training of `model` by `criterion` and `optimizer`.

    log: a list a value, one entry a step: pos, neg and total in nats, temperature. history: the totals.
    """

    model: nn.Module
    criterion: nn.Module
    optimizer: torch.optim.Optimizer
    history: list[float] = field(default_factory=list)
    decode_history: list = field(default_factory=list)
    log: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in LOGGED})
    tqdm_on: bool = True

    plain: ClassVar[tuple[str, ...]] = ()  # methods of a built-in variant that the engine does not know
    several: ClassVar[bool] = False  # whether there is one model a session

    def __post_init__(self):
        check_made(type(self).__name__, self.model, self.criterion, self.several)
        self._apart = False  # whether the batches being read pair no sessions: each is contrasted with itself
        self.n_features: int | list[int] | None = None
        self.num_sessions: int | None = None
        self.best_step: int | None = None  # of the lowest loss on the validation loader

    # What the variants say ------------------------------------------------------------------------------------------

    @property
    def models(self) -> list[nn.Module]:
        """One model a session."""
        return [self.model]

    @property
    def spans(self) -> list[tuple[str, int, int, bool]]:
        """One objective each: name, first dimension, dimensions, whether the part is brought to length one."""
        return [("", 0, self.models[0].num_output, False)]

    @abstractmethod
    def _inference(self, batch: Batch) -> Batch:
        """Windows -> aligned embeddings."""

    # Training -------------------------------------------------------------------------------------------------------

    def fit(
        self,
        loader: Loader,
        valid_loader: Loader | None = None,
        *,
        save_frequency: int | None = None,
        valid_frequency: int | None = None,
        decode: bool = False,
        logdir: str | Path | None = None,
        save_hook: Callable[[int, Solver], None] | None = None,
        patience: int | None = None,
        restore_best: bool = False,
        resume: bool = False,
    ) -> None:
        """Train for `loader.num_steps` steps.

        Every `valid_frequency` steps, and after the last one, the loss on `valid_loader`, on the same draws each time,
        is noted in `log["valid"]` and the best model goes to `logdir`; after `patience` scores without a better one
        training stops, and with `restore_best` the best model is taken. Every `save_frequency` steps
        `save_hook(step, solver)` is called and a checkpoint goes to `logdir`. With `resume` a fit that was stopped
        goes on from the last checkpoint there, with the same numbers as one that was not; without a checkpoint it
        begins. ValueError for options without effect.
        """
        plan = Timetable(
            valid_loader=valid_loader,
            save_frequency=save_frequency,
            valid_frequency=valid_frequency,
            decode=decode,
            logdir=logdir,
            save_hook=save_hook,
            patience=patience,
            restore_best=restore_best,
            resume=resume,
        )
        self._note_data(loader)
        check_trained(self.model, self.criterion, self.optimizer)
        carry_out(self, loader, plan)

    def hand_over(self, loader: Loader) -> Handover:
        """The engine's view of a built-in loader."""
        network = network_of(self.models, self.criterion)
        return hand_over(network, loader, self.models[0].get_offset(), self.spans)

    def _own_parts(self, loader: Loader) -> list[str]:
        mine = [
            f"{type(self).__name__}.{name}"
            for name in ("step", "_inference")
            if not getattr(type(self), name).__module__.startswith("cebra_pipe.solver.") or name in self.plain
        ]
        return mine + own_parts(loader)

    def _read_batches(self, loader: Loader) -> None:
        check_batches(loader, self.models)
        pooled = not isinstance(loader, DrawnLoader) or any(
            sampling.conditional.pooled for sampling in loader.samplings(loader.dataset.offset)
        )
        self._apart = not pooled

    def step(self, batch: Batch) -> dict[str, float]:
        """One gradient update on a batch of windows; what it scored."""
        self.optimizer.zero_grad()
        losses = self._losses(batch)
        losses[0].backward()
        self.optimizer.step()
        total, align, uniform = (float(value.detach()) for value in losses)
        stats = {"pos": align, "neg": uniform, "total": total, "temperature": float(self._temperature())}
        self._append(stats)
        return stats

    def _losses(self, batch: Batch) -> Sequence[Tensor]:
        prediction = self._inference(batch)
        return self.criterion(prediction.reference, prediction.positive, prediction.negative)

    # Use ------------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def validation(self, loader: Loader, session_id: int | None = None) -> float:
        """The mean total loss over the batches of `loader`, in nats, in eval mode; modes are restored.

        Draws begin anew from the loader's seed, so that two scores compare models and not draws.
        """
        if session_id not in (None, 0):
            raise ValueError(f"session_id: expected None or 0 for a single session, found {session_id}.")
        own = self._own_parts(loader)
        with in_eval(self._modules()), fresh_draws(loader):
            if own:
                self._read_batches(loader)
                losses = [float(self._losses(batch)[0]) for batch in loader]
            else:
                given = self.hand_over(loader)
                parts = given.network, given.encoding, given.objectives, given.batch, given.steps
                losses = [float(each[:, 0].sum()) for each, _ in score(*parts, given.stream)]
        return sum(losses) / len(losses)

    def decoding(self, train_loader: Loader, valid_loader: Loader) -> None:
        """Removed: decode embeddings with cebra_pipe.KNNDecoder."""
        raise NotImplementedError(
            "decoding: use cebra_pipe.KNNDecoder on the embeddings, or `save_hook` during training."
        )

    @torch.no_grad()
    def transform(
        self,
        inputs: Tensor,
        pad_before_transform: bool = True,
        session_id: int | None = None,
        batch_size: int | None = None,
    ) -> Tensor:
        """The embedding, in eval mode.

        inputs: a series (time, neuron) -> (time, dimension), edges padded with their own values, or without
        `pad_before_transform` (time - window + 1, dimension); or windows (n, neuron, window), or the same with the last
        two axes swapped as numpy's sliding windows give them -> (n, dimension). `batch_size`: rows embedded at a time.
        ValueError where the shape does not fit, or nothing was fitted.
        """
        model = self._chosen(session_id)
        if self.n_features is None:
            raise ValueError("transform: expected a fitted solver, found one without data. Call fit or load first.")
        return embed(model, inputs, pad_before_transform, batch_size)

    def _chosen(self, session_id: int | None) -> nn.Module:
        return session_of(self.models, self.several, session_id)

    def _note_data(self, loader: Loader) -> None:
        dataset = loader.dataset
        check_loader(type(self).__name__, loader, self.models, len(self.spans), self.several)
        sessions = sessions_of(dataset)
        if len(self.models) != len(sessions):
            raise ValueError(f"model: expected one a session ({len(sessions)}), found {len(self.models)}.")
        features = [session.input_dimension for session in sessions]
        check_inputs(self.models, features)
        self.n_features = features if self.several else features[0]
        self.num_sessions = len(sessions) if self.several else None
        self.to(dataset.device)

"""Several objectives, each on its own range of the embedding, with a penalty on the Jacobian (xCEBRA).

Schneider, González Laiz, Filippova, Frey and Mathis 2025, Time-series attribution maps with regularized contrastive
learning (AISTATS).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from torch import Tensor, cat, nn

from ..data.base import Loader
from ..data.datatypes import Batch
from ..data.multiobjective import MultiObjectiveLoader
from ..errors import NotSupported, Problem, UserError
from ..models.base import ConvolutionalModelMixin
from ..models.multiobjective import SubspaceMultiobjectiveConvolutionalModel, SubspaceMultiobjectiveModel
from .objective_config import MultiObjectiveConfig
from .schedulers import Scheduler
from .single_session import SingleSessionSolver

__all__ = [
    "ContrastiveMultiobjectiveSolverxCEBRA",
    "MultiObjectiveConfig",
    "MultiobjectiveSolverBase",
    "SupervisedMultiobjectiveSolverxCEBRA",
]


@dataclass
class MultiobjectiveSolverBase(SingleSessionSolver):
    """Trains a model with one criterion for each of `feature_ranges`.

    model: is wrapped, so that it gives one embedding a range. renormalize: bring every part of the embedding to length
    one. regularizer: called with windows and embedded references, such as JacobianReg.

    log: ("loss_train", i), ("sum_loss_train",), and where they are on ("loss_weight", i), ("regularizer", i),
    ("regularizer_weight", i); total: the weighted sum of the losses, without regularisers.
    """

    feature_ranges: Sequence[slice] | None = None
    renormalize: bool | None = None
    use_sam: bool = False
    regularizer: nn.Module | None = None
    metadata: dict = field(default_factory=dict)
    plain = ("step", "_inference")
    mode = ""  # of criterion and loader

    def __post_init__(self):
        super().__post_init__()
        if self.feature_ranges is None or self.renormalize is None:
            remedy = "Take feature_ranges from MultiObjectiveConfig."
            raise UserError(Problem("feature_ranges and renormalize", "both", "one or none of them", remedy))
        if self.use_sam:
            raise NotSupported(Problem("use_sam", "False", "True", "Sharpness-aware minimisation is not offered."))
        if not isinstance(self.model, SubspaceMultiobjectiveModel):
            convolutional = isinstance(self.model, ConvolutionalModelMixin)
            kind = SubspaceMultiobjectiveConvolutionalModel if convolutional else SubspaceMultiobjectiveModel
            self.model = kind(self.model, self.feature_ranges, self.renormalize)
        if getattr(self.criterion, "mode", self.mode) != self.mode:
            raise UserError(Problem("criterion", f"a {self.mode} one", f"a {self.criterion.mode} one"))
        self.scheduler_loss: Scheduler | None = None
        self.scheduler_regularizer: Scheduler | None = None

    def fit(
        self,
        loader: Loader,
        valid_loader: Loader | None = None,
        *,
        scheduler_regularizer: Scheduler | None = None,
        scheduler_loss: Scheduler | None = None,
        log_frequency: int | None = None,
        logger: logging.Logger | None = None,
        **options: object,
    ) -> None:
        """As Solver.fit, whose options it takes, with weights of losses and regularisers over the steps.

        Without `scheduler_loss` all weights are 1, without `scheduler_regularizer` nothing is regularised. Every
        `log_frequency` steps `logger` is told the losses.
        """
        if (scheduler_regularizer is None) != (self.regularizer is None):
            raise ValueError("scheduler_regularizer: expected together with the solver's regularizer, or neither.")
        if (log_frequency is None) != (logger is None):
            raise ValueError("log_frequency and logger: expected both or neither.")
        if isinstance(loader, MultiObjectiveLoader) and loader.mode != self.mode:
            raise ValueError(f"loader: expected a {self.mode} one for {type(self).__name__}, found {loader.mode}.")
        if loader.dataset.masks:
            raise NotSupported(Problem("masks", "none for several objectives", "some", "Call set_masks(None)."))
        self.scheduler_loss, self.scheduler_regularizer = scheduler_loss, scheduler_regularizer
        self._told = (log_frequency, logger)
        super().fit(loader, valid_loader, **options)

    def step(
        self,
        batch: Batch,
        weights_loss: Sequence[float] | None = None,
        weights_regularizer: Sequence[float] | None = None,
    ) -> dict:
        """One gradient update; weights that are not given come from the schedulers."""
        number = len(self.history)
        weights_loss = weights_loss or (self.scheduler_loss and self.scheduler_loss.get_weights(number))
        weights_regularizer = weights_regularizer or (
            self.scheduler_regularizer and self.scheduler_regularizer.get_weights(number)
        )
        self.optimizer.zero_grad()
        if weights_regularizer:
            batch = Batch(batch.reference.detach().requires_grad_(), batch.positive, batch.negative)
        predictions = self._inference(batch)
        losses = self.criterion(predictions)
        total, stats = _weighted(losses, weights_loss), {("loss_train", i): v for i, v in enumerate(losses)}
        stats |= {("sum_loss_train",): sum(losses), "total": total}
        stats |= {("loss_weight", i): w for i, w in enumerate(weights_loss or ())}
        minimised = total
        if weights_regularizer:
            penalties = [self.regularizer(batch.reference, each.reference) for each in predictions]
            minimised = total + _weighted(penalties, weights_regularizer)
            stats |= {("regularizer", i): v for i, v in enumerate(penalties)}
            stats |= {("regularizer_weight", i): w for i, w in enumerate(weights_regularizer)}
        minimised.backward()
        self.optimizer.step()
        stats = {name: float(v.detach()) if isinstance(v, Tensor) else float(v) for name, v in stats.items()}
        self._append(stats)
        every, logger = vars(self).get("_told", (None, None))
        if every and number % every == 0:
            logger.info("step %d: %s", number, " ".join(f"{k}: {v:.4f}" for k, v in stats.items()))
        return stats

    def _losses(self, batch: Batch) -> list[Tensor]:
        """The sum of all losses, unweighted."""
        return [sum(self.criterion(self._inference(batch)))]

    @contextmanager
    def _in_one(self) -> Iterator[None]:
        split = self.model.split_outputs
        self.model.set_split_outputs(False)
        try:
            yield
        finally:
            self.model.set_split_outputs(split)

    def transform(self, *arguments, **options) -> Tensor:
        """As Solver.transform: the whole embedding; `feature_ranges` are the parts of it."""
        with self._in_one():
            return super().transform(*arguments, **options)

    def get_embedding(self, data: Tensor) -> Tensor:
        """As SingleSessionSolver.get_embedding: the whole embedding."""
        with self._in_one():
            return super().get_embedding(data)


def _weighted(values: Sequence[Tensor], weights: Sequence[float] | None) -> Tensor:
    if weights is not None and len(weights) != len(values):
        raise UserError(Problem("weights", f"{len(values)}, one an objective", str(len(weights))))
    return sum(w * v for w, v in zip(weights or [1.0] * len(values), values, strict=True))


@dataclass
class ContrastiveMultiobjectiveSolverxCEBRA(MultiobjectiveSolverBase):
    """Contrastive objectives; goes with ContrastiveMultiObjectiveLoader."""

    mode = "contrastive"

    def _inference(self, batch: Batch) -> list[Batch]:
        """One aligned batch of embeddings an objective; all windows go through the model at once."""
        parts = [batch.reference, batch.negative, *batch.positive]
        whole = [each.split([len(part) for part in parts]) for each in self.model(cat(parts))]
        return [Batch(z[0], z[2 + i], z[1]) for i, z in enumerate(whole)]


@dataclass
class SupervisedMultiobjectiveSolverxCEBRA(MultiobjectiveSolverBase):
    """Predicts labels from ranges of the embedding; goes with SupervisedMultiObjectiveLoader."""

    mode = "supervised"

    def _inference(self, batch: Batch) -> list[Batch]:
        """One batch an objective: embedded references, and labels as `positive`."""
        embedded = self.model(batch.reference)
        return [Batch(z, _as(label, z), None) for z, label in zip(embedded, batch.positive, strict=True)]


def _as(label: Tensor, z: Tensor) -> Tensor:
    """A continuous label as the columns that are predicted; classes stay as they are."""
    if not label.is_floating_point():
        return label
    columns = label.reshape(len(label), -1).to(z.dtype)
    if columns.shape != z.shape:
        found = f"{columns.shape[1]} columns for {z.shape[1]} dimensions"
        raise UserError(Problem("label", "as many columns as its slice has dimensions", found))
    return columns

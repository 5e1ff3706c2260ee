"""Training with a penalty on the Jacobian of the embedding by its input."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..data.datatypes import Batch
from ..errors import Problem, UserError
from ..models.jacobian_regularizer import JacobianReg
from .single_session import SingleSessionSolver


@dataclass
class RegularizedSolver(SingleSessionSolver):
    """InfoNCE + lambda_JR 1/2 mean_i |J_i|_F^2, J_i the Jacobian of the embedding of reference i by its window.

    log, beside pos, neg, total and temperature: loss (InfoNCE, as total), reg (the penalty), reg_lambda (times
    lambda_JR), loss_reg (what is minimised). Hoffman, Roberts and Yaida 2019, arXiv 1908.02729.
    """

    lambda_JR: float | None = None
    plain = ("step",)

    def __post_init__(self):
        super().__post_init__()
        if self.lambda_JR is None or not (math.isfinite(self.lambda_JR) and self.lambda_JR >= 0):
            raise UserError(Problem("lambda_JR", "the weight of the penalty, a number from 0 on", repr(self.lambda_JR)))
        self._penalty = JacobianReg(n=-1)

    def step(self, batch: Batch) -> dict[str, float]:
        """One gradient update on a batch of windows; what it scored."""
        self.optimizer.zero_grad()
        reference = batch.reference.detach().requires_grad_()
        embedded = self._inference(Batch(reference, batch.positive, batch.negative))
        total, align, uniform = self.criterion(embedded.reference, embedded.positive, embedded.negative)
        penalty = self._penalty(reference, embedded.reference)
        minimised = total + self.lambda_JR * penalty
        minimised.backward()
        self.optimizer.step()
        stats = {"pos": align, "neg": uniform, "total": total, "temperature": self._temperature()}
        stats |= {"loss": total, "reg": penalty, "reg_lambda": self.lambda_JR * penalty, "loss_reg": minimised}
        stats = {name: float(value.detach()) for name, value in stats.items()}
        self._append(stats)
        return stats

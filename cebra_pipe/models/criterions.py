"""Criteria: how far positives stand out from negatives.

Generalised InfoNCE of a similarity phi: -phi(x, y+) + log sum_j exp phi(x, y-_j), averaged over references. The
positive is not among the negatives and nothing is divided by their number: a constant embedding scores its log.
Schneider, Lee and Mathis 2023, doi 10.1038/s41586-023-06031-6, Methods.

A criterion of one's own derives from `BaseInfoNCE`, `FixedInfoNCE` or `LearnableInfoNCE` and defines `_distance`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import Problem, UserError
from .contrast import Contrast, Loss, at_most, check_temperature, contrast, features, similar


def dot_similarity(ref: Tensor, pos: Tensor, neg: Tensor) -> tuple[Tensor, Tensor]:
    """x.y of (n, d) with (n, d), and with all of (m, d): (n,) and (n, m). The cosine, where all have length one."""
    return _all_pairs("cosine", ref, pos, neg)


def euclidean_similarity(ref: Tensor, pos: Tensor, neg: Tensor) -> tuple[Tensor, Tensor]:
    """-|x - y|^2 of (n, d) with (n, d), and with all of (m, d): (n,) and (n, m). Squared, as in the paper."""
    return _all_pairs("euclidean", ref, pos, neg)


def infonce(pos_dist: Tensor, neg_dist: Tensor) -> Loss:
    """(total, align, uniform) of similarities to positives (n,) and negatives (n, m), both over the temperature.

    align = -mean_i phi_i+, uniform = mean_i log sum_j exp phi_ij, total = align + uniform.
    """
    align, uniform = -pos_dist.mean(), neg_dist.logsumexp(1).mean()
    return Loss(align + uniform, align, uniform)


class ContrastiveLoss(nn.Module):
    """What a solver trains with: `forward` of a subclass takes embedded samples and gives (total, align, uniform)."""

    def forward(self, ref: Tensor, pos: Tensor, neg: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(n, d), (n, d), (m, d) -> three scalars, the first of which is minimised."""
        raise NotImplementedError(f"{type(self).__name__} has to define forward(ref, pos, neg).")


class BaseInfoNCE(ContrastiveLoss):
    """InfoNCE of any similarity: a subclass defines `_distance`."""

    def _distance(self, ref: Tensor, pos: Tensor, neg: Tensor) -> tuple[Tensor, Tensor]:
        """(n, d), (n, d), (m, d) -> similarities over the temperature, to positives (n,) and to negatives (n, m)."""
        raise NotImplementedError(f"{type(self).__name__} has to define _distance(ref, pos, neg).")

    def forward(self, ref: Tensor, pos: Tensor, neg: Tensor) -> Loss:
        """(total, align, uniform), in nats."""
        return infonce(*self._distance(ref, pos, neg))


class FixedInfoNCE(BaseInfoNCE):
    """InfoNCE at a temperature that stays as it is; ValueError unless it is above 0."""

    def __init__(self, temperature: float = 1.0):
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature

    @property
    def scale(self) -> float:
        """1 / temperature"""
        return 1 / self.temperature


class LearnableInfoNCE(BaseInfoNCE):
    """InfoNCE whose temperature is trained along with the model.

    `temperature` is where it starts, `min_temperature` what it cannot fall below (None: no bound). The trained number
    is log(1 / temperature). At the bound its gradient still leads back inside.
    """

    def __init__(self, temperature: float = 1.0, min_temperature: float | None = None):
        super().__init__()
        check_temperature(temperature, min_temperature or 0.0)
        self.min_temperature = min_temperature
        self.log_inverse_temperature = nn.Parameter(torch.tensor(-math.log(temperature)))

    @property
    def temperature(self) -> float:
        """The current value."""
        return float(1 / self.scale.detach())

    @property
    def scale(self) -> Tensor:
        """1 / temperature, a scalar with a gradient."""
        return self._prepare_inverse_temperature()

    def _prepare_inverse_temperature(self) -> Tensor:
        bound = -math.log(self.min_temperature) if self.min_temperature else math.inf
        return at_most(self.log_inverse_temperature, bound).exp()


class Blockwise:
    """A built-in similarity: block by block, without the (n, m) matrix, unless a subclass defines another distance."""

    similarity: str

    def _distance(self, ref: Tensor, pos: Tensor, neg: Tensor) -> tuple[Tensor, Tensor]:
        near, all_pairs = _all_pairs(self.similarity, ref, pos, neg)
        return self.scale * near, self.scale * all_pairs

    def forward(self, ref: Tensor, pos: Tensor, neg: Tensor) -> Loss:
        """(n, d), (n, d), (m, d) -> (total, align, uniform), in nats."""
        if type(self)._distance is not Blockwise._distance:
            return infonce(*self._distance(ref, pos, neg))
        return contrast(self.similarity, self.scale, ref[None], pos[None], neg[None])

    def contrast(self) -> Contrast | None:
        """The same loss for groups of sessions, sharing a learned temperature; None for a subclass: it may differ."""
        if type(self) not in BUILT_IN:
            return None
        learned = isinstance(self, LearnableInfoNCE)
        least = (learned and self.min_temperature) or 0.0
        made = Contrast(self.similarity, max(self.temperature, least), learned, least)
        if learned:
            made.log_scale = self.log_inverse_temperature
        return made


class FixedCosineInfoNCE(Blockwise, FixedInfoNCE):
    """phi(x, y) = x.y / temperature; for embeddings of length one, which is not checked here."""

    similarity = "cosine"


class FixedEuclideanInfoNCE(Blockwise, FixedInfoNCE):
    """phi(x, y) = -|x - y|^2 / temperature"""

    similarity = "euclidean"


class LearnableCosineInfoNCE(Blockwise, LearnableInfoNCE):
    """phi(x, y) = x.y / temperature, with a trained temperature; for embeddings of length one."""

    similarity = "cosine"


class LearnableEuclideanInfoNCE(Blockwise, LearnableInfoNCE):
    """phi(x, y) = -|x - y|^2 / temperature, with a trained temperature."""

    similarity = "euclidean"


BUILT_IN = (FixedCosineInfoNCE, FixedEuclideanInfoNCE, LearnableCosineInfoNCE, LearnableEuclideanInfoNCE)
InfoNCE = FixedCosineInfoNCE
InfoMSE = FixedEuclideanInfoNCE

REDUCE: dict[str, Callable[..., Tensor]] = {"mean": torch.mean, "sum": torch.sum}


class NCE(ContrastiveLoss):
    """Noise contrastive estimation with phi(x, y) = x.y / temperature, as a loss to be minimised.

    -mean_i [log s(phi_i+) + w reduce_j log s(-phi_ij)], s the logistic function. Gutmann and Hyvärinen 2012, JMLR 13,
    307-361.

    Args:
        temperature: divides the products; above 0.
        negative_weight: w, the weight of negatives beside positives.
        reduce: "mean" or "sum" over the negatives of a reference.
    """

    def __init__(self, temperature: float = 1.0, negative_weight: float = 1.0, reduce: str = "mean"):
        super().__init__()
        check_temperature(temperature)
        if reduce not in REDUCE:
            raise UserError(Problem("reduce", " or ".join(REDUCE), repr(reduce)))
        self.temperature, self.negative_weight, self.reduce = temperature, negative_weight, reduce

    def forward(self, ref: Tensor, pos: Tensor, neg: Tensor) -> Loss:
        """(n, d), (n, d), (m, d) -> (total, align, uniform), total = align + negative_weight uniform."""
        near, all_pairs = dot_similarity(ref, pos, neg)
        align = -F.logsigmoid(near / self.temperature).mean()
        uniform = -REDUCE[self.reduce](F.logsigmoid(-all_pairs / self.temperature), 1).mean()
        return Loss(align + self.negative_weight * uniform, align, uniform)


def _all_pairs(similarity: str, ref: Tensor, pos: Tensor, neg: Tensor) -> tuple[Tensor, Tensor]:
    a, b = features(similarity, ref, neg)
    return similar(similarity, ref, pos), a @ b.mT

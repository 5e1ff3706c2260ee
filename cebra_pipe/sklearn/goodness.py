"""How well a fitted estimator separates positives from negatives, on data that it is given: in nats, and in bits.

bits = (ln(negatives of a reference) - InfoNCE in nats) log2 e: 0 for a constant embedding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ..errors import Problem, Problems, UserError
from .estimator import CEBRA
from .scoring import Score, scores

HYBRID = ("behavior", "time")


def infonce_loss(
    cebra_model: CEBRA,
    X: ArrayLike | Sequence[ArrayLike],
    *y: ArrayLike | Sequence[ArrayLike],
    session_id: int | None = None,
    num_batches: int = 500,
    correct_by_batchsize: bool = False,
    objective: str | None = None,
    trial: ArrayLike | Sequence[ArrayLike] | None = None,
    seed: int = 0,
) -> float:
    """Mean InfoNCE of the model on these data, in nats, over batches that are drawn as in training.

    References, positives, negatives and the table of label changes are all of these data. The embedding is computed
    once; nothing of the model changes, and the same seed gives the same number.

    Nats compare only where a reference has equally many negatives: a constant embedding scores ln(batch_size) for one
    session, against itself, and ln(sessions · batch_size) for all sessions together where labels pool them. So the loss
    of one session of a model is lower than that of all by about the log of their number; `correct_by_batchsize` and
    `goodness_of_fit_score` take this off.

    Args:
        cebra_model: a fitted estimator.
        X: (sample, neuron); for a model of several sessions also the list of all of them.
        y: labels of the kinds that the model was fitted with.
        session_id: whose model embeds X, where there are several: the session is then contrasted with itself alone.
        num_batches: batches of the model's `batch_size`; with batch_size=None each of them holds all samples.
        correct_by_batchsize: subtract what a constant embedding scores: ln(number of negatives).
        objective: of a hybrid model: behavior or time; their sum, which is what trains, where none is given.
        trial: as in `fit`.
        seed: of the draws.

    Raises:
        ValueError: not fitted, data or labels of other kinds than those of the fit, session_id missing or unknown.
    """
    found = scores(cebra_model, X, y, session_id, num_batches, trial, seed)
    chosen = list(found.values()) if objective is None else [_objective(found, objective)]
    return sum(score.loss - correct_by_batchsize * score.chance for score in chosen)


def goodness_of_fit_score(
    cebra_model: CEBRA,
    X: ArrayLike | Sequence[ArrayLike],
    *y: ArrayLike | Sequence[ArrayLike],
    session_id: int | None = None,
    num_batches: int = 500,
    objective: str | None = None,
    trial: ArrayLike | Sequence[ArrayLike] | None = None,
    seed: int = 0,
) -> float:
    """`infonce_loss` in bits above a constant embedding, which scores 0. Arguments as there.

    Bits compare only within one temperature, distance, dimension and kind of positives. A hybrid model has a value for
    each objective, and `objective` says which.
    """
    found = scores(cebra_model, X, y, session_id, num_batches, trial, seed)
    score = _objective(found, objective) if len(found) > 1 or objective is not None else next(iter(found.values()))
    return (score.chance - score.loss) * math.log2(math.e)


def goodness_of_fit_history(model: CEBRA, objective: str | None = None) -> np.ndarray:
    """(step,) bits of each training batch; of a hybrid model those of one objective, behavior or time."""
    check_is_fitted(model, "model_")
    log = model.solver_.log
    if model.hybrid:
        _check_objective(objective, HYBRID)
    elif objective is not None:
        raise UserError(Problem("objective", "None for a model with one objective", repr(objective)))
    losses = np.asarray(log[f"{objective}_total" if model.hybrid else "total"], np.float64)
    batch = model.batch_size if model.num_negatives is None else model.num_negatives
    return infonce_to_goodness_of_fit(losses, batch_size=batch, num_sessions=_pooled_sessions(model, objective))


def infonce_to_goodness_of_fit(
    infonce: float | np.ndarray,
    model: CEBRA | None = None,
    batch_size: int | None = None,
    num_sessions: int | None = None,
) -> float | np.ndarray:
    """Bits: (ln(number of negatives) - InfoNCE in nats) · log2 e.

    Args:
        infonce: one loss or an array of them, as they are logged in training.
        model: a fitted estimator, for its number of negatives.
        batch_size: instead of a model: negatives from each session.
        num_sessions: instead of a model: sessions whose negatives serve a reference, 1 where none is given.

    Raises:
        ValueError: a model beside numbers; or no number of negatives, as of a model with batch_size=None.
    """
    problems = Problems()
    if model is not None and (batch_size is not None or num_sessions is not None):
        problems.add("model", "a model, or batch_size and num_sessions", "both")
    elif model is not None:
        check_is_fitted(model, "model_")
        batch_size = model.batch_size if model.num_negatives is None else model.num_negatives
        num_sessions = _pooled_sessions(model, "behavior")
    if batch_size is None:
        remedy = "With batch_size=None it is the number of samples with a whole window: give that as batch_size."
        problems.add("batch_size", "the number of negatives of a session", "none", remedy)
    for name, value in {"batch_size": batch_size, "num_sessions": num_sessions}.items():
        if value is not None and value < 1:
            problems.add(name, "a number from 1", repr(value))
    problems.raise_any()
    return (math.log(batch_size * (num_sessions or 1)) - infonce) * math.log2(math.e)


# ---- what a model's numbers mean -------------------------------------------------------------------------------------
def _objective(found: dict[str, Score], objective: str | None) -> Score:
    if len(found) == 1:
        raise UserError(Problem("objective", "None for a model with one objective", repr(objective)))
    _check_objective(objective, tuple(found))
    return found[objective]


def _check_objective(objective: str | None, known: Sequence[str]) -> None:
    if objective not in known:
        remedy = "The objectives of a hybrid model have bits of their own, which do not add up."
        raise UserError(Problem("objective", " or ".join(known), repr(objective), remedy))


def _pooled_sessions(model: CEBRA, objective: str | None) -> int:
    """Sessions whose negatives serve a reference: all for labels, its own for time."""
    by_time = not any(model.label_types_) or model.conditional == "time" or (model.hybrid and objective == "time")
    return 1 if by_time or model.num_sessions_ is None else model.num_sessions_

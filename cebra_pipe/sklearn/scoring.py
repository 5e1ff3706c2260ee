"""InfoNCE of a fitted estimator on given data: batches are drawn as in training, from an embedding computed once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from ..data.datatypes import Offset, Triplet
from ..data.sampling import DrawnLoader
from ..errors import Problem, Problems, UserError
from ..models.model import ResampleModelMixin
from ..solver import Solver
from ..solver.adapters import contrast_of
from ..solver.embed import embed
from ..solver.evaluate import Exam
from ..solver.handover import series_of
from ..solver.objective import Objective
from ..streams import generator
from .doors import warn_without_trials
from .estimator import CEBRA
from .labels import has_trials, is_several, sessions, told
from .modes import dataset_of, loader_of, options_of, plan

AT_ONCE = 64  # batches that are drawn together


@dataclass(frozen=True)
class Score:
    """In nats: of the embedding, and of a constant one."""

    loss: float
    chance: float


def scores(
    model: CEBRA, X: object, y: Sequence, session_id: int | None, batches: int, trial: object, seed: int
) -> dict[str, Score]:
    """By the name of each objective what the model scores."""
    check_is_fitted(model, "model_")
    if not isinstance(batches, int | np.integer) or batches < 1:
        raise UserError(Problem("num_batches", "a whole number from 1", repr(batches)))
    solver = _solver(model, X, session_id)
    loader = _loader(model, X, y, trial, seed)
    _check_neurons(solver, loader)
    given = solver.hand_over(loader)
    timeline = loader.timeline(model.offset_)
    series = series_of(loader.dataset, timeline)
    with torch.no_grad():
        embedding = torch.cat([_embedded(m, x, model.offset_) for m, x in zip(solver.models, series, strict=True)])
    return {
        each.name: _score(each, solver.criterion, embedding, given.batch, batches, loader.full, seed)
        for each in given.objectives
    }


def _solver(model: CEBRA, X: object, session_id: int | None) -> Solver:
    """The fitted solver, or for one session of several a solver of that session."""
    if model.num_sessions_ is None:
        if session_id not in (None, 0):
            raise UserError(Problem("session_id", "None or 0 for a model of one session", repr(session_id)))
        return model.solver_
    if is_several(X):
        if session_id is not None or len(X) != model.num_sessions_:
            found = f"{len(X)} sessions, session_id={session_id}"
            expected = f"all {model.num_sessions_} sessions and no session_id, or one session with its session_id"
            raise UserError(Problem("X", expected, found))
        return model.solver_
    if session_id is None or not 0 <= session_id < model.num_sessions_:
        expected = f"0 to {model.num_sessions_ - 1}, the session of X"
        raise UserError(Problem("session_id", expected, repr(session_id), "Or give the list of all sessions."))
    return model.solver_.alone(session_id)


def _loader(model: CEBRA, X: object, y: Sequence, trial: object, seed: int) -> DrawnLoader:
    """The kind of loader that the model was trained on, over these data."""
    found = sessions(X, [each for each in y if each is not None], trial)
    if found[0].kinds != tuple(model.label_types_):
        raise UserError(Problem("y", f"labels as in fit: {told(*model.label_types_)}", told(*found[0].kinds)))
    if model.has_trials_ and not has_trials(found):
        warn_without_trials("X is scored as one run", "Pass trial=", stacklevel=4)
    with warnings.catch_warnings():  # a fall back on time was told when the model was fitted
        warnings.filterwarnings("ignore", message=".*training is time contrastive")
        chosen = plan(found, model.conditional, model.hybrid, model.batch_size)
    dataset = dataset_of(found, model.device_)
    dataset.configure_for(model.solver_.models[0])
    return loader_of(chosen, dataset, 1, options_of(model), seed)


def _check_neurons(solver: Solver, loader: DrawnLoader) -> None:
    given = loader.dataset.iter_sessions() if loader.dataset.multisession else [loader.dataset]
    problems = Problems()
    for s, (model, session) in enumerate(zip(solver.models, given, strict=True)):
        if model.num_input != session.input_dimension:
            where = f"X[{s}]" if loader.dataset.multisession else "X"
            problems.add(where, f"{model.num_input} neurons, as in fit", str(session.input_dimension))
    problems.raise_any()


def _embedded(model: nn.Module, series: Tensor, offset: Offset) -> Tensor:
    """(sample, dimension); zeros where the window leaves the series, which no draw asks for."""
    thinned = isinstance(model, ResampleModelMixin)  # gives fewer rows than samples from a series, one from a window
    rows = embed(model, series.unfold(0, len(offset), 1)) if thinned else embed(model, series, pad=False)
    return nn.functional.pad(rows, (0, 0, offset.left, offset.right - 1))


def _score(
    objective: Objective, criterion: nn.Module, embedding: Tensor, batch: int, batches: int, full: bool, seed: int
) -> Score:
    """The mean over batches."""
    contrast, stream = contrast_of(criterion), generator("infonce", seed, objective.name)
    if full:
        return _full_score(objective, contrast, embedding, batch, batches, stream)
    found = []
    for begin in range(0, batches, AT_ONCE):
        draws = objective.sampling.draw(min(AT_ONCE, batches - begin), batch, stream)
        score = Exam(objective, "", draws).score(contrast, embedding, draws.reference[..., 0].size)
        found.append((len(draws.reference), score.loss, score.chance))
    weight, loss, chance = np.array(found).T
    return Score(float(loss @ weight / batches), float(chance @ weight / batches))


def _full_score(
    objective: Objective,
    contrast: nn.Module,
    embedding: Tensor,
    batch: int,
    batches: int,
    stream: np.random.Generator,
) -> Score:
    """The mean over batches that hold all samples: they differ in positives alone."""
    draws = objective.sampling.draw(1, batch, stream)
    first = Exam(objective, "", draws).score(contrast, embedding, 1)
    align = [first.align]
    for _ in range(1, batches):
        align.append(_align(objective, contrast, embedding, objective.sampling.draw(1, batch, stream)))
    return Score(first.uniform + float(np.mean(align)), first.chance)


def _align(objective: Objective, contrast: nn.Module, embedding: Tensor, draws: Triplet) -> float:
    """Mean of -phi between references and positives."""
    ends = [torch.from_numpy(d.copy()).to(embedding.device) for d in draws[:2]]
    reference, positive = (objective.view(embedding[index].double()) for index in ends)
    return float(-(contrast.scale.double() * contrast.similar(reference, positive)).mean())

"""From the parameters of an estimator to its networks, criterion, optimizer and device."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from .. import models, solver
from ..errors import Problem, UserError, WrongType
from ..models import criterions
from ..models.table import MODELS
from .declared import Declared

CRITERIA = {
    ("constant", "cosine"): criterions.FixedCosineInfoNCE,
    ("constant", "euclidean"): criterions.FixedEuclideanInfoNCE,
    ("auto", "cosine"): criterions.LearnableCosineInfoNCE,
    ("auto", "euclidean"): criterions.LearnableEuclideanInfoNCE,
}


def network(estimator: Declared, neurons: int) -> nn.Module:
    """A fresh network for signals of so many neurons."""
    name, row = estimator.model_architecture, MODELS.get(estimator.model_architecture)
    sizes = {
        "num_neurons": neurons,
        "num_units": estimator.num_hidden_units,
        "num_output": estimator.output_dimension,
    }
    if row is not None and row.classes:
        found = f"{name!r}, which predicts classes through a layer of its own"
        remedy = "Take offset10-model or offset1-model; integer labels are classes to them."
        raise UserError(Problem("model_architecture", "one that is trained by contrasts", found, remedy))
    if not estimator.causal:
        return models.init(name, **sizes)
    if row is not None and len(row.offset) == 1:
        raise UserError(Problem("causal", "False for a window of one sample, where it has no effect", "True"))
    return models.init(name, **sizes, causal=True)


def joined(made: Sequence[nn.Module], several: bool) -> nn.Module:
    """What a solver trains: one network, or one a session."""
    return nn.ModuleList(made) if several else made[0]


def solver_of(estimator: Declared, name: str, model: nn.Module, device: str) -> solver.Solver:
    """The named solver of `model`; what does not require a gradient stays as it is."""
    extra = {"min_temperature": estimator.min_temperature} if estimator.temperature_mode == "auto" else {}
    kind = CRITERIA[estimator.temperature_mode, estimator.distance]
    model, criterion = model.to(device), kind(temperature=estimator.temperature, **extra).to(device)
    trained = [p for p in itertools.chain(model.parameters(), criterion.parameters()) if p.requires_grad]
    options = {**dict(estimator.optimizer_kwargs), "lr": estimator.learning_rate, "fused": True}
    optimizer = torch.optim.Adam(trained, **options)
    return solver.init(name, model=model, criterion=criterion, optimizer=optimizer, tqdm_on=estimator.verbose)


def resolve_device(device: str) -> str:
    """A device that torch has; ValueError else."""
    known = "cpu, cuda, cuda:n, mps or cuda_if_available"
    if device == "cuda_if_available":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not isinstance(device, str | torch.device):
        raise WrongType(Problem("device", known, repr(device)))
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        found = f"{str(device)!r}, which torch does not have here"
        raise UserError(Problem("device", known, found)) from error
    return str(device)

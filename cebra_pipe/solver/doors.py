"""What is wrong with a solver's parts, or with a loader for it, told before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import torch
from torch import nn

from ..data.base import Loader
from ..data.sampling import DrawnLoader
from ..errors import Problem, Problems, UserError


class UnknownSession(UserError, RuntimeError):
    """A number that no session has, or none where one is needed; a documented RuntimeError."""


def session_of(models: Sequence[nn.Module], several: bool, session_id: object) -> nn.Module:
    """The model of a session; UnknownSession where there is none of that number."""
    if not several:
        if session_id is None or (isinstance(session_id, Integral) and session_id == 0):
            return models[0]
        raise UnknownSession(Problem("session_id", "None or 0 for a model of a single session", repr(session_id)))
    if isinstance(session_id, Integral) and 0 <= session_id < len(models):
        return models[session_id]
    remedy = "Every session has a model of its own: say whose." if session_id is None else ""
    raise UnknownSession(
        Problem("session_id", f"0 to {len(models) - 1}, a session of the fit", repr(session_id), remedy)
    )


def check_made(solver: str, model: object, criterion: nn.Module, several: bool) -> None:
    """A UserError where a solver is given a model for another number of sessions, or what is none."""
    problems = Problems()
    kind = type(model).__name__
    if several and not isinstance(model, nn.ModuleList):
        remedy = "Pass torch.nn.ModuleList([...]), a model for each session in order."
        problems.add("model", f"a ModuleList with one model a session for {solver}", kind, remedy)
    elif not several and (isinstance(model, nn.ModuleList) or not isinstance(model, nn.Module)):
        remedy = "Take a multi-session solver for one model a session." if isinstance(model, nn.ModuleList) else ""
        problems.add("model", f"one model (torch.nn.Module) for {solver}", kind, remedy)
    if not isinstance(criterion, nn.Module):
        problems.add("criterion", "a criterion (torch.nn.Module)", type(criterion).__name__)
    problems.raise_any()


def check_trained(model: nn.Module, criterion: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """A UserError where the model or the criterion is to be trained, and the optimizer holds nothing of it."""
    held, problems = {id(p) for group in optimizer.param_groups for p in group["params"]}, Problems()
    for name, part in {"model": model, "criterion": criterion}.items():
        wanted = [p for p in part.parameters() if p.requires_grad]
        if wanted and not any(id(p) in held for p in wanted):
            found = f"none of {type(part).__name__}, which would stay as it is"
            remedy = f"Give it {name}.parameters() too, or call {name}.requires_grad_(False) to keep them as they are."
            problems.add("optimizer", f"parameters of the {name}", found, remedy)
    problems.raise_any()


def check_loader(solver: str, loader: Loader, models: Sequence[nn.Module], objectives: int, several: bool) -> None:
    """ValueError where a built-in loader draws for another kind of solver, or for other models.

    objectives: how many the solver trains; several: whether it has one model a session.
    """
    if loader.dataset.multisession != several:
        found = "several sessions" if loader.dataset.multisession else "a single session"
        kind = "multi-session" if loader.dataset.multisession else "single-session"
        raise ValueError(
            f"loader: expected one of {'several sessions' if several else 'a single session'} for {solver}, "
            f"found {found}. Take a {kind} solver."
        )
    if isinstance(loader, DrawnLoader) and len(loader.aims) != objectives:
        raise ValueError(
            f"loader: expected {objectives} objective{'s' * (objectives > 1)} for {solver}, found {len(loader.aims)} "
            f"in {type(loader).__name__}. Hybrid loaders go with hybrid solvers."
        )
    offsets = {tuple(model.get_offset()) for model in models}
    if len(offsets) > 1:
        raise ValueError(f"model: expected one window for all sessions, found offsets {sorted(offsets)}.")


def check_inputs(models: Sequence[nn.Module], features: Sequence[int]) -> None:
    """ValueError where a model takes another number of neurons than its session has."""
    for session, (model, neurons) in enumerate(zip(models, features, strict=True)):
        wanted = getattr(model, "num_input", neurons)  # a model of one's own need not tell
        if wanted != neurons:
            raise ValueError(f"session {session}: expected {wanted} neurons, as its model takes, found {neurons}.")


def check_batches(loader: Loader, models: Sequence[nn.Module]) -> None:
    """ValueError where windows read one batch at a time would not be those that the solver is for."""
    wanted, given = models[0].get_offset(), loader.dataset.offset
    if tuple(wanted) != tuple(given):
        raise ValueError(
            f"data set: expected windows of the model, {wanted}, found {given}. Call dataset.configure_for(model)."
        )
    if isinstance(loader, DrawnLoader):
        for sampling in loader.samplings(given):
            if sampling.conditional.pooled and not sampling.conditional.present.all():
                raise ValueError(
                    "loader: a class is missing in a session, and batches do not say which negatives may then be used. "
                    "Take a built-in loader and solver, or sessions that have all classes."
                )

"""Fitted estimators on disk: plain values and tensors, read without executing anything."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from .. import __version__, solver
from ..errors import Problem, UserError
from ..solver.checkpoints import write
from . import foreign

if TYPE_CHECKING:
    from .estimator import CEBRA

FORMAT = "cebra_pipe estimator 1"
NOTED = ("label_types_", "n_features_", "n_features_in_", "num_sessions_", "solver_name_", "random_state_")
UNREADABLE = (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError, pickle.UnpicklingError)


def save(estimator: CEBRA, path: Path, backend: str) -> None:
    """Write whole or not at all; ValueError where nothing was fitted."""
    if backend not in ("sklearn", "auto"):
        raise NotImplementedError(f"backend: expected 'sklearn', found {backend!r}.")
    try:
        check_is_fitted(estimator, "model_")
    except ValueError:
        raise UserError(Problem("save", "a fitted model", "one that is not", "Call fit first.")) from None
    # After an adaptation only the first layer is trained, and the optimizer knows no other.
    trained = [name for name, p in estimator.solver_.model.named_parameters() if p.requires_grad]
    content = {
        "format": FORMAT,
        "args": json.dumps(estimator.get_params(deep=False), default=_listed),
        "state": {name: getattr(estimator, name) for name in NOTED} | {"trained": trained},
        "state_dict": estimator.solver_.state_dict(),
        "metadata": {"version": __version__},
    }
    write(content, path)


def load(kind: type[CEBRA], path: Path, backend: str, weights_only: bool | None, device: str | None) -> CEBRA:
    """An estimator as it was saved."""
    if backend not in ("auto", "sklearn", "torch"):
        raise NotImplementedError(f"backend: expected 'auto', 'sklearn' or 'torch', found {backend!r}.")
    if weights_only is False:
        found = "False, which would run what the file says"
        raise UserError(Problem("weights_only", "True or None", found, "Files are read as plain values and tensors."))
    if not path.exists():
        raise FileNotFoundError(f"{path}: expected a saved model, found no such file.")
    try:
        if foreign.is_foreign(path):
            return _foreign(kind, path, device)
        content = torch.load(path, map_location="cpu", weights_only=True)
        known = content["format"]
    except UserError:
        raise
    except UNREADABLE as error:
        why = str(error).split("WeightsUnpickler error:")[-1].strip().splitlines()[0][:160]
        raise UserError(Problem(str(path), "a whole file that CEBRA.save wrote", f"another ({why})")) from error
    if known != FORMAT:
        raise UserError(Problem(str(path), FORMAT, repr(known)))
    return rebuilt(kind, json.loads(content["args"]), content["state"], content["state_dict"], device)


def _foreign(kind: type[CEBRA], path: Path, device: str | None) -> CEBRA:
    """An estimator that cebra saved: its embeddings are the same; training goes on with a new optimizer."""
    args, noted, theirs = foreign.read(path)
    args = foreign.check_read(path, args, set(kind().get_params()))
    several = noted["num_sessions_"] is not None
    state = {name: noted[name] for name in NOTED if name != "random_state_"} | {"random_state_": None}
    state["label_types_"] = foreign.kinds(noted["label_types_"], several)
    state["n_features_in_"] = noted["n_features_"][0] if several else noted["n_features_"]
    made = rebuilt(kind, args, state, {}, device or "cuda_if_available")
    made.solver_.model.load_state_dict(foreign.state_for(made.solver_.model, theirs["model"]))
    kept = {name: theirs[name] for name in ("criterion", "loss", "log") if name in theirs}
    sizes = {"n_features": noted["n_features_"], "num_sessions": noted["num_sessions_"]}
    made.solver_.load_state_dict({**sizes, **kept}, strict=False)
    made.state_dict_ = made.solver_.state_dict()
    return made


def rebuilt(kind: type[CEBRA], args: dict, state: dict, state_dict: dict, device: str | None) -> CEBRA:
    """An estimator from its parameters, what it noted, and its solver's state."""
    made = kind(**_plain(args))
    if device is not None:
        made.device = device
    place = made._device()
    several, neurons = state["num_sessions_"] is not None, state["n_features_"]
    encoders = [made._model(n) for n in (neurons if several else [neurons])]
    model = (torch.nn.ModuleList(encoders) if several else encoders[0]).to(place)
    criterion = made._criterion().to(place)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in state.get("trained", [name]))
    trained = [p for p in (*model.parameters(), *criterion.parameters()) if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=made.learning_rate)
    made.solver_ = solver.init(
        state["solver_name_"], model=model, criterion=criterion, optimizer=optimizer, tqdm_on=False
    )
    made.solver_.load_state_dict(state_dict, strict=bool(state_dict))
    for name in NOTED:
        setattr(made, name, state[name])
    made.model_, made.device_ = made.solver_.model, place
    made.offset_, made.state_dict_ = made.solver_.models[0].get_offset(), made.solver_.state_dict()
    return made


def _listed(value: object) -> object:
    """Numbers and arrays of numpy as JSON knows them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"save: expected parameters that are plain values, found {type(value).__name__}.")


def _plain(args: dict) -> dict:
    """JSON knows no tuples."""
    options = args.get("optimizer_kwargs")
    pairs = ((name, tuple(value) if isinstance(value, list) else value) for name, value in options or ())
    return args | {"optimizer_kwargs": tuple(pairs)}

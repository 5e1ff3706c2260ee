"""Fitted estimators on disk: plain values and tensors, read without executing anything."""

from __future__ import annotations

import contextlib
import json
import pickle
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from .. import __version__, models
from ..data.load import check_there
from ..errors import NotSupported, Problem, UserError, named
from ..solver.checkpoints import write
from . import foreign
from .building import joined, network, resolve_device, solver_of
from .declared import Declared
from .parameters import settled

FORMAT = "cebra_pipe estimator 1"
FROM_CEBRA = ("label_types_", "n_features_", "n_features_in_", "num_sessions_", "solver_name_")
NOTED = (*FROM_CEBRA, "random_state_", "has_trials_", "label_ranges_")
NAMES = "feature_names_in_"
KEYS = {"args", "state", "state_dict", "metadata"}
UNREADABLE = (
    *(RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError, AttributeError),
    *(pickle.UnpicklingError, zipfile.BadZipFile),
)


def save(estimator: Declared, path: Path, backend: str) -> None:
    """Write whole or not at all; ValueError where nothing was fitted."""
    if backend not in ("sklearn", "auto"):
        raise NotSupported(Problem("backend", "'sklearn'", repr(backend)))
    try:
        check_is_fitted(estimator, "model_")
    except ValueError:
        raise UserError(Problem("save", "a fitted model", "one that is not", "Call fit first.")) from None
    # After an adaptation only the first layer is trained, and the optimizer knows no other.
    trained = [name for name, p in estimator.solver_.model.named_parameters() if p.requires_grad]
    # The parameters that built the model, also where they were changed since.
    args = estimator.get_params(deep=False) | estimator.settled_
    kind = type(estimator.solver_.models[0])
    content = {
        "format": FORMAT,
        "args": json.dumps(args, default=_listed),
        "state": {name: getattr(estimator, name) for name in NOTED} | {"trained": trained} | _names(estimator),
        "state_dict": estimator.solver_.state_dict(),
        "metadata": {"version": __version__, "model": f"{kind.__module__}.{kind.__qualname__}"},
    }
    write(content, path)


def _names(estimator: Declared) -> dict[str, list[str]]:
    """Of neurons, where the fit was to a data frame that has them: scikit-learn asks whether the attribute is there."""
    names = vars(estimator).get(NAMES)
    return {} if names is None else {NAMES: list(map(str, names))}


def load(kind: type[Declared], path: Path, backend: str, weights_only: bool | None, device: str | None) -> Declared:
    """An estimator as it was saved."""
    if backend not in ("auto", "sklearn", "torch"):
        raise NotSupported(Problem("backend", "'auto', 'sklearn' or 'torch'", repr(backend)))
    if weights_only is False:
        found = "False, which would run what the file says"
        raise UserError(Problem("weights_only", "True or None", found, "Files are read as plain values and tensors."))
    check_there(path)
    if not zipfile.is_zipfile(path):  # torch writes nothing else
        raise _other(path, "a file of another kind, or one that was cut short")
    theirs = False
    try:
        if theirs := foreign.is_foreign(path):
            return _foreign(kind, path, device)
        content = _content(path)
    except UserError:
        raise
    except UNREADABLE as error:
        cebras = f"one of cebra that cannot be read: {' '.join(str(error).split())[:160]}"
        found, remedy = (cebras, "") if theirs else _unreadable(path, error)
        raise _other(path, found, remedy) from error
    _check_kind(path, content)
    args = json.loads(content["args"])
    _check_known(path, args["model_architecture"], content["metadata"].get("model", ""))
    return rebuilt(kind, args, content["state"], content["state_dict"], device or _here(path, args["device"]))


def _here(path: Path, saved: str) -> str:
    """The device that a file names, else one that is here, with a warning."""
    try:
        resolve_device(saved)
    except UserError:
        place = resolve_device("cuda_if_available")
        text = (
            f"{path}: device {saved!r}, which torch does not have here. The model is on the {place}; "
            "device= of load names another"
        )
        warnings.warn(text, stacklevel=4)
        return "cuda_if_available"
    return saved


def _unreadable(path: Path, error: Exception) -> tuple[str, str]:
    """What a zip archive is that gives no plain values and tensors, and what to do."""
    with contextlib.suppress(*UNREADABLE), zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        if members and all(name.endswith(".npy") for name in members):
            return "arrays that numpy.savez wrote", "Read them with cebra_pipe.load_data."
        if not any(name.endswith("/data.pkl") for name in members):
            return f"a zip archive of {', '.join(map(named, members[:3])) or 'nothing'}", ""
    if what := re.search(r"GLOBAL (\S+)", str(error)):
        return f"one that holds {named(what[1])}", "Files are read as plain values and tensors."
    return "a damaged one", ""


def _content(path: Path) -> object:
    with warnings.catch_warnings():  # of pickles that torch did not write
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def _check_kind(path: Path, content: object) -> None:
    """A UserError unless `content` is what `save` wrote, that says what it is instead."""
    if not isinstance(content, dict):
        raise _other(path, f"a saved {type(content).__name__}")
    if "provenance" in content:
        remedy = (
            "Its embeddings are in the study's folder, embeddings/CONDITION/UNIT.parquet: "
            "pandas.read_parquet reads them, docs/artifacts.md names their columns."
        )
        raise _other(path, "the model of a study's fit", remedy)
    if content.get("format", FORMAT) != FORMAT:
        raise UserError(Problem(str(path), FORMAT, repr(content["format"])))
    if "format" not in content or not content.keys() >= KEYS:
        raise _other(path, f"a saved mapping with {', '.join(map(named, list(content)[:8])) or 'nothing in it'}")


def _other(path: Path, found: str, remedy: str = "") -> UserError:
    return UserError(Problem(str(path), "a whole file that CEBRA.save wrote", found, remedy))


def _check_known(path: Path, name: str, model: str) -> None:
    """A UserError where a model of one's own has not been registered, with the module that does."""
    if name in models.get_options():
        return
    module, _, found = model.rpartition(".")
    remedy = f"Import {module} first: its {found} is a model of your own."
    if module in ("", "__main__"):
        remedy = "Run the code first that registers it: it is a model of your own."
    raise UserError(Problem(str(path), "a registered model_architecture", repr(name), remedy))


def described(path: Path) -> dict | None:
    """What a saved estimator says of itself, without building it; None of any other file.

    Returns:
        `versions` of packages by name, the `parameters` it was made with, `neurons` of each session.
    """
    try:
        if foreign.is_foreign(path):
            parameters, noted, _ = foreign.read(path)
            versions = foreign.versions(path) or {"cebra": "of a version that it does not name"}
            parameters = {name: value for name, value in parameters.items() if name in _parameters()}
        else:
            content = _content(path)
            if not isinstance(content, dict) or content.get("format") != FORMAT:
                return None
            parameters, noted = json.loads(content["args"]), content["state"]
            versions = {"cebra_pipe": content["metadata"]["version"]}
        return {"versions": versions, "parameters": parameters, "neurons": noted["n_features_"]}
    except (UserError, *UNREADABLE):
        return None


def _parameters() -> set[str]:
    """Names of what an estimator here is made with: one that was pickled whole holds more than these."""
    return set(Declared().get_params())


def _foreign(kind: type[Declared], path: Path, device: str | None) -> Declared:
    """An estimator that cebra saved: its embeddings are the same; training goes on with a new optimizer."""
    args, noted, theirs = foreign.read(path)
    args = foreign.check_read(path, args, set(kind().get_params()))
    several = noted["num_sessions_"] is not None
    state = {name: noted[name] for name in FROM_CEBRA} | {"random_state_": None}
    state["label_types_"] = foreign.kinds(noted["label_types_"], several)
    state["n_features_in_"] = noted["n_features_"][0] if several else noted["n_features_"]
    if changed := foreign.unread(args, state["label_types_"], several):
        theirs_were = ", ".join(f"{name}={args[name]!r}" for name in changed)
        ours_are = ", ".join(f"{name}={value!r}" for name, value in changed.items())
        text = f"{path}: cebra did not read {theirs_were} in the fit to these labels: {ours_are} has the same effect"
        warnings.warn(f"{text} and is taken", stacklevel=4)
        args |= changed
    made = rebuilt(kind, args, state, {}, device or "cuda_if_available")
    made.solver_.model.load_state_dict(foreign.state_for(made.solver_.model, theirs["model"]))
    kept = {name: theirs[name] for name in ("criterion", "loss", "log") if name in theirs}
    sizes = {"n_features": noted["n_features_"], "num_sessions": noted["num_sessions_"]}
    made.solver_.load_state_dict({**sizes, **kept}, strict=False)
    made.state_dict_ = made.solver_.state_dict()
    return made


def rebuilt(kind: type[Declared], args: dict, state: dict, state_dict: dict, device: str | None) -> Declared:
    """An estimator from its parameters, what it noted, and its solver's state."""
    made = kind(**_plain(args))
    if device is not None:
        made.device = device
    place = resolve_device(made.device)
    several, neurons = state["num_sessions_"] is not None, state["n_features_"]
    model = joined([network(made, n) for n in (neurons if several else [neurons])], several)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in state.get("trained", [name]))
    made.solver_ = solver_of(made, state["solver_name_"], model, place)
    made.solver_.load_state_dict(state_dict, strict=bool(state_dict))
    for name in NOTED:
        setattr(made, name, state.get(name))
    if NAMES in state:
        made.feature_names_in_ = np.array(state[NAMES], dtype=object)
    made.settled_ = settled(made)
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

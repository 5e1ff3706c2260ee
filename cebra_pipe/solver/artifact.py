"""model.pt: a fitted model with what it needs to embed, and where it came from; models.pt and adapted.pt: several."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..data.datatypes import Offset
from ..data.origin import checked
from ..data.table import damaged, replacing
from ..errors import Problem, UserError, short
from ..models.contrast import Contrast
from ..models.table import architecture
from .inputs import Scaling
from .network import Network, build

FORMAT = 1  # of the layout; a file of another format is refused
SPEC, TRAINING = ("control", "seed", "study_seed"), ("windows", "model", "causal")  # of a spec, for an embedding
UNREADABLE = (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError, pickle.UnpicklingError)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A network with the sessions it was fitted on; one encoder and one scaling each."""

    network: Network
    sessions: tuple[str, ...]
    scalings: tuple[Scaling, ...]
    settings: Mapping[str, object]  # model, causal, neurons, hidden_units, output_dimension, similarity, offset
    provenance: Mapping[str, object]

    @property
    def offset(self) -> Offset:
        return self.network.architecture.offset


def write_model(path: Path, fitted: Fitted) -> None:
    """Write whole or not at all. Equal models give equal bytes: texts are made anew, so that no shared object shows."""
    _write(path, {**_named(fitted.provenance), **_packed(fitted)})


def write_models(path: Path, models: Mapping[str, Fitted], provenance: Mapping[str, object]) -> None:
    """Several models in one file, under their names and with one provenance; as `write_model`."""
    _write(path, {**_named(provenance), "models": {name: _packed(fitted) for name, fitted in models.items()}})


def read_model(path: Path) -> Fitted:
    """The model of `path`, on the CPU; a UserError that names the file where it is none."""
    content = _content(path)
    if isinstance(content.get("models"), dict):
        found, remedy = f"{len(content['models'])} models", "Read it with read_models, and take one by its name."
        raise UserError(Problem(str(path), "one fitted model", found, remedy))
    return _read(path, content, content["provenance"])


def read_models(path: Path) -> dict[str, Fitted]:
    """The models of a file that `write_models` wrote, by name; a UserError where it is none."""
    content = _content(path)
    if not isinstance(content.get("models"), dict):
        expected = "several models (models.pt, adapted.pt)"
        raise UserError(Problem(str(path), expected, "one", "Read it with read_model."))
    return {name: _read(path, packed, content["provenance"]) for name, packed in content["models"].items()}


def seed_name(seed: int) -> str:
    """What the model of a seed is called in the file of a batch (models.pt)."""
    return f"seed {seed}"


def read_seed(path: Path, seed: int) -> Fitted:
    """The model of a seed, of a file that holds it alone (model.pt) or with others (models.pt)."""
    content, name = _content(path), seed_name(seed)
    if not isinstance(content.get("models"), dict):
        return _read(path, content, content["provenance"])
    if name not in content["models"]:
        found, remedy = ", ".join(content["models"]), "Run the fit again, or mend the path."
        raise UserError(Problem(str(path), f"a model of {name}", found, remedy))
    return _read(path, content["models"][name], content["provenance"])


def read_provenance(path: Path) -> dict:
    """What the model says of itself: stage, spec, code, inputs, versions, device."""
    return _content(path)["provenance"]


def _named(provenance: Mapping[str, object]) -> dict:
    return {"format": FORMAT, "provenance": _anew(provenance)}


def _packed(fitted: Fitted) -> dict:
    return {
        **_anew({"model": fitted.settings, "sessions": list(fitted.sessions)}),
        "units": [_whole(torch.from_numpy(s.units)) for s in fitted.scalings],
        "scaling": [s.moments and [_whole(torch.from_numpy(m)) for m in s.moments] for s in fitted.scalings],
        "state": {name: _whole(value) for name, value in fitted.network.state_dict().items()},
        "temperature": fitted.network.temperature,
    }


def _anew(texts: Mapping[str, object]) -> dict:
    return json.loads(json.dumps(texts, sort_keys=True))


def _write(path: Path, content: Mapping[str, object]) -> None:
    with replacing(path) as temporary, open(temporary, "wb") as file:  # a file object: its name stays out of the bytes
        torch.save(content, file)


def _read(path: Path, content: Mapping, provenance: Mapping[str, object]) -> Fitted:
    _check_spec(path, provenance["spec"])
    try:
        settings = content["model"]
        _check_weights(settings, content["state"])
        scalings = tuple(_scaling(*each) for each in zip(content["units"], content["scaling"], strict=True))
        network = build(
            architecture(settings["name"], settings["causal"]),
            settings["neurons"],
            settings["hidden_units"],
            settings["output_dimension"],
            # The state's temperature may lie past the bound it was trained under; the least is what the loss took.
            Contrast(settings["similarity"], content["temperature"], minimum=content["temperature"]),
            torch.Generator(),
        )
        network.load_state_dict(content["state"])
        sessions = tuple(content["sessions"])
        _check_sessions(settings["neurons"], sessions, scalings)
        return Fitted(network.eval(), sessions, scalings, settings, provenance)
    except UNREADABLE as error:
        raise damaged(path, str(error)) from error


def _check_weights(settings: Mapping, state: Mapping[str, Tensor]) -> None:
    """A ValueError where the file has fewer weights than a network of its settings, which is not made then."""
    row, sizes = architecture(settings["name"]), (settings["hidden_units"], settings["output_dimension"])
    asked = sum(row.weights(neurons, *sizes) for neurons in settings["neurons"])
    if asked > (there := sum(weights.numel() for weights in state.values())):
        raise ValueError(f"settings of {asked} weights or more, and {there} of them")


def _check_sessions(neurons: Sequence[int], sessions: Sequence[str], scalings: Sequence[Scaling]) -> None:
    """A ValueError where a session is without its name, or a neuron without its place or scale."""
    if len(sessions) != len(neurons) or not all(isinstance(name, str) for name in sessions):
        raise ValueError(f"{len(neurons)} encoders, and the sessions {list(sessions)}")
    for number, scaling in zip(neurons, scalings, strict=True):
        columns = scaling.units, *(scaling.moments or ())
        if scaling.units.dtype.kind != "i" or any(column.shape != (number,) for column in columns):
            raise ValueError(f"an encoder of {number} neurons, and a scaling of others")


def _content(path: Path) -> dict:
    if not Path(path).exists():
        raise UserError(
            Problem(str(path), "a fitted model (.pt)", "no such file", "Run the fit that makes it, or mend the path.")
        )
    try:
        with warnings.catch_warnings():  # of pickles that torch did not write, which the message below is about
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of whatever kind: torch's reader meets the damage where it happens to lie
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    if not isinstance(content, dict) or "provenance" not in content or "format" not in content:
        raise damaged(path, "it holds no fitted model of a study")
    if (version := content["format"]) != FORMAT:
        raise UserError(
            Problem(str(path), f"format {FORMAT}", short(version), "Remove it and run the fit again with this version.")
        )
    checked(path, content["provenance"])
    return content


def _check_spec(path: Path, spec: Mapping) -> None:
    """A UserError where the spec of a fit lacks what embedding by its model reads."""
    training = spec.get("training")
    lacks = [name for name in SPEC if name not in spec and not (name == "seed" and "seeds" in spec)]
    lacks += [f"training.{name}" for name in TRAINING if not isinstance(training, dict) or name not in training]
    if lacks:
        raise damaged(path, f"its spec has no {', '.join(lacks)}")


def _whole(value: Tensor) -> Tensor:
    return value.detach().cpu().clone().contiguous()


def _scaling(units: Tensor, moments: list[Tensor] | None) -> Scaling:
    return Scaling(units.numpy(), moments and (moments[0].numpy(), moments[1].numpy()))

"""How far a solver's fit has come: what its checkpoints hold beside the solver's state, so that it can go on."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import torch

from ..data.base import Loader
from ..data.sampling import Streamed, sessions_of
from . import checkpoints
from .draws import Place

PATTERN = "checkpoint_{:07d}.pth"  # the documented name of the checkpoint of a step


@dataclass
class Course:
    """Kept by `Solver.fit` while it runs."""

    identity: dict  # of loader and data; see `identity_of`
    place: Place = field(default_factory=Place)
    best: float = float("inf")  # lowest loss on the validation loader
    stale: int = 0  # scores since then
    weights: dict | None = None  # of the best step

    def state(self, device: str) -> dict:
        """For a checkpoint: texts and tensors."""
        numbers = {"place": vars(self.place), "best": self.best, "stale": self.stale, "identity": self.identity}
        random = [torch.get_rng_state()]  # dropout draws from torch's global generator
        if torch.device(device).type == "cuda":
            random.append(torch.cuda.get_rng_state(device))
        return {"told": json.dumps(numbers), "weights": self.weights, "random": random}

    def take(self, state: dict, device: str) -> None:
        """Go on from what `state` gave; ValueError where that was a fit of other data or of another loader."""
        told = json.loads(state["told"])
        differs = [name for name, value in self.identity.items() if told["identity"].get(name) != value]
        if differs:
            found = "; ".join(f"{name}: {told['identity'].get(name)}, now {self.identity[name]}" for name in differs)
            raise ValueError(f"resume: expected the loader and data of the checkpoint, found others. {found}")
        self.place, self.best, self.stale = Place(**told["place"]), told["best"], told["stale"]
        self.weights = state["weights"]
        torch.set_rng_state(state["random"][0].cpu())
        for each in state["random"][1:]:
            torch.cuda.set_rng_state(each.cpu(), device)


def identity_of(loader: Loader) -> dict[str, str]:
    """What draws depend on, as texts: options of the loader, and the data."""
    options = {f.name: str(getattr(loader, f.name)) for f in fields(loader) if f.name != "dataset"}
    return {"loader": type(loader).__name__, **options, "data": _data_of(loader)}


def _data_of(loader: Loader) -> str:
    told = hashlib.sha256()
    for session in sessions_of(loader.dataset):
        for name in ("neural", "continuous_index", "discrete_index", "trial_index"):
            values = getattr(session, name, None)
            if isinstance(values, torch.Tensor):
                told.update(f"{name} {tuple(values.shape)}".encode())
                told.update(np.ascontiguousarray(values.detach().cpu().numpy()).data)
        for name, values in sorted(getattr(session, "labels", {}).items()):
            told.update(f"{name} {tuple(values.shape)}".encode())
            told.update(np.ascontiguousarray(torch.as_tensor(values).cpu().numpy()).data)
    return told.hexdigest()[:16]


def last_of(logdir: Path, device: str) -> dict | None:
    """The state of the last whole checkpoint of a step in `logdir`; None where there is none."""
    for path in sorted(logdir.glob("checkpoint_" + "[0-9]" * 7 + ".pth"), reverse=True):
        try:
            state = checkpoints.read(path, device)
        except ValueError as error:
            print(f"resume: {error}", file=sys.stderr, flush=True)
            continue
        if "course" in state:
            return state
    return None


def check_resumable(loader: Loader) -> None:
    """ValueError for a loader whose draws cannot be gone on with."""
    if not isinstance(loader, Streamed):
        raise ValueError(
            f"resume: expected a built-in loader, whose draws can be gone on with, found {type(loader).__name__}."
        )

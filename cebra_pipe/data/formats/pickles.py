"""joblib, pickle and torch files: their containers of arrays, without calling anything that the file names."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from .. import unpickle
from .arrays import trusted, trusted_leaf
from .entries import TRUST, Entry, Missing, array_entry, flatten, numbers_entry

OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"


def read_joblib(path: Path, *, trust: bool = False) -> dict[str, Entry]:
    """The arrays that joblib.dump wrote, alone or in containers."""
    if trust:
        import joblib

        return trusted(joblib.load(path))
    return flatten(unpickle.load_file(path), _leaf)


def read_pickle(path: Path, *, trust: bool = False) -> dict[str, Entry]:
    """The arrays of a pickle; `.p` may be a torch file."""
    if is_torch(path):
        return read_torch(path, trust=trust)
    if trust:
        import pickle

        with open(path, "rb") as file:
            return trusted(pickle.load(file))
    return flatten(unpickle.load_file(path), _leaf)


def is_torch(path: Path) -> bool:
    """Whether torch.save wrote the file: a zip archive, or before torch 1.6 pickles that begin with a number."""
    with open(path, "rb") as file:
        return file.read(len(OLD_TORCH)) == OLD_TORCH or zipfile.is_zipfile(path)


def read_torch(path: Path, *, trust: bool = False) -> dict[str, Entry]:
    """The tensors that torch.save wrote, alone or in containers."""
    import pickle

    import torch

    try:
        value = torch.load(path, map_location="cpu", weights_only=not trust)
    except pickle.UnpicklingError as error:
        why = str(error).split("WeightsUnpickler error:")[-1].strip().splitlines()[0][:160]
        raise Missing(
            "tensors in plain containers",
            f"something else ({why})",
            f"Save tensors (torch.from_numpy), or, {TRUST}",
        ) from error
    other = trusted_leaf if trust else _leaf
    return flatten(value, lambda item: _tensor(item, torch) if torch.is_tensor(item) else other(item))


def _tensor(tensor, torch) -> Entry:
    """A tensor as an array; numpy has no bfloat16."""
    tensor = tensor.detach().to_dense().cpu()
    return array_entry(
        (tensor.float() if tensor.dtype == torch.bfloat16 else tensor.resolve_conj().resolve_neg()).numpy()
    )


def _leaf(value: object) -> Entry | None:
    if isinstance(value, unpickle.Array):
        value = np.zeros(0) if value.values is None else value.values
    return array_entry(value) if isinstance(value, np.ndarray) else numbers_entry(value)

"""The data of `cebra-pipe train`: a named data set, or arrays of a file; and which loader draws from them."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch

from .. import data, datasets
from ..data.contents import Contents
from ..data.load import open_file
from ..data.options import LOADERS
from ..errors import Problem, Problems, UserError
from ..sklearn.unlikely import unlikely_classes
from .train_options import OPTIONS

ARRAYS = ("neural", "continuous", "discrete")
# option -> kinds of numbers, what they are, and the option for the others
KINDS = {
    "continuous": ("f", "real numbers", "Whole numbers are classes: name it by --discrete, or save it as floats."),
    "discrete": ("biu", "whole numbers", "Name it by --continuous."),
}


def dataset_of(options: argparse.Namespace) -> data.Dataset:
    """The named data set, or that of the arrays that are named in a file; a UserError with all that is wrong there."""
    if not Path(options.data).is_file():
        return datasets.init(options.data)
    contents = open_file(options.data)
    keys = {name: key for name in ARRAYS if (key := getattr(options, name)) is not None}
    _check_keys(contents, keys)
    if "neural" not in keys:
        keys["neural"] = _neural(contents, keys.values())
    arrays = {name: contents.read(key) for name, key in keys.items()}
    _check_kinds(arrays, keys)
    if "discrete" in arrays:
        arrays["discrete"] = arrays["discrete"].astype(np.int64)
        if text := unlikely_classes(arrays["discrete"].reshape(-1)):
            remedy = "If they measure something, save them as floats and name them by --continuous."
            print(f"train: --discrete: {text}. {remedy}", file=sys.stderr, flush=True)
    return data.TensorDataset(torch.as_tensor(arrays.pop("neural")).float(), **arrays)


def _check_keys(contents: Contents, keys: dict[str, str]) -> None:
    problems, taken = Problems(), {}
    for name, key in keys.items():
        if key not in contents.entries and key.strip("/") not in contents.entries:
            near = difflib.get_close_matches(key, contents.entries, n=1)
            remedy = f"Did you mean {near[0]!r}?" if near else ""
            problems.add(f"--{name}", f"an array of {contents.path}: {contents.listing()}", repr(key), remedy)
        if key in taken:
            problems.add(f"--{name}", "an array of its own", f"{key!r}, which is --{taken[key]} too")
        taken.setdefault(key, name)
    problems.raise_any()


def _neural(contents: Contents, labels: Collection[str]) -> str:
    """The one array that can be the signal, which is said; a UserError where it is not clear."""
    left = [name for name in contents.numeric() if name not in labels and len(contents.entries[name].shape) == 2]
    if len(left) != 1:
        found = "several that can be it" if left else "no array of two axes"
        expected = f"the key of the signal (sample, neuron) in {contents.path}: {contents.listing()}"
        raise UserError(Problem("--neural", expected, f"none, and {found}", "Name it." if left else ""))
    told = f"{left[0]!r} ({contents.entries[left[0]]})" if left[0] else f"{contents.entries['']}"
    print(f"train: the signal is {told} of {contents.path}", file=sys.stderr, flush=True)
    return left[0]


def _check_kinds(arrays: dict[str, np.ndarray], keys: dict[str, str]) -> None:
    problems = Problems()
    for name, (kinds, wanted, remedy) in KINDS.items():
        values = arrays.get(name)
        if values is None or values.dtype.kind in kinds:
            continue
        if name == "discrete" and values.dtype.kind == "f" and (values == np.round(values)).all():
            continue  # MATLAB has no other numbers
        problems.add(f"--{name}", wanted, f"{keys[name]!r} ({values.dtype})", remedy)
    problems.raise_any()


def loader_of(options: argparse.Namespace, part: data.Dataset, steps: int) -> data.base.Loader:
    """The loader of a variant for the labels that there are; a UserError for options that it would not read."""
    continuous, discrete = part.continuous_index is not None, part.discrete_index is not None
    conditional = options.conditional or ("time_delta" if continuous else "" if discrete else "time")
    given = {"num_steps": steps, "batch_size": options.batch_size, "seed": options.seed}
    timed = {"conditional": conditional, "time_offset": options.time_offset}
    timed |= {} if options.delta is None else {"delta": options.delta}
    if options.variant.endswith("hybrid"):
        if discrete and conditional != "time":
            raise UserError(Problem("--data", f"continuous labels alone for {options.variant}", "discrete ones"))
        return LOADERS["hybrid"][part.multisession](part, **timed, **given)
    if not discrete or conditional == "time":
        return LOADERS["continuous"][part.multisession](part, **timed, **given)
    if continuous:
        return LOADERS["mixed"][part.multisession](part, **timed, **given)
    idle = {"conditional": options.conditional, "time_offset": options.time_offset}
    problems = Problems()
    for name, unset in {"conditional": None, "time_offset": OPTIONS["time-offset"][0]}.items():
        if idle[name] != unset:
            flag = f"--{name.replace('_', '-')}"
            problems.add(flag, "nothing where classes alone make positives", str(idle[name]), "Leave it out.")
    problems.raise_any()
    return LOADERS["discrete"][part.multisession](part, **given)

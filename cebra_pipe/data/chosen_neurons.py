"""Which neurons an array of flags chooses: one value a neuron, 1 for those that are used, as `iscell` of Suite2p."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problem, Problems, UserError
from .shelf import Read

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig

ROLE = "select.neurons"


def check_options(config: RecordingConfig, name: str) -> Problems:
    """What contradicts flags of neurons, before any file is read."""
    problems, flags = Problems(), config.select.neurons
    if flags is None:
        return problems
    where = f"recordings.{name}.{ROLE}"
    if config.neural is None:
        remedy = "Spikes are chosen by `where` of a table of units, or by leaving them out of the file."
        problems.add(where, "`neural`, an array with a column a neuron", "`spikes`", remedy)
    elif config.neural.columns is not None or config.neural.column is not None:
        remedy = "Choose neurons in one of the two ways."
        problems.add(where, "flags of all neurons alone", "`columns` of `neural` beside them", remedy)
    return problems


def chosen(read: Mapping[str, Read], name: str) -> dict[str, Read]:
    """All arrays, the neural one with the neurons whose flag is 1, each under its name or number in the file.

    Raises: UserError unless there is one flag a neuron, 0 or 1, and a 1 among them.
    """
    flags, neural = read[ROLE], read["neural"]
    count, where = neural.values.shape[1], f"recordings.{name}.{ROLE} ({flags.where})"
    if len(flags.values) != count:
        turned = len(flags.values) == len(neural.values)
        remedy = "Set `transpose: true` of `neural`." if turned else "Numbers of neurons are given by `columns`."
        found = f"{len(flags.values)} flags, neural {' × '.join(map(str, neural.values.shape))} ({neural.where})"
        raise UserError(Problem(where, f"a flag for each of {count} neurons", found, remedy))
    other = flags.values[(flags.values != 0) & (flags.values != 1)]
    if len(other) or not flags.values.any():
        found = f"{other[0]:g} ({len(other)} such values)" if len(other) else "0 for all"
        remedy = "Name the column of flags by `column`: of `iscell.npy` it is 0, and 1 is a probability."
        raise UserError(Problem(where, "flags of 0 and 1, 1 for neurons that are used", found, remedy))
    used = np.flatnonzero(flags.values)
    names = neural.columns or [f"n{i:04d}" for i in range(count)]
    kept = replace(neural, values=neural.values[:, used], columns=tuple(names[i] for i in used))
    return {**{role: one for role, one in read.items() if role != ROLE}, "neural": kept}

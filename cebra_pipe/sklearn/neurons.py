"""Names of neurons: what sets those of a data frame apart from those of the fit, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from ..errors import counted, named

SHOWN = 5  # names of a kind in a message
ADAPT = "fit(X, *labels, adapt=True) trains a new first layer of the model"
SELECT = "X[list(model.feature_names_in_)]"


def remedy(fitted: Sequence[str] | None, given: Sequence[str] | None) -> str:
    """What to do about X with other neurons than those of the fit. Names are None of what was no data frame."""
    if fitted is None or given is None:
        return f"For other neurons {ADAPT}."
    missing = [name for name in fitted if name not in set(given)]
    unknown = [name for name in given if name not in set(fitted)]
    if not missing:
        return f"Select the columns of the fit: {SELECT}." if unknown else f"Reorder the columns: {SELECT}."
    told = [f"Of the {counted(len(fitted), 'neuron')} of the fit X lacks {_listed(missing, unknown)}."]
    if unknown:
        told.append(f"It has {counted(len(unknown), 'column')} that the fit did not have: {_listed(unknown, ())}.")
    told.append(f"Rename or add columns; only for a recording of other neurons {ADAPT}.")
    return " ".join(told)


def _listed(names: Sequence[str], others: Sequence[str]) -> str:
    """Some names, each with the nearest of the others."""
    near = [(name, difflib.get_close_matches(str(name), map(str, others), n=1)) for name in names[:SHOWN]]
    told = [named(name) + (f" (is it {named(found[0])}?)" if found else "") for name, found in near]
    return ", ".join(told) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")

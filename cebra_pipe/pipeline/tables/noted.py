"""What loading noted of a recording that concerns a row of the verdict: samples left out, doubts, twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...data.alike import shared_neural
from ...data.describe import doubts
from ...data.table import read_meta
from ...plot.files import Source
from ...plot.shown import Condition

Row = dict[str, object]
Points = Mapping[str, Sequence[str]]  # name -> the labels that are its coordinates


def all_loaded(paths: Mapping[str, Path]) -> dict[str, Row]:
    """What loading says of each recording, and with which it has its neural data in common."""
    metas = {name: read_meta(path)["recording"] for name, path in paths.items()}
    same = shared_neural(metas)
    return {name: _loaded(meta["notes"]) | {"twins": same.get(name, "")} for name, meta in metas.items()}


def _loaded(notes: Mapping) -> Row:
    """The share of samples that loading left out, and all that it noted."""
    read = notes.get("samples_read", 0)
    dropped = 1 - notes["samples"] / read if read else 0.0
    return {"dropped_share": dropped, "notes": notes}


def points_of(decoded: Sequence[Source]) -> Points:
    """The points of decodings."""
    specs = (read_meta(source.path)["spec"].get("decode") or {} for source in decoded)
    return {name: labels for spec in specs for name, labels in (spec.get("points") or {}).items()}


def concerning(loaded: Row, condition: Condition, label: str, points: Points) -> Row:
    """What loading says of one row: of the doubts those about its label and the labels that its condition fits by.

    Those about a point are those about the labels that it is made of.
    """
    told = (loaded["twins"], *doubts(loaded["notes"], (*points.get(label, (label,)), *condition.labels)))
    return {"dropped_share": loaded["dropped_share"], "doubts": "; ".join(filter(None, told))}

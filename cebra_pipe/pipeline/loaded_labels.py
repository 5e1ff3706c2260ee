"""Labels as their files have them: classes and units, of which the config may say nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..data.measured import add_unlike
from ..data.recording import Label, Recording
from ..data.words import add_clashes
from ..errors import Problems
from .config.points import add_misfits
from .config.study import Resolved, shared_labels

ONE_UNIT = 50.0  # times that one coordinate's range may be another's before the unit is doubted


def check(study: Resolved, recordings: Mapping[str, Recording], problems: Problems) -> None:
    """Recordings of one condition, which are compared, aligned and drawn together, have classes and units alike.

    Labels that the config itself states differently are no one label, and left out. Points have one unit as well.
    """
    for name, condition in study.conditions.items():
        labels = {one: recordings[one].labels for one in condition.recordings if one in recordings}
        known = dict.fromkeys(label for mine in labels.values() for label in mine)
        add_clashes(labels, known, f"conditions.{name}: ", problems)
        add_unlike(labels, shared_labels(study, condition.recordings), f"conditions.{name}: ", problems)
    for name, members in (study.config.decode.points or {}).items():
        having = {one: r.labels for one, r in recordings.items() if set(members) <= set(r.labels)}
        add_misfits(members, having, f"decode.points.{name}", problems)


def lines(study: Resolved, recordings: Mapping[str, Recording]) -> Iterator[str]:
    """One for each point and recording whose coordinates, of one unit by name, are of very unlike ranges."""
    for name, members in (study.config.decode.points or {}).items():
        for one, recording in recordings.items():
            axes = {key: label for key, label in recording.labels.items() if key in members and not label.discrete}
            width = {key: float(np.ptp(label.values)) for key, label in axes.items()}
            narrow, wide = (found(width, key=width.get, default=None) for found in (min, max))
            if narrow != wide and width[wide] >= ONE_UNIT * width[narrow]:
                told = " and ".join(_range(key, axes[key]) for key in (narrow, wide))
                yield f"decode.points.{name}: {one}: ranges are {told}: is one in another unit?"


def _range(name: str, label: Label) -> str:
    return f"{name} {label.values.min():.4g} to {label.values.max():.4g} {label.unit}".rstrip()

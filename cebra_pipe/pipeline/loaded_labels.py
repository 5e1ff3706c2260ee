"""Labels as their files have them: classes and units, of which the config may say nothing."""

from __future__ import annotations

from collections.abc import Mapping

from ..data.measured import add_unlike
from ..data.recording import Recording
from ..data.words import add_clashes
from ..errors import Problems
from .config.points import add_misfits
from .config.study import Resolved, shared_labels


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

"""What recordings are compared by: the labels, or the point, that span bins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...sklearn.points import members_of
from . import options as c
from .points import decoded_points
from .study import Resolved, shared_labels

BINS = {1: 40, 2: 6, 3: 3}  # by number of coordinates, along each: in all about as many as of one label


def bin_labels(study: Resolved, given: Sequence[str] | None, recordings: tuple[str, ...]) -> list[str]:
    """Those given, else the usual ones; where the continuous one is a coordinate of a point, that point."""
    if given is not None:
        return list(given)
    owner = {label: point for point, members in decoded_points(study, recordings).items() for label in members}
    return [owner.get(name, name) for name in study.usual_labels(recordings)]


def has_bins(study: Resolved, given: Sequence[str] | None, recordings: tuple[str, ...]) -> bool:
    """Whether there is a continuous label to bin by: the classes of a discrete one alone may be too few."""
    infos, names = shared_labels(study, recordings), bin_labels(study, given, recordings)
    members = members_of(names, study.config.decode.points or {})
    return any(infos[name].kind == "continuous" for name in members if name in infos)


def aligned(study: Resolved) -> list[str]:
    """Conditions whose recordings are rotated onto one: several, of one rate, with labels to bin by."""
    return [
        name
        for name, k in study.conditions.items()
        if len(k.recordings) > 1
        and len(study.rates(k.recordings)) < 2
        and has_bins(study, study.config.align.labels, k.recordings)
        and not k.control
    ]


def bins_spec(study: Resolved, config: c.BinsConfig, recordings: tuple[str, ...]) -> dict:
    """The part of a spec that bins follow from; points only where they are used."""
    labels, known = bin_labels(study, config.labels, recordings), study.config.decode.points or {}
    points = {name: list(known[name]) for name in labels if name in known}
    along = config.bins or BINS[max(map(len, points.values()), default=1)]
    return {"labels": labels, "bins": along, "minimum": config.minimum, **({"points": points} if points else {})}


# ---- where a label stands for its point ------------------------------------------------------------------------------
def by_one_label(study: Resolved, aligned: Sequence[str], figures: Sequence[str]) -> Iterator[str]:
    """A line for each point and label of it that stands alone where one continuous label is taken, and where that is.

    aligned: conditions that are aligned; figures: those that are drawn.
    """
    config, every, found = study.config, tuple(study.config.recordings), {}
    uses = [("align", config.align.labels, study.conditions[name].recordings) for name in aligned]
    for name, k in study.comparisons.items():
        if k.between == "recordings":
            uses.append((f"comparisons.{name}", k.labels, study.conditions[k.condition].recordings))
    for where, given, recordings in uses:
        names = bin_labels(study, given, recordings)
        for point, label in _alone(study, names, recordings):
            found.setdefault((point, label), {})[where] = None
    for (point, label), places in found.items():
        told = f"its {label} alone spans the bins of {', '.join(places)}"
        yield f"{_named(study, point)}: {told}; labels: [{point}] there takes all of them"
    if "embeddings" in figures:
        for point, label in _alone(study, study.usual_labels(every), every):
            yield f"{_named(study, point)}: its {label} alone gives the colours of figures/embeddings"


def _alone(study: Resolved, names: Sequence[str], recordings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Points, and labels of them that are among `names`."""
    for point, members in decoded_points(study, recordings).items():
        yield from ((point, label) for label in members if label in names)


def _named(study: Resolved, point: str) -> str:
    return f"point {point} [{', '.join(study.config.decode.points[point])}]"

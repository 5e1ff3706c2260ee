"""What is to be known of a comparison before its R² is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...data.describe import doubts as of_labels
from ...sklearn.points import members_of
from .sessions import Session

# Bins for each coefficient of an output: of noise an in-sample map has R² = dimension / (bins - 1), here near a half.
FEW = 2


def doubts(spec: Mapping, sessions: Sequence[Session], rows: Sequence[Mapping]) -> list[str]:
    """Sentences, each once: doubtful labels of the bins and of the fits, what makes R² high whatever the brain does.

    rows: those of the stage, with `bins_used`, -1 where samples are compared.
    """
    return [*_labels(spec, sessions), *(_runs() if spec["between"] == "runs" else _bins(spec, sessions, rows))]


def _labels(spec: Mapping, sessions: Sequence[Session]) -> Iterator[str]:
    """What loading found of labels, with the recordings that it holds in."""
    named, found = dict.fromkeys([*_of_bins(spec), *spec.get("fitted_by", ())]), {}
    for session in sessions:
        for text in of_labels(session.notes, named):
            found.setdefault(text, []).append(session.name)
    return (f"{', '.join(names)}: {text}" for text, names in found.items())


def _of_bins(spec: Mapping) -> list[str]:
    return members_of(spec["labels"], spec.get("points", {}))


def _runs() -> Iterator[str]:
    yield "the same data in both runs: R² tells of the optimiser alone"


def _bins(spec: Mapping, sessions: Sequence[Session], rows: Sequence[Mapping]) -> Iterator[str]:
    if own := [name for name in _of_bins(spec) if name in spec.get("fitted_by", ())]:
        told = "means agree by construction as far as each embedding follows them"
        yield f"bins of {', '.join(own)}, which the condition is fitted by: {told}"
    coefficients = next(iter(sessions[0].runs.values())).embedding.shape[1] + 1
    if (fewest := min(row["bins_used"] for row in rows)) <= FEW * coefficients:
        yield f"few bins: a pair shares {fewest}, and a map has {coefficients} coefficients an output"

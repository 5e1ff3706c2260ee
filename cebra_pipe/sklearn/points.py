"""Points: labels that are the coordinates of one place, such as x and y, decoded together and scored by distance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Protocol

import numpy as np

from ..data.recording import Label

FEW = 100  # distinct values below which a label is taken for rounded
ONE_CONTINUOUS = "at most one continuous label, or one point"  # of what spans bins
CLOSE = 1e-4  # of the spread of the points: how exactly the geometric median is found
ROUNDS = 1000


@dataclass(frozen=True, eq=False)
class Point:
    """Continuous labels of one unit as coordinates; read as a label is."""

    values: np.ndarray  # (time, axis) float64
    unit: str
    kind: ClassVar[str] = "point"
    discrete: ClassVar[bool] = False
    period: ClassVar[None] = None


Target = Label | Point  # what is decoded
Points = Mapping[str, Sequence[str]]  # name -> the labels that are its coordinates
NO_POINTS: Points = MappingProxyType({})


class Stated(Protocol):
    """What a config or a recording says of a label."""

    kind: str
    unit: str
    period: float | None


def target(labels: Mapping[str, Label], points: Points, name: str) -> Target:
    """The label of that name, or the point made of labels."""
    if name not in points:
        return labels[name]
    members = [labels[member] for member in points[name]]
    return Point(np.stack([member.values for member in members], axis=1), members[0].unit)


def members_of(names: Iterable[str], points: Points) -> list[str]:
    """The labels that names of labels and points stand for, each once."""
    return list(dict.fromkeys(label for name in names for label in points.get(name, (name,))))


def misfit(members: Mapping[str, Stated]) -> str:
    """Why these labels are not coordinates of one point; empty where they are."""
    units = {name: label.unit or "no unit" for name, label in members.items()}
    apart = ", ".join(f"{name} in {unit}" for name, unit in units.items())
    return "; ".join([*_unfit(members), *[apart][: len(set(units.values())) > 1]])


def _unfit(members: Mapping[str, Stated]) -> Iterator[str]:
    for name, label in members.items():
        if label.kind != "continuous":
            yield f"{name} is {label.kind}"
        elif label.period:
            yield f"{name} repeats after {label.period:g}"


def geometric_median(values: np.ndarray) -> np.ndarray:
    """(axis,) the place of least mean distance to points (n, axis): of one axis the median.

    Weiszfeld's iteration, sqrt(d² + e²) in place of each distance d, e a ten-thousandth of the spread: it then neither
    divides by zero nor rests on a sample that is not the median (Weiszfeld 1937; Vardi and Zhang 2000, PNAS 97).
    """
    place = values.mean(axis=0)
    close = CLOSE * float(np.linalg.norm(values.std(axis=0)))
    if not close:
        return place
    for _ in range(ROUNDS):
        weight = 1 / np.sqrt(((values - place) ** 2).sum(axis=1) + close**2)
        before, place = place, weight @ values / weight.sum()
        if np.linalg.norm(place - before) < 0.01 * close:
            break
    return place


# ---- what rounding leaves --------------------------------------------------------------------------------------------
def rounding(values: np.ndarray, period: float | None = None) -> float:
    """The median step between the distinct values (n,) of a label; NaN where they are one, or 100 or more."""
    distinct = np.unique(values)
    if not 1 < len(distinct) < FEW:
        return float("nan")
    step = distinct[1:] - distinct[:-1]
    return float(np.median(step if period is None else np.abs((step + period / 2) % period - period / 2)))


def quantisation_floor(label: Target) -> float:
    """The median error of rounding alone, uniform within a step: of one label a quarter of it.

    Of a point the median distance from the middle of a box of its axes' steps, which of a square of side h is
    h / sqrt(2 pi). NaN for classes and where nothing is known to be rounded: no label of fewer than 100 values.
    """
    if label.discrete:
        return float("nan")
    if label.kind != "point":
        return rounding(label.values, label.period) / 4
    steps = np.array([rounding(axis) for axis in label.values.T])
    if np.isnan(steps).all():
        return float("nan")
    count = 400 if len(steps) == 2 else 60
    places = (np.arange(count) + 0.5) / count - 0.5
    box = np.meshgrid(*(places * step for step in np.nan_to_num(steps)))
    return float(np.median(np.linalg.norm(box, axis=0)))

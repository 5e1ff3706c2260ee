"""Units of labels: the config's, else the one that the file gives, written as figures write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..errors import Problems

if TYPE_CHECKING:
    from ..pipeline.config.recording import LabelConfig
    from .recording import Label

SHORT = {  # names of units, in the singular -> their signs
    "meter": "m",
    "metre": "m",
    "centimeter": "cm",
    "centimetre": "cm",
    "millimeter": "mm",
    "millimetre": "mm",
    "degree": "deg",
    "°": "deg",
    "radian": "rad",
    "second": "s",
    "millisecond": "ms",
    "volt": "V",
    "pixel": "px",
    "meter/second": "m/s",
    "meter per second": "m/s",
    "centimeter/second": "cm/s",
    "centimeter per second": "cm/s",
}
NONE = {"", "unknown", "n/a", "na", "n.a.", "none", "a.u.", "au", "arbitrary", "arbitrary unit", "unitless", "no unit"}


def sign(unit: str) -> str:
    """A unit as figures write it; empty where the text says that there is none."""
    plain = unit.strip().lower()
    single = (
        plain.replace("meters", "meter").replace("metres", "metre").removesuffix("s") or plain
    )  # s is a unit itself
    return "" if NONE & {plain, single} else SHORT.get(single, unit.strip())


def unit_of(label: LabelConfig, told: str) -> str:
    """The config's unit; the one that the file tells where there is none and no `scale` makes another of it."""
    if label.events is not None:
        return "s"
    return label.unit or ("" if label.scale is not None or label.kind == "discrete" else sign(told))


def doubt(name: str, label: LabelConfig, told: str) -> str | None:
    """What is to be known where config and file give a label two units and no `scale` turns one into the other."""
    file = sign(told)
    if not label.unit or not file or label.scale is not None or label.kind == "discrete" or sign(label.unit) == file:
        return None
    return (
        f"{name} is in {label.unit} by the config and in {file} by its file; the config counts. Where the file is "
        f"right, leave `unit` out, or give the `scale` that makes {label.unit} of {file}"
    )


def add_unlike(labels: Mapping[str, Mapping[str, Label]], names: Iterable[str], where: str, problems: Problems) -> None:
    """A problem for each label that recordings (name -> label -> values) have in several units, as files may tell."""
    for name in names:
        known = {recording: mine[name].unit or "no unit" for recording, mine in labels.items() if name in mine}
        if len(set(known.values())) > 1:
            found = ", ".join(f"{unit} in {recording}" for recording, unit in known.items())
            remedy = "Give its `unit` in every recording, and the `scale` that makes it where a file has another one."
            problems.add(f"{where}labels.{name}", "one unit in all recordings that go together", found, remedy)

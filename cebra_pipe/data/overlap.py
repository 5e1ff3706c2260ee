"""Whether a label's own clock and the neural one cover the same stretch: where not, the rate or a unit is doubted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Problems
from .shelf import Read

if TYPE_CHECKING:
    from ..pipeline.config.recording import RecordingConfig

ALIKE = 0.95  # share of either span in the other below which it is told
# Ratio of the longer span to the shorter -> how far it may be off, as a factor, and the unit that explains it. Nothing
# is recorded for a thousandth of its tracking; of a sixtieth that may be, and so only a near one counts.
UNITS = ((60.0, 1.05, "min"), (1e3, 2.0, "ms"), (1e6, 2.0, "µs"))

Span = tuple[float, float]  # first and last second


def doubts(
    config: RecordingConfig, read: Mapping[str, Read], time: np.ndarray, rate: float, name: str
) -> dict[str, str]:
    """Label -> a sentence, one for all labels of a clock that covers another stretch than the neural samples.

    time (time,) seconds of all neural samples, before any is dropped. A UserError where one clock is as many times as
    long as the other as there are ms or µs in a second or seconds in a minute.
    """
    neural, problems, told = (float(time[0]), float(time[-1]) + 1 / rate), Problems(), {}
    for span, labels in spans(config, read).items():
        where = f"recordings.{name}: time of {', '.join(labels)} ({read[f'labels.{labels[0]}.time'].where})"
        if (unit := other_unit(span, neural)) is not None:
            found = f"{span[1] - span[0]:.6g} s beside {neural[1] - neural[0]:.6g} s of neural data"
            remedy = (
                f"Are the time stamps in {unit}? Give both in seconds; if they are, cut the longer one to the other."
            )
            problems.add(where, "two clocks in seconds", found, remedy)
        elif shared(span, neural, alone=config.spikes is not None and config.spikes.stop is not None) < ALIKE:
            told |= dict.fromkeys(labels, sentence(config, labels, span, neural, timed="time" in read))
    problems.raise_any()
    return told


def spans(config: RecordingConfig, read: Mapping[str, Read]) -> dict[Span, list[str]]:
    """Each stretch that a label's own clock covers, with the labels of that clock."""
    found: dict[Span, list[str]] = {}
    for label in config.labels:
        clock = read.get(f"labels.{label}.time")
        known = clock.values[np.isfinite(clock.values)] if clock is not None else ()
        if len(known) > 1 and known[-1] > known[0]:  # what else is wrong with a clock is told where it is used
            found.setdefault((float(known[0]), float(known[-1])), []).append(label)
    return found


def other_unit(one: Span, other: Span) -> str | None:
    """The unit that explains how many times as long as the other one of two stretches is; None where none does."""
    short, long = sorted((one[1] - one[0], other[1] - other[0]))
    return next((unit for times, off, unit in UNITS if times / off <= long / short <= times * off), None)


def shared(label: Span, neural: Span, alone: bool) -> float:
    """Share that two stretches have in common, of the longer one; of the neural one alone where its end was chosen."""
    lengths = [neural[1] - neural[0]] + [label[1] - label[0]] * (not alone)
    return in_common(label, neural) / max(lengths)


def in_common(one: Span, other: Span) -> float:
    """Seconds."""
    return max(min(one[1], other[1]) - max(one[0], other[0]), 0.0)


def sentence(config: RecordingConfig, labels: Sequence[str], span: Span, neural: Span, timed: bool) -> str:
    """Which of the two clocks covers what the other does not, and what may be the reason."""
    names, some = ", ".join(labels), len(labels) > 1
    ends = (
        (neural[0] - span[0], f"begin{'s' * (not some)}", "before the first neural sample"),
        (span[1] - neural[1], f"go{'' if some else 'es'} on", "after the last neural sample"),
        (span[0] - neural[0], f"begin{'s' * (not some)}", "after the first neural sample"),
        (neural[1] - span[1], f"end{'s' * (not some)}", "before the last neural sample"),
    )
    least = (1 - ALIKE) / 4 * max(span[1] - span[0], neural[1] - neural[0])  # less than that is no reason
    parts = " and ".join(f"{verb} {by:.4g} s {where}" for by, verb, where in ends if by > least)
    lasts = f"{in_common(span, neural):.4g} s in common, of {neural[1] - neural[0]:.4g} s of neural data "
    lasts += f"and {span[1] - span[0]:.4g} s of {'labels' if some else 'the label'}"
    asked = "do both clocks count from the same moment?"
    if not timed and config.spikes is None:
        asked = f"is `rate: {config.rate:g}` right? With a wrong one all labels lie beside other samples than their own"
    return f"{names} {parts} ({lasts}): {asked}"

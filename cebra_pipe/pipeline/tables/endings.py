"""Whether fits had come to rest: how their losses change over the last quarter of the steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...data.table import Table
from ...plot.drawn import distinct, pick
from ...plot.known import mean

LAST = 0.25  # of the steps
FEWEST = {"train": 5, "valid": 4}  # values in them; with fewer a line says nothing
SHARE = 0.05  # of the bits that the fit gained in all: a smaller change is rest
FLOOR = 0.01  # bits: a smaller change is rest whatever the gain
LEVEL = 0.95  # of the interval of a change, which must leave 0 out: of five values it is 3.2 standard errors

MOVES = {
    ("train", 1): "train loss still falls",
    ("train", -1): "train loss rises",
    ("valid", 1): "valid loss still falls",
    ("valid", -1): "valid loss rises",
}
UNKNOWN = "too few steps to tell"
UNSURE = {"train": "train loss: change not told from noise", "valid": "valid loss: change not told from noise"}


@dataclass(frozen=True)
class Change:
    """Bits gained over the last quarter: the slope of the least-squares line times the quarter's length."""

    bits: float
    half: float  # of its 95 % interval
    tolerance: float  # bits

    @property
    def direction(self) -> int:
        """1 better, -1 worse, 0 where neither is told."""
        return int(np.sign(self.bits)) if abs(self.bits) > max(self.tolerance, self.half) else 0

    @property
    def unsure(self) -> bool:
        """Whether it is no rest, and yet may be noise: a wide interval is no evidence of rest."""
        return self.tolerance < abs(self.bits) <= self.half


def change(step: np.ndarray, bits: np.ndarray, fewest: int) -> Change | None:
    """Of one curve, step (n,) and bits (n,); None where fewer than `fewest` values lie in the last quarter."""
    from scipy.special import stdtrit  # the verdict alone asks for it

    mine = step > (1 - LAST) * step.max(initial=0)
    if mine.sum() < fewest:
        return None
    x, y = step[mine] - step[mine].mean(), bits[mine]
    slope = float(x @ y / (x @ x))
    left = y - y.mean() - slope * x
    error = float(np.sqrt(left @ left / (len(x) - 2) / (x @ x)))
    length = LAST * step.max()
    half = float(stdtrit(len(x) - 2, (1 + LEVEL) / 2)) * error
    return Change(slope * length, half * length, max(FLOOR, SHARE * abs(float(y.mean()) - float(bits[0]))))


def changes(history: Table) -> dict[tuple[str, str], Change | None]:
    """(objective, part) -> its change, of one fit."""
    steps, found = pick(history, kind="step"), {}
    for objective in distinct(steps["objective"]):
        for part, fewest in FEWEST.items():
            mine = pick(steps, objective=objective, part=part)
            found[objective, part] = change(mine["step"].astype(float), mine["bits"], fewest)
    return found


def ending(histories: Sequence[Table]) -> dict[str, object]:
    """How the fits of a unit ended: a fit has converged where the losses of all objectives rest."""
    found = [changes(history) for history in histories]
    told = Counter(text for each in found for text in _told(each))
    note = "; ".join(f"{n} of {len(found)} fits: {text}" for text, n in told.items())
    return {
        "converged": "yes" if not told else "no" if set(told) & set(MOVES.values()) else "not known",
        "train_change_bits": _over_last(found, "train"),
        "valid_change_bits": _over_last(found, "valid"),
        "ending": note,
    }


def temperature_of(histories: Sequence[Table]) -> float:
    """At the end of training, the mean over fits: a learned one is each fit's own."""
    return mean(pick(history, kind="score")["temperature"].mean() for history in histories)


def _told(found: dict[tuple[str, str], Change | None]) -> set[str]:
    """What is to be said of one fit."""
    if not found or None in found.values():
        return {UNKNOWN}
    moves = {MOVES.get((part, each.direction)) for (_, part), each in found.items()}
    return {text for text in moves if text} | {UNSURE[part] for (_, part), each in found.items() if each.unsure}


def _over_last(found: Sequence[dict[tuple[str, str], Change | None]], part: str) -> float:
    """Bits over the last quarter, the mean over fits and objectives."""
    return mean(each.bits for fit in found for (_, p), each in fit.items() if p == part and each)

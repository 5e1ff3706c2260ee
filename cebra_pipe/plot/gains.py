"""Whether a score still rises with the amount of data: the gain of its last doubling, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.portions import LARGEST
from ..sklearn.bootstrap import interval, student
from .judged import NONE
from .shown import Condition
from .summary import SIGNED

RISES, FLAT, FALLS, UNKNOWN = "still rises", "flat", "falls", "not known"
# metric -> the change per doubling of the data that counts as none, as a number and as a share of the score
TOLERANCE = {
    **{"bits": (0.02, 0.0), "balanced_accuracy": (0.02, 0.0)},
    **{"median_abs_error": (0.0, 0.05), "median_distance": (0.0, 0.05)},
}
SIGN = {"bits": 1} | {name: metric.sign for name, metric in SIGNED.items()}
Key = tuple[str, str, str]  # recording, score (bits | decoding), label


@dataclass(frozen=True, eq=False)
class Found:
    """One score of one amount of data, over folds and seeds."""

    metric: str
    unit: str
    real: float
    chance: float
    by_seed: Mapping[int, float]
    by_fold: Mapping[int, float]
    draws: np.ndarray  # (draw,) of test trials; none for bits
    samples: tuple[str, ...]  # names the test samples
    naive_bayes: float = np.nan  # on the same data


@dataclass(frozen=True, eq=False)
class Point:
    """A score with the data behind it."""

    share: float
    minutes: float  # of the training part
    neurons: float
    found: Found


@dataclass(frozen=True, eq=False)
class Curve:
    """One score of one recording, by rising amounts of data; the last point has all of it."""

    condition: Condition
    unit: str
    key: Key
    of: str  # minutes | neurons
    points: Sequence[Point]

    @property
    def whole(self) -> Found:
        return self.points[-1].found

    @property
    def name(self) -> tuple[str, str, Key]:
        return self.condition.name, self.unit, self.key

    @property
    def compared(self) -> Point | None:
        """The largest portion of at most half the data; None where there is none."""
        return max((p for p in self.points if p.share <= LARGEST), key=lambda p: p.share, default=None)

    @property
    def doublings(self) -> float:
        """How often the data double from the portion compared to all; 0 where it holds no less, or there is none."""
        all_of_it = getattr(self.points[-1], self.of)
        return float(np.log2(all_of_it / getattr(self.compared, self.of))) if self.compared else 0.0


@dataclass(frozen=True)
class Judged:
    """The change per doubling of the data up to all of it; above 0 is better."""

    gain: float
    low: float  # 2.5 %
    high: float  # 97.5 %
    tolerance: float
    verdict: str
    why: str = ""  # it is not known

    @property
    def words(self) -> str:
        return f"{self.verdict}: {self.why}" if self.why else self.verdict


def judge(curve: Curve) -> Judged:
    """Whether a score still rises: the interval of its gain per doubling, from about half of the data to all of them.

    Seed for seed, since both fits of a seed share its stream: Student's interval of the mean over seeds, wider where
    draws of test trials are. `still rises`: all of it is above 0; `flat`: all of it is within the metric's tolerance;
    `falls`: all of it is below 0 and not flat. Else it is not known; more seeds narrow it. A score that is not better
    than chance by more than the tolerance says nothing of an amount of data.
    """
    whole, (least, share) = curve.whole, TOLERANCE[curve.whole.metric]
    tolerance = least + share * whole.real
    if curve.doublings <= 0:
        return Judged(np.nan, np.nan, np.nan, float(tolerance), UNKNOWN, "no fit to half of it or less")
    gain, low, high = _gain(curve)
    known = bool(np.isfinite([gain, tolerance]).all())
    if known and SIGN[whole.metric] * (whole.real - whole.chance) <= tolerance:
        return Judged(gain, low, high, float(tolerance), NONE)
    verdict = _verdict(low, high, tolerance)
    why = "" if verdict != UNKNOWN else _seeds(len(whole.by_seed)) if known else "a score is not finite"
    return Judged(gain, low, high, float(tolerance), verdict, why)


def _gain(curve: Curve) -> tuple[float, float, float]:
    """Its mean over seeds, and the outer ends of its intervals over seeds and over draws of test trials."""
    less, whole = curve.compared.found, curve.whole
    scale = SIGN[whole.metric] / curve.doublings
    gains = np.array([scale * (whole.by_seed[seed] - less.by_seed[seed]) for seed in whole.by_seed])
    paired = less.samples == whole.samples and len(less.draws) == len(whole.draws) > 0
    ends = np.array([student(gains), interval(scale * (whole.draws - less.draws) if paired else np.zeros(0))])
    if not np.isfinite(ends[0]).all():  # trials alone do not say what another draw of the portion would give
        return float(gains.mean()), np.nan, np.nan
    return float(gains.mean()), float(np.nanmin(ends[:, 0])), float(np.nanmax(ends[:, 1]))


def _verdict(low: float, high: float, tolerance: float) -> str:
    if low > 0:
        return RISES
    if -tolerance <= low and high <= tolerance:
        return FLAT
    return FALLS if high < 0 else UNKNOWN


def _seeds(number: int) -> str:
    return f"{number} seed{'' if number == 1 else 's'}"


def told(judged: Mapping[str, str]) -> str:
    """The cell of the table `verdict`, and why; judged: minutes or neurons -> what is said of it."""
    why = "; ".join(f"{words} ({of})" for of, words in judged.items())
    if NONE in judged.values():
        return f"not known, {NONE}"
    if RISES in judged.values():
        return f"no, {why}"
    return f"no rise seen, {why}" if set(judged.values()) == {FLAT} else f"not known, {why}"

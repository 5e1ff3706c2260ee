"""What is probably not meant: doubts about data and options, each in a sentence with its remedy."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from ..models.expansion import expansion
from ..models.table import MODELS
from ..solver.progress import lasting
from .declared import Declared
from .labels import Session

TURNED = 10  # neurons a sample from which X is probably (neuron, sample)
APART = 5.0  # times that one range may be another's before the unit is doubted: of two sessions, of a period
MANY = 10_000  # samples of which a step on all pairs takes long
LONG = 600.0  # seconds of all steps of a fit above which they are told
# Seconds of one core for a pair of samples in the loss, and for a monomial of a sample where sums over all pairs follow
# from those: 8,192 squared in 137 ms, 8,192 of 165 in 7.3 ms (docs/performance.md).
PAIR, TERM = 2e-9, 5.4e-9
NEAR = 1.0  # widths of the wider range that data may begin beyond those before: laps or trials that come in parts


def warn(texts: Iterable[str], stacklevel: int) -> None:
    """A warning for each of `texts`, at the caller so many calls above."""
    for text in texts:
        warnings.warn(text, stacklevel=stacklevel + 1)


def doubts(found: Sequence[Session], estimator: Declared) -> Iterator[str]:
    """All that is doubted of a fit of `estimator` to the sessions `found`."""
    by_label = found[0].kinds[1] > 0 and estimator.conditional != "time"
    yield from _of_signal(found)
    yield from _of_classes(found)
    yield from _of_alignment(found, trains=estimator.batch_size is not None and not estimator.hybrid)
    if by_label and estimator.label_weights is None:
        yield from _of_flags(found)
    if by_label and len(found) > 1:
        yield from _of_units(found)
    if by_label and estimator.label_periods is not None:
        yield from _of_periods(found, estimator.label_periods)
    yield from _of_batches(found, estimator)
    yield from _of_lengths(estimator)


# ---- data ------------------------------------------------------------------------------------------------------------
def _of_signal(found: Sequence[Session]) -> Iterator[str]:
    samples, neurons = (sum(each) for each in zip(*(s.neural.shape for s in found), strict=True))
    if found[0].kinds == (False, 0) and TURNED * samples <= neurons:
        yield f"X has {samples} samples of {neurons} neurons; if it is (neuron, sample), pass X.T"


def _of_classes(found: Sequence[Session]) -> Iterator[str]:
    if found[0].discrete is None:
        return
    if text := unlikely_classes(np.concatenate([s.discrete for s in found])):
        yield f"y: {text}. If they measure something, such as a position, pass floats: y.astype(float)"


def unlikely_classes(classes: np.ndarray) -> str:
    """What tells that (sample,) integers are no classes: single samples, or more classes than the root of all samples.

    Empty where nothing does.
    """
    counts = np.unique(classes, return_counts=True)[1]
    alone = int((counts == 1).sum())
    if not alone and len(counts) ** 2 <= len(classes):
        return ""
    single = f", {alone} of a single sample, which is its own positive" * (alone > 0)
    return f"integers are classes, here {len(counts)} of them for {len(classes)} samples{single}"


def _of_alignment(found: Sequence[Session], trains: bool) -> Iterator[str]:
    """Where no label says which samples of several sessions belong together.

    trains: whether sessions without labels are trained at all, rather than refused.
    """
    if len(found) < 2:
        return
    if found[0].kinds == (False, 0) and trains:
        yield "several sessions without labels: each is trained by time alone, and their embeddings are not aligned"
    if found[0].discrete is None:
        return
    known = [set(np.unique(s.discrete).tolist()) for s in found]
    for s, own in enumerate(known):
        if own.isdisjoint(set().union(*known[:s], *known[s + 1 :])):
            yield f"y: session {s} has no class in common with another: nothing aligns it. Number classes alike in all"


def _of_flags(found: Sequence[Session]) -> Iterator[str]:
    """Columns of two values, whose step is a distance that the others have to hold out against.

    Classes as several columns, one of them 1 in each sample, are meant so: as the recorded rats come.
    """
    columns = np.concatenate([s.continuous for s in found]) if found[0].kinds[1] else np.empty((0, 0))
    values = [np.unique(column) for column in columns.T]
    flags = [c for c, each in enumerate(values) if len(each) == 2]
    if len(flags) > 1 and (columns[:, flags].sum(1) == 1).all():
        return
    if len(flags) == 1:
        low, high = values[flags[0]]
        yield (
            f"y, continuous column {flags[0]} has two values, {low:g} and {high:g}, and counts as a "
            "measurement. If it names classes, such as a direction, pass it apart and as integers: "
            "fit(X, y, classes.astype(int)); if it is meant so, label_weights says how much it counts"
        )
    elif flags:
        alike = ", flags of all sessions stacked" * (len(found) > 1)
        yield (
            f"y, continuous columns {', '.join(map(str, flags))} have two values each and count as measurements. If "
            "they name classes, pass them apart and as one column of integers: fit(X, y, classes), where classes = "
            f"np.unique(flags, axis=0, return_inverse=True)[1]{alike}; if they are meant so, label_weights says how "
            "much each counts"
        )


Ends = list[tuple[float, float]]  # of each continuous column


def ranges(session: Session) -> Ends:
    """Lowest and highest value of each continuous column."""
    if session.continuous is None:
        return []
    return [(float(values.min()), float(values.max())) for values in session.continuous.T]


def united(before: Sequence[Ends] | None, now: Sequence[Ends]) -> list[Ends] | None:
    """Ranges, by session, of all that a model was trained on; None where those before are not known."""
    if before is None:
        return None
    pairs = zip(before, now, strict=True)
    return [[(min(a, c), max(b, d)) for (a, b), (c, d) in zip(*pair, strict=True)] for pair in pairs]


def moved(
    before: Sequence[Ends] | None, found: Sequence[Session], estimator: Declared, near: float = 0.0
) -> Iterator[str]:
    """Labels that a fitted model is given in what may be another unit than it was fitted with.

    Columns with a period are left out: elsewhere on the circle is no other unit, which `_of_periods` sees.

    before: ranges of the sessions of the fit that `found` stand for; None of a model that does not know them.
    near: how far from these ranges labels may lie, in widths of the wider of the two.
    """
    if before is None or estimator.conditional == "time":
        return
    periods = () if estimator.label_periods is None else np.atleast_1d(estimator.label_periods)
    circular = {c for c, period in enumerate(periods) if period > 0}
    for known, session in zip(before, found, strict=True):
        if now := ranges(session):
            told = _apart({"in the fit": known, "now": now}, "Give the unit and origin of the fit", near)
            yield from (text for c, text in told if c not in circular)


def _of_units(found: Sequence[Session]) -> Iterator[str]:
    named = {f"session {s}": ranges(each) for s, each in enumerate(found)}
    yield from (text for _, text in _apart(named, "Give all sessions one unit and one origin"))


def _apart(named: Mapping[str, Ends], remedy: str, near: float = 0.0) -> Iterator[tuple[int, str]]:
    """Columns whose ranges lie apart, or differ in width beyond what behaviour does, each with a sentence."""
    for c, ends in enumerate(zip(*named.values(), strict=True)):
        widths = [high - low for low, high in ends]
        gap = max(low for low, _ in ends) - min(high for _, high in ends)
        if gap > near * max(widths) or max(widths) > APART * min(widths):
            told = "; ".join(f"{name} {low:.4g} to {high:.4g}" for name, (low, high) in zip(named, ends, strict=True))
            yield c, f"y, continuous column {c}: ranges differ ({told}). {remedy}"


def _of_periods(found: Sequence[Session], periods: Sequence[float]) -> Iterator[str]:
    joined = np.concatenate([s.continuous for s in found])
    # Another number of periods than columns is refused where they are used.
    for c, (values, period) in enumerate(zip(joined.T, np.atleast_1d(periods), strict=False)):
        span = float(np.ptp(values))
        told = f"label_periods: continuous column {c} spans {span:.4g}, its period is {period:g}"
        if period > 0 and span > period:
            yield f"{told}: values a period apart are one. Give the period in the label's unit, 0 for none"
        elif span < period / APART:
            yield f"{told}: it never comes round. Give the period in the label's unit"


# ---- options ---------------------------------------------------------------------------------------------------------
def _of_batches(found: Sequence[Session], estimator: Declared) -> Iterator[str]:
    if estimator.batch_size is None:
        if len(found) == 1:
            yield from _of_full_batches(len(found[0].neural), estimator)
        return
    shortest = min(len(s.neural) for s in found)
    if estimator.batch_size > shortest:
        whole = " (None: all of them, once each)" * (len(found) == 1 and found[0].discrete is None)
        times = f"{estimator.batch_size / shortest:.1f} times"
        yield (
            f"batch_size={estimator.batch_size} of {shortest} samples: each is in a step {times} on average, and among "
            f"its own negatives. Set it to at most {shortest}{whole}"
        )
    if (estimator.num_negatives or estimator.batch_size) == 1:
        name = "batch_size" if estimator.num_negatives is None else "num_negatives"
        yield f"{name}=1: each reference is told from a single negative, which is mostly noise. Set {name}=512"


def _of_full_batches(samples: int, estimator: Declared) -> Iterator[str]:
    steps, step = estimator.max_iterations, _seconds(samples, estimator)
    if samples > MANY or steps * step > LONG:
        yield (
            f"batch_size=None: each step compares all {samples:,} samples with each other, {samples**2:.1e} pairs: "
            f"about {lasting(step)} of one core for the loss, {lasting(steps * step)} in max_iterations={steps:,} steps"
            ". Set batch_size=512, which is usual, for steps that are far quicker"
        )


def _seconds(samples: int, estimator: Declared) -> float:
    """Of one core, for the loss of a step on all samples."""
    row = MODELS.get(estimator.model_architecture)
    if estimator.distance == "cosine" and (row is None or row.normalize):  # so similarities lie within 1 / temperature
        reach, eps = 1 / estimator.temperature, float(np.finfo(np.float32).eps)
        if found := expansion(reach, samples, samples, estimator.output_dimension, eps):
            return TERM * samples * len(found.weights)
    return PAIR * samples**2


def _of_lengths(estimator: Declared) -> Iterator[str]:
    row = MODELS.get(estimator.model_architecture)
    if row is not None and not (row.normalize or row.classes) and estimator.distance == "cosine":
        yield (
            f"distance='cosine' with {estimator.model_architecture}, whose embeddings have any length: similarity is "
            "their dot product, which has no bound. Set distance='euclidean', or take a model without mse"
        )

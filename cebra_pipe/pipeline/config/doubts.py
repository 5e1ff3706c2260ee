"""What makes sense as far as a config can be read, and is still likely to be another thing than was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...models.table import MODELS
from .points import proposals
from .study import Condition, Resolved, unlike
from .trial_numbers import trial_numbers

FASTEST = 0.1  # learning rate above which a step of Adam is as large as the weights that it moves
ROUNDED = 0.25  # share of a length of time by which rounding to samples may change it


def doubts(study: Resolved, rates: Mapping[str, float]) -> Iterator[str]:
    """One line for each cause, with the conditions that it holds in.

    rates: of recordings, samples per second.
    """
    found: dict[str, list[str]] = {}
    for k in study.conditions.values():
        for text in (*_training(k), *_offset(study, k, rates), *_labels(study, k)):
            found.setdefault(text, []).append(k.name)
    for text, names in found.items():
        yield f"{', '.join(dict.fromkeys(names))}: {text}"
    if any(study.labels(name) for name in rates):
        yield from _numbers(study)
        yield from _rounded("decode.window", study.config.decode.window, rates)
    yield from proposals(study)


def _training(k: Condition) -> Iterator[str]:
    given = k.training
    if given.learning_rate > FASTEST:
        yield (
            f"learning_rate {given.learning_rate:g}: Adam moves each weight by about as much in each step, and weights "
            "begin below 1; 1e-4 to 1e-2 are usual"
        )
    model = MODELS.get(given.model)
    if given.similarity == "euclidean" and model is not None and model.normalize:
        same = "" if given.learn_temperature else f" at temperature {given.temperature / 2:g}"
        yield (
            f"similarity: euclidean with {given.model}, whose embedding has length 1: a squared distance is then "
            f"2 - 2 cosine, and the fit that of similarity: cosine{same}; the -mse models are free in length"
        )


def _offset(study: Resolved, k: Condition, rates: Mapping[str, float]) -> Iterator[str]:
    if k.positives in ("time", "time_delta") or k.hybrid:
        yield from _rounded("time_offset", k.training.time_offset, {n: rates[n] for n in k.recordings if n in rates})


def _rounded(option: str, seconds: float, rates: Mapping[str, float]) -> Iterator[str]:
    """A line for each rate at which a length of time is not near a number of samples; at least one sample is used."""
    for rate in sorted(set(rates.values())):
        samples = max(1, round(seconds * rate))
        if abs(samples / rate - seconds) > ROUNDED * seconds:
            told = f"{option} {seconds:g} s is {seconds * rate:.3g} samples at {rate:g} Hz"
            yield f"{told}; {samples} {'is' if samples == 1 else 'are'} used, {samples / rate:.3g} s"


def _numbers(study: Resolved) -> Iterator[str]:
    """Labels that number the trials, which are decoded and binned by where they are asked for alone."""
    asked, config = study.config.decode.labels, study.config
    for name in sorted(trial_numbers(config.recordings, config.recordings)):
        told = f"label {name} is the number of the trial, and of a trial that is held out none was learned from"
        yield f"{told}: {'decode.labels names it all the same' if asked and name in asked else 'it is not decoded'}"


def _labels(study: Resolved, k: Condition) -> Iterator[str]:
    """Labels of one name that are two things, so that recordings are not aligned, compared or decoded by them."""
    names = dict.fromkeys(name for recording in k.recordings for name in study.labels(recording))
    for name in names:
        if told := unlike(study, name, k.recordings):
            yield f"label {name} is no label of all recordings, which are not compared or aligned by it: {told}"

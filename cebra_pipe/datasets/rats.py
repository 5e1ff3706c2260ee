"""Simulated rats on a linear track, as hard to decode as recorded ones.

A textbook simulator (narrow fields, 8 Hz, nothing but Poisson noise) decodes to 2 cm, so that every method looks
perfect. Here the represented position drifts about the true one for all cells together, fields move and gains change
from lap to lap, and most cells are silent most of the time. Sizes and rates follow CA1 recordings on a 1.6 m track
(Grosmark and Buzsáki 2016; docs/numbers.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from ..data.recording import Label, Recording, epochs_of
from ..streams import generator

RATE = 40.0  # Hz: bins of 25 ms
TRACK = 1.6  # m
LONGEST_LAP = 400  # samples (10 s)
LARGEST_GAP = 0.1  # s of time stamps within an epoch
JITTER, JITTER_TIME = 0.05, 0.4  # m and s: error of the represented position, common to all cells
LAP_SHIFT = 0.06  # m: a cell's field moves from lap to lap
LAP_GAIN = 2.5  # shape of the gamma distribution (mean 1) of a cell's gain in a lap
THETA, THETA_DEPTH = 8.0, 0.5  # Hz and share: modulation common to all cells
TWO_FIELDS, SECOND_FIELD = 0.35, 0.6  # share of (cell, direction) with a second field, and its height
ONE_DIRECTION, INDEPENDENT = 0.45, 0.35  # shares of place cells; the rest has aligned fields in both directions
ALIGNED = 0.07  # m: distance of aligned fields
REST = (8.0, 0.9)  # s and log s: median and spread of the rest at a track's end


@dataclass(frozen=True)
class Laps:
    """Running on the track, lap after lap, with the rests between them cut out."""

    position: np.ndarray  # (time,) m
    direction: np.ndarray  # (time,) 1 = right
    lap: np.ndarray  # (time,) from 0
    time: np.ndarray  # (time,) s


@dataclass(frozen=True)
class Fields:
    """Place fields; one row is one field of one cell in one direction."""

    cell: np.ndarray
    direction: np.ndarray
    centre: np.ndarray  # m
    width: np.ndarray  # m, standard deviation
    peak: np.ndarray  # Hz


def simulate(seed: int, neurons: int, samples: int, place_cells: float, interneurons: float) -> Recording:
    """Spike counts (time, neuron) of a rat that runs back and forth, with its position and direction."""
    laps = run_laps(generator("rat", seed, "laps"), samples)
    rates = firing_rates(generator("rat", seed, "cells"), laps, neurons, place_cells, interneurons)
    modulated = rates * _lap_gain(generator("rat", seed, "gain"), laps, neurons) * theta(samples)[:, None]
    counts = generator("rat", seed, "spikes").poisson(modulated / RATE)
    labels = {
        "position": Label(laps.position, unit="m"),
        "direction": Label(laps.direction.astype(np.int64), kind="discrete"),
    }
    epoch = epochs_of(laps.time, laps.lap, LARGEST_GAP)
    return Recording(
        np.minimum(counts, 255).astype(np.uint8), RATE, labels, laps.time, epoch, laps.lap.astype(np.int32)
    )


def run_laps(stream: np.random.Generator, samples: int) -> Laps:
    """Laps to the right and to the left in turn, until there are `samples` of them."""
    travelled: list[np.ndarray] = []
    while sum(map(len, travelled)) < samples:
        travelled += _way(stream, 64)
    lap = np.repeat(np.arange(len(travelled)), [len(way) for way in travelled])[:samples]
    way = np.concatenate(travelled)[:samples]
    right = lap % 2 == 0
    rest = np.concatenate([[0.0], np.cumsum(stream.lognormal(np.log(REST[0]), REST[1], lap[-1]))])
    time = np.round(np.arange(samples) / RATE + np.round(rest * RATE)[lap] / RATE, 6)
    return Laps(np.where(right, way, TRACK - way), right.astype(np.int8), lap, time)


def _way(stream: np.random.Generator, laps: int) -> list[np.ndarray]:
    """The way travelled (m) at each sample, lap by lap: a cruising speed of its own, slow near both ends."""
    pause = (stream.exponential(0.08, laps) * RATE).astype(int)  # samples before the rat leaves
    cruise = stream.lognormal(np.log(0.80), 0.30, laps)  # m/s
    noise = np.exp(0.08 * stream.standard_normal((LONGEST_LAP, laps)))
    way = np.zeros((LONGEST_LAP + 1, laps))
    for step in range(LONGEST_LAP):
        x = way[step]
        ends = np.minimum(1.0, np.minimum(0.42 + x / 0.35, 0.36 + (TRACK - x) / 0.35))
        way[step + 1] = np.minimum(TRACK, x + cruise * ends * noise[step] / RATE)
    steps = np.minimum(1 + np.argmax(way[1:] >= TRACK, axis=0), LONGEST_LAP)
    steps[way[-1] < TRACK] = LONGEST_LAP
    return [
        np.concatenate([np.zeros(p), way[1 : n + 1, i]])[:LONGEST_LAP] for i, (p, n) in enumerate(zip(pause, steps))
    ]


def firing_rates(
    stream: np.random.Generator, laps: Laps, neurons: int, place_cells: float, interneurons: float
) -> np.ndarray:
    """(time, neuron) Hz before gain and theta: place cells, interneurons, the rest sparse cells, in random order."""
    places = min(round(neurons * place_cells), neurons)
    inter = min(round(neurons * interneurons), neurons - places)
    made = [
        _place_rates(stream, laps, places),
        _interneuron_rates(stream, laps, inter),
        np.tile(stream.gamma(0.7, 0.25, neurons - places - inter), (len(laps.lap), 1)),
    ]
    return np.concatenate(made, axis=1)[:, stream.permutation(neurons)]


def draw_fields(stream: np.random.Generator, cells: int) -> Fields:
    """The fields of `cells` place cells; centres crowd at the track's ends."""
    kind = stream.random(cells)
    first = TRACK * stream.beta(0.8, 0.8, (cells, 2, 2))  # (cell, direction, field)
    aligned = np.clip(first[:, 0, 0] + stream.normal(0, ALIGNED, cells), 0, TRACK)
    centre = first.copy()
    centre[:, 1, 0] = np.where(kind >= ONE_DIRECTION + INDEPENDENT, aligned, first[:, 1, 0])
    there = np.ones((cells, 2, 2), bool)
    there[kind < ONE_DIRECTION, :, :] = np.eye(2, dtype=bool)[stream.integers(0, 2, cells)][
        kind < ONE_DIRECTION, :, None
    ]
    there[:, :, 1] &= stream.random((cells, 2)) < TWO_FIELDS
    peak = stream.lognormal(np.log(5.5), 0.7, (cells, 2, 2)) * np.array([1.0, SECOND_FIELD])
    width = stream.uniform(0.09, 0.19, (cells, 2, 2))
    cell, direction, _ = np.nonzero(there)
    return Fields(cell, direction, centre[there], width[there], peak[there])


def _place_rates(stream: np.random.Generator, laps: Laps, cells: int) -> np.ndarray:
    fields = draw_fields(stream, cells)
    represented = laps.position + JITTER * drift(stream, len(laps.lap))
    shift = LAP_SHIFT * stream.standard_normal((laps.lap[-1] + 1, cells))
    rates = np.tile(stream.gamma(1.0, 0.35, cells), (len(laps.lap), 1))
    for cell, direction, centre, width, peak in zip(
        fields.cell, fields.direction, fields.centre, fields.width, fields.peak
    ):
        now = np.flatnonzero(laps.direction == direction)
        distance = represented[now] + shift[laps.lap[now], cell] - centre
        rates[now, cell] += peak * np.exp(-0.5 * (distance / width) ** 2)
    return rates


def _interneuron_rates(stream: np.random.Generator, laps: Laps, cells: int) -> np.ndarray:
    phase = stream.uniform(0, 2 * np.pi, cells)
    wave = 1 + 0.25 * np.sin(2 * np.pi * laps.position[:, None] / TRACK + phase)
    return stream.uniform(5, 15, cells) * wave


def drift(stream: np.random.Generator, samples: int, seconds: float = JITTER_TIME) -> np.ndarray:
    """(time,) Ornstein-Uhlenbeck process with variance 1 and the time constant `seconds`."""
    keep = np.exp(-1 / (RATE * seconds))
    noise = stream.standard_normal(samples) * np.sqrt(1 - keep**2)
    noise[0] /= np.sqrt(1 - keep**2)  # starts in its stationary distribution
    return np.fromiter(accumulate(noise, lambda last, new: new + keep * last), np.float64, samples)


def _lap_gain(stream: np.random.Generator, laps: Laps, neurons: int) -> np.ndarray:
    return stream.gamma(LAP_GAIN, 1 / LAP_GAIN, (laps.lap[-1] + 1, neurons))[laps.lap]


def theta(samples: int) -> np.ndarray:
    """(time,) factor of mean 1 that modulates all rates."""
    return 1 + THETA_DEPTH * np.cos(2 * np.pi * THETA * np.arange(samples) / RATE)

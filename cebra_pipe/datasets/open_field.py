"""Simulated rats that forage in a square field, as hard to decode as recorded ones.

As on the track (`rats`), the represented position drifts about the true one for all cells together, and fields move and
gains change, here from one stretch of running to the next (place cells are far more variable from pass to pass than a
Poisson process: Fenton and Muller 1998, PNAS 95). Stops are cut out. From 60 neurons, half of them place cells, a naive
Bayes decoder is 8 to 14 cm off in the median, as from 33 place cells of recorded rats in a field of 70 cm, 8 cm
(Brown et al. 1998, J Neurosci 18; with a filter over time, which naive Bayes is not).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.recording import Label, Recording, epochs_of
from ..streams import generator
from .rats import JITTER, LAP_GAIN, LAP_SHIFT, LARGEST_GAP, RATE, SECOND_FIELD, TWO_FIELDS, drift, theta

SIDE = 1.0  # m
SPEED, SPEED_TIME = 0.2, 0.7  # m/s and s: spread and memory of the velocity along each axis; the mean speed is 0.25 m/s
STRETCH = (6.0, 0.4)  # s and log s: median and spread of a stretch of running
PEAK = (8.0, 0.6)  # Hz and log Hz: median and spread of peak rates
STOP = (6.0, 0.7)  # s and log s: of the stop after it
WIDTH = (0.10, 0.20)  # m: standard deviations of fields


@dataclass(frozen=True)
class Run:
    """Running in the field, stretch after stretch, with the stops between them cut out."""

    place: np.ndarray  # (time, 2) m
    stretch: np.ndarray  # (time,) from 0
    time: np.ndarray  # (time,) s


def simulate(seed: int, neurons: int, samples: int, place_cells: float, interneurons: float) -> Recording:
    """Spike counts (time, neuron) of a foraging rat, with its x and y; a trial is a stretch of running."""
    run = forage(generator("open field", seed, "run"), samples)
    rates = firing_rates(generator("open field", seed, "cells"), run, neurons, place_cells, interneurons)
    gains = generator("open field", seed, "gain").gamma(LAP_GAIN, 1 / LAP_GAIN, (run.stretch[-1] + 1, neurons))
    modulated = rates * gains[run.stretch] * theta(samples)[:, None]
    counts = generator("open field", seed, "spikes").poisson(modulated / RATE)
    labels = {name: Label(axis, unit="m") for name, axis in zip("xy", run.place.T.copy(), strict=True)}
    epoch, trial = epochs_of(run.time, run.stretch, LARGEST_GAP), run.stretch.astype(np.int32)
    return Recording(np.minimum(counts, 255).astype(np.uint8), RATE, labels, run.time, epoch, trial)


def forage(stream: np.random.Generator, samples: int) -> Run:
    """A persistent random walk (Ornstein-Uhlenbeck velocity, so that speeds are Rayleigh), reflected by the walls."""
    velocity = np.stack([SPEED * drift(stream, samples, SPEED_TIME) for _ in range(2)], axis=1)
    free = stream.uniform(0, SIDE, 2) + np.cumsum(velocity, axis=0) / RATE
    place = SIDE - np.abs(np.mod(free, 2 * SIDE) - SIDE)
    ends = np.cumsum(np.maximum(1, np.round(RATE * stream.lognormal(np.log(STRETCH[0]), STRETCH[1], samples))))
    stretch = np.searchsorted(ends, np.arange(samples), side="right")
    stops = np.concatenate([[0.0], np.cumsum(stream.lognormal(np.log(STOP[0]), STOP[1], stretch[-1]))])
    return Run(place, stretch, np.round(np.arange(samples) / RATE + np.round(stops * RATE)[stretch] / RATE, 6))


def firing_rates(
    stream: np.random.Generator, run: Run, neurons: int, place_cells: float, interneurons: float
) -> np.ndarray:
    """(time, neuron) Hz before gain and theta: place cells, interneurons, the rest sparse cells, in random order."""
    places = min(round(neurons * place_cells), neurons)
    inter = min(round(neurons * interneurons), neurons - places)
    sparse = np.tile(stream.gamma(0.7, 0.25, neurons - places - inter), (len(run.time), 1))
    made = [_place_rates(stream, run, places), _interneuron_rates(stream, run, inter), sparse]
    return np.concatenate(made, axis=1)[:, stream.permutation(neurons)]


def _place_rates(stream: np.random.Generator, run: Run, cells: int) -> np.ndarray:
    """Gaussian fields, one or two a cell, anywhere in the field."""
    samples = len(run.time)
    represented = run.place + JITTER * np.stack([drift(stream, samples) for _ in range(2)], axis=1)
    moved = LAP_SHIFT * stream.standard_normal((run.stretch[-1] + 1, cells, 2))
    centre, width = stream.uniform(0, SIDE, (2, cells, 2)), stream.uniform(*WIDTH, (2, cells))
    peak = stream.lognormal(np.log(PEAK[0]), PEAK[1], (2, cells)) * np.array([[1.0], [SECOND_FIELD]])
    peak[1] *= stream.random(cells) < TWO_FIELDS
    rates = np.tile(stream.gamma(1.0, 0.35, cells), (samples, 1))
    for cell in range(cells):
        seen = represented + moved[run.stretch, cell]
        for field in range(2):
            squares = ((seen - centre[field, cell]) ** 2).sum(axis=1)
            rates[:, cell] += peak[field, cell] * np.exp(-0.5 * squares / width[field, cell] ** 2)
    return rates


def _interneuron_rates(stream: np.random.Generator, run: Run, cells: int) -> np.ndarray:
    """5 to 15 Hz everywhere, in a shallow wave over the field."""
    phase, way = stream.uniform(0, 2 * np.pi, cells), stream.uniform(0, 2 * np.pi, cells)
    along = run.place @ np.stack([np.cos(way), np.sin(way)])
    return stream.uniform(5, 15, cells) * (1 + 0.25 * np.sin(2 * np.pi * along / SIDE + phase))

"""A benchmark with a known latent: a curve with noise, mixed into the rates of a population by a random flow.

Zhou and Wei 2020 (pi-VAE), in the variants of Schneider, Lee and Mathis 2023 (Fig. 1b, Extended Data Fig. 1). The
recipe is theirs; the flow's weights are drawn here, so that the numbers are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import Problem, UserError, did_you_mean
from ..streams import generator

SAMPLES, NEURONS, SEED = 15_000, 100, 777
BLOCKS, HIDDEN = 4, 30  # of the flow, and units in each of a block's two layers
STRETCH = 0.1  # the largest log factor by which one coupling scales a coordinate
SPREAD = 2.2  # rates lie in exp(-2.2) … exp(2.2): 0.11 … 9.03
DEGREES = 2  # of freedom of Student's t
REFRACTORY = 50.0, 3.0, 0.010  # Hz for a rate of one, s of counting, s after a spike without another


@dataclass(frozen=True, eq=False)
class Synthetic:
    """What was drawn, sample by sample. Samples are independent: their order is no time."""

    neural: np.ndarray  # (sample, neuron)
    label: np.ndarray  # (sample,) u, uniform in 0 … 2π
    latent: np.ndarray  # (sample, 2) z
    rate: np.ndarray  # (sample, neuron)


def simulate(noise: str = "poisson", seed: int = SEED, samples: int = SAMPLES, neurons: int = NEURONS) -> Synthetic:
    """Activity of `neurons` that encode a two-dimensional latent, under one kind of noise.

    Label, latent and rates of a seed are the same for every noise.
    """
    if noise not in NOISE:
        raise UserError(Problem("noise", "a known kind", repr(noise), did_you_mean(noise, NOISE)))
    label = generator("synthetic", seed, "label").uniform(0, 2 * np.pi, samples)
    latent = draw_latent(generator("synthetic", seed, "latent"), label)
    rate = np.exp(SPREAD * np.tanh(mix(generator("synthetic", seed, "flow"), latent, neurons)))
    neural = NOISE[noise](generator("synthetic", seed, "noise"), rate)
    return Synthetic(neural.astype(np.float64), label, latent, rate)


def draw_latent(stream: np.random.Generator, label: np.ndarray) -> np.ndarray:
    """(sample, 2) z ~ N((u, 2 sin u), diag(0.6 - 0.3 |sin u|, 0.3 |sin u|))."""
    wave = np.sin(label)
    mean = np.stack([label, 2 * wave], axis=1)
    variance = np.stack([0.6 - 0.3 * np.abs(wave), 0.3 * np.abs(wave)], axis=1)
    return mean + np.sqrt(variance) * stream.standard_normal(mean.shape)


def mix(stream: np.random.Generator, latent: np.ndarray, neurons: int) -> np.ndarray:
    """(sample, 2) -> (sample, neuron): the latent beside zeros, through an invertible map (RealNVP).

    Dinh, Sohl-Dickstein and Bengio 2017, coupling layers: a block shifts and scales one half of the coordinates by
    functions of the other half, then another half; permutations in between.
    """
    values = np.zeros((len(latent), neurons))
    values[:, : latent.shape[1]] = latent
    for _ in range(BLOCKS):
        for _ in range(2):
            values = _coupled(stream, values)[:, stream.permutation(neurons)]
    return values


def _coupled(stream: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """y1 = x1, y2 = x2 · exp(s(x1)) + t(x1)"""
    half = values.shape[1] // 2
    kept, moved = values[:, :half], values[:, half:]
    width = moved.shape[1]
    hidden = np.maximum(kept @ _weights(stream, half, HIDDEN), 0)
    hidden = np.maximum(hidden @ _weights(stream, HIDDEN, HIDDEN), 0)
    out = hidden @ _weights(stream, HIDDEN, 2 * width)
    return np.concatenate([kept, moved * np.exp(STRETCH * np.tanh(out[:, :width])) + out[:, width:]], axis=1)


def _weights(stream: np.random.Generator, inputs: int, outputs: int) -> np.ndarray:
    """(input, output), uniform with variance 2 / (inputs + outputs) (Glorot and Bengio 2010)."""
    limit = np.sqrt(6 / (inputs + outputs))
    return stream.uniform(-limit, limit, (inputs, outputs))


def truncated_normal(stream: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    """Normal with standard deviation 1, drawn again where it is negative."""
    values = mean + stream.standard_normal(mean.shape)
    while (again := values < 0).any():
        values[again] = mean[again] + stream.standard_normal(int(again.sum()))
    return values


def refractory_counts(stream: np.random.Generator, rate: np.ndarray, duration: float, dead_time: float) -> np.ndarray:
    """Spikes in `duration` seconds of a Poisson process at `rate` (Hz) that is silent for `dead_time` after each spike.

    The first interval is exponential, each later one `dead_time` longer. Rates of shape (…) give counts of shape (…).
    """
    rate = np.asarray(rate, np.float64)
    counts = np.zeros(rate.size, np.int64)
    running = np.flatnonzero(rate.ravel() > 0)
    mean = 1 / rate.ravel()[running]
    time = stream.standard_exponential(len(running)) * mean
    while len(running):
        inside = time <= duration
        running, mean, time = running[inside], mean[inside], time[inside]
        counts[running] += 1
        time += dead_time + stream.standard_exponential(len(running)) * mean
    return counts.reshape(rate.shape)


def _refractory(stream: np.random.Generator, rate: np.ndarray) -> np.ndarray:
    factor, duration, dead_time = REFRACTORY
    return refractory_counts(stream, factor * rate, duration, dead_time)


NOISE: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "poisson": lambda stream, rate: stream.poisson(rate),
    "gaussian": truncated_normal,
    "laplace": lambda stream, rate: np.maximum(stream.laplace(rate, 1.0), 0),
    "uniform": lambda stream, rate: rate + stream.uniform(0, 2, rate.shape),
    "t": lambda stream, rate: rate + stream.standard_t(DEGREES, rate.shape),
    "refractory-poisson": _refractory,
}

"""Which neurons an embedding rests on, where it is known which carry the label."""

from __future__ import annotations

import numpy as np
import shared
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

import cebra_pipe as cebra
from cebra_pipe import attribution
from cebra_pipe.plot import style

SAMPLES, EACH = 4000, 30  # samples; neurons that know the label, and neurons that know something else
RATE, SLOW = 40.0, 1.0  # Hz, and seconds in which a latent forgets itself


@style.styled
def draw() -> Figure:
    """Tuning of all neurons, attribution of each, and how surely it finds those that carry the label."""
    fig = style.figure(3.0)
    tuning, bars, roc = fig.subplots(1, 3, width_ratios=(1, 1.3, 1))
    rng = np.random.default_rng(1)
    label, other = latent(rng), latent(rng)
    counts = np.concatenate([spikes(rng, label), spikes(rng, other)], axis=1)
    carries = np.arange(2 * EACH) < EACH
    found = {"own": strengths(counts, label), "shifted": strengths(counts, shared.shifted(label))}

    bins = np.digitize(label, np.quantile(label, np.linspace(0, 1, 21))[1:-1])
    rates = RATE * np.stack([counts[bins == b].mean(0) for b in range(20)], axis=1)
    image = tuning.imshow(rates, aspect="auto", cmap="Greys", interpolation="nearest", extent=(0, 1, 2 * EACH, 0))
    fig.colorbar(image, ax=tuning, pad=0.02).ax.set_title("spikes/s", fontsize=6.5)
    tuning.axhline(EACH, color=style.color(1), lw=0.8)
    tuning.set(xlabel="label (quantile)", ylabel="neuron")

    for i, (at, name) in enumerate([(carries, "carries the label"), (~carries, "carries another latent")]):
        bars.bar(np.flatnonzero(at), found["own"][at], color=style.color(i), label=name, width=0.8)
    bars.set(xlabel="neuron", ylabel="mean |∂ embedding / ∂ count|")
    bars.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    shown = {"Jacobian": found["own"], "label shifted": found["shifted"], "mean rate": counts.mean(0)}
    for i, (name, values) in enumerate(shown.items()):
        wrong, right, _ = roc_curve(carries, values)
        area = np.trapezoid(right, wrong)
        roc.plot(wrong, right, color=(style.color(0), style.GREY, style.color(2))[i], label=f"{name}: {area:.2f}")
    roc.plot([0, 1], [0, 1], color=style.LIGHT, lw=0.6, zorder=0)
    roc.set(xlabel="others found (share)", ylabel="carriers found (share)", aspect="equal")
    roc.legend(loc="lower right", title="area under the curve", title_fontsize=6.5)
    for i, ax in enumerate((tuning, bars, roc)):
        style.letter(ax, i)
    return fig


def latent(rng: np.random.Generator) -> np.ndarray:
    """(sample,) slow noise, mapped evenly to 0 … 1"""
    kept, value, values = np.exp(-1 / (RATE * SLOW)), 0.0, np.empty(SAMPLES)
    for i, step in enumerate(rng.standard_normal(SAMPLES)):
        value = kept * value + np.sqrt(1 - kept**2) * step
        values[i] = value
    return values.argsort().argsort() / SAMPLES


def spikes(rng: np.random.Generator, value: np.ndarray) -> np.ndarray:
    """(sample, neuron) Poisson counts of bell-shaped tuning: 1 spike/s, up to 21 at the neuron's centre."""
    centre = np.linspace(0, 1, EACH)
    rate = 1 + 20 * np.exp(-0.5 * ((value[:, None] - centre) / 0.12) ** 2)
    return rng.poisson(rate / RATE).astype(np.float32)


def strengths(counts: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(neuron,) the mean magnitude over samples, window and outputs, of a model of this label"""
    model = cebra.CEBRA(**shared.OPTIONS | {"max_iterations": 500}, time_offsets=shared.LATER).fit(counts, label)
    maps = attribution.init("jacobian-based", model=model.model_, input_data=counts, num_samples=300)
    return maps.compute_attribution_map()["jf-convabs"].mean((0, 1))

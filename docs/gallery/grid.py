"""A grid of windows and learning rates, scored on held-out laps."""

from __future__ import annotations

import numpy as np
import shared
from matplotlib.figure import Figure

from cebra_pipe.grid_search import GridSearch
from cebra_pipe.plot import style

WINDOWS = {"offset1-model": "1 sample", "offset5-model": "5 samples", "offset10-model": "10 samples"}
RATES, SEEDS, STEPS = (3e-4, 1e-3, 3e-3), (0, 1), 300


@style.styled
def draw() -> Figure:
    """Loss curves of the seed 0, and bits of every model on training and on held-out laps."""
    fig = style.figure(2.6)
    curves, bits = fig.subplots(1, 2, width_ratios=(1, 1.4))
    search = searched()
    table = search.get_df_results()
    for i, (architecture, name) in enumerate(WINDOWS.items()):
        rows = table[table.model_architecture == architecture]
        for part, column, style_of in [("training", "bits", ":o"), ("held-out", "held_out_bits", "-o")]:
            mean = rows.groupby("learning_rate")[column].mean()
            hollow = {"mfc": "white"} if part == "training" else {}
            bits.plot(mean.index, mean, style_of, color=style.color(i), label=f"{name}, {part} laps", **hollow)
        bits.plot(rows.learning_rate, rows.held_out_bits, ".", ms=3, color=style.color(i), alpha=0.6)
        (fitted,) = rows[(rows.learning_rate == 1e-3) & (rows.random_state == 0)].name
        loss = np.asarray(search._models[fitted].solver_.history)
        curves.plot(np.convolve(loss, np.ones(10) / 10, "valid"), color=style.color(i), label=name)
    _, best = search.get_best_model(scoring="goodness_of_fit")
    chosen = table[table.name == best].iloc[0]
    bits.plot(chosen.learning_rate, chosen.held_out_bits, "o", ms=9, mfc="none", color=style.DARK)
    bits.set(xscale="log", xlabel="learning rate; ringed: the best on held-out laps", ylabel="goodness of fit (bits)")
    bits.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
    bits.minorticks_off()
    bits.legend(ncols=1, loc="center left", bbox_to_anchor=(1, 0.5))
    curves.set(xlabel="step, at learning rate 0.001", ylabel="InfoNCE (nats, mean of 10 steps)")
    curves.legend(title="window", title_fontsize=6.5)
    for i, ax in enumerate((curves, bits)):
        style.letter(ax, i)
    return fig


def searched() -> GridSearch:
    """All models of the grid, in memory."""
    rat = shared.rat()
    train, test = rat.part("train"), rat.part("test")
    labels = rat.position[:, None]
    given = shared.OPTIONS | {"max_iterations": STEPS, "time_offsets": shared.LATER}
    grid = given | {"model_architecture": list(WINDOWS), "learning_rate": list(RATES), "random_state": list(SEEDS)}
    data = {"rat": (rat.counts[train], labels[train])}
    return GridSearch().fit_models(data, grid, models_dir=None, held_out={"rat": (rat.counts[test], labels[test])})

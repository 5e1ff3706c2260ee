"""Position of held-out laps, decoded from embeddings and from the counts themselves."""

from __future__ import annotations

import numpy as np
import shared
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cebra_pipe.plot import style
from cebra_pipe.sklearn import methods, nulls

KS = (1, 4, 9, 16, 25, 49)
SHIFTS = 200
NAMES = {
    "labels": "CEBRA, labels",
    "time": "CEBRA, time",
    "window_knn": "kNN on windows",
    "naive_bayes": "naive Bayes",
    "pca": "PCA of windows",
    "constant": "best constant",
}


@style.styled
def draw() -> Figure:
    """The decoded position of eight held-out laps, and the error of each method beside shifted labels."""
    fig = style.figure(3.0)
    traces, bars = fig.subplots(1, 2, width_ratios=(1.7, 1))
    task = prepared()
    found = {name: methods.decode(task, "position", made["position"]) for name, made in candidates(task).items()}
    draw_traces(traces, task, found)
    draw_errors(bars, task, found)
    style.letter(traces, 0)
    style.letter(bars, 1)
    return fig


def prepared() -> methods.Task:
    """Samples with a whole window inside their lap, which all methods share."""
    rat, (before, after) = shared.rat(), (5, 5)
    n, epoch = len(rat.lap), rat.recording.epoch
    at = np.arange(n)
    inside = (at >= before) & (at + after <= n)
    inside[inside] = epoch[at[inside] - before] == epoch[at[inside] + after - 1]
    train, valid, test = (np.flatnonzero(rat.part(part) & inside) for part in ("train", "valid", "test"))
    samples = methods.Samples(train, valid, test, padded=np.zeros(0, int), inside=inside)
    units = np.flatnonzero(rat.counts[train].any(0))
    return methods.Task(rat.recording, ("position", "direction"), samples, units, KS, 40, 10, (before, after), 3)


def candidates(task: methods.Task) -> dict[str, methods.Predictions]:
    rat = shared.rat()
    kinds = {"labels": "own", "time": "time"}
    made = {name: shared.embedded(shared.model(kind), rat) for name, kind in kinds.items()}
    found = {name: methods.embedding(task, points, "cosine") for name, points in made.items()}
    return found | {name: method(task) for name, method in methods.BASELINES.items()}


def draw_traces(ax: Axes, task: methods.Task, found: dict[str, methods.Decoded]) -> None:
    lap, truth = task.recording.trial[task.samples.test], task.recording.labels["position"].values[task.samples.test]
    shown = np.flatnonzero(np.isin(lap, np.unique(lap)[:8]))
    seconds = np.arange(len(shown)) / task.recording.rate
    ax.plot(seconds, truth[shown], color="black", lw=1.4, label="true")
    for i, name in enumerate(("labels", "naive_bayes")):
        ax.plot(seconds, found[name].test[shown], ".", ms=2.5, color=style.color(i), label=NAMES[name])
    for border in np.flatnonzero(np.diff(lap[shown])):
        ax.axvline(seconds[border], color=style.LIGHT, lw=0.5, zorder=0)
    ax.set(xlabel="held-out laps, joined (s)", ylabel="position (m)", xlim=(0, seconds[-1]))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, markerscale=2)


def draw_errors(ax: Axes, task: methods.Task, found: dict[str, methods.Decoded]) -> None:
    """The median error; grey: the same predictions against the label shifted by at least a fifth of the test laps."""
    truth = task.recording.labels["position"].values[task.samples.test]
    far = np.linspace(len(truth) // 5, len(truth) - len(truth) // 5, SHIFTS).astype(int)
    for row, decoded in enumerate(found.values()):
        null = [nulls.median_abs_error(np.roll(truth, by), decoded.test) for by in far]
        ax.plot(100 * np.asarray(null), np.full(SHIFTS, row) + 0.22, "|", color=style.GREY, ms=3, mew=0.4)
        ax.plot(100 * decoded.score, row - 0.08, "o", color=style.color(0), ms=4.5)
        ax.annotate(
            f"{100 * decoded.score:.1f}",
            (100 * decoded.score, row - 0.08),
            (5, 0),
            textcoords="offset points",
            va="center",
        )
    ax.set_yticks(range(len(found)), [NAMES[name] for name in found])
    ax.set(xlabel="median error (cm); grey: label shifted", xlim=(0, None), ylim=(len(found) - 0.5, -0.5))

"""What `check` tells of labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cebra_pipe.data.parts import autocorrelation_time, coordinates
from cebra_pipe.data.recording import Label
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.pipeline.advice import label_warnings, repeats_after

RATE = 40


def found(label: Label) -> float:
    return repeats_after(label, autocorrelation_time(coordinates(label), RATE), RATE)


def paced(jitter: float, laps: int = 40, seed: int = 0) -> np.ndarray:
    """Position on laps there and back whose durations of about 4 s vary by a share."""
    durations = 160 * (1 + jitter * np.random.default_rng(seed).standard_normal(laps))
    return np.concatenate([np.abs(np.linspace(-1, 1, int(d), endpoint=False)) for d in durations])


@pytest.mark.parametrize("repeats", [10, 10.5, 3.5])
def test_a_film_that_is_shown_again_repeats(repeats):
    frames = np.arange(int(300 * repeats)) % 300
    assert found(Label(frames.astype(float), "continuous")) == pytest.approx(300 / RATE, abs=1 / RATE)
    assert found(Label(frames // 30, "discrete")) == pytest.approx(300 / RATE, abs=1 / RATE)


def test_laps_of_equal_duration_repeat_and_others_do_not():
    assert found(Label(paced(0.005), "continuous")) > 0
    assert found(Label(paced(0.2), "continuous")) == 0


@pytest.mark.parametrize("seed", range(4))
def test_rats_that_run_as_they_like_do_not_repeat(seed):
    rat = simulate(seed, neurons=4, samples=3000, place_cells=0.5, interneurons=0.1)
    assert [found(label) for label in rat.labels.values()] == [0.0] * len(rat.labels)


@pytest.mark.parametrize(
    ("period", "match"),
    [(1.0, "more than its period 1: values a period apart are one"), (360.0, "of its period 360"), (2 * np.pi, None)],
)
def test_a_period_in_another_unit_is_told(period, match):
    rat = simulate(0, neurons=4, samples=3000, place_cells=0.5, interneurons=0.1)
    turn = np.linspace(0, 6.28, 3000)
    told = [
        text
        for text in label_warnings("rat", replace(rat, labels={"heading": Label(turn, "continuous", "rad", period)}))
        if "period" in text
    ]
    assert len(told) == bool(match)
    assert match is None or match in told[0]

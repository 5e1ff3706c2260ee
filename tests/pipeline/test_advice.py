"""What `check` tells of labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cebra_pipe.data.recording import Label
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.pipeline.advice import label_warnings


def test_labels_without_a_null_are_told():
    rat = simulate(0, neurons=4, samples=3000, place_cells=0.5, interneurons=0.1)
    time = np.arange(len(rat))
    labels = {"frame": Label(time % 300 + 0.5), "block": Label(time // 1500, "discrete")}
    told = list(label_warnings("rat", replace(rat, labels=rat.labels | labels)))
    assert len(told) == 2
    assert told[0].startswith("rat.frame repeats every 7.5 s: ")
    assert told[1].startswith("rat.block changes too slowly (15.8 s)")


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

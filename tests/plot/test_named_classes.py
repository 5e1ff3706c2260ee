"""Figures call classes by their names, where they have some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cebra_pipe.data.recording import Label
from cebra_pipe.data.table import Table
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.plot import decoded, embedded, recorded
from cebra_pipe.plot.decoding import _legend
from cebra_pipe.plot.drawn import class_text, stack
from cebra_pipe.plot.keys import keys_of
from cebra_pipe.plot.shown import Study

NAMES = ("back", "out")
STUDY = Study({"rat": "Rat"}, ())


@pytest.fixture(scope="module")
def rat():
    made = simulate(0, neurons=4, samples=1200, place_cells=0.5, interneurons=0.1)
    way = Label(made.labels["direction"].values, "discrete", classes=NAMES)
    return replace(made, labels={**made.labels, "direction": way})


def test_fields(rat):
    parts = {row["part"] for row in recorded._fields(rat, STUDY) if row["what"] == "field"}
    assert parts == {"direction back", "direction out"}


@pytest.mark.parametrize(("number", "said"), [(3, ""), (4, ""), (6, "first 4 of 6 classes of arm, ")])
def test_fields_of_several_classes_are_drawn_or_told(rat, number, said):
    arm = Label(rat.trial % number, "discrete")
    made = replace(rat, labels={"position": rat.labels["position"], "arm": arm})
    rows = list(recorded._fields(made, STUDY))
    assert [row["part"] for row in rows if row["what"] == "field"] == [f"arm {i}" for i in range(min(number, 4))]
    assert rows[0]["note"].startswith(f"fields: {said}share of the peak")


def test_keys_of_an_embedding(rat):
    rows = Table({"sample": np.arange(1200), "fold": np.zeros(1200, int)}, {})
    split = Table({"fold0": np.full(1200, "train", object)}, {})
    about = embedded._labels(STUDY, rat, split, rows)
    said = {name: about[name] for name in ("continuous_label", "unit", "period", "discrete_label")}
    points = {name: about[name] for name in ("continuous", "discrete", "class")}
    blocks = [{"what": "panel", "recording": "rat", **said}, {"what": "point", "recording": "rat", **points}]
    texts = [key["text"] for key in keys_of(stack(embedded.COLUMNS, blocks))]
    assert texts == ["position (m), direction back", "position (m), direction out"]


def test_the_legend_of_a_trace(rat):
    truth = rat.labels["direction"].values
    table = Table({"true.direction": truth, "predicted.direction": truth[::-1]}, {})
    block = {"panel": "trace", "recording": "rat", **decoded._classes(table, rat, "direction")}
    texts = [line.get_label() for line in _legend(stack(decoded.COLUMNS, [block]))]
    assert {"direction back", "direction out"} <= set(texts)


@pytest.mark.parametrize(("names", "text"), [(["", ""], "way 1"), (["out", ""], "way out"), (["out", "in"], "way 1")])
def test_a_class_of_no_one_name_is_told_by_its_code(names, text):
    assert class_text("way", 1, np.array(names, object)) == text

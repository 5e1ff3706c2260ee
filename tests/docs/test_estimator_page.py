"""The examples of docs/estimator.md run, each by itself after the first, and make what they say."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from cebra_pipe import grid_search, models, registry

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "estimator.md").read_text(encoding="utf-8")
PIECES = re.findall(r"^## (.*?)\n|```python\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)
FEWER = {
    "max_iterations=300": "max_iterations=4",
    "adapt_iterations=100": "adapt_iterations=3",
    "batches=100": "batches=2",
}
SHAPE = re.compile(r"^(\w+) = .*# (\([\d, ]+\))", re.MULTILINE)
# heading -> what its example claims, beside shapes that its comments give
CLAIMS = {
    "What a label is": lambda m: m["of_labels"].shape[1] == 3 and m["of_time"].shape[1] == 6,
    "Held-out data, and when to stop": lambda m: len(m["losses"]) >= 1 and np.isfinite(m["final"]),
    "Causal windows": lambda m: m["past"].offset_.right == 1 and len(m["past"].offset_) == 10,
    "Several sessions in one model": lambda m: len(m["one"]) == len(m["counts"]) and len(m["two"]) == len(m["others"]),
    "A new recording for a trained model": lambda m: m["model"].n_features_ == m["other"].neural.shape[1],
    "On from where it was": lambda m: len(m["model"].solver_.history) == 8,
    "Save and load": lambda m: m["same"],
    "Decode": lambda m: m["found"] > 0 and m["constant"] > 0.2,
    "Consistency": lambda m: len(m["scores"]) == 2,
    "Goodness of fit": lambda m: len(m["on_the_way"]) == 4,
    "Search a grid": lambda m: len(m["table"]) == 4 and m["name"] in m["search"].load("saved_models")[0],
}


def examples() -> dict[str, tuple[str, ...]]:
    """The examples under each heading; those before the first one are under an empty heading."""
    heading, found = "", {}
    for title, code in PIECES:
        heading = title or heading
        if code:
            found[heading] = (*found.get(heading, ()), code)
    return found


EXAMPLES = examples()


def run(code: str, made: dict[str, object]) -> dict[str, object]:
    """What the code makes from what there is, in fewer steps."""
    for there, here in FEWER.items():
        code = code.replace(there, here)
    made = dict(made)
    exec(compile(code, "docs/estimator.md", "exec"), made)
    for name, shape in SHAPE.findall(code):
        assert str(np.shape(made[name])) == shape, name
    return made


@pytest.fixture(scope="module")
def start() -> dict[str, object]:
    return run(*EXAMPLES[""], {"__name__": "page"})


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A folder, a registry and figures of the test's own."""
    monkeypatch.chdir(tmp_path)
    made = registry.Registry("cebra_pipe.models", "models.options:OPTIONS", "models.checks:check_model")
    for name in registry.HELPERS:
        monkeypatch.setattr(models, name, getattr(made, name))
    monkeypatch.setattr(grid_search, "BATCHES", 2)
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def test_every_claim_has_its_example():
    assert set(CLAIMS) < set(EXAMPLES)
    assert len(EXAMPLES) == 17


@pytest.mark.parametrize("heading", list(EXAMPLES)[1:])
def test_the_example_runs(heading, start, alone):
    made = {}
    for code in EXAMPLES[heading]:
        made |= run(code, start)
    assert CLAIMS.get(heading, lambda _: True)(made)
    if "embedding" in made:
        columns = made["embedding"].shape[1]
        assert made["embedding"].shape == (start["test"].sum(), columns)
        assert columns == (6 if heading == "What a label is" else 3)

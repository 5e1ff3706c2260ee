"""The examples of docs/estimator.md and docs/solvers.md run, each after its page's first, and make what they say."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from cebra_pipe import grid_search, models, registry

DOCS = Path(__file__).resolve().parents[2] / "docs"
PIECE = re.compile(r"^## (.*?)\n|```python\n(.*?)```", re.DOTALL | re.MULTILINE)
FEWER = {
    "max_iterations=300": "max_iterations=4",
    "adapt_iterations=100": "adapt_iterations=3",
    "batches=100": "batches=2",
    "num_steps=300": "num_steps=4",
    "frequency=100": "frequency=2",
    "on_reg=75": "on_reg=1",
    "off_reg=150": "off_reg=3",
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
    "Data frames": lambda m: list(m["embedded"]) == list(m["names"]) == ["cebra0", "cebra1", "cebra2"],
    "Decode": lambda m: m["found"] > 0 and m["constant"] > 0.2,
    "Consistency": lambda m: len(m["scores"]) == 2,
    "Goodness of fit": lambda m: len(m["on_the_way"]) == 4,
    "From a signal to an embedding": lambda m: m["embedding"].shape == (len(m["held_out"]), 6) and len(m["loss"]) == 4,
    "Validation and going on": lambda m: [step for step, _ in m["scores"]] == [0, 2, 3] and list(Path("run").iterdir()),
    "Several objectives": lambda m: m["embedding"].shape == (len(m["held_out"]), 6) and len(m["several"].log) > 3,
    "Search a grid": lambda m: len(m["table"]) == 4 and m["name"] in m["search"].load("saved_models")[0],
}


def examples(page: str) -> tuple[str, dict[str, list[str]]]:
    """The page's first example, which the others go on from, and those under each heading."""
    heading, start, found = "", "", {}
    for title, code in PIECE.findall((DOCS / page).read_text(encoding="utf-8")):
        heading = title or heading
        if code and not start:
            start = code
        elif code:
            found.setdefault(heading, []).append(code)
    return start, found


PAGES = {page: examples(page) for page in ("estimator.md", "solvers.md")}


def run(code: str, made: dict[str, object]) -> dict[str, object]:
    """What the code makes from what there is, in fewer steps."""
    for there, here in FEWER.items():
        code = code.replace(there, here)
    made = dict(made)
    exec(compile(code, "the example", "exec"), made)
    for name, shape in SHAPE.findall(code):
        assert str(np.shape(made[name])) == shape, name
    return made


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
    assert set(CLAIMS) < {heading for _, found in PAGES.values() for heading in found}
    assert {page: len(found) for page, (_, found) in PAGES.items()} == {"estimator.md": 17, "solvers.md": 3}


@pytest.mark.parametrize(("page", "heading"), [(page, each) for page, (_, found) in PAGES.items() for each in found])
def test_the_example_runs(page, heading, alone):
    start, found = PAGES[page]
    before, made = run(start, {"__name__": "page"}), {}
    for code in found[heading]:
        made |= run(code, before)
    assert CLAIMS.get(heading, lambda _: True)(made)
    if page == "estimator.md" and "embedding" in made:
        assert made["embedding"].shape == (made["test"].sum(), 6 if heading == "What a label is" else 3)

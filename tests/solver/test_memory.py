"""A step beyond memory is refused before it is allocated, and the estimate is near what a step takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import cebra_pipe
from cebra_pipe import data, solver
from cebra_pipe.models import criterions
from cebra_pipe.models.model import Offset10Model
from cebra_pipe.solver import memory

SAMPLES, NEURONS = 3000, 20


def built(model: torch.nn.Module | None = None) -> solver.Solver:
    model = Offset10Model(NEURONS, 16, 3) if model is None else model
    optimizer = torch.optim.Adam(model.parameters())
    return solver.init(
        "single-session", model=model, criterion=criterions.InfoNCE(), optimizer=optimizer, tqdm_on=False
    )


def loader(made: solver.Solver, kind: str = "FullDataLoader", **options) -> data.base.Loader:
    rng = np.random.default_rng(0)
    dataset = data.TensorDataset(rng.normal(size=(SAMPLES, NEURONS)).astype(np.float32))
    dataset.configure_for(made.model)
    return getattr(data, kind)(dataset, num_steps=1, conditional="time", seed=0, **options)


def test_a_step_beyond_memory_is_refused(monkeypatch):
    made = built()
    before = [p.clone() for p in made.parameters()]
    monkeypatch.setattr(memory, "available", lambda device: 2**20)
    with pytest.raises(ValueError, match=r"batch_size: .*89\d\d windows.*MiB, and 1 MiB are free.*512"):
        made.fit(loader(made))
    assert made.history == []
    assert all(torch.equal(a, b) for a, b in zip(before, made.parameters(), strict=True))
    made.fit(loader(made, "ContinuousDataLoader", batch_size=1))
    monkeypatch.setattr(memory, "available", lambda device: 2**40)
    made.fit(loader(made))
    monkeypatch.setattr(memory, "available", lambda device: None)
    made.fit(loader(made))


def test_the_estimator_tells_it_too(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda device: 2**20)
    with pytest.raises(ValueError, match="batch_size"):
        cebra_pipe.CEBRA(max_iterations=1).fit(np.random.default_rng(0).normal(size=(5000, 30)))


def test_the_estimate_counts_what_layers_give():
    """offset10-model: layers of 9, 7, 5, 3 and 1 rows a window, one of each a sample of a series."""
    made = built()
    network = made.hand_over(loader(made)).network
    series = [torch.zeros(SAMPLES, NEURONS)]
    widths = [16, 16, 16, 16, 3]
    windows = memory.estimate(network, series, 100, whole=[0]) / memory.BYTES
    rows = [10 - k for k in np.cumsum([layer.kernel - 1 for layer in network.architecture.layers])]
    least = 100 * (10 * NEURONS + sum(r * w for r, w in zip(rows, widths, strict=True)))
    assert least <= windows <= 2 * least
    whole = memory.estimate(network, series, 100, whole=[1])
    behind = memory.estimate(network, series, 0, whole=[1]) / memory.BYTES
    assert SAMPLES * widths[0] <= behind <= 2 * SAMPLES * widths[0]
    least = 100 * sum(r * w for r, w in zip(rows, widths, strict=True))
    assert least <= whole / memory.BYTES - behind <= 2 * least
    every = memory.estimate(network, series, 0, whole=[5]) / memory.BYTES
    assert SAMPLES * sum(widths) <= every <= 2 * SAMPLES * sum(widths)
    assert memory.estimate(network, series, 300, whole=[0]) == 3 * windows * memory.BYTES


def test_a_batch_far_beyond_the_recording_is_refused():
    """The layers run once over the recording; what is drawn of it has to be held all the same."""
    X, given = np.random.default_rng(0).normal(size=(300, 5)), {"max_iterations": 1, "batch_size": 10**12}
    with (
        pytest.warns(UserWarning, match=r"batch_size=10+ of 300 samples"),
        pytest.raises(ValueError, match="batch_size: expected a step that fits into memory"),
    ):
        cebra_pipe.CEBRA("offset10-model", **given).fit(X, X[:, 0])


def test_hooks_of_the_user_see_no_probe():
    made, seen = built(), []
    for module in made.model.encoder.modules():
        module.register_forward_hook(lambda *given: seen.append(given[-1]))
        module.register_forward_pre_hook(lambda *given: seen.append(given[-1]))
    made.hand_over(loader(made))
    assert seen == []


STEP = """
import torch
from cebra_pipe.solver import memory
from tests.solver.test_memory import built

def held(what):
    return 1024 * next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(what))

made, series = built(), torch.randn(150_000, 20)
encoder = made.model.encoder
estimate = memory._numbers(encoder, series, 11) - memory._numbers(encoder, series, 10)
before = held("VmRSS")
encoder(series).square().sum().backward()
print((held("VmHWM") - before) / len(series) / estimate)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is told by Linux alone")
def test_the_estimate_is_near_what_a_step_takes():
    out = subprocess.run([sys.executable, "-c", STEP], capture_output=True, text=True, check=True)
    assert memory.BYTES / 2 < float(out.stdout) < memory.BYTES * 1.2


def test_models_of_ones_own_are_not_asked(monkeypatch):
    class Own(Offset10Model):
        def forward(self, x):
            return super().forward(x)

    monkeypatch.setattr(memory, "available", lambda device: 1)
    made = built(Own(NEURONS, 16, 3))
    made.fit(loader(made, "ContinuousDataLoader", batch_size=4))
    assert len(made.history) == 1


def test_free_memory_is_that_of_machine_and_container(monkeypatch, tmp_path):
    cpu = torch.device("cpu")
    assert memory.available(cpu) > 2**20
    (tmp_path / "whole").write_text("5000\n")
    (tmp_path / "used").write_text("1000\n")
    monkeypatch.setattr(memory, "LIMITS", ((str(tmp_path / "whole"), str(tmp_path / "used")),))
    assert memory.available(cpu) == 4000
    (tmp_path / "whole").write_text("max\n")
    assert memory.available(cpu) > 2**20
    assert memory.available(torch.device("meta")) is None

"""Numbers of threads, CPU and GPU change the order of sums and no more: to the tolerances of docs/architecture.md."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from cebra_pipe.solver import fitting
from cebra_pipe.solver.device import settings

from ..conftest import ROOT
from ..toys import track
from .test_engine import task_of

EMBEDDING = 1e-4  # of the largest value of an embedding
LOSS = 1e-4  # nats
WEIGHTS = 1e-5  # of the largest value: an embedding by equal weights on two devices
BITS = 0.1  # between fits that draw other batches, as those of two seeds do
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")


def fitted(threads, device="cpu"):
    """(session) networks' embeddings of the recordings, and the losses of the history, of a short fit."""
    sizes = {"steps": 25, "batch_size": 512, "hidden_units": 32, "learning_rate": 1e-2}
    task = task_of(track(0, trials=60, neurons=30), track(1), **sizes)
    with settings(threads):
        network, scalings, rows = fitting.fit(task, device)
        series = [torch.from_numpy(s(r.neural)) for s, r in zip(scalings, task.recordings, strict=True)]
        return network, series, rows


def embedded(network, series):
    with torch.no_grad():
        return [network.embed(i, x.to(network.device)).cpu().numpy() for i, x in enumerate(series)]


def apart(first, second):
    """The largest difference, as a share of the largest value."""
    return max(np.abs(a - b).max() / np.abs(a).max() for a, b in zip(first, second, strict=True))


def test_one_thread_and_two_agree():
    (one, series, rows), (two, _, others) = (fitted(threads) for threads in (1, 2))
    with settings(1):
        assert apart(embedded(one, series), embedded(two, series)) < EMBEDDING
    losses = np.array([[a["loss"], b["loss"]] for a, b in zip(rows, others, strict=True)])
    assert len(losses) > 10
    assert np.ptp(losses, axis=1).max() < LOSS


@on_gpu
def test_a_gpu_embeds_as_the_cpu_does_and_its_fits_score_alike():
    (host, series, rows), (_, _, others) = (fitted(1, device=name) for name in ("cpu", "cuda"))
    with settings(1):
        before = embedded(host, series)
        assert apart(before, embedded(host.to("cuda"), series)) < WEIGHTS
    bits = [[r["bits"] for r in each if r["kind"] == "score"] for each in (rows, others)]
    assert np.abs(np.subtract(*bits)).max() < BITS


def test_the_tolerances_are_those_of_the_docs():
    (told,) = re.findall(r"(?s)## Tolerances\n(.*?)\n## ", (ROOT / "docs" / "architecture.md").read_text())
    numbers = [float(number) for number in re.findall(r"\b\d+e-\d+\b|\b0\.\d+\b", told)]
    assert numbers == [EMBEDDING, LOSS, WEIGHTS, BITS]

"""Seeds trained as one batch of models are the single fits, to rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from cebra_pipe.data.recording import Label
from cebra_pipe.errors import UserError
from cebra_pipe.solver import draws, fitting, memory
from cebra_pipe.solver.device import settings
from cebra_pipe.solver.draws import Place
from cebra_pipe.solver.lessons import prepare
from cebra_pipe.solver.stepper import Static
from cebra_pipe.solver.together import Together, fit_together, joined
from tests.solver.test_engine import CONDITIONS, task_of
from tests.solver.test_stepper import Watch, replayed, unread  # noqa: F401
from tests.toys import track


def seeds(task, number=2):
    return [replace(task, seed=seed) for seed in range(1, number + 1)]


FULL = {"full": {"batch_size": "full", "steps": 3}}


@pytest.mark.parametrize(
    ("condition", "sessions"),
    [("behavior", 1), ("learned", 1), ("euclidean", 1), ("offset1", 1), ("full", 1), ("hybrid", 2), ("discrete", 2)],
)
def test_a_batch_of_seeds_is_the_single_fits(condition, sessions):
    """Losses, scores and weights of every seed, within what another order of sums makes of a dozen steps."""
    recordings = [track(s, trials=24, neurons=12 + s) for s in range(sessions)]
    tasks = seeds(task_of(*recordings, **{"steps": 8, "batch_size": 32, **(CONDITIONS | FULL)[condition]}))
    with settings(1):
        for task, (network, scalings, rows) in zip(tasks, fit_together(tasks, "cpu"), strict=True):
            alone, _, expected = fitting.fit(task, "cpu")
            assert [s.units.tolist() for s in scalings] == [list(range(12 + s)) for s in range(sessions)]
            for mine, theirs in zip(rows, expected, strict=True):
                numbers = [k for k, v in theirs.items() if isinstance(v, float)]
                assert [mine[k] for k in numbers] == pytest.approx([theirs[k] for k in numbers], abs=5e-4, nan_ok=True)
                assert all(mine[k] == v for k, v in theirs.items() if k not in numbers)
            theirs = dict(alone.named_parameters())
            for name, mine in network.named_parameters():
                # Distances do not change with a shift of all: rounding alone moves the last bias there.
                if not (condition == "euclidean" and name.endswith("4.bias")):
                    torch.testing.assert_close(mine, theirs[name], rtol=1e-2, atol=5e-4)


def test_a_seed_does_not_know_its_neighbours():
    """To the bit, as part of a batch of the same size: another seed beside it changes nothing."""
    task = task_of(track(0, trials=24), steps=6, batch_size=32)
    with settings(1):
        (one, *_), _ = fit_together([task, replace(task, seed=5)], "cpu")
        (two, *_), _ = fit_together([task, replace(task, seed=6)], "cpu")
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), two.parameters(), strict=True))


def test_networks_end_with_weights_of_their_own():
    task = task_of(track(0, trials=24), steps=2, batch_size=32)
    with settings(1):
        found = [network for network, *_ in fit_together(seeds(task, 2), "cpu")]
    places = {p.untyped_storage().data_ptr() for network in found for p in network.parameters()}
    assert len(places) == sum(1 for network in found for _ in network.parameters())


def batch_of(task, number, device="cpu"):
    given = [prepare(each, device, rounds=1) for each in seeds(task, number)]
    update = Together([each.network for each in given], given[0], task)
    runs = [update.draws(np.random.default_rng(seed), 4) for seed in range(number)]
    return update, (joined(each) for each in zip(*runs, strict=True))


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_batch_is_recorded_as_a_step_is(sessions):
    """The same step on fixed memory, to the bit."""
    task = task_of(*(track(s, trials=24) for s in range(sessions)), batch_size=32)
    (called, some), (replay, others), recordings = batch_of(task, 2), batch_of(task, 2), []
    step = Static(replay, replayed(recordings))
    assert torch.equal(torch.stack([called(d) for d in some]), torch.stack([step(d) for d in others]))
    assert len(recordings) == 1


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_batch_on_a_device_reads_nothing_and_sends_nothing(sessions, unread):  # noqa: F811
    task = task_of(*(track(s, trials=24) for s in range(sessions)), batch_size=32, learn_temperature=True)
    given = prepare(task, "cpu", rounds=1)
    part = replace(given.parts["train"], series=[x.to("meta") for x in given.parts["train"].series])
    given = replace(given, parts={"train": part})
    update = Together([given.network.to("meta")] * 2, given, task)
    runs = [draws.draws(update.encoding, update.objectives, 32, 4, np.random.default_rng(s), Place()) for s in (0, 1)]
    steps = (joined(each) for each in zip(*runs, strict=True))
    step = Static(update, replayed([]))
    step(next(steps))
    with Watch() as watch:
        assert len([step(each) for each in steps]) == 3
    assert watch.met == []


def one_way():
    recording = track(1)
    recording.labels["direction"] = Label(np.zeros(len(recording), np.int64), "discrete")
    return recording


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"fold": 1}, "fold"),
        ({"seed": 1}, "each seed once"),
        ({"training": {"steps": 3}}, "training"),
        ({"recordings": (track(0, trials=24),)}, "recordings"),
    ],
)
def test_other_fits_are_no_batch(changed, match):
    task = task_of(track(0, trials=24))
    with pytest.raises(UserError, match=match):
        fit_together([task, replace(task, **{"seed": 2, **changed})], "cpu")


def test_a_class_that_a_session_lacks_is_no_batch():
    with pytest.raises(UserError, match="missing in a session"):
        fit_together(seeds(task_of(track(0), one_way(), **CONDITIONS["discrete"]), 2), "cpu")


def test_a_batch_larger_than_memory_is_refused(monkeypatch):
    monkeypatch.setattr("cebra_pipe.solver.together.available", lambda device: 2**20)
    with pytest.raises(UserError, match="fewer seeds"):
        fit_together(seeds(task_of(track(0, trials=24)), 2), "cpu")
    assert memory.told_size(2**20) == "1 MiB"

"""The loop as it is on a GPU, as far as it can be tried without one: fixed memory, draws of the device, no reading."""

from __future__ import annotations

import copy
import gc
import weakref
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cebra_pipe.data.recording import Label
from cebra_pipe.solver import draws, fitting
from cebra_pipe.solver.capture import WARM, Recorded
from cebra_pipe.solver.device import settings
from cebra_pipe.solver.encode import encoding
from cebra_pipe.solver.engine import score, train
from cebra_pipe.solver.logged import Logged
from cebra_pipe.solver.objective import distinct
from cebra_pipe.solver.stepper import Static, Update, stepper, why_not
from cebra_pipe.solver.steps import engine_steps
from cebra_pipe.solver.together import fit_together
from tests.solver.test_engine import CONDITIONS, adam, lesson, task_of
from tests.toys import track

EVERY = {name: CONDITIONS[name] for name in ("behavior", "time", "hybrid", "discrete", "delta_normal", "learned")}
EVERY["two columns"] = {"labels": {"position": 1.0, "speed": 1.0, "direction": 1.0}}


def update_of(task, optimizer=adam, device="cpu"):
    part, network, objectives = lesson(task)
    network = network.to(device)
    series = [x.to(device) for x in part.series]
    return Update(network, encoding(network, series, part.timeline, 96), objectives, optimizer(network))


def runs(sessions):
    """Recordings with a second continuous label, which some conditions read: neighbours on a line, or in a plane."""
    made = [track(s) for s in range(sessions)]
    for each in made:
        each.labels["speed"] = Label(np.sin(np.arange(len(each))))
    return made


def drawn(update, steps, seed=0):
    return draws.draws(update.encoding, update.objectives, 32, steps, np.random.default_rng(seed), draws.Place())


def replayed(recordings):
    """What a recording is, without a device: a tensor of its own, which every call overwrites."""

    def record(step, during):
        held = []
        recordings.append(during)

        def again():
            out = step()
            held.append(out) if not held else held[0].copy_(out)
            return held[0]

        return again

    return record


def fused(network):
    return torch.optim.Adam((p for p in network.parameters() if p.requires_grad), lr=1e-3, fused=True)


@pytest.mark.parametrize("optimizer", [adam, fused])
@pytest.mark.parametrize("sessions", [1, 2])
@pytest.mark.parametrize("condition", ["behavior", "hybrid", "learned"])
def test_a_step_on_fixed_memory_is_the_step(condition, sessions, optimizer):
    """To the bit, losses and weights: what a device would replay is what the loop does."""
    task = task_of(*(track(s) for s in range(sessions)), **CONDITIONS[condition])
    called, replay, recordings = update_of(task, optimizer), update_of(task, optimizer), []
    step = Static(replay, replayed(recordings))
    expected, found = [called(d) for d in drawn(called, 8)], [step(d) for d in drawn(replay, 8)]
    assert torch.equal(torch.stack(found), torch.stack(expected))
    assert not torch.equal(found[0], found[1])
    assert all(torch.equal(a, b) for a, b in zip(called.network.parameters(), replay.network.parameters(), strict=True))
    assert len(recordings) == 1


def test_a_changed_constant_is_recorded_anew():
    """A learning rate that is changed on the way counts, and so does a layer that is held."""
    task, recordings = task_of(track(0)), []
    update = update_of(task, fused)
    step = Static(update, replayed(recordings))
    given = drawn(update, 6)
    step(next(given))
    step(next(given))
    assert len(recordings) == 1
    update.optimizer.param_groups[0]["lr"] = 0.1
    step(next(given))
    assert len(recordings) == 2
    next(update.network.parameters()).requires_grad_(False)
    step(next(given))
    assert len(recordings) == 3


@pytest.mark.parametrize("optimizer", [adam, fused])
def test_weights_that_come_to_lie_elsewhere_are_recorded_anew(optimizer):
    """A replay would go on to write the memory where they were."""
    update, recordings = update_of(task_of(track(0)), optimizer), []
    step = Static(update, replayed(recordings))
    given = drawn(update, 4)
    step(next(given))
    step(next(given))
    weight = next(update.network.parameters())
    weight.data = weight.data.clone()
    step(next(given))
    assert len(recordings) == 2


def test_a_state_that_is_loaded_on_the_way_is_recorded_anew():
    """torch puts it in the place of the one that replays write; a user's hook may load a checkpoint."""
    update, recordings = update_of(task_of(track(0)), fused), []
    step = Static(update, replayed(recordings))
    given = drawn(update, 4)
    step(next(given))
    step(next(given))
    assert len(recordings) == 1
    update.optimizer.load_state_dict(copy.deepcopy(update.optimizer.state_dict()))
    step(next(given))
    assert len(recordings) == 2


def test_a_recording_ends_with_its_fit():
    """At once, not when Python looks for circles: it holds the memory of a step, and the next fit takes as much."""
    update = update_of(task_of(track(0)))
    step = Static(update, replayed([]))
    step(next(drawn(update, 1)))
    left, was = weakref.ref(step), gc.isenabled()
    gc.disable()
    try:
        del step
        assert left() is None
    finally:
        gc.enable() if was else None


def test_torchs_optimizer_expects_the_recording_alone():
    update, recordings = update_of(task_of(track(0)), fused), []
    Static(update, replayed(recordings))(next(drawn(update, 1)))
    (group,) = update.optimizer.param_groups
    with recordings[0]():
        assert group["capturable"]
    assert not group["capturable"]


class Cards:
    """torch.cuda as far as recording goes: which device and stream are current, and what was done there.

    As torch's own, the context of a recording does not leave its stream where ending the recording fails.
    """

    def __init__(self, monkeypatch, refuses=None):
        self.now, self.streams, self.made, self.refuses, self.done = 0, {}, 0, refuses, []
        for name in ("Stream", "current_stream", "device", "stream", "graph", "CUDAGraph"):
            monkeypatch.setattr(torch.cuda, name, getattr(self, name))

    def Stream(self, device=None):
        self.made += 1
        number = self.now if device is None else torch.device(device).index
        return type("Stream", (), {"device": number, "name": f"aside {self.made}", "wait_stream": self._waits})()

    def _waits(self, other):
        self.done.append(f"waits for {other.name}")

    def current_stream(self):
        here = type("Stream", (), {"device": self.now, "name": f"stream of {self.now}", "wait_stream": self._waits})()
        return self.streams.get(self.now, here)

    @contextmanager
    def device(self, device):
        before, self.now = self.now, torch.device(device).index
        try:
            yield
        finally:
            self.now = before

    @contextmanager
    def stream(self, stream):
        before = dict(self.streams)
        self.streams[stream.device] = stream
        try:
            yield
        finally:
            self.streams = before

    def CUDAGraph(self):
        did = {
            "replay": lambda graph: self.did("replays"),
            "reset": lambda graph: self.done.append("empties the graph"),
        }
        return type("Graph", (), did)()

    @contextmanager
    def graph(self, graph, stream=None):
        before, stream = dict(self.streams), stream or self.Stream()
        self.streams[stream.device] = stream
        self.did("records")
        try:
            if self.refuses:
                raise self.refuses
            yield
        finally:
            if self.refuses:
                raise RuntimeError("operation failed due to a previous error during capture")
        self.streams = before

    def did(self, what):
        self.done.append(f"{what} on {self.current_stream().name}, device {self.now}")


def test_a_step_is_recorded_on_the_device_and_stream_of_those_before(monkeypatch):
    """Of a network on the second card, while the first one is torch's current one."""
    cards = Cards(monkeypatch)

    def step():
        cards.did("computes")
        return torch.zeros(1)

    recorded = Recorded(torch.device("cuda", 1), step, nullcontext)
    for _ in range(WARM + 2):
        recorded()
    aside = "on aside 1, device 1"
    warm = ["waits for stream of 1", f"computes {aside}", "waits for aside 1"] * WARM
    replay = "replays on stream of 1, device 1"
    assert cards.done == [*warm, f"records {aside}", f"computes {aside}", replay, replay]
    assert cards.now == 0


NOT_PERMITTED = "operation not permitted when stream is capturing"


@pytest.mark.parametrize("optimizer", [adam, fused])
def test_a_step_that_cannot_be_recorded_is_called(optimizer, monkeypatch, capsys):
    """To the bit what the loop does, on the stream of all else, and one line says why: not that ending it failed.

    The graph, which torch may still ask, holds no memory.
    """
    cards = Cards(monkeypatch, RuntimeError(f"{NOT_PERMITTED}\nCompile with …"))
    called, replay = update_of(task_of(track(0)), optimizer), update_of(task_of(track(0)), optimizer)
    step = Static(replay, partial(Recorded, torch.device("cuda", 0)))
    expected, found = [called(d) for d in drawn(called, WARM + 4)], [step(d) for d in drawn(replay, WARM + 4)]
    assert torch.equal(torch.stack(found), torch.stack(expected))
    assert all(torch.equal(a, b) for a, b in zip(called.network.parameters(), replay.network.parameters(), strict=True))
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "recorded" in line]
    assert line.endswith(f"launched one by one: {NOT_PERMITTED}")
    assert cards.current_stream().name == "stream of 0"
    assert cards.done[-1] == "empties the graph"


def test_ctrl_c_while_a_step_is_recorded_ends_the_fit(monkeypatch):
    Cards(monkeypatch, KeyboardInterrupt())
    recorded = Recorded(torch.device("cuda", 0), lambda: torch.zeros(1), nullcontext)
    for _ in range(WARM):
        recorded()
    with pytest.raises(KeyboardInterrupt):
        recorded()


def test_a_temperature_is_read_without_autograd():
    """A node that was made beside a recorded step would bring its stream into the recording."""
    asked = []
    criterion = type("Criterion", (), {"scale": property(lambda _: asked.append(torch.is_grad_enabled()) or ONE)})()
    solver = type("Solver", (Logged,), {"criterion": criterion})()
    assert float(solver._temperature()) == 1
    assert asked == [False]


ONE = torch.ones((), requires_grad=True)


def test_the_log_tells_who_draws(monkeypatch, capsys):
    """Nothing on a CPU; on a device that draws for itself that it does, or why the host does."""
    update = update_of(task_of(track(0)))
    given = update.encoding, update.objectives

    def told():
        draws.tell_who_draws(*given)
        return type(draws.source_of(*given, 8, np.random.default_rng(0))), capsys.readouterr().err

    assert told() == (draws.OnHost, "")
    monkeypatch.setattr(draws, "RESIDENT", ("cpu",))
    assert told() == (draws.OnDevice, "fit: draws are made on the device\n")
    monkeypatch.setattr(draws, "why_not", lambda sampling: "a class is missing in a session")
    assert told() == (draws.OnHost, "fit: draws are made on the host, because a class is missing in a session\n")
    update.encoding.masks = [()]
    assert told() == (draws.OnHost, "fit: draws are made on the host, because masks are drawn in each step\n")


def test_a_fit_tells_once_who_draws(resident, capsys):
    """Not at each score on the way, nor for each seed of a batch."""
    task = task_of(track(0, trials=24), steps=4, batch_size=32)
    with settings(1):
        fit_together([task, replace(task, seed=2)], "cpu")
        update = update_of(task)
        parts = update.network, update.encoding, update.objectives, 8
        assert len([*train(*parts, 2, update.optimizer, np.random.default_rng(0))]) == 2
        assert len([*score(*parts, 2, np.random.default_rng(0))]) == 2
    assert capsys.readouterr().err.count("draws are made on the device") == 2


def test_draws_of_another_shape_are_no_step_of_the_same_recording():
    update = update_of(task_of(track(0), track(1)))
    step, (first, second) = Static(update, replayed([])), drawn(update, 2)
    rows, places, _, seed = second.plan
    step(first)
    with pytest.raises(RuntimeError, match="by session"):
        step(second._replace(plan=(rows, places, [100, 92], seed)))


def one_way():
    recording = track(1)
    recording.labels["direction"] = Label(np.zeros(len(recording), np.int64), "discrete")
    return recording


def test_what_cannot_be_recorded_is_told():
    task = task_of(track(0))
    assert not why_not(update_of(task))
    assert "Adam with fused" in why_not(update_of(task, lambda n: torch.optim.SGD(n.parameters(), lr=0.1)))
    assert "Adam with fused" in why_not(update_of(task, lambda n: torch.optim.Adam(n.parameters(), fused=False)))
    hooked = update_of(task, fused)
    hooked.optimizer.register_step_pre_hook(lambda *given: None)
    assert "without hooks" in why_not(hooked)
    watched = update_of(task)
    next(watched.network.parameters()).register_hook(lambda grad: grad)
    assert "hooks watch" in why_not(watched)
    missing = update_of(task_of(track(0), one_way(), **CONDITIONS["discrete"]))
    assert "missing in a session" in why_not(missing)
    masked = update_of(task)
    masked.encoding.masks = [()]
    assert "masks" in why_not(masked)


# A device whose values cannot be read ---------------------------------------------------------------------------------


class Watch(TorchDispatchMode):
    """Notes operations that bring a value of the host to the device: by its tensors, by what they give, or on CUDA
    because they are to be deterministic, as sums that are scattered.
    """

    def __init__(self):
        super().__init__()
        self.met = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        out = func(*args, **(kwargs or {}))
        there = any(x.device.type != "cpu" for x in [*given, *tree_leaves(out)] if isinstance(x, torch.Tensor))
        self.met += [str(func)] * ((there and any(x.device.type == "cpu" for x in given)) or "scatter" in str(func))
        return out


@pytest.fixture
def unread(monkeypatch):
    """Tensors without values stand for a GPU: torch raises where one is read, or asked what it holds."""
    monkeypatch.setattr(draws, "RESIDENT", ("meta",))
    monkeypatch.setattr(draws, "generator_on", lambda device: None)


@pytest.mark.parametrize("sessions", [1, 2])
@pytest.mark.parametrize("condition", EVERY)
def test_steps_on_a_device_read_nothing_and_send_nothing(condition, sessions, unread):
    """From the first draw on, that of a second chunk among them, no value goes either way."""
    update = update_of(task_of(*runs(sessions), **EVERY[condition]), device="meta")
    step, given = Static(update, replayed([])), drawn(update, 4)
    step(next(given))
    with Watch() as watch:
        losses = [step(each) for each in given]
    assert len(losses) == 3
    assert watch.met == []


def test_a_solver_on_a_device_sends_nothing_in_a_step(unread):
    """Its temperature is a number of the host; losses come home when they are read."""
    update = update_of(task_of(track(0)), device="meta")
    parts = {name: getattr(update, name) for name in ("network", "encoding", "objectives")}
    handover = type("Given", (), {**parts, "batch": 32, "steps": 4, "stream": np.random.default_rng(0)})
    solver = type("Solver", (), {"optimizer": update.optimizer, "hand_over": lambda self, loader: handover})()
    solver._temperature = lambda: torch.as_tensor(1.0)
    run = engine_steps(solver, None, draws.Place())
    next(run)
    with Watch() as watch:
        assert sum(not read(False) for read in run) == 3
    assert watch.met == []


# Draws of the device --------------------------------------------------------------------------------------------------


@pytest.fixture
def resident(monkeypatch):
    """The CPU draws as a GPU would."""
    monkeypatch.setattr(draws, "RESIDENT", ("cpu",))


@pytest.mark.parametrize("sessions", [1, 2])
def test_draws_of_the_device_have_the_places_of_those_of_the_host(sessions):
    update = update_of(task_of(*(track(s) for s in range(sessions)), hybrid=True, output_dimension=4))
    mine = draws.OnDevice(update.encoding, update.objectives, 32, np.random.default_rng(0))
    _, (first, second) = mine(2)
    flat = torch.cat([each.flatten(1) for each in distinct(first.draws)], 1)
    for drawn, (rows, places, counts, _) in zip((first, second), update.encoding.plan(flat.numpy()), strict=True):
        assert torch.equal(drawn.plan[0], rows)
        assert places is None if drawn.plan[1] is None else torch.equal(drawn.plan[1], places)
        assert drawn.plan[2] == counts
    host = draws.OnHost(update.encoding, update.objectives, 32, np.random.default_rng(0))
    assert first.chance.tolist() == next(host(1)[1]).chance.tolist()


def test_a_run_goes_on_with_the_draws_of_the_device(resident, monkeypatch):
    monkeypatch.setattr(draws, "CHUNK", 3)
    update = update_of(task_of(track(0)))
    whole = [each.plan[0] for each in drawn(update, 9)]
    place, stream = draws.Place(), np.random.default_rng(0)
    begun = draws.draws(update.encoding, update.objectives, 32, 9, stream, place)
    first = [next(begun).plan[0] for _ in range(6)]
    rest = draws.draws(update.encoding, update.objectives, 32, 9, np.random.default_rng(7), place)
    assert torch.equal(torch.stack(whole), torch.stack([*first, *(each.plan[0] for each in rest)]))


def test_a_fit_learns_from_draws_of_the_device(resident):
    task = task_of(track(0, trials=60, neurons=30), steps=60, batch_size=128, learning_rate=1e-2)
    with settings(1):
        rows = fitting.fit(task, "cpu")[2]
    assert min(r["bits"] for r in rows if r["kind"] == "score" and r["part"] == "valid") > 0.1


# On a GPU -------------------------------------------------------------------------------------------------------------

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")


@on_gpu
@pytest.mark.parametrize("optimizer", [adam, fused])
@pytest.mark.parametrize("sessions", [1, 2])
@pytest.mark.parametrize("condition", EVERY)
def test_a_replayed_step_on_a_gpu_is_the_step(condition, sessions, optimizer, capsys):
    """To the bit under deterministic algorithms; and no replay waits for the device."""
    task = task_of(*runs(sessions), **EVERY[condition])
    with settings(1):
        called, replay = (update_of(task, optimizer, "cuda") for _ in range(2))
        step, expected, found = stepper(replay), [called(d) for d in drawn(called, 8)], []
        assert isinstance(step, Static)
        for number, each in enumerate(drawn(replay, 8)):
            torch.cuda.set_sync_debug_mode("error" if number > WARM else "default")
            found.append(step(each))
        torch.cuda.set_sync_debug_mode("default")
    assert "could not be recorded" not in capsys.readouterr().err
    assert torch.equal(torch.stack(found), torch.stack(expected))
    assert all(torch.equal(a, b) for a, b in zip(called.network.parameters(), replay.network.parameters(), strict=True))


@on_gpu
def test_a_fit_on_a_gpu_repeats_to_the_bit_and_learns():
    task = task_of(track(0, trials=60, neurons=30), steps=60, batch_size=128, learning_rate=1e-2)
    with settings(1):
        (one, _, rows), (two, _, _) = (fitting.fit(task, "cuda") for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert min(r["bits"] for r in rows if r["kind"] == "score" and r["part"] == "valid") > 0.1


@on_gpu
@pytest.mark.parametrize("sessions", [1, 2])
def test_seeds_trained_together_on_a_gpu_are_recorded_and_repeat(sessions, capsys):
    task = task_of(*runs(sessions), steps=12, batch_size=32)
    with settings(1):
        found = [[made for made, *_ in fit_together([task, replace(task, seed=2)], "cuda")] for _ in range(2)]
    assert "could not be recorded" not in capsys.readouterr().err
    one, two = ([p for network in each for p in network.parameters()] for each in found)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@on_gpu
def test_a_recording_frees_the_memory_of_a_gpu_with_its_fit():
    task = task_of(track(0, trials=60, neurons=30), steps=12, batch_size=512)
    with settings(1):
        held = []
        for _ in range(3):
            fitting.fit(task, "cuda")
            held.append(torch.cuda.memory_allocated())
    assert held[2] == held[1]


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="torch sees no second GPU")
def test_a_second_gpu_trains_while_the_first_is_the_current_one():
    task = task_of(track(0, trials=60, neurons=30), steps=60, batch_size=128, learning_rate=1e-2)
    with settings(1):
        rows = fitting.fit(task, "cuda:1")[2]
    assert min(r["bits"] for r in rows if r["kind"] == "score" and r["part"] == "valid") > 0.1

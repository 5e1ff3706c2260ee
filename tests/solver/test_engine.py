from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cebra_pipe.data.datatypes import Offset, Triplet
from cebra_pipe.data.recording import Label
from cebra_pipe.data.timeline import lay_out
from cebra_pipe.distributions.prior import ClassUniform
from cebra_pipe.distributions.sampling import draw_each, embedded
from cebra_pipe.errors import UserError
from cebra_pipe.models.encoder import Encoder
from cebra_pipe.models.table import MODELS, architecture
from cebra_pipe.solver import fitting, lessons, memory
from cebra_pipe.solver.device import settings
from cebra_pipe.solver.encode import FILLED, GATHER, GELU, Encoding, encoding, whole_layers
from cebra_pipe.solver.engine import train
from cebra_pipe.solver.objective import distinct
from cebra_pipe.solver.optimizer import Adam
from cebra_pipe.solver.task import Task
from tests.oracles import infonce_loop
from tests.toys import LABELS, TRAINING, parts, track


def task_of(*recordings, labels=None, positives="time_delta", hybrid=False, seed=1, **training) -> Task:
    return Task(
        names=tuple(f"r{i}" for i in range(len(recordings))),
        recordings=recordings,
        parts=tuple(parts(r) for r in recordings),
        contents=tuple(f"content {i}" for i in range(len(recordings))),
        training={**TRAINING, **training},
        labels=LABELS if labels is None else labels,
        positives=positives,
        hybrid=hybrid,
        fold=0,
        seed=seed,
        study_seed=1,
    )


TIME = {"labels": {}, "positives": "time"}
CONDITIONS = {
    "behavior": {},
    "time": TIME,
    "hybrid": {"hybrid": True, "output_dimension": 4},
    "discrete": {"labels": {"direction": 1.0}, "positives": "discrete"},
    "delta_normal": {"positives": "delta_normal", "delta": 0.05},
    "learned": {"learn_temperature": True},
    "euclidean": {"similarity": "euclidean", "model": "offset10-model-mse"},
    "zscore": {"normalize": "zscore"},
    "offset1": {"model": "offset1-model"},
    "offset5": {"model": "offset5-model"},
}


def lesson(task):
    made = lessons.prepare(task, "cpu", rounds=1)
    return made.parts["train"], made.network, made.objectives


def one_network(task):
    return lesson(task)[1]


def whole(network, part):
    return every(network, part, len(network.architecture.layers))


def every(network, part, depth):
    """So many layers over the whole series of each session."""
    return Encoding(network, part.series, part.timeline, [depth] * len(part.series))


def losses(depth, task, steps=5):
    part, network, objectives = lesson(task)
    encoding = every(network, part, depth)
    run = train(
        network,
        encoding,
        objectives,
        32,
        steps,
        Adam((p for p in network.parameters() if p.requires_grad), 3e-3),
        np.random.default_rng(0),
    )
    return torch.stack([loss for loss, _ in run]), network


@pytest.mark.parametrize("sessions", [1, 3])
@pytest.mark.parametrize("condition", ["behavior", "time", "hybrid", "offset1"])
def test_whole_series_and_windows_train_alike(condition, sessions):
    recordings = [track(s, neurons=10 + 3 * s) for s in range(sessions)]
    task = task_of(*recordings, **CONDITIONS[condition])
    (a, one), *others = (losses(depth, task) for depth in range(len(one_network(task).architecture.layers) + 1))
    for b, two in others:
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
        for p, q in zip(one.parameters(), two.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-2, atol=2e-4)


@pytest.mark.parametrize("name", ["offset10-model", "offset1-model-mse-resnet-2layers", "offset10-model-mse-tanh"])
def test_mostly_empty_bins_are_read_by_every_first_layer(name):
    rare = np.random.default_rng(0).random((len(track(0)), 30)) < 0.03
    recordings = [replace(track(0), neural=rare.astype(np.float32), neurons=())]
    part, network, _ = lesson(task_of(*recordings, model=name, similarity="euclidean"))
    index = np.concatenate(part.timeline.centres)[None, :40]
    ways = [every(network, part, d) for d in range(len(network.architecture.layers) + 1)]
    with torch.no_grad():
        expected, *found = (way(*next(way.plan(index))) for way in ways)
    for each in found:
        torch.testing.assert_close(each, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("depth", range(6))
def test_embeds_the_window_of_the_drawn_sample(depth):
    """Neural values say session, epoch and time: the embedding of any draw is that of its own window, cut by hand."""
    recordings = []
    for s in range(2):
        r = track(s)
        tells = np.stack([np.full(len(r), 1.0 + s), r.epoch / 10.0, np.arange(len(r)) / 100.0], 1)
        recordings.append(replace(r, neural=tells.astype(np.float32), neurons=()))
    part, network, _ = lesson(task_of(*recordings))
    encoding, timeline = Encoding(network, part.series, part.timeline, [depth, 5 - depth]), part.timeline
    index = np.random.default_rng(0).permutation(np.concatenate(timeline.centres))[:200]
    (plan,) = encoding.plan(index[None])
    with torch.no_grad():
        embedded = encoding(*plan)
        for flat, row in zip(index, embedded, strict=True):
            s, t = timeline.session[flat], timeline.sample[flat]
            window = recordings[s].neural[t - 5 : t + 5]
            assert len(np.unique(window[:, 1])) == 1  # no border is crossed
            expected = network.finish(network.encoders[s](torch.from_numpy(window)))[0]
            torch.testing.assert_close(row, expected, rtol=1e-5, atol=1e-5)


def stream():
    return np.random.default_rng(0)


def adam(network):
    return Adam((p for p in network.parameters() if p.requires_grad), 1e-3)


def test_first_loss_is_the_definition_on_the_drawn_samples():
    task = task_of(track(0), track(1))
    part, network, (objective,) = lesson(task)
    draw = objective.sampling.draw(1, 16, np.random.default_rng(0))
    embedded = part.embed(network).double()
    views = [embedded[torch.from_numpy(index[0].ravel())].tolist() for index in draw]
    encoding = whole(network, part)
    loss, chance = next(train(network, encoding, [objective], 16, 1, adam(network), np.random.default_rng(0)))
    assert loss[0].tolist() == pytest.approx(infonce_loop(*views, 1.0, "cosine"), rel=1e-4)
    assert chance[0] == pytest.approx(np.log(32))


@pytest.mark.parametrize("condition", ["behavior", "time", "hybrid", "discrete"])
def test_a_full_batch_is_every_sample_in_every_step(condition):
    task = task_of(track(0, trials=24), batch_size="full", **CONDITIONS[condition])
    part, _, objectives = lesson(task)
    (centres,), batch = part.timeline.centres, task.batch(part.timeline)
    assert batch == len(centres)
    for objective, drawn in zip(
        objectives, draw_each([o.sampling for o in objectives], 2, batch, stream()), strict=True
    ):
        assert (drawn.reference == objective.conditional.references[0]).all()
        assert (drawn.negative == centres).all()


def test_a_fit_of_full_batches():
    """Its first loss is the definition on all samples; its rows count them; it is scored as others are."""
    task = task_of(track(0, trials=24), batch_size="full", steps=10)
    part, network, (objective,) = lesson(task)
    batch = task.batch(part.timeline)
    run = train(network, whole(network, part), [objective], batch, 1, adam(network), stream())
    drawn = objective.sampling.draw(1, batch, stream())
    embedded = part.embed(network).double().detach()
    views = [embedded[torch.tensor(index[0].ravel())].tolist() for index in drawn]
    loss, chance = next(run)
    assert loss[0].tolist() == pytest.approx(infonce_loop(*views, 1.0, "cosine"), rel=1e-4)
    assert chance[0] == pytest.approx(np.log(batch))
    _, _, rows = fitting.fit(task, "cpu")
    trained = [row for row in rows if (row["kind"], row["part"]) == ("step", "train")]
    assert {row["draws"] for row in trained} == {10 * batch}
    assert {row["draws"] for row in rows if row["kind"] == "score"} == {lessons.ROUNDS * lessons.EXAM}


def test_a_fit_is_scored_on_equal_draws_whatever_its_batch_size():
    """Alone as together with another recording: as many negatives of each, so that bits compare."""

    def exams(*recordings, batch_size):
        prepared = lessons.prepare(task_of(*recordings, batch_size=batch_size, hybrid=True), "cpu", rounds=2)
        return {(name, e.objective.name, e.session): e for name, part in prepared.parts.items() for e in part.exams}

    one, other = track(0, trials=24), track(1, trials=24)
    alone, full = (exams(one, batch_size=size) for size in (32, "full"))
    together, larger = (exams(one, other, batch_size=size) for size in (32, 100))
    assert len(alone) == 8
    for key, exam in alone.items():
        for same in (full[key], together[key]) if key[0] != "train_subsample" else (full[key],):
            assert all((a == b).all() for a, b in zip(exam.draws, same.draws, strict=True))
    for key, exam in larger.items():
        assert exam.draws.reference.shape == (2, 2 if key[2] == "pooled" else 1, lessons.EXAM)
        assert all((a == b).all() for a, b in zip(exam.draws, together[key].draws, strict=True))


def test_a_full_batch_is_of_one_recording():
    with pytest.raises(UserError, match=r"training\.batch_size: expected a number .* Set batch_size: 512"):
        lesson(task_of(track(0), track(1), batch_size="full"))


def test_a_full_batch_beyond_memory_is_told(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda device: 2**10)
    with pytest.raises(UserError, match="a step that fits into memory"):
        fitting.fit(task_of(track(0, trials=24), batch_size="full", steps=1), "cpu")


def test_time_negatives_come_from_the_own_session():
    task = task_of(track(0), track(1), **TIME)
    part, network, (objective,) = lesson(task)
    draw = objective.sampling.draw(1, 16, np.random.default_rng(0))
    embedded = part.embed(network).double()
    alone = [
        infonce_loop(*(embedded[torch.from_numpy(index[0, s])].tolist() for index in draw), 1.0, "cosine")
        for s in range(2)
    ]
    encoding = whole(network, part)
    loss, chance = next(train(network, encoding, [objective], 16, 1, adam(network), np.random.default_rng(0)))
    assert loss[0].tolist() == pytest.approx(np.mean(alone, 0).tolist(), rel=1e-4)
    assert chance[0] == pytest.approx(np.log(16))


def test_negatives_of_a_class_come_from_sessions_that_have_it():
    """The second session runs one way only: it gives no negatives to references of the other way."""
    one = track(1)
    one.labels["direction"] = Label(np.zeros(len(one), np.int64), "discrete")
    task = task_of(track(0), one, **CONDITIONS["discrete"])
    part, network, (objective,) = lesson(task)
    draw = objective.sampling.draw(1, 12, np.random.default_rng(0))
    embedded, space = part.embed(network).double(), objective.conditional.space
    expected, levels = [], []
    for ref, pos in zip(draw.reference[0].ravel(), draw.positive[0].ravel(), strict=True):
        serving = draw.negative[0] if space.classes[ref] == 0 else draw.negative[0, :1]
        given = ([ref], [pos], serving.ravel())
        expected.append(infonce_loop(*(embedded[torch.tensor(i)].tolist() for i in given), 1.0, "cosine"))
        levels.append(np.log(serving.size))
    encoding = whole(network, part)
    loss, chance = next(train(network, encoding, [objective], 12, 1, adam(network), np.random.default_rng(0)))
    assert 0 < sum(level == np.log(12) for level in levels) < 24
    assert loss[0].tolist() == pytest.approx(np.mean(expected, 0).tolist(), rel=1e-4)
    assert chance[0] == pytest.approx(np.mean(levels))


@pytest.mark.parametrize("condition", ["behavior", "time", "discrete"])
def test_one_of_several_sessions_is_a_session_alone(condition):
    """References, negatives and their statistics of a session do not change when it is trained beside others."""
    alone = lesson(task_of(track(0), **CONDITIONS[condition]))[2][0].conditional
    joint = lesson(task_of(track(0), track(1), **CONDITIONS[condition]))[2][0].conditional
    assert (alone.references[0] == joint.references[0]).all()
    assert (alone.timeline.centres[0] == joint.timeline.centres[0]).all()


def test_hybrid_labels_shape_three_dimensions_and_time_all():
    _, network, objectives = lesson(task_of(track(0), hybrid=True, output_dimension=5))
    shaped = {}
    for objective in objectives:
        z = torch.randn(3, 1, 32, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
        objective.loss(network.criterion, Triplet(*z), None).total.backward()
        shaped[objective.name] = (z.grad.abs().amax((0, 1, 2)) > 0).tolist()
    assert shaped == {"labels": [True] * 3 + [False] * 2, "time": [True] * 5}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_learns(condition):
    """Every distribution, similarity and model ends well below chance on trials that it has not seen."""
    steps = 150 if condition == "offset1" else 80
    task = task_of(
        track(0, trials=60, neurons=30), **CONDITIONS[condition], steps=steps, batch_size=128, learning_rate=1e-2
    )
    with settings(1):
        _, _, rows = fitting.fit(task, "cpu")
    scores = [r for r in rows if r["kind"] == "score" and r["part"] == "valid"]
    assert {r["objective"] for r in scores} == {o.name for o in lesson(task)[2]}
    assert all(r["bits"] > 0.1 for r in scores), scores


def test_a_shifted_label_is_not_learned():
    """Labels of another time: what is learned on train does not carry to valid."""
    recording = track(0)
    values = np.random.default_rng(0).permutation(recording.labels["position"].values)
    recording.labels["position"] = Label(values)
    with settings(1):
        rows = fitting.fit(task_of(recording, labels={"position": 1.0}, steps=60), "cpu")[2]
    assert max(r["bits"] for r in rows if r["kind"] == "score" and r["part"] in ("valid", "test")) < 0.05


def fitted(task, threads=1):
    with settings(threads):
        network, _, rows = fitting.fit(task, "cpu")
    return [p.detach().clone() for p in network.parameters()], rows


@pytest.mark.parametrize("condition", ["behavior", "hybrid", "euclidean"])
def test_a_rerun_is_equal_to_the_bit_and_another_seed_is_not(condition):
    given = {**CONDITIONS[condition], "steps": 12}
    first, rows = fitted(task_of(track(0), track(1), **given))
    again, rows_again = fitted(task_of(track(0), track(1), **given))
    other, _ = fitted(task_of(track(0), track(1), seed=2, **given))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert repr(rows) == repr(rows_again)
    assert not any(torch.equal(a, b) for a, b in zip(first[1:], other[1:], strict=True) if a.numel() > 1)


def test_two_threads_rerun_to_the_bit():
    first, again = (fitted(task_of(track(0), steps=8), threads=2)[0] for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_global_generators_and_settings_stay_untouched():
    with torch.random.fork_rng():
        torch.manual_seed(8)  # a state that no fit leaves behind by chance
        torch.set_deterministic_debug_mode("default")
        torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
        threads = torch.get_num_threads()
        fitted(task_of(track(0), steps=5), threads=threads + 1)
        assert torch.equal(torch_state, torch.random.get_rng_state())
        assert (numpy_state == np.random.get_state()[1]).all()  # noqa: NPY002
        assert (torch.get_num_threads(), torch.get_deterministic_debug_mode()) == (threads, 0)


def test_names_do_not_enter_random_streams():
    task = task_of(track(0), steps=5)
    first, _ = fitted(task)
    renamed, _ = fitted(replace(task, names=("another",)))
    assert all(torch.equal(a, b) for a, b in zip(first, renamed, strict=True))


def test_adam_is_torchs():
    ours, theirs = ([torch.nn.Parameter(torch.linspace(-1, 1, n)) for n in (5, 3)] for _ in range(2))
    one, two = Adam(ours, 0.01), torch.optim.Adam(theirs, lr=0.01, fused=True)
    for step in range(20):
        for given in (ours, theirs):
            for p in given:
                p.grad = None
            sum((p * (step + 1)).sin().sum() for p in given).backward()
        one.step()
        two.step()
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_choice_of_path_follows_from_shapes(name):
    """A short series is encoded whole but for the last layers, a long one window by window."""
    row = architecture(name)
    widths = Encoder(row, 60, 32, 3).widths
    assert (whole_layers(row, widths, 1000, 1536) > 0) == (row.stride == 1)  # a stride leaves most samples out
    assert whole_layers(row, widths, 1_000_000, 1536) == 0


@pytest.mark.parametrize("filled", [0.03, 1.0])
def test_choice_of_path_costs_least(filled):
    """Against the count of every multiplication, activation and number moved, layer by layer and window by window."""
    row, chosen = architecture("offset10-model"), []
    before, kernels = [120, 32, 32, 32, 32, 3], [2, 3, 3, 3, 3]
    for length, drawn in [(1000, 1536), (10_178, 1536), (10_178, 3072), (40_000, 1536), (200_000, 1536)]:
        costs = []
        for depth in range(6):
            cost, window = 0, 10
            for layer, kernel in enumerate(kernels):
                if layer == depth:
                    cost += GATHER * drawn * window * before[layer]
                window -= kernel - 1
                rows = length if layer < depth else drawn * window
                products = kernel * before[layer] * before[layer + 1]
                few = min(1, FILLED * filled) if depth and layer == 0 else 1
                cost += rows * (few * products + (GELU * before[layer + 1] if layer < 4 else 0))
            costs.append(cost + (GATHER * drawn * 3 if depth == 5 else 0))
        chosen.append(whole_layers(row, before, length, drawn, filled))
        assert chosen[-1] == int(np.argmin(costs))
    assert len(set(chosen)) > 2


def test_sessions_of_other_lengths_take_other_ways():
    """A short session runs more layers over its series than a long one; sums over filled bins count as less."""
    short, long, counts = torch.rand(2000, 60), torch.rand(60_000, 60), (torch.rand(20_000, 60) < 0.03).float()
    row = architecture("offset10-model")
    network = torch.nn.Module()
    network.encoders, network.architecture = [Encoder(row, 60, 32, 3) for _ in range(3)], row
    way = encoding(network, [short, long, counts], SimpleNamespace(offset=Offset(5, 5)), 1536)
    assert way.depths[0] > way.depths[2] > way.depths[1] == 0
    assert [len(taps) for taps in way.taps] == [10 - k for k in np.cumsum([0, 1, 2, 2, 2, 2])[way.depths]]


def test_everything_is_computed_on_train_alone():
    """What valid, test and gap hold changes nothing in the trained network."""
    recording, task = track(0), task_of(track(0), steps=5, normalize="zscore")
    first, _ = fitted(task)
    outside = task.parts[0] != "train"
    neural, position = recording.neural.copy(), recording.labels["position"].values.copy()
    neural[outside] = neural[outside][::-1] * 3
    position[outside] = position[outside][::-1] * 0.5
    labels = {**recording.labels, "position": Label(position, unit="m")}
    changed, _ = fitted(replace(task, recordings=(replace(recording, neural=neural, labels=labels),)))
    assert all(torch.equal(a, b) for a, b in zip(first, changed, strict=True))


def test_across_ignores_epochs_and_within_does_not():
    recording = track(0)
    masks = [np.ones(len(recording), bool)]
    within, across = (lay_out([recording], masks, Offset(5, 5), flag) for flag in (False, True))
    assert (len(within.centres[0]), len(across.centres[0])) == (40 * 21, 1200 - 9)


HYBRID = dict(hybrid=True, output_dimension=4)


@pytest.mark.parametrize("sessions", [1, 2])
def test_objectives_share_negatives_and_nothing_else(sessions, monkeypatch):
    """Each scores its own pairs against what was drawn once for both, and the step embeds that once."""
    task = task_of(*(track(s) for s in range(sessions)), **HYBRID)
    part, network, objectives = lesson(task)
    labels, time = draw_each([o.sampling for o in objectives], 1, 16, np.random.default_rng(0))
    assert labels.negative is time.negative
    assert not np.array_equal(labels.reference, time.reference)
    rows = part.embed(network).double()
    expected = []
    for draw, objective in ((labels, objectives[0]), (time, objectives[1])):
        views = [rows[torch.from_numpy(index[0])][..., : objective.dimensions] for index in draw]
        views = [v.flatten(0, 1)[None] for v in views] if objective.conditional.pooled else views
        each = [infonce_loop(*(v.tolist() for v in group), 1.0, "cosine") for group in zip(*views, strict=True)]
        expected.append(np.mean(each, 0))
    encoding, seen = whole(network, part), []
    monkeypatch.setattr(
        Encoding, "plan", lambda *given, plan=Encoding.plan: seen.append(given[1].shape) or plan(*given)
    )
    loss, _ = next(train(network, encoding, objectives, 16, 1, adam(network), np.random.default_rng(0)))
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-4)
    assert seen[0] == (1, 5 * 16 * sessions)


def test_only_negatives_of_one_distribution_are_shared():
    part, _, objectives = lesson(task_of(track(0), **HYBRID))
    first, second = (o.sampling for o in objectives)
    for other in (replace(second, negatives=7), replace(second, prior=ClassUniform(np.zeros(len(part.timeline), int)))):
        one, two = draw_each([first, other], 1, 16, np.random.default_rng(0))
        assert one.negative is not two.negative
        assert embedded([first, other], 16) == sum(x.shape[-1] for x in distinct([one, two]))
    assert embedded([first, second], 16) == 5 * 16

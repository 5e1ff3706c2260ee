from __future__ import annotations

import numpy as np
import pytest
import torch

from cebra_pipe.models.contrast import Contrast
from cebra_pipe.solver.evaluate import Exam, ceiling, exam
from tests.oracles import infonce_loop
from tests.solver.test_engine import CONDITIONS, lesson, task_of
from tests.toys import track


@pytest.mark.parametrize(("temperature", "bits"), [(1.0, 1.21), (0.5, 2.03), (0.1, 4.32)])
def test_ceiling_of_the_sphere(temperature, bits):
    assert ceiling(temperature, 3) == pytest.approx(bits, abs=0.005)


@pytest.mark.parametrize("dimension", [1, 2, 3, 8])
@pytest.mark.parametrize("temperature", [2.0, 0.2])
def test_ceiling_by_simulation(dimension, temperature):
    x = np.random.default_rng(0).standard_normal((400_000, dimension))
    cosine = x[:, 0] / np.linalg.norm(x, axis=1)
    simulated = (1 / temperature - np.log(np.exp(cosine / temperature).mean())) / np.log(2)
    assert ceiling(temperature, dimension) == pytest.approx(simulated, abs=0.05)


def test_ceiling_does_not_overflow():
    assert 10 < ceiling(1e-4, 3) < 100


@pytest.mark.parametrize("condition", ["behavior", "time", "discrete", "euclidean"])
@pytest.mark.parametrize("sessions", [1, 2])
def test_a_constant_embedding_is_zero_bits(condition, sessions):
    task = task_of(*(track(s) for s in range(sessions)), **CONDITIONS[condition])
    part, network, _ = lesson(task)
    same = torch.tensor([0.6, 0.48, 0.64]).expand(len(part.timeline), 3)
    for each in part.exams:
        score = each.score(network.criterion, same, 4)
        assert score.bits == pytest.approx(0, abs=1e-12)
        assert score.loss == pytest.approx(score.chance, abs=1e-12)


@pytest.mark.parametrize("sessions", [1, 2])
@pytest.mark.parametrize("condition", ["behavior", "time"])
def test_a_score_is_the_definition(condition, sessions):
    task = task_of(*(track(s) for s in range(sessions)), batch_size=16, **CONDITIONS[condition])
    part, network, _ = lesson(task)
    embedded = part.embed(network)
    for each in part.exams:
        draws = [d[0] + each.shift for d in each.draws]  # (session, batch)
        groups = [[d.ravel() for d in draws]] if condition == "behavior" else zip(*draws, strict=True)
        found = [infonce_loop(*(embedded[torch.from_numpy(i)].tolist() for i in g), 1.0, "cosine") for g in groups]
        score = each.score(network.criterion, embedded, 1)
        assert (score.loss, score.align, score.uniform) == pytest.approx(tuple(np.mean(found, 0)), rel=1e-5)
        assert score.bits == pytest.approx((score.chance - score.loss) / np.log(2))


def test_each_session_alone_and_pooled():
    part, _, _ = lesson(task_of(track(0), track(1)))
    assert [e.session for e in part.exams] == ["r0", "r1", "pooled"]
    starts = part.timeline.start
    for s, each in enumerate(part.exams[:2]):
        flat = np.stack(each.draws) + each.shift
        assert ((starts[s] <= flat) & (flat < starts[s + 1])).all()


def test_exams_are_the_same_for_other_seeds_and_models():
    first, other = (lesson(task_of(track(0), seed=s, temperature=t))[0] for s, t in ((1, 1.0), (2, 0.5)))
    assert all((a == b).all() for a, b in zip(first.exams[0].draws, other.exams[0].draws, strict=True))


def test_exam_positives_are_of_other_trials():
    part, _, (objective,) = lesson(task_of(track(0)))
    made: Exam = exam(objective, "r0", 64, 4, np.random.default_rng(0))
    trial = part.timeline.trial
    assert (trial[made.draws.positive] != trial[made.draws.reference]).all()
    assert part.timeline.is_centre()[np.stack(made.draws)].all()


def test_positives_of_the_own_trial_are_taken_where_they_are_asked_for():
    """The published way; what is trained on stays."""
    (part, *_), (usual, *_) = (lesson(task_of(track(0), **own)) for own in ({"own_trial": True}, {}))
    trial, drawn, others = part.timeline.trial, part.exams[0].draws, usual.exams[0].draws
    assert (trial[drawn.positive] == trial[drawn.reference]).any()
    assert (trial[others.positive] != trial[others.reference]).all()
    assert (drawn.reference == others.reference).all()


def test_perfect_embedding_reaches_the_ceiling():
    """Positives on their references, negatives spread over the sphere."""
    rng = np.random.default_rng(0)
    sphere = torch.nn.functional.normalize(torch.from_numpy(rng.standard_normal((4000, 3))), dim=1)
    part, _, (objective,) = lesson(task_of(track(0)))
    draws = exam(objective, "r0", 500, 1, rng).draws
    z = torch.zeros(len(part.timeline), 3, dtype=torch.float64)
    z[:] = sphere[torch.from_numpy(rng.integers(0, 4000, len(z)))]
    reached = Exam(objective, "r0", draws._replace(positive=draws.reference)).score(Contrast(temperature=1.0), z, 1)
    assert reached.bits == pytest.approx(ceiling(1.0, 3), abs=0.06)

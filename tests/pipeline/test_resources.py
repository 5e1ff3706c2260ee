"""What jobs ask of a machine follows from what they do."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from cebra_pipe.data.table import Table, write_table
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.planning import resources
from cebra_pipe.pipeline.planning.plan import Plan

from .test_study import BASE

FIT = {"condition": "behavior", "unit": "a", "fold": "0", "seed": "1"}


def planned(**behavior) -> Plan:
    raw = copy.deepcopy(BASE)
    raw["conditions"]["behavior"] |= behavior
    return Plan(resolve(raw))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(plan: Plan, samples: int) -> None:
    path = plan.output("load", "recording", recording="a")
    write_table(path, Table({"time": np.zeros(samples, np.float32)}, {"stage": "load"}))


def of_steps(plan: Plan) -> int:
    return resources.minutes(plan, "fit", FIT, 1) - resources.MINUTES["fit"]


@pytest.mark.parametrize(("steps", "minutes"), [(1, 1), (300, 1), (301, 2), (3000, 10), (10_000, 34)])
def test_a_started_minute_counts(folder, steps, minutes):
    assert of_steps(planned(steps=steps)) == minutes


def test_a_step_of_a_full_batch_takes_the_square_of_its_samples(folder):
    """Of 10,000 samples 0.2 s and 0.4 s of pairs; of 100,000 ten and a hundred times as long."""
    plan = planned(steps=1000, batch_size="full")
    before = of_steps(plan)
    written(plan, 10_000)
    assert of_steps(plan) == 10
    written(plan, 100_000)
    assert of_steps(plan) == 700
    assert 10 < before < 700  # of a recording that nobody has counted yet
    assert resources.minutes(plan, "fit", FIT, 2) == 2 * (700 + resources.MINUTES["fit"])


def test_a_file_that_cannot_be_read_stands_for_one_that_is_not_made(folder):
    plan = planned(steps=1000, batch_size="full")
    before = of_steps(plan)
    written(plan, 100_000)
    path = folder / plan.output("load", "recording", recording="a")
    path.write_bytes(path.read_bytes()[:-8])
    assert of_steps(plan) == before


def test_samples_count_for_full_batches_alone(folder):
    plan = planned(steps=3000)
    written(plan, 100_000)
    assert of_steps(plan) == 10

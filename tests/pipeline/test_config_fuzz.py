"""Whatever stands in a config: a plan, or one message of bounded length, and never a traceback."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.reading import read_study, read_yaml, resolve
from cebra_pipe.pipeline.planning.plan import Plan, check_files

from .mutants import mutants

ROOT = Path(__file__).resolve().parents[2]
FILES = """
study: files
recordings:
  mouse:
    file: m.npz
    neural: {key: spikes, transpose: true}
    rate: 40
    time: t
    labels:
      position: {key: p, unit: m, scale: 0.01, time: {key: pt}, resample: linear}
      direction: {key: d, kind: discrete}
      heading: {key: h, period: 360}
    trials: {from: "direction, position", jump: 0.2}
    select: {minimum_rate: 0.1, speed_of: position, minimum_speed: 0.02, start: 1, stop: 100}
  other:
    spikes: {times: {file: s.csv, column: 0}, neurons: {file: s.csv, column: 1}, start: 0, stop: 10}
    rate: 40
    labels: {position: {file: p.csv, columns: [x], unit: m}}
    trials: {key: trial, file: p.csv}
split: {scheme: folds, folds: 3}
defaults: {temperature: 0.5, learn_temperature: true, minimum_temperature: 0.2}
conditions:
  a: {labels: {position: 2, direction: 1}, recordings: [mouse], seeds: 3, hybrid: true, units: {g: [mouse]}}
  b: {like: a, control: circular_shift}
  c: {labels: [position], positives: delta_normal, delta: 0.1, seeds: [1, 2]}
decode: {labels: [position], neighbors: [1, 2], shifts: 19}
align: {labels: [position], minimum: 3, reference: mouse}
comparisons: {x: {condition: c, labels: [position], shifts: 19}, y: {condition: c, between: runs}}
figures: {figures: [decoding], laps: 3}
"""


@pytest.fixture
def sources(tmp_path) -> dict[str, dict]:
    (tmp_path / "files.yaml").write_text(FILES)
    paths = {"tiny": ROOT / "config" / "tiny.yaml", "default": ROOT / "config.yaml", "files": tmp_path / "files.yaml"}
    return {name: read_yaml(path) for name, path in paths.items()}


def outcome(raw: dict) -> str:
    """planned or told; anything else is raised."""
    try:
        plan = Plan(resolve(raw))
        check_files(plan, "config")
        json.dumps([job.spec for job in plan.jobs()])
        plan.targets()
    except UserError as error:
        return "told" if max(len(str(problem)) for problem in error.problems) < 3000 else "told at length"
    return "planned"


def fuzzed(sources: dict[str, dict], number: int) -> Counter:
    found: Counter = Counter()
    for seed, raw in enumerate(sources.values()):
        for told, mutant in mutants(raw, number, seed):
            try:
                found[outcome(mutant)] += 1
            except Exception as error:
                raise AssertionError(told) from error
    return found


def test_the_sources_themselves_are_in_order(sources):
    assert [outcome(raw) for name, raw in sources.items() if name != "files"] == ["planned", "planned"]
    with pytest.raises(UserError) as caught:
        check_files(Plan(resolve(sources["files"])), "config")
    assert {problem.found for problem in caught.value.problems} == {"no such file"}


def test_mutants_are_planned_or_told(sources):
    found = fuzzed(sources, 150)
    assert found["told"] > 200
    assert found["planned"] > 20
    assert found.total() == found["told"] + found["planned"]


@pytest.mark.deep
def test_ten_thousand_mutants_are_planned_or_told(sources, evidence):
    found = fuzzed(sources, 10_000)
    assert set(found) == {"told", "planned"}
    evidence(dict(found))


TEXTS = {
    "a list as key": "? [1, 2]\n: 3\n",
    "a mapping as key": "{a: 1}: 2\n",
    "a date that is none": "study: 2020-13-45\n",
    "a number of 5000 digits": f"seed: {'9' * 5000}\n",
    "hexadecimal digits without end": f"study: 0x{'f' * 5000}\n",
    "brackets without end": "[" * 5000,
    "a reference to itself": "study: &a [*a]\n",
    "references that multiply": "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(12)
    ),
    "an unknown tag": "study: !!python/object/apply:os.getcwd []\n",
    "bytes": "study: !!binary aGVsbG8=\n",
    "two documents": "study: a\n---\nstudy: b\n",
    "a tab": "study:\n\tx: 1\n",
    "another encoding": "study: \udcff\n",
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
def test_texts_that_are_no_study(case, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(TEXTS[case].encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError) as caught:
        read_study(path)
    assert str(path) in str(caught.value)
    assert max(len(str(problem)) for problem in caught.value.problems) < 3000

"""Fits beside fits of cebra 0.6.1 on a real rat: how they are scored, what counts as equal, the comparison itself."""

from __future__ import annotations

import json
import math
import random
import re
import sys
import warnings

import numpy as np
import pytest
import torch

from cebra_pipe.errors import MissingFile
from tests.conftest import ROOT
from tests.oracles import infonce_loop

sys.path.insert(0, str(ROOT / "benchmarks"))

import compare
import embed
import equivalence

RNG = np.random.default_rng(0)
STEPS = 400
PLACE = np.abs(np.arange(STEPS) / 50 % 2 - 1)
RIGHT = (np.arange(STEPS) // 50 % 2).astype(float)
POSITION = np.stack([1.6 * PLACE, RIGHT, 1 - RIGHT], axis=1)


def sphere(values: np.ndarray) -> np.ndarray:
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


# ---- what is within seed noise -------------------------------------------------------------------------------------
def test_three_spreads_of_seeds_or_the_floor():
    """Spreads of 1 and 3 pool to sqrt(5); a difference of 6.7 is within three of them, 6.8 is not."""
    ours, theirs = np.array([-1.0, 0, 1]), np.array([-3.0, 0, 3])
    assert compare.verdict(ours + 6.7, theirs, 0.0).within
    assert not compare.verdict(ours + 6.8, theirs, 0.0).within
    assert not compare.verdict(ours - 6.8, theirs, 0.0).within
    assert compare.verdict(ours + 6.8, theirs, 6.9).within
    told = compare.verdict(ours + 2, theirs, 0.0)
    assert told.difference == pytest.approx(2)
    assert told.half_width == pytest.approx(2.776 * math.sqrt(5 * 2 / 3), rel=1e-3)  # t of 4 degrees of freedom


def test_one_seed_has_no_spread():
    with pytest.raises(ValueError, match="found 3 and 1"):
        compare.verdict([1, 2, 3], [1], 0.1)


# ---- how embeddings are scored -------------------------------------------------------------------------------------
@pytest.mark.parametrize("objective", compare.OBJECTIVES)
def test_the_held_out_loss_of_a_constant_embedding_is_chance(objective, monkeypatch):
    monkeypatch.setattr(compare, "ROUNDS", 2)
    same = np.tile(np.float32([0.6, 0.48, 0.64]), (STEPS, 1))
    assert compare.infonce(same, objective, POSITION) == pytest.approx(math.log(512), abs=1e-6)


def test_the_held_out_loss_of_time_is_the_loop(monkeypatch):
    monkeypatch.setattr(compare, "ROUNDS", 3)
    monkeypatch.setitem(embed.OPTIONS, "batch_size", 50)
    embedding, drawn = sphere(RNG.normal(size=(STEPS, 3))), []
    loader = compare.data.ContinuousDataLoader
    real = loader.get_indices
    monkeypatch.setattr(loader, "get_indices", lambda self, n: drawn.append(real(self, n)) or drawn[-1])
    found = compare.infonce(embedding, "time", POSITION)
    assert found == compare.infonce(embedding, "time", POSITION)
    for index in drawn:
        assert (index.positive == index.reference + 10).all()
        assert min(index.reference.min(), index.negative.min()) >= 5  # samples with a whole window
    parts = [[embedding[i].tolist() for i in index[:3]] for index in drawn[:3]]
    assert found == pytest.approx(np.mean([infonce_loop(*each, 1.0, "cosine")[0] for each in parts]), abs=1e-6)


def test_decoding_reads_the_place_and_leaves_padded_samples_out():
    angle = np.pi * PLACE
    whole = sphere(np.stack([np.cos(angle), np.sin(angle) * (2 * RIGHT - 1) + 1e-3, np.zeros(STEPS)], axis=1))
    found = {"train": whole.copy(), "test": whole.copy()}
    good = compare.decoded(found, POSITION, POSITION)
    assert good["position error"] < 15
    assert good["direction right"] > 0.85
    found["train"][-4:], found["test"][:5] = np.nan, np.nan  # would be told if they were read
    assert compare.decoded(found, POSITION, POSITION) == good
    noise = {part: sphere(RNG.normal(size=(STEPS, 3))) for part in found}
    assert compare.decoded(noise, POSITION, POSITION)["position error"] > 25


def test_classes_are_places_in_either_direction():
    (both,) = embed.labels("discrete", POSITION)
    assert both.dtype.kind == "i"
    assert (both % 2 == POSITION[:, 1]).all()
    assert (abs(both // 2 * 0.1 + 0.05 - POSITION[:, 0]) <= 0.1 + 1e-9).all()
    assert both.max() == 31


@pytest.fixture
def generators():
    """A fit in a process of its own seeds the global generators; here they are put back."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state(), torch.get_num_threads()  # noqa: NPY002
    yield
    setters = random.setstate, np.random.set_state, torch.set_rng_state, torch.set_num_threads
    for put, state in zip(setters, states, strict=True):
        put(state)


@pytest.mark.parametrize("mode", ["behavior", "hybrid"])
@pytest.mark.parametrize("program", equivalence.SEEDS)
@pytest.mark.filterwarnings("ignore")
def test_the_same_lines_run_both_programs(program, mode, reference, generators, monkeypatch, tmp_path):
    data, out = tmp_path / "rat.npz", tmp_path / "out.npz"
    np.savez(data, spikes=RNG.poisson(0.1, (STEPS, 7)).astype(np.uint8), position=POSITION)
    monkeypatch.setattr(sys, "argv", ["embed.py", program, mode, "1", "3", str(data), str(out)])
    monkeypatch.setitem(embed.OPTIONS, "batch_size", 32)
    with warnings.catch_warnings():
        embed.main()
    found = np.load(out)
    assert (found["train"].shape, found["test"].shape, found["history"].shape) == ((320, 3), (80, 3), (3,))
    assert found["history"][0] == pytest.approx((1 + (mode == "hybrid")) * math.log(32), abs=0.5)
    assert str(found["version"]) == equivalence.current(program)


# ---- what is kept ----------------------------------------------------------------------------------------------------
def test_a_fit_is_made_once_and_again_for_other_code(tmp_path, monkeypatch):
    made = []

    def fit(command, **options):
        made.append(command[2:6])
        np.savez(command[-1], version=equivalence.current(command[2]))

    monkeypatch.setattr(equivalence.subprocess, "run", fit)
    for code in ("a", "a", "b"):
        monkeypatch.setattr(equivalence, "current", lambda program, code=code: code)
        equivalence.fitted("cebra", "time", 1, 20, tmp_path / "rat.npz", tmp_path)
    equivalence.fitted("cebra", "time", 2, 20, tmp_path / "rat.npz", tmp_path)
    assert made == [["cebra", "time", "1", "20"]] * 2 + [["cebra", "time", "2", "20"]]


def test_the_code_of_a_fit_decides_its_version():
    assert embed.version("cebra") == "0.6.1"
    assert re.fullmatch("[0-9a-f]{16}", embed.version("cebra_pipe"))


# ---- the page --------------------------------------------------------------------------------------------------------
def test_the_page_holds_the_table_of_the_scores():
    found = json.loads(equivalence.SUMMARY.read_text())
    assert equivalence.table(found) in equivalence.PAGE.read_text()
    assert {row["run"] for row in found["rows"]} == set(equivalence.RUNS)
    assert outside(found["rows"]) == set(equivalence.KNOWN)


def test_the_tests_that_the_page_names_are_there():
    named = re.findall(r"`(tests/\S+\.py)::(\w+)`", equivalence.PAGE.read_text())
    assert len(named) > 10
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(), f"{path}::{name}"


def outside(rows: list[dict]) -> set[tuple[str, str]]:
    """Runs and measures in which the programs differ; of the controls one has to."""
    assert any(not equivalence.within(row) for row in rows if row["run"] == equivalence.CONTROL)
    compared = [row for row in rows if row["run"] not in equivalence.CONTROLS]
    return {(row["run"], row["measure"]) for row in compared if not equivalence.within(row)}


@pytest.mark.deep
def test_fits_of_a_real_rat_end_where_those_of_the_reference_do(evidence):
    try:
        equivalence.recording(equivalence.OUT)
    except MissingFile as missing:
        pytest.skip(f"the rat Achilles is not there: {missing}")
    found = equivalence.compared()
    equivalence.write(found)
    assert outside(found["rows"]) == set(equivalence.KNOWN)
    evidence({"steps": found["steps"], "rows": len(found["rows"]), "outside": sorted(equivalence.KNOWN)})

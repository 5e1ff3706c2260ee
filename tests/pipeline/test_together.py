"""Seeds of a condition as one job: what is planned, what is refused, and that what reads it finds each seed's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cebra_pipe.data.recording import Label
from cebra_pipe.data.split import split
from cebra_pipe.data.table import read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.disk.prune import stale_checkpoints
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.jobs.locks import lock
from cebra_pipe.pipeline.planning import resources
from cebra_pipe.pipeline.planning.layout import STAGES
from cebra_pipe.pipeline.planning.plan import Plan
from cebra_pipe.pipeline.rehearsal import Prepared, rehearse
from cebra_pipe.pipeline.stages import fit, fit_together, transform
from cebra_pipe.plot.files import histories, left_out
from cebra_pipe.plot.shown import Study
from cebra_pipe.solver.artifact import read_models, read_provenance, read_seed

from ..toys import altered, fit_job, together_job, track

CONFIG = {
    "study": "s",
    "recordings": {name: {"simulate": {"seed": i}} for i, name in enumerate(("a", "b", "c"))},
    "split": {"scheme": "folds", "folds": 2, "stratify": "direction"},
    "defaults": {"model": "offset5-model", "steps": 3000, "batch_size": 32, "hidden_units": 8},
    "conditions": {
        "time": {"recordings": ["a"]},
        "behavior": {"labels": ["position"], "recordings": ["a"], "seeds": [7, 3], "enough_data": {"shares": [0.5]}},
        "joint": {"labels": ["position"], "units": "joint", "seeds": 2, "leave_one_out": {"shares": [1.0]}},
        "shifted": {"like": "behavior", "control": "circular_shift", "seeds": 3},
    },
    "comparisons": {},
}


def planned(**values) -> Plan:
    return Plan(resolve(altered(CONFIG, **values)))


def jobs(plan: Plan) -> dict[str, str]:
    """Job by its first output -> its spec."""
    return {
        f"{stage} {next(iter(plan.outputs(stage, w).values())).removeprefix('results/s/')}": plan.spec(stage, w)
        for stage in STAGES
        for w in plan.instances(stage)
    }


def fits(plan: Plan) -> set[str]:
    return {name for name in jobs(plan) if name.startswith("fit")}


BEHAVIOR = {f"fit fits/behavior/a/fold{fold}/seed{seed}/model.pt" for fold in (0, 1) for seed in (7, 3)}
BATCHES = {f"fit_together fits/behavior/a/fold{fold}/models.pt" for fold in (0, 1)}


# ---- what is planned -------------------------------------------------------------------------------------------------
def test_a_batch_is_one_job_for_a_unit_and_fold_and_portions_stay_single():
    before, after = planned(), planned(conditions__behavior__together=True)
    assert fits(before) - fits(after) == BEHAVIOR
    assert fits(after) - fits(before) == BATCHES
    changed_specs = {name for name in jobs(before).keys() & jobs(after) if jobs(before)[name] != jobs(after)[name]}
    assert changed_specs == {"transform embeddings/behavior/a.parquet"}
    assert json.loads(jobs(after)[next(iter(BATCHES))])["seeds"] == [3, 7]
    read = after.inputs("transform", {"condition": "behavior", "unit": "a"})["models"]
    assert [path.removeprefix("results/s/") for path in read] == [f"fits/behavior/a/fold{f}/models.pt" for f in (0, 1)]


def test_another_seed_trains_the_batch_anew_and_another_order_does_not():
    one = jobs(planned(conditions__behavior__together=True))
    more = jobs(planned(conditions__behavior__together=True, conditions__behavior__seeds=[7, 3, 4]))
    order = jobs(planned(conditions__behavior__together=True, conditions__behavior__seeds=[3, 7]))
    assert {name for name in one if one[name] != more.get(name)} >= BATCHES
    assert all(one[name] == order[name] for name in BATCHES)


def test_a_batch_of_the_defaults_is_of_all_that_can_be_one():
    """Neither of a single seed nor of a control; an adaptation to a recording left out reads its seed of the batch."""
    plan = planned(defaults__together=True)
    units = {(w["condition"], w["unit"]) for w in plan.instances("fit_together")}
    assert units == {("behavior", "a"), *(("joint", unit) for unit in ("joint", "without_a", "without_b", "without_c"))}
    found = plan.inputs("adapt", {"condition": "joint", "unit": "without_b", "fold": "1", "seed": "2"})["model"]
    assert found == ["results/s/fits/joint/without_b/fold1/models.pt"]
    given = plan.inputs("tables", {"table": "verdict"})
    assert len(given["without_histories"]) == 3 * 2
    assert len(given["histories"]) == 2 * (1 + 1 + 1 + 3)  # folds of time, behavior, joint and the draws of shifted


def test_a_control_like_a_batch_is_no_batch_and_keeps_its_tests():
    """The bits of its draws stand against those of the condition: rounding makes no other training of it."""
    plan = planned(conditions__behavior__together=True)
    assert not plan.study.conditions["shifted"].together
    assert "tables tables/tests.csv" in jobs(plan)


def test_a_batch_asks_for_what_its_seeds_need():
    plan = planned(conditions__joint__together=True)
    batch = {"condition": "joint", "unit": "joint", "fold": "0"}
    assert resources.memory(plan, "fit_together", batch, 1) == 1500 + 500 * 3 * 2
    assert resources.minutes(plan, "fit_together", batch, 1) == 10 + 3 * 2 * 3000 // 300
    assert resources.memory(plan, "fit", batch, 1) == 1500 + 500 * 3


def test_full_batches_ask_for_more_time_and_for_their_pairs():
    plan = planned(conditions__behavior__together=True, conditions__behavior__batch_size="full")
    batch = {"condition": "behavior", "unit": "a", "fold": "0"}
    assert resources.minutes(plan, "fit", batch, 1) > 10 + 3000 // 300
    assert resources.minutes(plan, "fit_together", batch, 1) == 2 * resources.minutes(plan, "fit", batch, 1) - 10
    assert resources.memory(plan, "fit_together", batch, 1) == 1500 + (500 + 1500) * 2
    assert resources.memory(plan, "fit", batch, 1) == 1500 + 500  # its loss holds no matrix of pairs


MISTAKES = [
    ({"conditions__time__together": True}, r"conditions.time.together: expected several seeds.*found seeds \[1\]"),
    ({"conditions__shifted__together": True}, r"conditions.shifted.together: .*found control: circular_shift"),
    ({"conditions__one": {"like": "behavior", "seeds": [5], "together": True}}, r"conditions.one.together: .*`like`"),
    (
        {"defaults__together": True, "conditions__behavior__seeds": 1, "conditions__joint__seeds": 1},
        r"defaults.together: expected several seeds, and no control, found no condition with that",
    ),
]


@pytest.mark.parametrize(("change", "match"), MISTAKES)
def test_a_batch_without_effect_is_refused(change, match):
    with pytest.raises(UserError, match=match) as told:
        planned(**change)
    assert len(told.value.problems) == 1


def test_one_seed_like_a_batch_is_fitted_alone_where_it_says_so():
    one = {"like": "behavior", "seeds": [5], "together": False}
    plan = planned(conditions__behavior__together=True, conditions__one=one)
    assert "fit fits/one/a/fold0/seed5/model.pt" in fits(plan)


@pytest.mark.parametrize("together", [False, True])
def test_check_refuses_a_batch_in_which_a_recording_lacks_a_class(together):
    options = {"labels": ["direction"], "units": "joint", "recordings": ["a", "b"], "seeds": 2, "together": together}
    plan, ones = planned(split={"gap": 0.5}, conditions={"side": options}), [track(0), track(1)]
    ones[1].labels["direction"] = Label(np.zeros(len(ones[1]), np.int64), "discrete")
    prepared = [Prepared(one, split(one, plan.study.config.split.model_dump())) for one in ones]

    def rehearsed():
        return list(rehearse(plan, plan.study.conditions["side"], "joint", prepared))

    if not together:
        assert len(rehearsed()) == 1
        return
    with pytest.raises(UserError, match=r"missing in a session.*without `together`"):
        rehearsed()


def test_prune_finds_the_checkpoint_of_a_batch_that_is_none_any_more(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cebra_pipe.pipeline.planning.plan.fingerprint", lambda *_: "")
    batch, single = planned(conditions__behavior__together=True), planned()
    models = batch.output("fit_together", "models", condition="behavior", unit="a", fold=0)
    old = Path(models).with_name(".models.pt.checkpoint")
    old.parent.mkdir(parents=True)
    old.write_bytes(b"")
    assert stale_checkpoints(batch) == []
    assert stale_checkpoints(single) == [old]
    with lock(models):
        assert stale_checkpoints(single) == []


# ---- what is made ----------------------------------------------------------------------------------------------------
RAT = {"a": track(0, neurons=9)}
SHORT = {"steps": 12, "batch_size": 32, "labels": {"position": 1.0}}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A batch of the seeds 2 and 5, and the fit of each alone, in the places of a study."""
    root = tmp_path_factory.mktemp("fits") / "fits" / "behavior" / "a"
    batch = together_job(root, RAT, (2, 5), out="fold0", **SHORT)
    fit_together.run(batch)
    alone = {seed: fit_job(root, RAT, out=f"fold0/seed{seed}", seed=seed, **SHORT) for seed in (2, 5)}
    for job in alone.values():
        fit.run(job)
    return batch, alone


def numbers(rows) -> tuple[np.ndarray, list]:
    rows = list(rows)
    values = np.array([[v for v in row.values() if isinstance(v, float)] for row in rows])
    return values, [[v for v in row.values() if not isinstance(v, float)] for row in rows]


STUDY = {
    "recordings": {"a": "a"},
    "conditions": [
        {
            "name": "behavior",
            "labels": ["position"],
            "units": {"a": ["a"]},
            "without": {"without_z": ["a"]},
            "seeds": [5, 2],
        }
    ],
}


def test_each_seed_has_its_own_history_in_that_of_the_batch(made):
    """To rounding; what reads it cannot tell it from that of a single fit."""
    batch, alone = made
    found = histories(Study.of(STUDY), [batch.outputs["history"]])
    assert [(s.condition.name, s.unit, s.fold) for s in found] == [("behavior", "a", 0)] * 2
    assert [s.seed for s in found] == [2, 5]
    for source in found:
        mine, theirs = source.read(), read_table(alone[source.seed].outputs["history"])
        assert list(mine.columns) == list(theirs.columns)
        (values, texts), (expected, same) = numbers(mine.rows()), numbers(theirs.rows())
        assert texts == same
        np.testing.assert_allclose(values, expected, atol=5e-4)
        assert source.read(["bits"])["bits"].tolist() == mine["bits"].tolist()
        about = source.read([]).meta
        assert {key: about[key] for key in ("without_null", "learned_from")} == {
            key: theirs.meta[key] for key in ("without_null", "learned_from")
        }
    first, second = (source.read()["loss"] for source in found)
    assert not np.allclose(first, second, atol=5e-3, equal_nan=True)


def test_histories_of_batches_are_found_out_of_place_and_beside_single_ones(made, tmp_path):
    batch, alone = made
    aside = tmp_path / "mine.parquet"
    aside.write_bytes(batch.outputs["history"].read_bytes())
    assert [s.seed for s in histories(Study.of(STUDY), [aside])] == [2, 5]
    one = {**STUDY["conditions"][0], "name": "one", "seeds": [5]}
    study = Study.of({**STUDY, "conditions": [*STUDY["conditions"], one]})
    found = histories(study, [aside, alone[5].outputs["history"]])
    assert [(s.condition.name, s.seed) for s in found] == [("behavior", 2), ("behavior", 5), ("one", 5)]
    with pytest.raises(UserError, match="one of every condition, unit and seed, found 1 of behavior/a"):
        histories(Study.of(STUDY), [alone[5].outputs["history"]])
    others = tmp_path / "fits" / "behavior" / "without_z" / "fold0" / "history.parquet"
    others.parent.mkdir(parents=True)
    others.write_bytes(aside.read_bytes())
    found = left_out(Study.of(STUDY), [others], "fit")
    assert [(s.unit, s.seed) for s in found] == [("without_z", 2), ("without_z", 5)]


def test_embeddings_of_a_batch_are_those_of_single_fits(made, tmp_path):
    batch, alone = made

    def embedded(name: str, models: list[Path], seeds: list[int], **more) -> object:
        spec = {"stage": "transform", "sessions": ["a"], "models": [[0, seed] for seed in seeds], **more}
        output = {"embedding": tmp_path / name}
        transform.run(Job("transform", spec, {**batch.inputs, "models": models}, output))
        return read_table(tmp_path / name, stage="transform")

    models = [batch.outputs["models"]]
    mine = embedded("batch", models, [5, 2], together=True)
    theirs = embedded("single", [alone[seed].outputs["model"] for seed in (5, 2)], [5, 2])
    assert mine["seed"].tolist() == theirs["seed"].tolist()
    for axis in ("e0", "e1", "e2"):
        np.testing.assert_allclose(mine[axis], theirs[axis], atol=2e-3)
    with pytest.raises(UserError, match="a model of seed 4, found seed 2, seed 5"):
        embedded("none", models, [4], together=True)


def test_a_model_of_a_batch_says_what_made_it(made):
    batch, alone = made
    path = batch.outputs["models"]
    assert read_provenance(path)["spec"]["seeds"] == [2, 5]
    assert list(read_models(path)) == ["seed 2", "seed 5"]
    for seed in (2, 5):
        one, other = read_seed(path, seed).network, read_seed(alone[seed].outputs["model"], seed).network
        for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
            np.testing.assert_allclose(mine.detach(), theirs.detach(), rtol=1e-2, atol=5e-4)
    with pytest.raises(UserError, match="a model of seed 3, found seed 2, seed 5"):
        read_seed(path, 3)

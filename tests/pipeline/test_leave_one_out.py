"""Leaving one recording out: what the adaptation may see, the scores against slow oracles, what a change reruns."""

from __future__ import annotations

import dataclasses
import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import orthogonal_procrustes

from cebra_pipe.data.parts import windows_inside
from cebra_pipe.data.recording import Recording
from cebra_pipe.data.table import read_table
from cebra_pipe.errors import Problem, UserError
from cebra_pipe.models.contrast import Contrast
from cebra_pipe.pipeline.config.reading import resolve
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.planning.plan import Plan
from cebra_pipe.pipeline.stages import adapt, fit
from cebra_pipe.pipeline.stages.transform import embed
from cebra_pipe.sklearn.transfer import Session, rotation
from cebra_pipe.solver import fitting, keeper
from cebra_pipe.solver.artifact import read_model, read_models, write_model
from cebra_pipe.solver.fitting import fit as train

from ..toys import OUTPUTS, altered, parts, save, track

NAMES = ("a", "b", "c")
RECORDINGS = {name: track(seed, neurons=8 + seed) for seed, name in enumerate(NAMES)}
OFFSET = (2, 3)  # of offset5-model
SHARES = (0.3, 1.0)
BASE = {
    "study": "s",
    "recordings": {name: {"simulate": {"seed": seed}} for seed, name in enumerate(NAMES)},
    "split": {"stratify": "direction"},
    "defaults": {"model": "offset5-model", "steps": 60, "batch_size": 32, "hidden_units": 8},
    "conditions": {
        "joint": {
            "labels": ["position", "direction"],
            "units": "joint",
            "leave_one_out": {"shares": [1.0, 0.3], "steps": 40, "learning_rate": 3e-3},
        }
    },
    "decode": {"shifts": 19, "neighbors": [1, 5, 30]},
    "align": {"bins": 10, "minimum": 2},
    "comparisons": {},
}


class Study:
    """The part of a study that leaves recording c out, run stage by stage in this process."""

    def __init__(self, folder: Path, config: dict = BASE):
        self.folder, self.plan = folder, Plan(resolve(config | {"results": str(folder)}))
        for name, recording in RECORDINGS.items():
            for source, (stage, role) in zip(
                save(folder / "made", name, recording), (("load", "recording"), ("split", "split")), strict=True
            ):
                target = Path(self.plan.output(stage, role, recording=name))
                target.parent.mkdir(parents=True, exist_ok=True)
                source.replace(target)

    def job(self, stage: str, **wildcards: str) -> Job:
        inputs = {role: [*map(Path, paths)] for role, paths in self.plan.inputs(stage, wildcards).items()}
        outputs = {role: Path(path) for role, path in self.plan.outputs(stage, wildcards).items()}
        for path in outputs.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        return Job(stage, json.loads(self.plan.spec(stage, wildcards)), inputs, outputs)

    def run(self) -> Study:
        for stage in ("fit", "transform", "adapt", "transfer"):
            for wildcards in self.plan.instances(stage):
                if wildcards["unit"] == "without_c":
                    self.stage(stage, **wildcards)
        return self

    def stage(self, name: str, **wildcards: str) -> Job:
        job = self.job(name, **wildcards)
        import_module(f"cebra_pipe.pipeline.stages.{name}").run(job)
        return job

    def rows(self, condition: str = "joint", **equal) -> list[dict]:
        path = self.plan.output("transfer", "transfer", condition=condition, unit="without_c")
        rows = read_table(Path(path), stage="transfer").rows()
        return [row for row in rows if all(row[key] == value for key, value in equal.items())]

    def adapted(self, way: str, share: float) -> tuple[np.ndarray, np.ndarray]:
        """(time, 3) embedding and (time,) adapt."""
        path = self.plan.output("adapt", "adapted", condition="joint", unit="without_c", fold=0, seed=1)
        table = read_table(Path(path), stage="adapt")
        mine = table.where((table["way"] == way) & (table["share"] == share))
        return np.stack([mine[f"e{i}"] for i in range(3)], axis=1), mine["adapt"]

    def model(self):
        return read_model(Path(self.plan.output("fit", "model", condition="joint", unit="without_c", fold=0, seed=1)))

    def lessons(self, recording: Recording = RECORDINGS["c"]):
        spec = self.job("adapt", condition="joint", unit="without_c", fold="0", seed="1").spec
        return list(adapt.lessons(spec, recording, parts(recording), self.model()))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return Study(tmp_path_factory.mktemp("study")).run()


# ---- what is fitted --------------------------------------------------------------------------------------------------
def test_the_model_without_a_recording_is_of_the_others(study):
    assert study.model().sessions == ("a", "b")
    assert [len(s.units) for s in study.model().scalings] == [8, 9]


def test_an_adaptation_trains_the_first_layer_alone(study):
    lesson = study.lessons()[0]
    network, _, _ = train(lesson.task, "cpu", base=lesson.base)
    made, base = network.encoders[0].state_dict(), study.model().network.encoders[0].state_dict()
    assert lesson.way == "adapted"
    assert not any(p is q for p, q in zip(made.values(), base.values(), strict=True))
    first, later = list(made)[:2], list(made)[2:]
    assert made[first[0]].shape[1] == 10 != base[first[0]].shape[1]
    assert later
    for name in later:
        np.testing.assert_array_equal(made[name], base[name])


def test_all_of_train_from_scratch_is_the_fit_of_the_recording_alone(study, tmp_path):
    """The stage fit with the same steps and rate, on that recording."""
    spec = study.job("adapt", condition="joint", unit="without_c", fold="0", seed="1").spec
    alone = {key: value for key, value in spec.items() if key not in ("shares", "base", "stratify")} | {"stage": "fit"}
    files = save(tmp_path, "c", RECORDINGS["c"])
    job = Job(
        "fit", alone, {"recordings": [files[0]], "splits": [files[1]]}, {r: tmp_path / n for r, n in OUTPUTS.items()}
    )
    fit.run(job)
    points, _ = embed(read_model(job.outputs["model"]), 0, RECORDINGS["c"], False)
    np.testing.assert_array_equal(study.adapted("scratch", 1.0)[0], points)


@pytest.mark.parametrize("which", [0, 1])
def test_adaptation_sees_adapt_alone(study, which):
    """Neural data and labels of all other samples (the rest of train, valid, test, gap) change no weight."""
    lesson, recording = study.lessons()[which], RECORDINGS["c"]
    assert 0 < lesson.adapt.sum() < (parts(recording) == "train").sum()

    def weights(where: np.ndarray) -> list[np.ndarray]:
        rng = np.random.default_rng(0)
        neural = np.where(where[:, None], rng.poisson(3, recording.neural.shape), recording.neural)
        labels = {
            name: dataclasses.replace(label, values=np.where(where, rng.permutation(label.values), label.values))
            for name, label in recording.labels.items()
        }
        other = dataclasses.replace(recording, neural=neural.astype(np.float32), labels=labels)
        network, _, _ = train(dataclasses.replace(lesson.task, recordings=(other,)), "cpu", base=lesson.base)
        return [value.numpy() for value in network.encoders[0].state_dict().values()]

    true = weights(np.zeros(len(recording), bool))
    for same, value in zip(weights(~lesson.adapt), true, strict=True):
        np.testing.assert_array_equal(same, value)
    assert any((other != value).any() for other, value in zip(weights(lesson.adapt), true, strict=True))


@pytest.mark.parametrize("least", [0.15, 0.5])
@pytest.mark.parametrize("past", [0.0, 0.1])
def test_a_temperature_learned_to_its_bound_is_kept(study, tmp_path, least, past):
    """Adam steps past the bound, where the loss takes the bound; and rounding alone lies on either side of it."""
    fitted = study.model()
    criterion = Contrast("cosine", least, learn=True, minimum=least)
    with torch.no_grad():
        criterion.log_scale += past
    fitted.network.criterion = criterion
    write_model(tmp_path / "model.pt", fitted)
    read = read_model(tmp_path / "model.pt")
    assert read.network.temperature == pytest.approx(least, rel=1e-6)
    spec = study.job("adapt", condition="joint", unit="without_c", fold="0", seed="1").spec
    learned = {"temperature": 1.0, "learn_temperature": True, "minimum_temperature": least, "steps": 2}
    spec = {**spec, "training": spec["training"] | learned}
    lesson = next(adapt.lessons(spec, RECORDINGS["c"], parts(RECORDINGS["c"]), read))
    network, _, _ = train(lesson.task, "cpu", base=lesson.base)
    assert network.temperature == pytest.approx(least, rel=1e-6)


def test_two_runs_give_the_same_bytes(study):
    job = study.job("adapt", condition="joint", unit="without_c", fold="0", seed="1")
    before = {role: path.read_bytes() for role, path in job.outputs.items()}
    adapt.run(job)
    assert {role: path.read_bytes() for role, path in job.outputs.items()} == before


def stopped(job: Job, monkeypatch, fits: int, looks: int) -> None:
    """The process ends in the midst of a fit, `looks` looks on after `fits` whole ones."""
    monkeypatch.setattr(keeper, "FIRST", 0.0)
    monkeypatch.setattr(keeper, "SHARE", float("inf"))
    seen, glance = [], fitting._glance

    def look(task, network, valid, step):
        seen.append(step)
        if seen.count(0) > fits and step >= looks * 10:
            raise InterruptedError
        return glance(task, network, valid, step)

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "_glance", look)
        with pytest.raises(InterruptedError):
            adapt.run(job)


@pytest.mark.parametrize(("fits", "looks"), [(0, 2), (3, 3)])
def test_a_stopped_adaptation_goes_on_where_it_was_and_ends_with_the_same_bytes(
    study, tmp_path, monkeypatch, capsys, fits, looks
):
    job = study.job("adapt", condition="joint", unit="without_c", fold="0", seed="1")
    whole = {role: path.read_bytes() for role, path in job.outputs.items()}
    again = dataclasses.replace(job, outputs={role: tmp_path / path.name for role, path in job.outputs.items()})
    stopped(again, monkeypatch, fits, looks)
    assert not any(path.exists() for path in again.outputs.values())
    capsys.readouterr()
    adapt.run(again)
    steps = [int(line.split()[5][:-1]) for line in capsys.readouterr().err.splitlines() if "goes on after step" in line]
    assert steps == fits * [40] + [10 * looks - 10]
    assert {role: path.read_bytes() for role, path in again.outputs.items()} == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapted.parquet", "adapted.pt", "history.parquet"]


def test_each_adapted_model_is_written_and_embeds_as_it_did(study):
    path = Path(study.plan.output("adapt", "models", condition="joint", unit="without_c", fold=0, seed=1))
    models = read_models(path)
    assert list(models) == ["adapted 0.3", "scratch 0.3", "adapted 1", "scratch 1"]
    for share in SHARES:
        for way in ("adapted", "scratch"):
            points, _ = embed(models[f"{way} {share:g}"], 0, RECORDINGS["c"], False)
            np.testing.assert_array_equal(points, study.adapted(way, share)[0])
    later = [{n: v for n, v in list(m.network.encoders[0].state_dict().items())[2:]} for m in models.values()]
    for name, value in later[0].items():
        np.testing.assert_array_equal(value, later[2][name])
        assert not np.array_equal(value, later[1][name])
    with pytest.raises(UserError, match="one fitted model, found 4 models"):
        read_model(path)
    with pytest.raises(UserError, match=r"several models \(models.pt, adapted.pt\), found one"):
        read_models(Path(study.plan.output("fit", "model", condition="joint", unit="without_c", fold=0, seed=1)))


# ---- scores ----------------------------------------------------------------------------------------------------------
def inside(recording: Recording, part: str, mask: np.ndarray | None = None) -> np.ndarray:
    chosen = (parts(recording) == part) & windows_inside(recording.epoch, *OFFSET)
    return np.flatnonzero(chosen if mask is None else chosen & mask)


def slowly(points, known, query, k):
    """Mean of the k nearest by angle, one query after the other."""
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    query = query / np.linalg.norm(query, axis=1, keepdims=True)
    return np.array([known[np.argsort(-(unit @ q), kind="stable")[:k]].mean() for q in query])


def bin_of(recording, low, high):
    position, direction = (recording.labels[name].values for name in ("position", "direction"))
    return np.clip(((position - low) / (high - low) * 10).astype(int), 0, 9) * 2 + direction


@pytest.mark.parametrize("share", SHARES)
def test_transfer_is_the_others_decoder_on_the_turned_embedding(study, share):
    model, own = study.model(), RECORDINGS["c"]
    points, adapted = study.adapted("adapted", share)
    others = [RECORDINGS[name] for name in model.sessions]
    spaces = [embed(model, s, recording, False)[0].astype(float) for s, recording in enumerate(others)]
    train_on, choose_on = ([inside(r, part) for r in others] for part in ("train", "valid"))

    def pooled(rows):
        return np.concatenate([space[i] for space, i in zip(spaces, rows, strict=True)])

    def position(rows):
        return np.concatenate([r.labels["position"].values[i] for r, i in zip(others, rows, strict=True)])

    mine = inside(own, "train", adapted)
    trained = np.concatenate([position(train_on), own.labels["position"].values[mine]])
    span = trained.min(), trained.max()
    there = np.concatenate([bin_of(r, *span)[i] for r, i in zip(others, train_on, strict=True)])
    here = bin_of(own, *span)[mine]
    common = [b for b in range(20) if (here == b).sum() >= 2 and (there == b).sum() >= 2]
    ours = np.stack([points[mine][here == b].astype(float).mean(0) for b in common])
    theirs = np.stack([pooled(train_on)[there == b].mean(0) for b in common])
    turned = points.astype(float) @ orthogonal_procrustes(ours, theirs)[0]

    def error(truth, rows, query, k):
        return np.median(np.abs(truth - slowly(pooled(train_on), position(train_on), query, k)))

    chosen = [error(position(choose_on), train_on, pooled(choose_on), k) for k in (1, 5, 30)]
    (row,) = study.rows(method="transfer", label="position", share=share)
    assert row["common_bins"] == len(common)
    assert row["k"] == (1, 5, 30)[int(np.argmin(chosen))]
    assert row["valid_score"] == pytest.approx(min(chosen))
    test = inside(own, "test")
    assert row["score"] == pytest.approx(error(own.labels["position"].values[test], train_on, turned[test], row["k"]))
    assert (row["n_test"], row["n_adapt"]) == (len(test), adapted.sum())


def test_labels_of_samples_that_are_not_trained_on_have_no_say_in_the_rotation():
    """An outlier and a new class in test, valid and gap of any recording span no bin."""
    rng, spaces = np.random.default_rng(0), {}
    for name, recording in RECORDINGS.items():
        labels, train = recording.labels, inside(recording, "train")
        left = np.setdiff1d(np.arange(len(recording)), train)
        far = {k: dataclasses.replace(of, values=of.values.copy()) for k, of in labels.items()}
        far["position"].values[left[::7]], far["direction"].values[left[::5]] = 50.0, 7
        far["position"].values[left[1]], far["direction"].values[left[1]] = -9.0, -1
        points = rng.normal(size=(len(recording), 3))
        spaces[name] = [Session(of, points, train, inside(recording, "valid")) for of in (labels, far)]
    (near, common), (turned, found) = (
        rotation(spaces["c"][i], [spaces["a"][i], spaces["b"][i]], ["position", "direction"], 10, 2) for i in (0, 1)
    )
    assert found == common == 20
    np.testing.assert_array_equal(turned, near)


@pytest.mark.parametrize(("method", "way"), [("within", "adapted"), ("scratch", "scratch")])
@pytest.mark.parametrize("share", SHARES)
def test_within_and_scratch_are_decoded_by_adapt_alone(study, method, way, share):
    own = RECORDINGS["c"]
    points, adapted = study.adapted(way, share)
    (row,) = study.rows(method=method, label="position", share=share)
    known, test = inside(own, "train", adapted), inside(own, "test")
    position = own.labels["position"].values
    found = slowly(points[known].astype(float), position[known], points[test].astype(float), row["k"])
    assert row["score"] == pytest.approx(np.median(np.abs(position[test] - found)))
    assert row["n_train"] == len(known)


def test_every_share_has_the_same_test_samples_and_the_baselines_of_adapt(study):
    rows = study.rows()
    assert {(r["share"], r["method"]) for r in rows} == {
        (share, method) for share in SHARES for method in ("transfer", "within", "scratch", "naive_bayes", "constant")
    }
    assert len({r["samples"] for r in rows}) == 1
    assert {r["n_train"] for r in rows if r["share"] == 0.3} != {r["n_train"] for r in rows if r["share"] == 1.0}
    assert {r["recording"] for r in rows} == {"c"}


def test_what_the_others_measured_in_another_unit_is_not_decoded(study, tmp_path):
    from cebra_pipe.pipeline.stages import transfer

    job = study.job("transfer", condition="joint", unit="without_c")
    first, *others = job.inputs["recordings"]
    one = Recording.read(first)
    position = dataclasses.replace(one.labels["position"], unit="cm")
    first, _ = save(tmp_path, first.stem, dataclasses.replace(one, labels=one.labels | {"position": position}))
    inputs = {**job.inputs, "recordings": [first, *others]}
    with pytest.raises(UserError, match=r"labels\.position: expected one unit .*cm in a, m in b, m in c"):
        transfer.run(Job("transfer", job.spec, inputs, {"transfer": tmp_path / "none.parquet"}))


def test_bins_that_are_too_few_leave_transfer_without_a_score(study):
    job = study.job("transfer", condition="joint", unit="without_c")
    few = job.spec | {"rotation": job.spec["rotation"] | {"minimum": 10_000}}
    from cebra_pipe.pipeline.stages import transfer

    out = {"transfer": study.folder / "few.parquet"}
    transfer.run(Job("transfer", few, job.inputs, out))
    rows = list(read_table(out["transfer"], stage="transfer").rows())
    assert all(np.isnan(r["score"]) and "0 bins" in r["note"] for r in rows if r["method"] == "transfer")
    assert all(np.isfinite(r["score"]) for r in rows if r["method"] == "within")


def test_a_control_has_labels_of_its_own_for_each_seed(tmp_path):
    shifted = {**BASE["conditions"]["joint"], "control": "circular_shift", "seeds": 2}
    shifted["leave_one_out"] = {"shares": [1.0], "steps": 10}
    made = Study(tmp_path, altered(BASE, conditions={"shifted": shifted}, defaults__steps=10)).run()
    assert {(r["method"], r["seed"]) for r in made.rows("shifted", label="position")} == {
        (method, seed) for seed in (1, 2) for method in ("transfer", "within", "scratch", "naive_bayes", "constant")
    }
    own = [r["draws"].tolist() for r in made.rows("shifted", method="naive_bayes", label="position")]
    assert own[0] != own[1]


# ---- what is shown ---------------------------------------------------------------------------------------------------
def test_table_and_figure_show_every_share(study, tmp_path):
    given = altered(BASE, conditions__joint__recordings=["a", "b", "c"])
    plan = Plan(resolve(given | {"results": str(study.folder)}))
    spec = json.loads(plan.spec("tables", {"table": "transfer"}))
    spec["conditions"][0]["without"] = [u for u in spec["conditions"][0]["without"] if u["name"] == "without_c"]
    files = {"transfer": [Path(study.plan.output("transfer", "transfer", condition="joint", unit="without_c"))]}
    for stage, name, kinds in (("tables", "table", ("csv", "json")), ("figures", "figure", ("png", "svg", "csv"))):
        out = {kind: tmp_path / f"{stage}.{kind}" for kind in kinds}
        job = Job(stage, spec | {"stage": stage, name: "transfer"}, files, out)
        import_module(f"cebra_pipe.pipeline.stages.{stage}").run(job)
    rows = json.loads((tmp_path / "tables.json").read_text())["rows"]
    assert len(rows) == 2 * 5 * 2
    (mine,) = study.rows(method="transfer", label="position", share=0.3)
    (told,) = [r for r in rows if (r["method"], r["label"], r["share"]) == ("transfer", "position", 0.3)]
    assert told["score"] == pytest.approx(100 * mine["score"])
    assert (told["recording"], told["unit"], told["n_adapt"]) == ("c", "cm", mine["n_adapt"])
    assert "c left out" in (tmp_path / "figures.svg").read_text()


# ---- the plan --------------------------------------------------------------------------------------------------------
def specs(config: dict) -> dict[tuple, str]:
    plan = Plan(resolve(config))
    return {(j.stage, *sorted(j.wildcards.items())): j.spec for j in plan.jobs()}


def differ(config: dict) -> set[str]:
    """Stages whose specs are not those of BASE."""
    before, after = specs(BASE), specs(config)
    return {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def test_each_recording_is_left_out_once():
    plan = Plan(resolve(altered(BASE, conditions__joint__seeds=2, split__scheme="folds", split__folds=3)))
    assert [w["unit"] for w in plan.left_out] == ["without_a", "without_b", "without_c"]
    assert len(list(plan.instances("adapt"))) == 3 * 2 * 3
    assert len([w for w in plan.instances("fit") if w["unit"].startswith("without_")]) == 3 * 2 * 3
    adapted = plan.inputs("transfer", {"condition": "joint", "unit": "without_a"})["adapted"]
    assert len(adapted) == 2 * 3
    groups = altered(BASE, conditions__joint__units={"g": ["a", "b"]})
    assert Plan(resolve(groups)).study.conditions["joint"].without == {"without_a": ("b",), "without_b": ("a",)}


def test_a_control_leaves_none_out_unless_it_says_so():
    """Its draws are fits of units: what is fitted without a recording gives no p."""
    made = altered(BASE, conditions__shifted={"like": "joint", "control": "circular_shift", "seeds": 20})
    made["conditions"]["same"] = {"like": "joint"}
    made["conditions"]["draws"] = {"like": "shifted", "seeds": 30}
    asked = {"steps": 7}
    made["conditions"]["asked"] = {"like": "joint", "control": "circular_shift", "leave_one_out": asked}
    made["conditions"]["draws_of_asked"] = {"like": "asked", "seeds": 30}
    conditions = Plan(resolve(made)).study.conditions
    assert {name for name, k in conditions.items() if k.without} == {"joint", "same", "asked"}
    assert conditions["asked"].leave_one_out.steps == 7
    assert conditions["shifted"].labels == conditions["joint"].labels


CHANGES = [
    ({"conditions__joint__leave_one_out__steps": 7}, {"adapt"}),
    ({"conditions__joint__leave_one_out__shares": [0.5]}, {"adapt"}),
    ({"conditions__joint__leave_one_out__base": "b"}, {"adapt"}),
    ({"conditions__joint__leave_one_out__alignment": "none"}, {"transfer"}),
    ({"decode__neighbors": [3]}, {"decode", "transfer"}),
    ({"align__bins": 12}, {"align", "transfer"}),
    ({"conditions__joint__steps": 61}, {"fit"}),
    ({"conditions__joint__leave_one_out__shares": [0.3, 1.0]}, set()),
]


@pytest.mark.parametrize(("change", "stages"), CHANGES)
def test_a_change_reruns_what_it_reaches(change, stages):
    assert differ(altered(BASE, **change)) == stages


def test_without_the_option_nothing_is_left_out():
    made = altered(BASE)
    del made["conditions"]["joint"]["leave_one_out"]
    assert {stage for stage, *_ in specs(made)}.isdisjoint({"adapt", "transfer"})


MISTAKES = [
    ({"conditions__joint__units": "each"}, "units of two recordings or more"),
    ({"conditions__joint__labels": []}, "does not bring recordings together"),
    ({"conditions__joint__leave_one_out": {"base": "d"}}, "a recording of this condition"),
    ({"conditions__joint__leave_one_out": {"shares": [0.5, 0.5]}}, "each share once"),
    ({"conditions__joint__leave_one_out": {"shares": [0.0]}}, "greater than 0"),
    ({"conditions__joint__leave_one_out": {"share": [0.5]}}, "Did you mean 'shares'"),
    ({"align__labels": ["direction"]}, "alignment: none"),
]


@pytest.mark.parametrize(("change", "told"), MISTAKES)
def test_what_has_no_sense_is_refused(change, told):
    with pytest.raises(UserError, match=told):
        resolve(altered(BASE, **change))


def test_a_share_too_small_is_told_with_its_name(study):
    lesson = study.lessons()[1]
    few = np.where(np.cumsum(lesson.adapt) <= 5, lesson.task.parts[0], "gap")
    task = dataclasses.replace(lesson.task, parts=(few,))
    with (
        pytest.raises(
            UserError, match=r"share 0.3 of c: part train of c, fold 0.*Remove this share, or use a larger one"
        ),
        adapt.naming(lesson),
    ):
        train(task, "cpu")


def test_only_what_more_samples_mend_asks_for_a_larger_share(study):
    with pytest.raises(UserError, match=r"share 0.3 of c: temperature") as told, adapt.naming(study.lessons()[0]):
        raise UserError(Problem("temperature", "a number above 0", "-1", "Raise it."))
    assert "this share" not in str(told.value)


def test_shares_that_hardly_differ_have_models_of_their_own():
    names = {adapt.Lesson("adapted", share, np.ones(3, bool), None, None).name for share in (0.1, 0.1000001, 1.0)}
    assert names == {"adapted 0.1", "adapted 0.1000001", "adapted 1"}

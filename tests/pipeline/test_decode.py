"""The stage decode: the same samples for all methods, choices on valid, scores on test, nulls, controls."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter
from scipy.stats import binom

from cebra_pipe.data.controls import CONTROLS, apply_control
from cebra_pipe.data.parts import part_of, read_split, windows_inside
from cebra_pipe.data.recording import Label, Recording, epochs_of
from cebra_pipe.data.table import Table, read_table, write_table
from cebra_pipe.datasets.rats import simulate
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.options import SplitConfig
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.stages import decode, split
from cebra_pipe.sklearn import methods, transfer
from cebra_pipe.sklearn.bootstrap import trial_draws
from cebra_pipe.sklearn.nulls import p_value, why_no_p
from cebra_pipe.sklearn.points import quantisation_floor
from cebra_pipe.sklearn.report import SCORES, Result, label_shifts, score_rows
from cebra_pipe.sklearn.tasks import Task

OFFSET = (5, 5)
METHODS = ("embedding", "window_knn", "naive_bayes", "pca", "constant")
SCORED = ("embedding", "window_knn", "naive_bayes", "pca", "transfer")  # what prints a p
DECODE = {"labels": None, "neighbors": [1, 9, 25], "null": 99, "bins": 40, "window": 0.25}
RAT = simulate(3, 30, 3000, 0.7, 0.0)


def circle(recording, noise=0.3, seed=0):
    """(time, 3) a stand-in for an embedding: the running loop on a circle, and noise."""
    x, side = recording.labels["position"].values, recording.labels["direction"].values
    angle = np.pi * x / 1.6 * (2 * side - 1)
    points = np.stack([np.cos(angle), np.sin(angle), np.zeros(len(x))], axis=1)
    return points + noise * np.random.default_rng(seed).standard_normal(points.shape)


def embedding_table(sessions, models, points=circle):
    """Blocks by recording, fold and seed."""
    blocks = []
    for name, recording in sessions.items():
        for fold, seed in models:
            length, e = len(recording), points(recording, seed=seed)
            block = {"recording": np.full(length, name, object), "fold": np.full(length, fold, np.int16)}
            block |= {"seed": np.full(length, seed, np.int32), "sample": np.arange(length, dtype=np.int32)}
            block |= {"padded": ~windows_inside(recording.epoch, *OFFSET)}
            blocks.append(block | {f"e{i}": e[:, i].astype(np.float32) for i in range(3)})
    columns = {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
    return Table(columns, {"stage": "transform", "dimension": 3, "offset": list(OFFSET), "similarity": "cosine"})


class Study:
    """The files that decode reads, and what it made of them."""

    def __init__(self, folder, sessions=None, models=((0, 1),), points=circle, scheme=None, control=None, **given):
        self.folder, self.sessions = folder, sessions or {"rat": RAT}
        scheme = SplitConfig(**({"stratify": "direction"} | (scheme or {}))).model_dump()
        for name, recording in self.sessions.items():
            table = recording.columns()
            write_table(folder / f"{name}.parquet", Table(table.columns, {**table.meta, "stage": "simulate"}))
            outputs = {"split": folder / f"{name}.split.parquet"}
            spec = {"stage": "split", "split": scheme}
            split.run(Job("split", spec, {"recording": [folder / f"{name}.parquet"]}, outputs))
        write_table(folder / "embedding.parquet", embedding_table(self.sessions, models, points))
        config = {**DECODE, **given}
        self.spec = {"stage": "decode", "sessions": list(self.sessions), "decode": config, "metric": "cosine"}
        self.spec |= {"offset": list(OFFSET), "control": control, "dimension": 3, "study_seed": 1}

    def run(self, name="scores"):
        inputs = {
            "recordings": [self.folder / f"{s}.parquet" for s in self.sessions],
            "splits": [self.folder / f"{s}.split.parquet" for s in self.sessions],
            "embedding": [self.folder / "embedding.parquet"],
        }
        outputs = {"scores": self.folder / f"{name}.parquet", "traces": self.folder / f"{name}.traces.parquet"}
        decode.run(Job("decode", self.spec, inputs, outputs))
        self.scores, self.traces = (read_table(outputs[o]) for o in ("scores", "traces"))
        return self

    def row(self, **wanted):
        (found,) = [r for r in self.scores.rows() if all(r[k] == v for k, v in wanted.items())]
        return found

    def part(self, name="rat", fold=0):
        return part_of(read_split(self.folder / f"{name}.split.parquet"), fold)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return Study(tmp_path_factory.mktemp("study"), models=((0, 1), (0, 2))).run()


def test_one_row_for_each_method_seed_and_label(study):
    assert list(study.scores.columns) == list(SCORES)
    keys = [(r["method"], r["seed"], r["label"]) for r in study.scores.rows()]
    expected = [(m, s, name) for m in METHODS for s in ((1, 2) if m == "embedding" else (-1,)) for name in RAT.labels]
    assert sorted(keys) == sorted(expected)
    assert {r["metric"] for r in study.scores.rows() if r["label"] == "position"} == {"median_abs_error"}
    assert {r["metric"] for r in study.scores.rows() if r["label"] == "direction"} == {"balanced_accuracy"}


def test_all_methods_are_scored_on_the_same_samples(study):
    part, inside = study.part(), windows_inside(RAT.epoch, *OFFSET)
    for row in study.scores.rows():
        for name in ("train", "valid", "test"):
            assert row[f"n_{name}"] == ((part == name) & inside).sum()
        assert row["n_padded"] == ((part == "test") & ~inside).sum()
    truth = [study.row(method=m, label="position", seed=s)["null"] for m, s in (("constant", -1), ("pca", -1))]
    assert len(truth[0]) == len(truth[1]) == 99


@pytest.mark.parametrize("names", [("sample", "condition"), ("label", "method"), ("seed", "trial"), ("time", "padded")])
def test_labels_may_be_called_as_columns_are(study, names, tmp_path):
    """Files of recordings and traces keep them apart, and what a label is called changes no score."""
    renamed = dataclasses.replace(RAT, labels=dict(zip(names, RAT.labels.values(), strict=True)))

    def points(recording, **given):
        return circle(RAT, **given)

    scheme = {"stratify": names[1]}
    other = Study(tmp_path, {"rat": renamed}, ((0, 1), (0, 2)), points, scheme).run()
    of = dict(zip(RAT.labels, names, strict=True))
    for row in study.scores.rows():
        own = other.row(**{key: row[key] for key in ("method", "seed")}, label=of[row["label"]])
        for key in row.keys() - {"label", "null", "null_median", "effect", "p"}:  # shifts are drawn by names too
            np.testing.assert_array_equal(row[key], own[key], key)
    for name, column in study.traces.columns.items():
        what, dot, label = name.partition(".")
        np.testing.assert_array_equal(column, other.traces[f"{what}.{of[label]}" if dot else name])


def test_scores_follow_from_the_traces(study):
    traces = study.traces
    for method, seed in (("embedding", 1), ("embedding", 2), ("naive_bayes", -1), ("window_knn", -1)):
        mine = traces.where((traces["method"] == method) & (traces["seed"] == seed))
        np.testing.assert_array_equal(mine["sample"], np.flatnonzero(study.part() == "test"))
        np.testing.assert_array_equal(mine["time"], RAT.time[mine["sample"]])
        np.testing.assert_array_equal(mine["true.position"], RAT.labels["position"].values[mine["sample"]])
        kept = mine.where(~mine["padded"])
        error = np.median(np.abs(kept["true.position"] - kept["predicted.position"]))
        assert study.row(method=method, seed=seed, label="position")["score"] == pytest.approx(error)
        assert np.isfinite(mine["predicted.position"]).all() == (method != "window_knn")


def test_padded_samples_are_scored_beside(study):
    mine = study.traces.where((study.traces["method"] == "embedding") & (study.traces["seed"] == 1))
    error = np.median(np.abs(mine["true.position"] - mine["predicted.position"]))
    row = study.row(method="embedding", seed=1, label="position")
    assert row["score_with_padded"] == pytest.approx(error)
    assert row["score_with_padded"] != row["score"]
    assert np.isnan(study.row(method="window_knn", label="position")["score_with_padded"])


def test_chance_is_the_constant(study):
    for label in RAT.labels:
        (chance,) = {r["chance"] for r in study.scores.rows() if r["label"] == label}
        assert chance == study.row(method="constant", label=label)["score"]
    assert study.row(method="constant", label="direction")["score"] == 0.5


def test_what_is_there_is_found_and_the_constant_finds_nothing(study):
    for method in ("embedding", "naive_bayes", "window_knn"):
        for label in RAT.labels:
            for row in (r for r in study.scores.rows() if (r["method"], r["label"]) == (method, label)):
                assert row["p"] <= 0.05
                better = row["score"] < row["null_median"] if label == "position" else row["score"] > row["null_median"]
                assert better
    for label in RAT.labels:
        row = study.row(method="constant", label=label)
        assert np.isnan(row["p"])
        assert "reads no neural data, no p" in row["note"]


def test_test_labels_and_test_neural_data_choose_nothing(tmp_path, study):
    """Other truths on test change scores on test; valid scores and choices stay."""
    test = study.part() == "test"
    position = np.where(test, 1.6 - RAT.labels["position"].values, RAT.labels["position"].values)
    changed = dataclasses.replace(
        RAT, labels={**RAT.labels, "position": dataclasses.replace(RAT.labels["position"], values=position)}
    )
    other = Study(tmp_path, {"rat": changed}, ((0, 1), (0, 2)), points=lambda r, seed: circle(RAT, seed=seed)).run()
    for row in study.scores.rows():
        same = other.row(**{k: row[k] for k in ("method", "seed", "label")})
        for field in ("k", "valid_score", "note"):
            assert same[field] == row[field]
    assert other.row(method="embedding", seed=1, label="position")["score"] > 0.3


def test_scores_have_an_interval_over_test_trials_that_all_methods_share(tmp_path):
    rat = simulate(3, 10, 6000, 0.7, 0.0)
    made = Study(tmp_path, {"rat": rat}, labels=["position"], null=0).run()
    trials = np.unique(rat.trial[(made.part() == "test") & windows_inside(rat.epoch, *OFFSET)])
    assert len(trials) >= 5
    assert {r["n_trials"] for r in made.scores.rows()} == {len(trials)}
    assert len({r["samples"] for r in made.scores.rows()}) == 1
    row = made.row(method="embedding", seed=1, label="position")
    assert row["low"] < row["score"] < row["high"]
    kept = made.traces.where((made.traces["method"] == "embedding") & ~made.traces["padded"].astype(bool))
    draws = trial_draws(rat, kept["sample"], 1)[0]
    chosen = np.concatenate([np.flatnonzero(kept["trial"] == t) for t in np.repeat(trials, draws[7])])
    error = np.abs(kept["true.position"] - kept["predicted.position"])
    assert row["draws"][7] == pytest.approx(np.median(error[chosen]))


def test_k_is_the_best_on_valid(study):
    part, inside = study.part(), windows_inside(RAT.epoch, *OFFSET)
    points, x = circle(RAT, seed=1).astype(np.float32).astype(np.float64), RAT.labels["position"].values
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    train, valid = (np.flatnonzero((part == p) & inside) for p in ("train", "valid"))
    near = np.argsort(-(unit[valid] @ unit[train].T), axis=1, kind="stable")
    error = {k: np.median(np.abs(x[train][near[:, :k]].mean(axis=1) - x[valid])) for k in (1, 9, 25)}
    row = study.row(method="embedding", seed=1, label="position")
    assert row["k"] == min(error, key=error.get)
    assert row["valid_score"] == pytest.approx(min(error.values()))


def test_the_null_is_the_label_shifted_around_the_unpadded_samples(study):
    row = study.row(method="embedding", seed=1, label="position")
    inside = windows_inside(RAT.epoch, *OFFSET)
    task = noise_task(RAT, study.part(), ~inside)
    shifts = label_shifts(task, "position", 99, 1)
    mine = study.traces.where((study.traces["method"] == "embedding") & (study.traces["seed"] == 1))
    predicted = mine.where(~mine["padded"])["predicted.position"]
    x, test = RAT.labels["position"].values[inside], (study.part() == "test")[inside]
    slow = [np.median(np.abs(np.roll(x, s)[test] - predicted)) for s in shifts.values]
    np.testing.assert_allclose(row["null"], slow)
    assert row["null_median"] == pytest.approx(np.median(slow))
    assert row["null_effective"] == pytest.approx(shifts.effective)
    assert row["null_effective"] < 100


def noise_task(recording, part, padded, shift_padded=False):
    samples = decode.shared_samples("rat", part, padded)
    if shift_padded:
        samples = dataclasses.replace(samples, inside=np.ones(len(recording), bool))
    return Task(recording, ("position",), samples, np.arange(recording.neural.shape[1]), (9, 25), 40, 10, OFFSET, 3)


def slow_noise(seed, recording, columns, in_laps):
    """(time, column) noise with a time constant of 1 s, continuous all along or in laps, as where rests are cut out."""
    rng, keep = np.random.default_rng(seed), np.exp(-1 / 40)
    lengths = np.bincount(recording.trial) if in_laps else [len(recording)]
    made = [lfilter([1.0], [1.0, -keep], rng.standard_normal((n + 200, columns)), axis=0)[200:] for n in lengths]
    return np.concatenate(made) / 6.4  # about one standard deviation


def noise_session(seed, in_laps):
    """Another rat, whose embedding knows nothing of its labels."""
    other = simulate(seed, 2, 2000, 0.5, 0.0)
    (cut,) = split.split(other, SplitConfig(stratify="direction").model_dump())
    whole = windows_inside(other.epoch, *OFFSET)
    train, valid = (np.flatnonzero((cut.names() == part) & whole) for part in ("train", "valid"))
    return transfer.Session(other.labels, slow_noise(seed, other, 3, in_laps), train, valid)


def turned(task, points, other):
    """What the decoder of `other` says of `points` (time, dimension) once they are turned, as in transfer."""
    own = transfer.Session(task.recording.labels, points, task.samples.train, task.samples.valid)
    turn, _ = transfer.rotation(own, [other], ["position", "direction"], 10, 3)
    return transfer.transferred(task, points @ turn, [other], "cosine")


def another_rat(seed, recording):
    """(time, 7) what neurons of another rat fire, smoothed over half a second: laps too, but not those of the label."""
    return uniform_filter1d(simulate(seed + 20_000, 7, len(recording), 0.8, 0.0).neural.astype(float), 20, axis=0)


def noise_p(seed, in_laps=False, careless=False, only=(*METHODS, "transfer"), noise=None):
    """method -> p of a rat's position decoded from neurons that know nothing of it, by shifts and by permutations."""
    recording = simulate(seed, 2, 2000, 0.5, 0.0)
    noise = slow_noise(seed, recording, 7, in_laps) if noise is None else noise(seed, recording)
    counts = np.random.default_rng(seed).poisson(np.exp(noise[:, 3:])).astype(np.uint8)
    recording = dataclasses.replace(recording, neural=counts, neurons=())
    (cut,) = split.split(recording, SplitConfig(stratify="direction").model_dump())
    task = noise_task(recording, cut.names(), ~windows_inside(recording.epoch, *OFFSET), careless)
    made = {"embedding": methods.embedding(task, noise[:, :3], "cosine")}
    made |= {name: decoder(task) for name, decoder in methods.BASELINES.items() if name in only}
    results = [
        Result(method, 0, 1, {name: methods.decode(task, name, one) for name, one in predictions.items()})
        for method, predictions in made.items()
    ]
    if "transfer" in only:
        results.append(Result("transfer", 0, 1, turned(task, noise[:, :3], noise_session(seed + 10_000, in_laps))))
    shifted = {row["method"]: row["p"] for row in score_rows("rat", task, results, 99, 1)}
    return shifted, {result.method: permuted_p(task, result.decoded["position"], seed) for result in results}


def permuted_p(task, decoded, seed):
    """p by labels in random order, which no score prints."""
    values, rng = task.label("position").values, np.random.default_rng(seed)
    truths = np.stack([rng.permutation(values)[task.samples.test] for _ in range(99)])
    return p_value(decoded.metric, decoded.score, decoded.metric.score(truths, decoded.test, None))


def rejected(p, method, level):
    return sum(one[method] <= level for one in p)


@pytest.mark.parametrize("in_laps", [False, True])
def test_noise_is_significant_no_more_often_than_the_level_says(in_laps):
    """Every method that prints a p, by shifts; by permutations far more often, which is why that is no p."""
    runs = 60
    shifted, permuted = zip(*(noise_p(seed, in_laps) for seed in range(runs)), strict=True)
    for method in SCORED:
        for level in (0.05, 0.1):
            assert rejected(shifted, method, level) <= binom.ppf(0.995, runs, level)
        assert rejected(permuted, method, 0.1) > binom.ppf(0.995, runs, 0.1)


def test_another_rats_neurons_are_significant_no_more_often_than_the_level_says():
    """They run laps of the same kind, which is what an embedding might take for the label's."""
    runs, asked = 40, ("embedding", "transfer")
    given = {"only": (*asked, "constant"), "noise": another_rat}
    shifted, permuted = zip(*(noise_p(seed, **given) for seed in range(runs)), strict=True)
    for method in asked:
        for level in (0.05, 0.1):
            assert rejected(shifted, method, level) <= binom.ppf(0.995, runs, level)
    assert rejected(permuted, "embedding", 0.1) > binom.ppf(0.995, runs, 0.1)


def test_padded_samples_in_the_shifted_label_would_make_noise_significant():
    """Trials' ends are padded and never in the true test samples: a shift that brings them in makes any noise good."""
    runs = 150
    careless = [noise_p(seed, careless=True, only=("constant",))[0] for seed in range(runs)]
    assert rejected(careless, "embedding", 0.1) > binom.ppf(0.975, runs, 0.1)


@pytest.mark.deep
@pytest.mark.parametrize("in_laps", [False, True])
def test_every_decoders_p_of_noise_holds_its_level(in_laps, evidence):
    runs, levels = 1000, (0.01, 0.05, 0.1)
    shifted, permuted = zip(*(noise_p(seed, in_laps) for seed in range(runs)), strict=True)
    kinds = {"circular shift": shifted, "permutation (no p is printed for it)": permuted}
    evidence(
        {k: {m: {f"p <= {a}": rejected(p, m, a) / runs for a in levels} for m in SCORED} for k, p in kinds.items()}
    )
    for method in SCORED:
        for level in levels:
            assert rejected(shifted, method, level) <= binom.ppf(0.999, runs, level)


def test_two_runs_give_the_same_bytes(tmp_path):
    made = Study(tmp_path)
    files = [made.run(name).folder / f"{name}{end}" for name in ("a", "b") for end in (".parquet", ".traces.parquet")]
    assert files[0].read_bytes() == files[2].read_bytes()
    assert files[1].read_bytes() == files[3].read_bytes()


def test_folds_and_recordings_have_rows_of_their_own(tmp_path):
    sessions = {"one": RAT, "two": simulate(4, 20, 2500, 0.6, 0.0)}
    scheme = {"scheme": "folds", "folds": 2}
    made = Study(tmp_path, sessions, ((0, 1), (1, 1)), scheme=scheme, labels=["position"], null=0).run()
    keys = {(r["recording"], r["fold"]) for r in made.scores.rows()}
    assert keys == {(name, fold) for name in sessions for fold in (0, 1)}
    assert len(made.scores) == 4 * len(METHODS)
    for name in sessions:
        row = made.row(recording=name, fold=1, method="embedding")
        assert row["n_test"] + row["n_padded"] == (made.part(name, 1) == "test").sum()
    assert {r["note"].split("; ")[-1] for r in made.scores.rows()} == {"no null"}
    assert np.isnan(made.scores["p"]).all()


def test_few_draws_have_no_p_and_say_so(tmp_path):
    made = Study(tmp_path, labels=["position"], null=10).run()
    assert all("n too small for p" in r["note"] and np.isnan(r["p"]) and r["null_n"] == 10 for r in made.scores.rows())


def test_a_label_too_slow_to_shift_has_no_p_and_says_so(tmp_path):
    block = Label((RAT.trial > RAT.trial.max() / 2).astype(np.int64), "discrete")
    slow = dataclasses.replace(RAT, labels={**RAT.labels, "block": block})
    made = Study(tmp_path, {"rat": slow}).run()
    row = made.row(method="naive_bayes", label="block")
    assert "too slow" in row["note"]
    assert np.isnan(row["p"])
    assert np.isfinite(made.row(method="naive_bayes", label="position")["p"])


def test_a_label_that_repeats_has_no_p_and_says_so(tmp_path):
    frame = Label((np.arange(len(RAT)) % 200).astype(float))
    film = dataclasses.replace(RAT, epoch=np.zeros_like(RAT.epoch), labels={**RAT.labels, "frame": frame})
    made = Study(tmp_path, {"rat": film}).run()
    row = made.row(method="embedding", label="frame")
    assert "label repeats, shifts are no null, no p" in row["note"]
    assert np.isnan(row["p"])
    assert (row["null_n"], row["null_effective"]) == (0, 0)
    assert np.isfinite(made.row(method="embedding", label="position")["p"])


@pytest.mark.parametrize("control", ["circular_shift", "permute_neural"])
def test_controls_decode_what_the_fit_was_given(tmp_path, control):
    made = Study(tmp_path, models=((0, 1), (0, 2)), control=control, labels=["position"], null=0).run()
    seeds = sorted((r["method"], r["seed"]) for r in made.scores.rows())
    assert seeds == sorted((m, s) for m in METHODS for s in (1, 2))
    for seed in (1, 2):
        inside = windows_inside(RAT.epoch, *OFFSET)
        truth = apply_control(control, RAT, inside, seed, 1).labels["position"].values
        mine = made.traces.where((made.traces["method"] == "embedding") & (made.traces["seed"] == seed))
        np.testing.assert_array_equal(mine["true.position"], truth[mine["sample"]])
        assert made.row(method="naive_bayes", seed=seed)["score"] > 0.25  # m: nothing is decoded


@pytest.mark.parametrize("control", [None, *CONTROLS])
def test_p_is_given_for_no_method_whose_control_allows_none(tmp_path, control):
    made = Study(tmp_path, control=control, labels=["position"], null=19).run()
    for row in made.scores.rows():
        reason = why_no_p(control, row["method"])
        assert np.isnan(row["p"]) == bool(reason)
        assert reason in row["note"]
        assert row["null_n"] == 19
    without = {r["method"] for r in made.scores.rows() if np.isnan(r["p"])}
    calibrated = control in (None, "circular_shift", "neuron_shift")
    assert without == ({"constant"} if calibrated else set(METHODS))


def circular_recording(neural):
    """A heading that turns round and round, seen by cells tuned to it."""
    rng = np.random.default_rng(0)
    heading = (np.cumsum(rng.normal(2, 8, 3000))) % 360
    trial = np.repeat(np.arange(30), 100).astype(np.int32)
    time = np.arange(3000) / 20 + trial * 2.0
    tuned = np.exp(2 * np.cos(np.radians(heading[:, None] - np.arange(0, 360, 30))))
    labels = {"heading": Label(heading, unit="deg", period=360.0)}
    return Recording(neural(rng, tuned), 20.0, labels, time, epochs_of(time, trial, 0.1), trial)


def heading_points(recording, seed):
    angle = np.radians(recording.labels["heading"].values)
    return np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)


NEURAL = {
    "counts": lambda rng, tuned: rng.poisson(0.3 * tuned),
    "fluorescence": lambda rng, tuned: rng.gamma(1.0, 1.0, tuned.shape) * tuned,
    "z-scores": lambda rng, tuned: tuned - tuned.mean(axis=0) + rng.standard_normal(tuned.shape),
}


@pytest.mark.parametrize("kind", NEURAL)
def test_headings_are_scored_along_the_circle_whatever_the_neural_data(tmp_path, kind):
    sessions = {"rat": circular_recording(NEURAL[kind])}
    made = Study(tmp_path, sessions, points=heading_points, scheme={"stratify": None}, null=19).run()
    assert made.row(method="embedding")["score"] < 3
    assert made.row(method="window_knn")["score"] < 20
    assert 60 < made.row(method="constant")["score"] < 120
    bayes = made.row(method="naive_bayes")
    if kind == "z-scores":
        assert np.isnan(bayes["score"])
        assert "below 0" in bayes["note"]
    else:
        assert bayes["score"] < 15


def test_the_quantisation_floor_is_the_median_error_of_rounding():
    fine = np.random.default_rng(0).random(20_001)
    rounded = Label(np.round(fine / 0.05) * 0.05)
    assert quantisation_floor(rounded) == pytest.approx(np.median(np.abs(rounded.values - fine)), rel=0.05)
    assert np.isnan(quantisation_floor(Label(fine)))
    assert np.isnan(quantisation_floor(RAT.labels["direction"]))


def test_rare_neurons_are_left_out_of_the_baselines(tmp_path):
    busy = dataclasses.replace(RAT, minimum_rate=0.5)
    part, made = None, Study(tmp_path, {"rat": busy}, labels=["position"], null=0).run()
    part = made.part()
    kept = RAT.neural[part == "train"].mean(axis=0) * RAT.rate >= 0.5
    assert 0 < kept.sum() < 30
    fewer = dataclasses.replace(RAT, neural=RAT.neural[:, kept], neurons=())
    (tmp_path / "fewer").mkdir()
    other = Study(tmp_path / "fewer", {"rat": fewer}, labels=["position"], null=0).run()
    for method in ("naive_bayes", "window_knn", "pca"):
        assert made.row(method=method)["score"] == other.row(method=method)["score"]


def test_mistakes_are_told_and_leave_nothing(tmp_path):
    made = Study(tmp_path, labels=["positon"])
    with pytest.raises(UserError, match="Did you mean 'position'"):
        made.run()
    assert not (tmp_path / "scores.parquet").exists()
    made = Study(tmp_path)
    write_table(tmp_path / "embedding.parquet", embedding_table({"other": RAT}, ((0, 1),)))
    with pytest.raises(UserError, match="embedding of rat"):
        made.run()
    short = simulate(3, 30, 2000, 0.7, 0.0)
    write_table(tmp_path / "embedding.parquet", embedding_table({"rat": short}, ((0, 1),)))
    with pytest.raises(UserError, match="3000 samples"):
        made.run()


def test_padding_is_told_with_its_place(tmp_path, capsys):
    Study(tmp_path, labels=["position"], null=0).run()
    assert "test samples are padded and left out" in capsys.readouterr().err

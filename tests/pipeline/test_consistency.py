"""Stage consistency: plain loops, what is held out, and a null that lets noise be noise."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from cebra_pipe.data.alike import imprint
from cebra_pipe.data.parts import content
from cebra_pipe.data.recording import Label
from cebra_pipe.data.table import Table, read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.comparing.between_recordings import between_recordings, draw
from cebra_pipe.pipeline.comparing.common import Common, compared
from cebra_pipe.pipeline.comparing.sessions import Run, Session, read_sessions
from cebra_pipe.pipeline.jobs.job import Job
from cebra_pipe.pipeline.stages.consistency import run

from .compared import Study, curve, make_recording, make_split, padding

NAMES = ("rat1", "rat2", "rat3", "rat4")
SPEC = {
    "between": "recordings",
    "labels": ["position", "direction"],
    "bins": 20,
    "minimum": 5,
    "null": 39,
    "study_seed": 1,
}
RUNS = {"between": "runs", "labels": [], "bins": 0, "minimum": 0, "null": 0, "study_seed": 1}


def noisy(recording, fold, seed):
    """The shared curve, mixed and made noisy by the recording, fold and seed."""
    key = len(recording) * 100 + fold * 10 + seed
    mixed = curve(recording, noise=1.0, seed=key) @ np.random.default_rng(key).normal(size=(3, 3))
    return mixed.astype(np.float32).astype(np.float64)  # as the file holds it


def unrelated(recording, fold, seed):
    """Slow noise (time constant 1 s) that knows nothing of the labels."""
    steps = np.random.default_rng([int(recording.neural[:500].sum()), len(recording), fold, seed]).normal(
        size=(len(recording), 3)
    )
    return lfilter([1.0], [1.0, -0.975], steps, axis=0)


def study(folder, embed=noisy, names=NAMES, first=0, **options) -> Study:
    return Study(folder, {name: make_recording(first + i) for i, name in enumerate(names)}, embed, **options)


def in_memory(recording, embed) -> Session:
    run = Run(embed(recording, 0, 1), padding(recording))
    name = str(len(recording))
    names = content(recording), imprint(recording.neural, recording.time)
    return Session(name, recording.rate, recording.labels, *names, make_split(recording), {(0, 1): run})


def done(job: Job) -> Table:
    run(job)
    return read_table(job.outputs["consistency"], stage="consistency")


# ---- the slow truth --------------------------------------------------------------------------------------------------
def slow_means(recording, embedding, part, bins, minimum, track=1.6) -> dict[tuple, np.ndarray]:
    """(position bin, direction) -> mean of the unpadded samples of a part."""
    samples: dict[tuple, list] = {}
    parts, padded = make_split(recording)["fold0"], padding(recording)
    position, direction = recording.labels["position"].values, recording.labels["direction"].values
    for t in range(len(recording)):
        if parts[t] == part and not padded[t]:
            at = (min(int(position[t] / (track / bins)), bins - 1), int(direction[t]))
            samples.setdefault(at, []).append(embedding[t])
    return {at: np.mean(rows, axis=0) for at, rows in samples.items() if len(rows) >= minimum}


# How scikit-learn calls one R² of all dimensions, and the mean of theirs.
OVER = {"held_out": "variance_weighted", "paper": "uniform_average", "paper_test": "uniform_average"}


def slow_score(definition, source, target) -> tuple[float, int]:
    fit, test, unit = {"paper": (0, 0, 1), "held_out": (0, 1, 0), "paper_test": (1, 1, 1)}[definition]
    common = sorted(set(source[fit]) & set(target[fit]) & set(source[test]) & set(target[test]))

    def rows(means):
        return np.array([means[at] / (np.linalg.norm(means[at]) if unit else 1) for at in common])

    fitted = LinearRegression().fit(rows(source[fit]), rows(target[fit]))
    return r2_score(rows(target[test]), fitted.predict(rows(source[test])), multioutput=OVER[definition]), len(common)


def test_scores_are_those_of_plain_loops(tmp_path):
    made = study(tmp_path, names=NAMES[:3])
    table = done(made.job("consistency", "consistency", **SPEC))
    means = {
        name: [slow_means(r, noisy(r, 0, 1), part, 20, 5) for part in ("train", "test")]
        for name, r in made.recordings.items()
    }
    assert len(table) == 6 * 3
    for row in table.rows():
        score, used = slow_score(row["definition"], means[row["from"]], means[row["to"]])
        assert row["score"] == pytest.approx(score, abs=1e-6)
        assert row["bins_used"] == used
        assert (row["recording"], row["seed"], row["fold"]) == ("", 1, 0)
        occupied = set().union(
            *(
                slow_means(made.recordings[row[side]], noisy(made.recordings[row[side]], 0, 1), part, 20, 1)
                for side in ("from", "to")
                for part in {"paper": ["train"], "held_out": ["train", "test"], "paper_test": ["test"]}[
                    row["definition"]
                ]
            )
        )
        assert row["coverage"] == pytest.approx(used / len(occupied))


@pytest.mark.parametrize("spec", [SPEC, RUNS], ids=["recordings", "runs"])
def test_the_held_out_map_knows_no_axes(tmp_path, spec):
    """An embedding has none of its own: turned, it is the same one. The published score is another then."""
    scores = {}
    for turn in (0, 1):
        flat = study(tmp_path / f"{turn}", partial(flattened, turn=turned(turn)), NAMES[:3], seeds=(1, 2))
        table = done(flat.job("consistency", "consistency", **{**spec, "null": 19}))
        scores[turn] = {name: table["score"][table["definition"] == name] for name in ("held_out", "paper")}
        scores[turn]["null"] = np.array(table.meta["summary"]["held_out"]["null"])
    for name in ("held_out", "null"):
        np.testing.assert_allclose(scores[1][name], scores[0][name], atol=1e-6)
    assert np.abs(scores[1]["paper"] - scores[0]["paper"]).max() > 0.01


def flattened(recording, fold, seed, turn):
    """Next to nothing in one dimension, then turned."""
    return (noisy(recording, fold, seed) * [1, 1, 0.02]) @ turn


def turned(times: int) -> np.ndarray:
    """(3, 3) rotation, none of no times."""
    return np.linalg.matrix_power(np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0], times)


def test_the_summary_is_the_mean_over_pairs_then_folds_and_seeds(tmp_path):
    made = study(tmp_path, folds=2, seeds=(1, 2))
    table = done(made.job("consistency", "consistency", units=[NAMES], **SPEC))
    assert len(table) == 12 * 3 * 2 * 2
    for definition, about in table.meta["summary"].items():
        assert about["mean"] == pytest.approx(table["score"][table["definition"] == definition].mean())
        assert about["pairs"] == 6
        assert about["null_n"] == len(about["null"]) == 39
        assert about["null_effective"] > 19
        if definition == "held_out":
            assert about["p"] == pytest.approx(1 / 40)
        else:  # in-sample
            assert np.isnan(about["p"])
            assert about["note"] == "in-sample, no p"


def test_null_draws_are_those_of_shifted_embeddings(tmp_path):
    """A draw is what the stage gives for embeddings that were shifted on disk: bins, parts and padding stay."""
    made = study(tmp_path / "real", names=NAMES[:3])
    job = made.job("consistency", "consistency", **SPEC)
    table = done(job)
    shifts = [of.values[4] for of in draw(job.spec, read_sessions(job))]
    assert len(set(shifts)) == 3
    for recording, shift in zip(made.recordings.values(), shifts, strict=True):
        assert 5 * 15 < shift < len(recording) - 5 * 15  # laps of some 65 samples: some 20 of autocorrelation time
    lengths = {len(r): shift for r, shift in zip(made.recordings.values(), shifts, strict=True)}
    other = Study(
        tmp_path / "moved", made.recordings, lambda r, fold, seed: np.roll(noisy(r, fold, seed), -lengths[len(r)], 0)
    )
    again = done(other.job("consistency", "consistency", **{**SPEC, "null": 0}))
    np.testing.assert_array_equal(again["bins_used"], table["bins_used"])
    for name, about in again.meta["summary"].items():
        assert about["mean"] == pytest.approx(table.meta["summary"][name]["null"][4], abs=1e-9)
        assert about["null"] == []
        assert np.isnan(about["p"])


def test_two_recordings_are_described_only(tmp_path, capsys):
    summary = done(study(tmp_path, names=NAMES[:2]).job("consistency", "consistency", **SPEC)).meta["summary"]
    assert all(len(about["null"]) == 39 and np.isnan(about["p"]) for about in summary.values())
    assert "two recordings, description only, no p" in capsys.readouterr().err


@pytest.mark.parametrize(("draws", "given"), [(18, False), (19, True)])
def test_p_needs_nineteen_draws(tmp_path, draws, given):
    summary = done(study(tmp_path).job("consistency", "consistency", **{**SPEC, "null": draws})).meta["summary"]
    assert np.isfinite(summary["held_out"]["p"]) == given
    assert (summary["held_out"]["note"] == "n too small for p") != given


def test_equal_recordings_are_shifted_apart(tmp_path):
    """Copies of one recording would else be shifted alike and the null be as high as the truth."""
    one, other = draw(SPEC, [in_memory(make_recording(0), noisy)] * 2)
    assert not np.array_equal(one.values, other.values)


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_a_recording_is_not_compared_with_itself(tmp_path, kind):
    """Whatever type a file holds its counts in, and whatever its labels."""
    recordings = {name: make_recording(i) for i, name in enumerate(NAMES[:2])}
    copy = make_recording(0)
    copy = dataclasses.replace(copy, neural=copy.neural.astype(kind), labels={**copy.labels, "more": Label(copy.time)})
    made = Study(tmp_path, recordings | {"copy": copy}, noisy)
    with pytest.raises(UserError) as caught:
        done(made.job("consistency", "consistency", **SPEC))
    assert "the same neural data in rat1 and copy" in str(caught.value)
    assert "rat2" not in str(caught.value)


def test_names_and_order_do_not_change_the_null(tmp_path):
    made = study(tmp_path / "one", names=NAMES[:3])
    one = done(made.job("consistency", "consistency", **SPEC)).meta["summary"]
    renamed = {f"x{i}": recording for i, recording in enumerate(reversed(made.recordings.values()))}
    other = done(Study(tmp_path / "other", renamed, noisy).job("consistency", "consistency", **SPEC)).meta["summary"]
    for name in one:
        np.testing.assert_allclose(one[name]["null"], other[name]["null"], atol=1e-9)


def in_laps(recording, fold, seed):
    """The same noise, continuous in a lap but not from one lap to the next, as where rests are cut out."""
    rng = np.random.default_rng([int(recording.neural[:500].sum()), len(recording), fold, seed])
    laps = [rng.normal(size=(n + 200, 3)) for n in np.bincount(recording.trial)]
    return np.concatenate([lfilter([1.0], [1.0, -0.975], steps, axis=0)[200:] for steps in laps])


def p_of_noise(studies: int, draws: int, noise) -> dict[str, np.ndarray]:
    """definition -> (study,) p by shifts, whether it is printed or not."""
    found: dict[str, list[float]] = {}
    for i in range(studies):
        recordings = [make_recording(10 * i + j) for j in range(3)]
        sessions = tuple(in_memory(recording, noise) for recording in recordings)
        for name, about in between_recordings({**SPEC, "null": draws}, sessions)[1].items():
            p = (1 + sum(x >= about["mean"] for x in about["null"])) / (1 + draws)
            assert np.isnan(about["p"]) if name != "held_out" else about["p"] == p
            found.setdefault(name, []).append(p)
    return {name: np.array(p) for name, p in found.items()}


@pytest.mark.parametrize("noise", [unrelated, in_laps])
def test_noise_is_not_consistent(noise):
    p = p_of_noise(30, 39, noise)["held_out"]
    for level in (0.025, 0.05, 0.1):
        assert (p <= level).sum() <= binom.ppf(0.995, len(p), level)
    assert p.min() < 0.5 < p.max()


@pytest.mark.deep
@pytest.mark.parametrize("noise", [unrelated, in_laps])
def test_consistency_p_of_noise_holds_its_level(evidence, noise):
    found = p_of_noise(300, 99, noise)
    levels = (0.01, 0.05, 0.1, 0.5)
    evidence({name: {f"p <= {a}": float(np.mean(p <= a)) for a in levels} for name, p in found.items()})
    for level in levels:
        assert (found["held_out"] <= level).sum() <= binom.ppf(0.999, 300, level)
    if noise is in_laps:  # why the in-sample definitions have none
        assert (found["paper"] <= 0.05).sum() > binom.ppf(0.999, 300, 0.05)


def test_held_out_falls_where_the_paper_way_does_not(tmp_path):
    summary = done(study(tmp_path, embed=unrelated).job("consistency", "consistency", **SPEC)).meta["summary"]
    assert summary["held_out"]["mean"] < 0.05 < summary["paper"]["mean"] + 0.05


@pytest.mark.parametrize("between", ["recordings", "runs"])
def test_padding_gap_and_valid_do_not_count(tmp_path, between):
    def spoiled(recording, fold, seed):
        part = make_split(recording)["fold0"]
        mask = padding(recording) | np.isin(part, ["gap", "valid"])
        return np.where(mask[:, None], seed * 9.0, noisy(recording, fold, seed))

    spec = {"recordings": SPEC, "runs": RUNS}[between]
    one, other = (
        done(study(tmp_path / name, embed=embed, seeds=(1, 2)).job("consistency", "consistency", **spec))
        for name, embed in {"clean": noisy, "spoiled": spoiled}.items()
    )
    np.testing.assert_array_equal(one["score"], other["score"])
    for name, about in one.meta["summary"].items():
        assert about["mean"] == other.meta["summary"][name]["mean"]
        assert about["mean_with_padded"] != other.meta["summary"][name]["mean_with_padded"]


# ---- between runs ----------------------------------------------------------------------------------------------------
def test_runs_are_mapped_sample_by_sample(tmp_path):
    made = study(tmp_path, names=NAMES[:2], seeds=(3, 1, 10), folds=2)
    table = done(made.job("consistency", "consistency", **RUNS))
    assert len(table) == 2 * 2 * 6 * 3
    assert set(table["from"]) == {"seed1", "seed3", "seed10"}
    for row in table.rows():
        recording, fold = made.recordings[row["recording"]], row["fold"]
        part, inside = make_split(recording, 2)[f"fold{fold}"], ~padding(recording)
        x, y = (noisy(recording, fold, int(row[side][4:])) for side in ("from", "to"))
        fit, test = {"paper": ("train", "train"), "held_out": ("train", "test"), "paper_test": ("test", "test")}[
            row["definition"]
        ]
        fit, test = (part == fit) & inside, (part == test) & inside
        fitted = LinearRegression().fit(x[fit], y[fit])
        slow = r2_score(y[test], fitted.predict(x[test]), multioutput=OVER[row["definition"]])
        assert row["score"] == pytest.approx(slow, abs=1e-6)
        assert 0.6 < row["coverage"] < 1
        assert (row["seed"], row["bins_used"]) == (-1, -1)
    about = table.meta["summary"]["held_out"]
    assert about["mean"] == pytest.approx(table["score"][table["definition"] == "held_out"].mean())
    assert (about["pairs"], about["null"], about["null_n"]) == (6, [], 0)
    assert np.isnan(about["p"])


def test_runs_of_other_rates_are_not_compared_with_each_other(tmp_path):
    made = study(tmp_path, names=NAMES[:2], seeds=(1, 2))
    made.recordings["rat2"] = dataclasses.replace(made.recordings["rat2"], rate=20.0)
    assert len(done(made.job("consistency", "consistency", **RUNS))) == 12


# ---- mistakes --------------------------------------------------------------------------------------------------------
def position(change):
    def changed(recording):
        label = change(recording.labels["position"])
        return dataclasses.replace(recording, labels={**recording.labels, "position": label})

    return changed


MISTAKES = {
    "between": (
        {"between": "recording"},
        None,
        "between: expected recordings or runs, found 'recording'. Did you mean",
    ),
    "seeds": (RUNS, None, "embeddings of rat1, fold 0: expected two seeds or more, found .1.. Add `seeds`"),
    "labels": ({"labels": []}, None, "labels: expected labels to bin by, found none"),
    "unknown": ({"labels": ["place"]}, None, "labels of rat4: expected 'place', found no such label"),
    "rates": ({}, lambda r: dataclasses.replace(r, rate=39.0), "one sampling rate, found rat1 40 Hz, .*rat4 39 Hz"),
    "kinds": (
        {},
        position(lambda label: Label(label.values.astype(int), "discrete", "m")),
        "label position of rat4: expected continuous in m as in rat1, found discrete in m",
    ),
    "ranges": (
        {},
        position(lambda label: dataclasses.replace(label, values=label.values + 1.5)),
        "labels of rat1 and rat4: expected 3 or more common bins of the training parts, found [0-2] of 40",
    ),
    "minimum": ({"minimum": 10_000}, None, "labels of rat1 and rat2: expected 3 or more common bins"),
    "classes": ({"labels": ["direction"]}, None, "3 or more common bins of the training parts, found 2 of 2"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told_and_leave_nothing(tmp_path, name):
    spec, change, message = MISTAKES[name]
    made = study(tmp_path)
    if change:
        made.recordings["rat4"] = change(made.recordings["rat4"])
    job = made.job("consistency", "consistency", **{**SPEC, **spec})
    with pytest.raises(UserError, match=message):
        run(job)
    assert not job.outputs["consistency"].exists()


def test_a_single_recording_is_told(tmp_path):
    with pytest.raises(UserError, match="sessions: expected two recordings or more, found 1"):
        run(study(tmp_path, names=NAMES[:1]).job("consistency", "consistency", **SPEC))


def test_labels_outside_train_have_no_say_in_what_is_fitted():
    """Outliers and a new class in test, valid and gap; by fold, whose parts are others."""
    sessions = [in_memory(make_recording(i), noisy) for i in (0, 1)]

    def far(session):
        labels = {name: dataclasses.replace(of, values=of.values.copy()) for name, of in session.labels.items()}
        left = np.flatnonzero(session.split["fold0"] != "train")
        labels["position"].values[left[::7]], labels["direction"].values[left[::5]] = 50.0, 7
        return dataclasses.replace(session, labels=labels)

    others = [far(session) for session in sessions]
    here, there = compared(SPEC, sessions), compared(SPEC, others)
    assert len(here.bins[0]) == len(there.bins[0]) == 40
    for one, other in zip(sessions, others, strict=True):
        for means in (Common.means, lambda *of: Common.shifted(*of, np.array([0]))):
            mine, changed = means(here, one, (0, 1)), means(there, other, (0, 1))
            np.testing.assert_array_equal(changed.means["train"], mine.means["train"])
            assert changed.counts["test"].sum() < mine.counts["test"].sum()


def test_too_few_bins_give_no_score_and_are_told(tmp_path, capsys):
    """Four bins and a map with four coefficients an output: R² would be 1 whatever the data."""
    table = done(study(tmp_path).job("consistency", "consistency", **{**SPEC, "bins": 2}))
    assert set(table["bins_used"]) == {4}
    assert np.isnan(table["score"]).all()
    assert np.isnan(table.meta["summary"]["held_out"]["p"])
    assert "no score held_out, fold 0: rat1 to rat2: 4 common bins are too few for a map" in capsys.readouterr().err


def test_labels_too_slow_to_shift_give_no_null(tmp_path, capsys):
    made = study(tmp_path)
    for name, recording in made.recordings.items():
        slow = Label(np.linspace(0, 1, len(recording)), "continuous", "m")
        made.recordings[name] = dataclasses.replace(recording, labels={**recording.labels, "position": slow})
    summary = done(made.job("consistency", "consistency", **{**SPEC, "bins": 10})).meta["summary"]
    assert all(about["null_n"] == 0 and np.isnan(about["p"]) for about in summary.values())
    assert "null: 0 of 39 shifts" in capsys.readouterr().err


def test_labels_that_repeat_give_no_null(tmp_path, capsys):
    made = study(tmp_path)
    for name, recording in made.recordings.items():
        laps = Label(np.arange(len(recording)) % 60 / 60, "continuous", "m")
        made.recordings[name] = dataclasses.replace(recording, labels={**recording.labels, "position": laps})
    summary = done(made.job("consistency", "consistency", **{**SPEC, "bins": 10})).meta["summary"]
    assert summary["held_out"]["note"] == "label repeats, shifts are no null, no p"
    assert all(about["null_n"] == 0 and np.isnan(about["p"]) for about in summary.values())
    assert "null: position of rat1 repeats every 1.5 s: shifts are none" in capsys.readouterr().err


# ---- doubts ----------------------------------------------------------------------------------------------------------
def test_what_is_to_be_known_of_a_comparison_is_in_its_table_and_log(tmp_path, capsys):
    made, plain = study(tmp_path / "doubted", names=NAMES[:3]), study(tmp_path / "plain", names=NAMES[:3])
    notes = {
        "overlap": {"direction": "direction ends 4 s before the last neural sample"},
        "doubts": {"position": "position spans 3 of its periods", "speed": "speed spans 2", "yaw": "yaw spans 5"},
    }
    for name in NAMES[:2]:
        made.recordings[name] = dataclasses.replace(made.recordings[name], notes=notes)
    few = {**SPEC, "bins": 4, "null": 0, "fitted_by": ["direction", "speed"]}
    own = "bins of direction, which the condition is fitted by: means agree by construction"
    doubts = done(made.job("consistency", "consistency", **few)).meta["doubts"]
    assert doubts[:3] == [
        "rat1, rat2: direction ends 4 s before the last neural sample",
        "rat1, rat2: position spans 3 of its periods",
        "rat1, rat2: speed spans 2",
    ]
    assert doubts[3].startswith(own)
    assert doubts[4:] == ["few bins: a pair shares 8, and a map has 4 coefficients an output"]
    said = capsys.readouterr().err
    assert all(line in said for line in doubts)
    bytime = {**SPEC, "bins": 5, "null": 0, "fitted_by": []}
    assert done(plain.job("consistency", "consistency", **bytime)).meta["doubts"] == []


def test_runs_are_said_to_be_of_the_same_data(tmp_path):
    (told,) = done(study(tmp_path, names=NAMES[:1], seeds=(1, 2)).job("consistency", "consistency", **RUNS)).meta[
        "doubts"
    ]
    assert told.startswith("the same data in both runs")


# ---- bytes, time, imports --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("spec", "threads"), [(SPEC, "2"), (RUNS, "2")], ids=["recordings", "runs"])
def test_numbers_are_equal_whatever_the_number_of_threads(tmp_path, spec, threads):
    job = study(tmp_path, names=NAMES[:3], seeds=(1, 2)).job("consistency", "consistency", **spec)
    program = (
        "import sys, json, pathlib\n"
        "from cebra_pipe.pipeline.jobs.job import Job\n"
        "from cebra_pipe.pipeline.stages.consistency import run\n"
        "spec, inputs, out = json.load(sys.stdin)\n"
        "inputs = {k: [pathlib.Path(p) for p in v] for k, v in inputs.items()}\n"
        "run(Job('consistency', spec, inputs, {'consistency': pathlib.Path(out)}))\n"
        "assert not {'torch', 'sklearn', 'scipy', 'matplotlib'} & set(sys.modules)\n"
    )
    run(job)
    out = tmp_path / "other.parquet"
    text = json.dumps([dict(job.spec), {k: [str(p) for p in v] for k, v in job.inputs.items()}, str(out)])
    env = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", program], input=text, text=True, env=env, check=True, capture_output=True)
    one, other = (read_table(path) for path in (job.outputs["consistency"], out))
    assert json.dumps(one.meta["summary"]) == json.dumps(other.meta["summary"])
    assert one["score"].tobytes() == other["score"].tobytes()


@pytest.mark.parametrize("spec", [SPEC, RUNS], ids=["recordings", "runs"])
def test_equal_runs_give_equal_bytes(tmp_path, spec):
    digests = set()
    for folder in ("one", "other"):
        job = study(tmp_path / folder, names=NAMES[:3], seeds=(1, 2)).job("consistency", "consistency", **spec)
        run(job)
        digests.add(hashlib.sha256(job.outputs["consistency"].read_bytes()).hexdigest())
    assert len(digests) == 1

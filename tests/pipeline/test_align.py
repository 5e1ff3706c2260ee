"""Stage align: turned copies come back, rotations come from train alone, mistakes are told."""

from __future__ import annotations

import dataclasses
import hashlib
from functools import partial

import numpy as np
import pytest
from scipy.stats import ortho_group

from cebra_pipe.data.recording import Label
from cebra_pipe.data.table import Table, read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.stages.align import run

from .compared import Study, curve, make_recording, make_split, padding

NAMES, PARTS = ("rat1", "rat2", "rat3"), ("train", "test")
SPEC = {"reference": "rat2", "labels": ["position", "direction"], "bins": 20, "minimum": 5}


def rotation_of(seed: int) -> np.ndarray:
    return ortho_group.rvs(3, random_state=seed)


def embed(recording, fold, seed):
    """The same curve for all, turned by the recording, fold and seed."""
    return curve(recording) @ rotation_of(len(recording) * 100 + fold * 10 + seed)


def study(folder, copy: bool = False, **options) -> Study:
    recordings = {name: make_recording(0 if copy else i) for i, name in enumerate(NAMES)}
    return Study(folder, recordings, options.pop("embed", embed), **options)


def points(table: Table, prefix: str = "a", **wanted) -> np.ndarray:
    rows = table.where(np.logical_and.reduce([table[name] == value for name, value in wanted.items()]))
    return np.stack([rows[f"{prefix}{i}"] for i in range(3)], axis=1)


def test_turned_copies_of_one_embedding_come_back(tmp_path, capsys):
    turns = iter([rotation_of(0), np.eye(3), rotation_of(2)])
    made = study(tmp_path, copy=True, embed=lambda recording, fold, seed: curve(recording) @ next(turns))
    job = made.job("align", "aligned", **SPEC)
    run(job)
    table = read_table(job.outputs["aligned"], stage="align")
    for name in NAMES:
        np.testing.assert_allclose(points(table, recording=name), points(table, recording="rat2"), atol=1e-6)
    for score in table.meta["scores"]:
        assert score["train"] == pytest.approx(1, abs=1e-9)
        assert score["test"] == pytest.approx(1, abs=1e-9)
        assert score["coverage"] == 1
    told = "the same neural data in rat1 and rat2: aligned as two recordings, they are one"
    assert f"warning: {told}" in capsys.readouterr().err
    assert len(table.meta["doubts"]) == 3  # of three copies
    assert table.meta["doubts"][0] == told


def test_other_recordings_raise_no_doubt(tmp_path):
    job = study(tmp_path).job("align", "aligned", **SPEC)
    run(job)
    assert read_table(job.outputs["aligned"]).meta["doubts"] == []


def test_scores_know_no_axes(tmp_path):
    """Flat in one dimension and noisy: turned as a whole it scores as it did."""

    def flat(recording, fold, seed, turn):
        noisy = curve(recording, noise=1.0, seed=len(recording))
        return (noisy * [1, 1, 0.02]) @ turn

    scores = []
    for i, turn in enumerate((np.eye(3), rotation_of(4))):
        job = study(tmp_path / f"{i}", embed=partial(flat, turn=turn)).job("align", "aligned", **SPEC)
        run(job)
        scores.append([score[part] for score in read_table(job.outputs["aligned"]).meta["scores"] for part in PARTS])
    assert scores[1] == pytest.approx(scores[0], abs=1e-6)


def test_recordings_with_other_laps_come_near(tmp_path):
    made = study(tmp_path, folds=2, seeds=(3, 7))
    job = made.job("align", "aligned", units=[["rat3"], ["rat1", "rat2"]], **SPEC)
    run(job)
    table = read_table(job.outputs["aligned"])
    assert [(s["recording"], s["fold"], s["seed"]) for s in table.meta["scores"]] == [
        ("rat1", 0, 3), ("rat1", 1, 3), ("rat3", 0, 3), ("rat3", 1, 3)
    ]  # fmt: skip
    assert all(score["test"] > 0.97 for score in table.meta["scores"])
    for turn in table.meta["rotations"]:
        matrix, name, fold = np.array(turn["matrix"]), turn["recording"], turn["fold"]
        np.testing.assert_allclose(matrix.T @ matrix, np.eye(3), atol=1e-12)
        raw = embed(made.recordings[name], fold, 3).astype(np.float32)
        expected = raw if name == "rat2" else raw.astype(float) @ matrix
        np.testing.assert_allclose(points(table, recording=name, fold=fold), expected, atol=1e-6)
        assert name != "rat2" or (matrix == np.eye(3)).all()


def test_every_sample_is_there_with_its_part(tmp_path):
    made = study(tmp_path)
    job = made.job("align", "aligned", **SPEC)
    run(job)
    table = read_table(job.outputs["aligned"])
    assert list(dict.fromkeys(table["recording"])) == list(NAMES)
    for name, recording in made.recordings.items():
        mine = table.where(table["recording"] == name)
        assert mine["sample"].tolist() == list(range(len(recording)))
        assert mine["part"].tolist() == make_split(recording)["fold0"].tolist()
        assert mine["padded"].tolist() == padding(recording).tolist()
    assert set(table["part"]) == {"train", "valid", "test", "gap"}
    assert {name: table[name].dtype.str[1:] for name in ("fold", "seed", "sample", "a0")} == {
        "fold": "i2", "seed": "i4", "sample": "i4", "a0": "f4"
    }  # fmt: skip


@pytest.mark.parametrize("spoiled", ["padded", "test", "valid", "gap"])
def test_rotations_come_from_train_without_padding(tmp_path, spoiled):
    """Whatever stands in other samples leaves the rotation as it is."""

    def spoil(recording):
        part = make_split(recording)["fold0"]
        mask = padding(recording) if spoiled == "padded" else part == spoiled
        return np.where(mask[:, None], [9.0, -9.0, 5.0], embed(recording, 0, 1))

    jobs = [
        Study(tmp_path / name, study(tmp_path).recordings, make).job("align", "aligned", **SPEC)
        for name, make in {"clean": embed, "spoiled": lambda recording, fold, seed: spoil(recording)}.items()
    ]
    for job in jobs:
        run(job)
    clean, other = (read_table(job.outputs["aligned"]).meta for job in jobs)
    assert clean["rotations"] == other["rotations"]
    same_test = [a["test"] == b["test"] for a, b in zip(clean["scores"], other["scores"], strict=True)]
    assert all(same_test) == (spoiled != "test")


def test_equal_runs_give_equal_bytes(tmp_path):
    digests = set()
    for folder in ("one", "other"):
        job = study(tmp_path / folder).job("align", "aligned", **SPEC)
        run(job)
        digests.add(hashlib.sha256(job.outputs["aligned"].read_bytes()).hexdigest())
    assert len(digests) == 1


def test_padded_samples_are_told_with_their_place(tmp_path, capsys):
    run(study(tmp_path).job("align", "aligned", **SPEC))
    said = capsys.readouterr().err
    assert "rat1: 400 of" in said
    assert "samples padded, left out (in fifths of position: " in said
    assert "0, 0, 0" in said  # at the ends of the track


def _other(**changes):
    return lambda recording: dataclasses.replace(recording, **changes)


MISTAKES = {
    "reference": (
        {"reference": "rat9"},
        None,
        "reference: expected one of the sessions, found 'rat9'. Did you mean 'rat",
    ),
    "no labels": ({"labels": []}, None, "labels: expected labels to bin by"),
    "unknown label": (
        {"labels": ["positon"]},
        None,
        "labels of rat1: expected 'positon', found no such label. Did you mean",
    ),
    "rates": ({}, _other(rate=20.0), "one sampling rate, found rat1 40 Hz, rat2 40 Hz, rat3 20 Hz"),
    "units": (
        {},
        lambda r: dataclasses.replace(
            r, labels={**r.labels, "position": Label(r.labels["position"].values, unit="cm")}
        ),
        "label position of rat3: expected continuous in m as in rat1, found continuous in cm",
    ),
    "ranges": (
        {},
        lambda r: dataclasses.replace(
            r, labels={**r.labels, "position": Label(r.labels["position"].values + 9, unit="m")}
        ),
        "labels of rat3 and rat2: expected 3 or more common bins of the training parts, found 0 of 40",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told_and_leave_nothing(tmp_path, name):
    spec, change, message = MISTAKES[name]
    made = study(tmp_path)
    if change:
        made.recordings["rat3"] = change(made.recordings["rat3"])
    job = made.job("align", "aligned", **{**SPEC, **spec})
    with pytest.raises(UserError, match=message):
        run(job)
    assert not job.outputs["aligned"].exists()


def test_files_that_do_not_go_together_are_told(tmp_path):
    job = study(tmp_path).job("align", "aligned", **SPEC)
    short = dataclasses.replace(job, inputs={**job.inputs, "embeddings": job.inputs["embeddings"][:2]})
    with pytest.raises(UserError, match="embeddings of rat1, found none in these files"):
        run(short)
    twice = dataclasses.replace(job, inputs={**job.inputs, "embeddings": job.inputs["embeddings"] * 2})
    with pytest.raises(UserError, match="rat1 once more"):
        run(twice)
    swapped = dataclasses.replace(job, inputs={**job.inputs, "splits": job.inputs["splits"][::-1]})
    with pytest.raises(UserError, match="the split of the recording"):
        run(swapped)
    few = dataclasses.replace(job, inputs={**job.inputs, "splits": job.inputs["splits"][:1]})
    with pytest.raises(UserError, match="--input splits: expected 3, one a session, found 1 files"):
        run(few)


def test_embeddings_of_another_recording_are_told(tmp_path):
    made = study(tmp_path)
    job = made.job("align", "aligned", **SPEC)
    recordings = {**made.recordings, "rat1": make_recording(9, laps=30)}
    other = Study(tmp_path / "other", recordings, embed).job("align", "aligned", **SPEC)
    mixed = dataclasses.replace(job, inputs={**other.inputs, "embeddings": job.inputs["embeddings"]})
    with pytest.raises(UserError, match="embedding of rat1, fold 0, seed 1: expected samples 0 to"):
        run(mixed)


def test_fits_that_only_some_recordings_have_are_told(tmp_path):
    made = study(tmp_path)
    job = made.job("align", "aligned", **SPEC)
    Study(tmp_path, {"rat3": made.recordings["rat3"]}, embed, seeds=(1, 2)).job("align", "aligned", **SPEC)
    with pytest.raises(UserError, match="embeddings of rat3: expected folds and seeds as for rat1"):
        run(job)


def test_recordings_that_share_no_test_bin_have_no_test_score(tmp_path):
    """Few samples a bin in test: the rotation of train stands, a held-out score there is not."""
    made = {name: make_recording(i, laps=20) for i, name in enumerate(NAMES[:2])}
    job = Study(tmp_path, made, embed).job(
        "align", "aligned", **{**SPEC, "sessions": list(NAMES[:2]), "minimum": 25, "bins": 10}
    )
    run(job)
    (few,) = read_table(job.outputs["aligned"]).meta["scores"]
    assert np.isfinite(few["train"])
    assert np.isnan(few["test"])

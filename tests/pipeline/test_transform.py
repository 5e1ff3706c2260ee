from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from cebra_pipe.data.controls import apply_control
from cebra_pipe.data.datatypes import Offset
from cebra_pipe.data.table import read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.stages import fit, transform
from cebra_pipe.solver import network
from cebra_pipe.solver.artifact import read_model
from tests.toys import fit_job, track, transform_job

EPOCHS = np.repeat([0, 1, 2, 3], [500, 4, 9, 687]).astype(np.int32)  # two of them shorter than the window


def embedded(folder, recordings, **changed):
    job = fit_job(folder, recordings, **{"steps": 3, **changed})
    fit.run(job)
    made = transform_job(job)
    transform.run(made)
    return job, read_table(made.outputs["embedding"], stage="transform")


def columns(table, mask=slice(None)):
    return np.stack(
        [table[name][mask] for name in sorted(table.columns) if name[0] == "e" and name[1:].isdigit()], axis=1
    )


def by_hand(fitted, session, recording, before, after):
    """Each sample's window inside its epoch, its ends repeated, encoded alone."""
    neural, found = fitted.scalings[session](recording.neural), []
    for t in range(len(recording)):
        mine = np.flatnonzero(recording.epoch == recording.epoch[t])
        window = neural[np.clip(np.arange(t - before, t + after), mine[0], mine[-1])]
        with torch.no_grad():
            out = fitted.network.finish(fitted.network.encoders[session](torch.from_numpy(window)))
        found.append(out[0].numpy())
    return np.array(found)


@pytest.mark.parametrize("model", ["offset10-model", "offset5-model", "offset1-model"])
def test_every_sample_is_its_own_window_with_edges_repeated(tmp_path, model):
    recording = track(0)
    job, table = embedded(tmp_path, {"rat": recording}, model=model)
    fitted = read_model(job.outputs["model"])
    broken = replace(recording, epoch=EPOCHS, trial=EPOCHS)
    ours, padded = transform.embed(fitted, 0, broken, across=False)
    before, after = fitted.offset
    np.testing.assert_allclose(ours, by_hand(fitted, 0, broken, before, after), rtol=1e-4, atol=1e-5)
    inside = [
        (EPOCHS[max(t - before, 0) : t + after] == EPOCHS[t]).all() and before <= t <= len(EPOCHS) - after
        for t in range(len(EPOCHS))
    ]
    assert (padded == ~np.array(inside)).all()
    np.testing.assert_allclose(columns(table), by_hand(fitted, 0, recording, before, after), rtol=1e-4, atol=1e-5)


def test_blocks_follow_the_contract(tmp_path):
    job, _ = embedded(tmp_path, {"a": track(0), "b": track(1, trials=36, neurons=8)})
    other = replace(
        job, spec={**job.spec, "seed": 2}, outputs={k: tmp_path / "two" / p.name for k, p in job.outputs.items()}
    )
    fit.run(other)
    made = transform_job(job, job.outputs["model"], other.outputs["model"])
    transform.run(made)
    table, file = read_table(made.outputs["embedding"]), pq.ParquetFile(made.outputs["embedding"])
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [1200, 1200, 1080, 1080]
    starts = [file.read_row_group(i) for i in range(4)]
    assert [(g["recording"][0].as_py(), g["seed"][0].as_py()) for g in starts] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
        ("b", 2),
    ]
    assert {k: table[k].dtype.str for k in ("fold", "seed", "sample", "padded", "e0")} == {
        "fold": "<i2",
        "seed": "<i4",
        "sample": "<i4",
        "padded": "|b1",
        "e0": "<f4",
    }
    assert (table.meta["dimension"], table.meta["offset"], table.meta["similarity"]) == (3, [5, 5], "cosine")
    assert np.isfinite(columns(table)).all()
    np.testing.assert_allclose(np.linalg.norm(columns(table), axis=1), 1, rtol=1e-5)
    assert not np.allclose(columns(table, table["seed"] == 1), columns(table, table["seed"] == 2))
    assert table.meta["spec"] == made.spec


def test_a_rerun_gives_the_same_bytes(tmp_path):
    job, _ = embedded(tmp_path, {"rat": track(0)})
    path = tmp_path / "out" / "e.parquet"
    first = path.read_bytes()
    transform.run(transform_job(job))
    assert path.read_bytes() == first


@pytest.mark.parametrize("control", ["permute_neural", "neuron_shift", "circular_shift"])
def test_a_neural_control_is_embedded_as_it_was_fitted(tmp_path, control):
    recording = track(0)
    job, table = embedded(tmp_path, {"rat": recording}, control=control, seed=3)
    seen = apply_control(control, recording, np.ones(len(recording), bool), 3, 1)
    assert (seen.neural is recording.neural) == (control == "circular_shift")
    ours, _ = transform.embed(read_model(job.outputs["model"]), 0, seen, across=False)
    np.testing.assert_allclose(columns(table), ours, atol=2e-6)  # the stage may use other threads


def test_windows_across_pad_only_the_recordings_ends(tmp_path):
    _, table = embedded(tmp_path, {"rat": track(0)}, windows="across")
    assert np.flatnonzero(table["padded"]).tolist() == [0, 1, 2, 3, 4, 1196, 1197, 1198, 1199]


def test_long_series_in_blocks_are_the_same(tmp_path, monkeypatch):
    job, table = embedded(tmp_path, {"rat": track(0)})
    monkeypatch.setattr(network, "ROWS", 100)
    ours, _ = transform.embed(read_model(job.outputs["model"]), 0, track(0), across=False)
    np.testing.assert_allclose(columns(table), ours, rtol=1e-5, atol=1e-6)


def test_zscore_is_that_of_the_training_part(tmp_path):
    job, _ = embedded(tmp_path, {"rat": track(0)}, normalize="zscore")
    scaling, recording = read_model(job.outputs["model"]).scalings[0], track(0)
    train = recording.neural[read_table(job.inputs["splits"][0])["fold0"] == "train"]
    z = scaling(train)
    np.testing.assert_allclose(z.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(z.std(0), 1, rtol=1e-4)


def test_models_of_another_unit_are_refused(tmp_path):
    job, _ = embedded(tmp_path, {"rat": track(0)})
    other = fit_job(tmp_path / "other", {"mouse": track(0)}, steps=1)
    wrong = transform_job(job)
    with pytest.raises(UserError, match="a model of mouse, found one of rat"):
        transform.run(replace(wrong, spec={**wrong.spec, "sessions": ["mouse"]}))
    small = replace(wrong, inputs={**wrong.inputs, "recordings": other.inputs["recordings"]})
    fit_job(tmp_path / "other", {"mouse": track(0, neurons=5)})
    with pytest.raises(UserError, match="at least 20 neurons"):
        transform.run(small)


def test_stitched_repeats_edges_of_each_epoch():
    found = transform.stitched(np.array([3, 3, 7]), Offset(2, 2))
    assert found.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]

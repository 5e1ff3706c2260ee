from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from cebra_pipe.data.recording import Label
from cebra_pipe.data.table import read_table
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.stages import fit
from cebra_pipe.sklearn.nulls import PERIODIC, TOO_SLOW
from cebra_pipe.solver import device
from cebra_pipe.solver.artifact import read_model, read_provenance
from tests.toys import fit_job, parts, track

SHORT = {"steps": 20}


def made(folder, recordings=None, **changed):
    job = fit_job(folder, recordings or {"rat": track(0)}, **{**SHORT, **changed})
    fit.run(job)
    return job


def test_same_job_gives_the_same_bytes(tmp_path):
    first, again = (made(tmp_path / name, out=name) for name in ("one", "two"))
    for role in ("model", "history"):
        assert first.outputs[role].read_bytes() == again.outputs[role].read_bytes()
    assert not list(tmp_path.rglob("*.tmp"))


def test_model_holds_what_it_needs_and_where_it_came_from(tmp_path):
    job = made(tmp_path, {"a": track(0), "b": track(1, neurons=9)})
    content = torch.load(job.outputs["model"], weights_only=True)
    assert content["format"] == 1
    assert content["sessions"] == ["a", "b"]
    assert content["model"]["neurons"] == [20, 9]
    assert content["model"]["offset"] == [5, 5]
    assert all(v.is_contiguous() and v.device.type == "cpu" for v in content["state"].values())
    fitted = read_model(job.outputs["model"])
    assert fitted.provenance == read_provenance(job.outputs["model"]) == content["provenance"]
    assert fitted.provenance["spec"] == job.spec
    assert fitted.provenance["device"] == "cpu"
    assert set(fitted.provenance["inputs"]) == {"recordings", "splits"}


def test_a_history_says_of_which_labels_shifts_are_no_null(tmp_path):
    """Whether they are decoded or not; bits of a fit to them have no p against refits."""
    recording = track(0)
    recording.labels["noise"] = Label(np.random.default_rng(1).random(len(recording)), "continuous")
    recording.labels["half"] = Label((np.arange(len(recording)) > len(recording) / 2).astype(np.int64), "discrete")
    job = made(tmp_path, {"rat": recording}, labels={"noise": 1.0, "position": 1.0, "half": 1.0}, steps=1)
    found = read_table(job.outputs["history"]).meta["without_null"]
    assert found == {"rat": {"position": PERIODIC, "half": TOO_SLOW}}


def test_history_has_every_row_of_the_contract(tmp_path):
    table = read_table(
        made(tmp_path, {"a": track(0), "b": track(1)}, hybrid=True, steps=45).outputs["history"], stage="fit"
    )
    rows = list(table.rows())
    train = [r for r in rows if (r["kind"], r["part"]) == ("step", "train")]
    assert [r["step"] for r in train if r["objective"] == "labels"] == [10, 20, 30, 40, 45]
    valid = [r["step"] for r in rows if (r["kind"], r["part"], r["objective"]) == ("step", "valid", "time")]
    assert valid == [0, 10, 20, 30, 40, 45]
    scores = {(r["part"], r["objective"], r["session"]) for r in rows if r["kind"] == "score"}
    names = ("train", "train_subsample", "valid", "test"), ("labels", "time"), ("a", "b", "pooled")
    assert scores == {(p, o, s) for p in names[0] for o in names[1] for s in names[2]}
    assert len([r for r in rows if r["kind"] == "score"]) == len(scores)
    for r in rows:
        assert r["bits"] == pytest.approx((r["chance"] - r["loss"]) / np.log(2))
        assert r["loss"] == pytest.approx(r["align"] + r["uniform"])
        negatives = 64 * (2 if r["objective"] == "labels" and r["session"] == "pooled" else 1)
        assert r["chance"] == pytest.approx(np.log(negatives))


def test_step_rows_average_the_steps_between(tmp_path):
    """The rows of every ten steps have the mean of all batch losses as their mean."""
    from cebra_pipe.solver.fitting import _lesson_rows

    losses = [torch.tensor([[float(i), i / 2, i / 2]]) for i in range(1, 26)]
    marks = [(10, 10, torch.tensor(1.0)), (20, 20, torch.tensor(0.9)), (25, 25, torch.tensor(0.8))]
    rows = _lesson_rows(["labels"], "a", losses, [np.array([i + 1.0]) for i in range(25)], marks, 64)
    assert [r["loss"] for r in rows] == [r["chance"] for r in rows] == [5.5, 15.5, 23.0]
    assert [r["draws"] for r in rows] == [640, 640, 320]
    assert [round(r["temperature"], 6) for r in rows] == [1.0, 0.9, 0.8]


def test_control_uses_the_same_seeds_and_draws(tmp_path):
    """A control changes the data alone: the network starts from the same weights."""
    starts = {}
    for control in (None, "permute_labels", "neuron_shift"):
        job = made(tmp_path / str(control), control=control, steps=1, learning_rate=1e-30)
        starts[control] = read_model(job.outputs["model"]).network
    for control in ("permute_labels", "neuron_shift"):
        pairs = zip(starts[None].parameters(), starts[control].parameters(), strict=True)
        assert all(torch.allclose(p, q, atol=1e-20) for p, q in pairs)


def refused(folder, match, recordings=None, **changed):
    job = fit_job(folder, recordings or {"rat": track(0)}, **{**SHORT, **changed})
    with pytest.raises(UserError, match=match) as caught:
        fit.run(job)
    assert not any(path.exists() for path in job.outputs.values())
    return caught.value


def test_mistakes_are_told_with_their_remedy(tmp_path):
    refused(tmp_path, "Did you mean 'offset10-model'", model="ofset10-model")
    refused(tmp_path, "one row for 4 samples", model="resample5-model")
    refused(tmp_path, "Did you mean 'position'", labels={"positoin": 1.0})
    refused(tmp_path, "where they have no effect", positives="time")
    refused(tmp_path, "labels for positives", labels={})
    refused(tmp_path, "Set delta", positives="delta_normal")
    refused(tmp_path, "a continuous one", positives="discrete")
    refused(tmp_path, "discrete for classes alone", labels={"direction": 1.0})
    refused(tmp_path, "hybrid: expected positives from labels", labels={}, positives="time", hybrid=True)
    refused(tmp_path, "euclidean for a model without normalisation", model="offset10-model-mse")
    refused(tmp_path, "neuron_shift", labels={}, positives="time", control="circular_shift")
    refused(tmp_path, "Did you mean 'fold0'", fold=1)
    refused(tmp_path, r"at least 36 samples, the window, found at most 30", model="offset36-model")


def test_all_problems_are_told_at_once(tmp_path):
    error = refused(tmp_path, "delta", positives="delta_normal", labels={"direction": 1.0}, similarity="cosine")
    assert len(error.problems) == 2


def test_rates_of_one_model_must_agree(tmp_path):
    refused(tmp_path, "a 20 Hz, b 40 Hz", {"a": track(0), "b": track(1, rate=40.0)})


def test_recording_shorter_than_the_window(tmp_path):
    tiny = track(0, trials=1, length=8)
    refused(
        tmp_path, r"recording rat: expected an epoch of at least 10 samples, the window, found at most 8", {"rat": tiny}
    )


def test_constant_label(tmp_path):
    flat = track(0)
    flat.labels["position"] = Label(np.full(len(flat), 0.5), unit="m")
    refused(tmp_path, r"position of rat: expected at least two values", {"rat": flat}, labels={"position": 1.0})


def test_a_part_too_small(tmp_path):
    recording = track(0)
    part = parts(recording)
    part[(part == "valid") & (np.arange(len(part)) % 30 > 6)] = "gap"
    refused(
        tmp_path, r"part valid of rat, fold 0: .*needs more samples: raise split.valid", {"rat": recording}, part=part
    )


def test_a_gap_below_the_window_is_refused_with_the_value_to_set(tmp_path):
    """Parts inside one epoch, 4 samples apart, with a window of 10 samples at 20 Hz."""
    recording = track(0, epoch=np.zeros(1200, np.int32))
    part = np.full(1200, "train", dtype=object)
    part[700:950], part[950:] = "valid", "test"
    part[697:700] = part[946:950] = "gap"
    refused(
        tmp_path,
        r"found 4 samples: from 696 \(train\) to 700 \(valid\). Set split.gap to 0.5 s or more",
        {"rat": recording},
        part=part,
    )
    part[690:700] = part[940:950] = "gap"
    made(tmp_path / "wide", {"rat": recording}, part=part, steps=1)


def test_a_split_of_another_recording(tmp_path):
    job = fit_job(tmp_path, {"rat": track(0)})
    other = fit_job(tmp_path / "other", {"rat": track(0, trials=30)})
    with pytest.raises(UserError, match="Run split again"):
        fit.run(type(job)("fit", job.spec, {**job.inputs, "splits": other.inputs["splits"]}, job.outputs))


def test_losses_that_run_away(tmp_path):
    options = {"similarity": "euclidean", "model": "offset10-model-mse", "learning_rate": 1e30}
    refused(tmp_path, "Lower learning_rate", **options)


@pytest.mark.parametrize("harm", ["cut", "garbage", "empty", "foreign", "missing"])
def test_damaged_models_are_named(tmp_path, harm):
    path = made(tmp_path, steps=1).outputs["model"]
    whole = path.read_bytes()
    if harm == "foreign":
        torch.save({"weights": torch.zeros(3)}, path)
    elif harm == "missing":
        path.unlink()
    else:
        path.write_bytes({"cut": whole[: len(whole) // 2], "garbage": b"\x80\x05no model", "empty": b""}[harm])
    for read in (read_model, read_provenance):
        with pytest.raises(UserError, match=r"model\.pt"):
            read(path)


def test_a_model_with_code_in_it_is_refused(tmp_path, capsys):
    """Loading never executes what a file says."""

    class Trap:
        def __reduce__(self):
            return (print, ("executed",))

    path = tmp_path / "model.pt"
    torch.save({"format": 1, "trap": Trap()}, path)
    with pytest.raises(UserError, match="damaged"):
        read_model(path)
    assert "executed" not in capsys.readouterr().out


def test_device_rule(monkeypatch, capsys):
    for name in device.SCHEDULED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [device.resolve("auto", 0), device.resolve("auto", 1), device.resolve("cpu", 1)] == ["cpu", "cuda", "cpu"]
    assert "was given no GPU" in capsys.readouterr().err
    monkeypatch.setenv("SLURM_JOB_ID", "1")  # of a job without a GPU, on a node whose GPUs others have
    assert device.resolve("auto", 0) == "cpu"
    monkeypatch.setenv("SLURM_JOB_GPUS", "0")
    assert device.resolve("auto", 0) == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.resolve("auto", 1) == "cpu"
    with pytest.raises(UserError, match="Set device: auto"):
        device.resolve("cuda", 1)


def test_log_has_plain_lines(tmp_path, capsys):
    made(tmp_path, steps=50)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("fit: step")]
    assert [line.split()[2] for line in lines] == ["5", "10", "15", "20", "25", "30", "35", "40", "45", "50"]
    assert "labels valid" in lines[-1]
    assert "bits" in lines[-1]


def test_stretches_shorter_than_the_window_are_left_out_and_counted(tmp_path, capsys):
    """Two laps of train with six of their thirty samples, under a window of ten."""
    whole = track(0)
    kept = ~np.isin(whole.trial, (4, 5)) | (np.arange(len(whole)) % 30 < 6)
    labels = {name: dataclasses.replace(label, values=label.values[kept]) for name, label in whole.labels.items()}
    fixed = {name: getattr(whole, name)[kept] for name in ("neural", "time", "epoch", "trial")}
    made(tmp_path, {"rat": dataclasses.replace(whole, labels=labels, **fixed)}, steps=1)
    told = capsys.readouterr().err
    assert "rat: 2 stretches of part train shorter than the window of 10 samples left out" in told
    assert "of part test" not in told


def test_neurons_below_the_minimum_rate_on_train_are_left_out(tmp_path):
    recording = track(0, minimum_rate=1.0)
    silent = recording.neural.copy()
    silent[parts(recording) == "train", 3] = 0
    job = made(tmp_path, {"rat": track(0, minimum_rate=1.0, neural=silent)}, steps=1)
    units = read_model(job.outputs["model"]).scalings[0].units
    assert 3 not in units
    assert len(units) < 20


def test_one_recording_under_two_names_is_not_fitted_together(tmp_path):
    copy = track(0)
    copy = dataclasses.replace(copy, neural=copy.neural.astype(np.float64))
    with pytest.raises(UserError, match="the same neural data in a and b"):
        made(tmp_path, {"a": track(0), "b": copy, "c": track(1)}, steps=1)

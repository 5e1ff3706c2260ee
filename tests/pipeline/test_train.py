"""`cebra-pipe train`: one model on a data set or a file, from the command line."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cebra_pipe import cli, datasets, solver
from cebra_pipe.pipeline import train, train_data

SHORT = ["--num-steps", "12", "--batch-size", "16", "--num-hidden-units", "8", "--num-output", "3"]
SHORT += ["--valid-frequency", "4", "--save-frequency", "3"]


def run(logdir, *more: str, data: str = "demo-continuous") -> int:
    return cli.main(["train", "--data", data, "--logdir", str(logdir), *SHORT, *more])


def weights(logdir):
    return torch.load(logdir / "checkpoint_last.pth", weights_only=True)["model"]


def test_a_run_leaves_checkpoints_and_scores(tmp_path, capsys):
    assert run(tmp_path) == 0
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {
        "options.json",
        "scores.json",
        "checkpoint_best.pth",
        "checkpoint_last.pth",
        *(f"checkpoint_{n:07d}.pth" for n in (0, 3, 6, 9)),
    }
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert set(scores["loss"]) == {"valid", "test"}
    assert all(0 < loss < 5 for loss in scores["loss"].values())
    assert f"best at step {scores['best_step']}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "more"),
    [
        ("demo-discrete", []),
        ("demo-mixed", ["--temperature-mode", "auto"]),
        ("demo-continuous", ["--variant", "single-session-hybrid"]),
        ("demo-continuous-multisession", ["--variant", "multi-session", "--loss-distance", "euclidean"]),
    ],
)
def test_every_kind_of_labels_is_trained(tmp_path, data, more):
    assert run(tmp_path, *more, data=data) == 0
    assert (tmp_path / "scores.json").exists()


def test_a_stopped_run_goes_on_with_the_same_numbers(tmp_path, monkeypatch, capsys):
    assert run(tmp_path / "whole") == 0
    save, seen = solver.Solver.save, []

    def stop(self, logdir, filename="checkpoint_last.pth"):
        seen.append(filename)
        if filename == "checkpoint_0000009.pth":
            raise KeyboardInterrupt
        return save(self, logdir, filename)

    with monkeypatch.context() as patch:
        patch.setattr(solver.Solver, "save", stop)
        assert run(tmp_path / "stopped") == 130
    assert run(tmp_path / "stopped") == 0
    assert "goes on after step 7" in capsys.readouterr().err
    for name, value in weights(tmp_path / "whole").items():
        assert torch.equal(value, weights(tmp_path / "stopped")[name])
    scores = [(tmp_path / name / "scores.json").read_text() for name in ("whole", "stopped")]
    assert scores[0] == scores[1]


def test_a_file_with_keys(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "rat.npz"
    np.savez(path, position=rng.random((400, 2)), spikes=rng.poisson(2, (400, 6)), side=rng.integers(0, 2, 400))
    assert run(tmp_path / "run", "--neural", "spikes", "--continuous", "position", data=str(path)) == 0
    state = torch.load(tmp_path / "run" / "checkpoint_best.pth", weights_only=True)
    assert state["n_features"] == 6


@pytest.fixture
def rat(tmp_path):
    """A file with a signal and labels of every kind."""
    rng = np.random.default_rng(0)
    path = tmp_path / "rat.npz"
    arrays = {"position": rng.random((400, 2)), "spikes": rng.poisson(2, (400, 6)), "side": rng.integers(0, 2, 400)}
    np.savez(path, **arrays, coded=arrays["side"].astype(float), height=rng.random(400))
    return str(path)


WRONG_KEYS = {
    "no signal named": ([], "--neural: expected the key of the signal"),
    "typo": (
        ["--neural", "spike"],
        "side (400 int64), coded (400 float64), height (400 float64), found 'spike'. Did you",
    ),
    "once in a message": (["--neural", "spike", "--continuous", "height"], "--neural"),
    "whole numbers": (["--neural", "spikes", "--continuous", "side"], "name it by --discrete"),
    "real numbers": (["--neural", "spikes", "--discrete", "height"], "Name it by --continuous"),
    "twice": (["--neural", "position", "--continuous", "position"], "'position', which is --neural too"),
    "offset of classes": (
        ["--neural", "spikes", "--discrete", "side", "--time-offset", "5"],
        "--time-offset: expected",
    ),
}


@pytest.mark.parametrize("case", WRONG_KEYS)
def test_arrays_that_cannot_be_are_told(tmp_path, rat, case, capsys):
    more, told = WRONG_KEYS[case]
    assert run(tmp_path / "run", *more, data=rat) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("spikes (400 × 6 int64)") <= 1
    assert error.count("Known:") == 0


def test_the_signal_that_is_left_is_taken_and_said(tmp_path, rat, capsys):
    assert run(tmp_path / "run", "--continuous", "position", data=rat) == 0
    assert "the signal is 'spikes' (400 × 6 int64)" in capsys.readouterr().err
    assert torch.load(tmp_path / "run" / "checkpoint_best.pth", weights_only=True)["n_features"] == 6


@pytest.mark.parametrize(
    ("data", "variant", "conditional", "loader"),
    [
        ("demo-discrete", "single-session", None, "DiscreteDataLoader"),
        ("demo-discrete", "single-session", "time", "ContinuousDataLoader"),
        ("demo-mixed", "single-session", None, "MixedDataLoader"),
        ("demo-continuous", "single-session-hybrid", None, "HybridDataLoader"),
        ("demo-discrete-multisession", "multi-session", None, "DiscreteMultiSessionDataLoader"),
    ],
)
def test_the_labels_there_are_decide_the_loader(data, variant, conditional, loader):
    options = SimpleNamespace(
        variant=variant, conditional=conditional, delta=None, time_offset=10, batch_size=8, seed=0
    )
    made = train_data.loader_of(options, datasets.init(data), 1)
    assert type(made).__name__ == loader


def test_whole_numbers_of_matlab_are_classes(rat):
    options = SimpleNamespace(data=rat, neural="spikes", continuous=None, discrete="coded")
    assert train_data.dataset_of(options).discrete_index.dtype == torch.int64


def test_measurements_taken_for_classes_are_told(tmp_path, capsys):
    path = tmp_path / "rat.npz"
    np.savez(path, spikes=np.ones((90, 3)), place=np.arange(90) // 3, side=np.arange(90) // 45)
    heard = {}
    for key in ("place", "side"):
        train_data.dataset_of(SimpleNamespace(data=str(path), neural="spikes", continuous=None, discrete=key))
        heard[key] = capsys.readouterr().err
    assert heard["place"].startswith("train: --discrete: integers are classes, here 30 of them for 90 samples. If")
    assert heard["side"] == ""


def test_parts_lie_a_window_apart():
    from cebra_pipe.data import TensorDataset

    whole = TensorDataset(np.arange(200.0)[:, None], continuous=np.arange(200.0))
    parts = train.split(whole, 10, 0.6, 0.2)
    assert [(int(p.neural[0]), int(p.neural[-1])) for p in parts.values()] == [(0, 119), (130, 159), (170, 199)]
    assert torch.equal(parts["valid"].continuous[:, 0].float(), parts["valid"].neural[:, 0])


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--model", "ofset10-model"], "Did you mean 'offset10-model'"),
        (["--variant", "single-sesion"], "Did you mean 'single-session'"),
        (["--variant", "single-session-full"], "batch_size=None of the estimator"),
        (["--share-model"], "--share-model: expected nothing, found the option. Leave it out: sessions differ"),
        (["--delta", "0.1"], "--delta: expected nothing without --conditional delta_normal, found 0.1"),
        (["--delta", "-1", "--conditional", "delta_normal"], "--delta: expected a number above 0, found -1.0"),
        (["--conditional", "delta_normal", "--time-offset", "3"], "--time-offset: expected nothing where delta says"),
        (["--batch-size", "0", "--temperature", "-1"], "--batch-size: expected a number above 0, found 0"),
        (["--train-ratio", "0.95"], "leave a rest for test"),
        (["--neural", "spikes"], "nothing for a named data set"),
        (["--variant", "multi-session"], "single-session for one session"),
        (["--model", "offset50-model", "--valid-ratio", "0.05"], "at least 100 samples, two windows"),
    ],
)
def test_mistakes_are_told_in_one_message(tmp_path, more, told, capsys):
    assert run(tmp_path, *more) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_what_the_documents_name_beyond_the_options(tmp_path, monkeypatch):
    """`delta` reaches the loader; cuda_if_available is auto."""
    seen, made = [], train.loader_of
    monkeypatch.setattr(train, "loader_of", lambda *given: seen.append(made(*given)) or seen[-1])
    more = ["--conditional", "delta_normal", "--delta", "0.3", "--device", "cuda_if_available"]
    assert run(tmp_path, *more) == 0
    assert [loader.delta for loader in seen] == [0.3] * 3


@pytest.mark.parametrize("more", [["--variant", "multi-session"], ["--model", "offset50-model"]])
def test_a_refused_command_leaves_the_folder_to_the_mended_one(tmp_path, more):
    assert run(tmp_path / "run", *more, "--valid-ratio", "0.05") == 2
    assert not (tmp_path / "run").exists()
    assert run(tmp_path / "run", "--valid-ratio", "0.05") == 0


def test_a_run_that_kept_no_step_holds_no_folder(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("not on these data")

    with monkeypatch.context() as patch:
        patch.setattr(solver.Solver, "fit", refuse)
        assert run(tmp_path) == 2
    assert run(tmp_path, "--seed", "1") == 0


def test_a_folder_of_another_run_is_left_alone(tmp_path, capsys):
    assert run(tmp_path) == 0
    before = weights(tmp_path)
    assert run(tmp_path, "--seed", "1") == 2
    assert "--seed 0" in capsys.readouterr().err
    assert all(torch.equal(v, before[k]) for k, v in weights(tmp_path).items())
    assert run(tmp_path / "other", data="demo-continous") == 2
    assert "Did you mean 'demo-continuous'" in capsys.readouterr().err

"""`cebra-pipe train`: one model on a data set or a file, from the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from cebra_pipe import cli, solver
from cebra_pipe.pipeline import train

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


def test_a_folder_of_another_run_is_left_alone(tmp_path, capsys):
    assert run(tmp_path) == 0
    before = weights(tmp_path)
    assert run(tmp_path, "--seed", "1") == 2
    assert "--seed 0" in capsys.readouterr().err
    assert all(torch.equal(v, before[k]) for k, v in weights(tmp_path).items())
    assert run(tmp_path / "other", data="demo-continous") == 2
    assert "Did you mean 'demo-continuous'" in capsys.readouterr().err

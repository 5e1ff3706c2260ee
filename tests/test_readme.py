"""The configs that the README shows run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import yaml

from cebra_pipe import cli
from cebra_pipe.data.assemble import assemble
from cebra_pipe.pipeline import check
from cebra_pipe.pipeline.config.recording import RecordingConfig

from .data.nwb_files import write_nwb

README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.fixture
def data(tmp_path, monkeypatch) -> None:
    """The files that the README names, of a mouse that runs up and down as it likes for 60 s."""
    monkeypatch.chdir(tmp_path)
    rng, seconds = np.random.default_rng(0), np.arange(2400) / 40
    way = np.cumsum(np.repeat(rng.uniform(0.1, 0.7, 40), 60)) / 40  # m; a new pace every 1.5 s, or laps would repeat
    position = np.abs(way % 3.2 - 1.6)
    spikes = rng.poisson(0.3 * np.exp(-((position[:, None] - np.linspace(0, 1.6, 8)) ** 2) / 0.05))
    row, unit = np.nonzero(spikes)
    Path("data").mkdir()
    np.savez("data/mouse.npz", spikes=spikes, position=position)
    table(Path("data/spikes.csv"), "time,unit", seconds[row] + 0.01, unit)
    table(Path("data/track.csv"), "seconds,x", seconds[::2], position[::2])


def table(path: Path, header: str, *columns: np.ndarray) -> None:
    np.savetxt(path, np.stack(columns, axis=1), fmt="%.4f", delimiter=",", header=header, comments="")


def blocks() -> list[str]:
    """The configs of the README, in its order."""
    return re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_trials_of_a_group_of_arrays(data, capsys):
    import h5py

    activity = "processing/ophys/Fluorescence/RoiResponseSeries"
    start, rng = np.arange(2, 58, 2.0), np.random.default_rng(1)
    with h5py.File("data/mouse.nwb", "w") as file:
        file[f"{activity}/data"] = rng.normal(size=(1200, 8))
        file[f"{activity}/timestamps"] = np.arange(1200) / 20
        file["intervals/trials/start_time"], file["intervals/trials/stop_time"] = start, start + 1.5
        file["intervals/trials/stimulus"] = rng.choice(["left", "right"], len(start)).tolist()
    split = {"gap": 0.2, "blocks": 2}
    raw = {"study": "mine", "split": split, "conditions": {"stimulus": {"labels": ["stimulus"]}}}
    mouse = {
        "file": "data/mouse.nwb",
        "neural": f"{activity}/data",
        "time": f"{activity}/timestamps",
        "trials": {"key": "intervals/trials", "start": "start_time", "stop": "stop_time"},
        "labels": {"stimulus": {"trial_column": "stimulus", "kind": "discrete"}},
    }
    Path("mine.yaml").write_text(yaml.safe_dump(raw | {"recordings": {"mouse": mouse}}))
    assert check.main(cli.parser().parse_args(["check", "mine.yaml"])) == 0
    told = capsys.readouterr().out
    assert (
        "28 trials of a table, 1.5 to 1.5 s long (median 1.5); 840 samples inside, 360 outside of all (dropped)" in told
    )
    assert "stimulus: 2 classes (samples): left (" in told
    assert "samples dropped" not in told


def test_your_own_recording(data, capsys):
    study, rat, _ = blocks()
    raw = yaml.safe_load(study)
    raw["recordings"] |= yaml.safe_load(rat)
    Path("mine.yaml").write_text(yaml.safe_dump(raw))
    assert check.main(cli.parser().parse_args(["check", "mine.yaml"])) == 0
    told = capsys.readouterr().out
    assert "mouse: 2400 samples × 8 neurons at 40 Hz" in told
    assert "rat: 23" in told
    assert "mine.yaml: in order." in told
    warnings = [line for line in told.splitlines() if line.startswith("warning: ") and "warning: rat: " not in line]
    # Of the mouse one thing is told, which is so: it keeps its pace for longer than the parts lie apart.
    assert len(warnings) == 1
    assert warnings[0].startswith("warning: mouse: parts come within 1 s of each other, below two autocorrelation")


def test_a_session_of_dandi(tmp_path):
    config = RecordingConfig.model_validate(yaml.safe_load(blocks()[2])["achilles"])
    (tmp_path / "data").mkdir()
    write_nwb(tmp_path / "data" / "sub-Achilles.nwb")
    made = assemble(config, tmp_path, "achilles")
    assert made.neural.shape == (640, 3)  # of 16 s in three trials
    assert made.notes["units"] == {"chosen": 3, "left_out": 1, "without_spikes": 1, "unobserved_bins": 80}
    assert made.labels["side"].classes == ("left", "right")
    assert made.labels["position"].unit == "m"


def test_in_a_notebook():
    """The Python of the README runs as it stands, and learns what it says."""
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    made: dict = {}
    with mpl.rc_context({"backend": "agg"}):
        exec(compile(code, "README.md", "exec"), made)
    assert made["embedding"].shape == (len(made["neural"]), 3)
    held_out = [loss for _, loss in made["model"].solver_.log["valid"]]
    assert min(held_out) < held_out[0] - 0.1

"""The configs that come with the project: each is in order on the data that it names."""

from __future__ import annotations

import os

import pytest

from cebra_pipe import cli
from cebra_pipe.pipeline.config.reading import read_study

from ..conftest import ROOT

CONFIGS = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))]
DATA = os.environ.get("CEBRA_PIPE_DATA", "data")


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_check_finds_it_in_order(config, tmp_path, monkeypatch, capsys):
    wanted = {entry.file for entry in read_study(config).config.recordings.values() if entry.file}
    if missing := sorted(name for name in wanted if not os.path.exists(os.path.join(DATA, name))):
        pytest.skip(f"CEBRA_PIPE_DATA names no folder with {', '.join(missing)}")
    folder = os.path.abspath(DATA)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", str(config), *(["--config", f"data_folder={folder}"] if wanted else [])]) == 0
    assert f"{config}: in order. " in capsys.readouterr().out

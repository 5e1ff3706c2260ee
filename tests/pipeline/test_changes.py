"""Values of the command line: the same study for the verbs and for Snakemake."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from snakemake.cli import parse_config
from snakemake.utils import update_config

from cebra_pipe.cli import main
from cebra_pipe.errors import UserError
from cebra_pipe.pipeline.config.changes import changes, for_snakemake, read_changed
from cebra_pipe.pipeline.config.reading import read_yaml, resolve
from cebra_pipe.pipeline.planning.plan import Plan

TINY = Path(__file__).resolve().parents[2] / "config" / "tiny.yaml"
ALIKE = [
    "data_folder=/my/data",
    "study=other",
    "seed=7",
    "device=cpu",
    "title=Two words",
    "results=/elsewhere",
    "split={gap: 0.5}",
    "defaults={steps: 10, learning_rate: 1e-3, normalize: none}",
    "conditions={time: {temperature: 0.5, learn_temperature: false}, more: {labels: [position], seeds: [1, 3]}}",
    "recordings.rat1.title=First",
    "defaults.steps=1_000",
    "decode.labels=[position]",
    "conditions.joint.seeds=[1, 2, 3]",
]


def jobs(study) -> list[tuple]:
    return [(job.spec, dict(job.inputs), dict(job.outputs)) for job in Plan(study).jobs()]


@pytest.mark.parametrize("entry", ALIKE)
def test_snakemake_reads_the_same_study(entry):
    """What `--commands` hands to Snakemake gives, by its own parser, the plan of the verbs."""
    _, option, *given = shlex.split(for_snakemake(Path("config.yaml"), [entry]).replace(" ", " x ", 1))
    assert option == "--config"
    raw = read_yaml(TINY)
    update_config(raw, parse_config(given))
    changed = jobs(read_changed(TINY, [entry]))
    assert jobs(resolve(raw)) == changed
    assert changed != jobs(read_changed(TINY, [])) or entry.startswith(("data_folder", "device=auto", "title"))


def test_several_changes():
    given = ["split.gap=2", "split.scheme=blocks", "a.b.c=", "split={gap: 3}", "when='2020-01-01'"]
    wanted = {"split": {"gap": 3, "scheme": "blocks"}, "a": {"b": {"c": None}}, "when": "2020-01-01"}
    assert changes(given) == wanted


@pytest.mark.parametrize("entry", ["data_folder", "=1", "a..b=1", "split={gap: ", "split={a: 1, a: 2}"])
def test_what_is_no_change(entry):
    with pytest.raises(UserError, match=r"--config|each key once"):
        changes([entry])


def test_unknown_key_is_told_with_where_it_stands(capsys):
    assert main(["show", str(TINY), "--config", "defaults.stpes=3"]) == 2
    assert "defaults.stpes=3: defaults.stpes: expected a known option" in capsys.readouterr().err


def test_commands_name_the_changes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["status", str(TINY), "--commands", "--config", "study=other", "split.gap=2"])
    said = capsys.readouterr().out
    assert said.startswith(
        f"snakemake --configfile {TINY} --config study=other 'split={{\"gap\": 2}}' --forcerun results/other/"
    )

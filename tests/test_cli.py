"""The command line as a newcomer meets it."""

from __future__ import annotations

import functools
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cebra_pipe import cli


def test_the_verbs_of_a_study_come_before_the_stages():
    listed = re.findall(r"^    (\w+)(?: |$)", cli.parser().format_help(), re.MULTILINE)
    assert listed[:4] == ["check", "status", "show", "prune"]
    assert [verb for verb in listed if verb in cli.STAGES] == list(cli.STAGES)
    assert set(listed) == {*cli.VERBS, *cli.STAGES}


@pytest.mark.parametrize("verb", [*cli.VERBS, *cli.STAGES])
def test_every_verb_shows_one_example_that_parses(verb, capsys):
    with pytest.raises(SystemExit):
        cli.parser().parse_args([verb, "--help"])
    example = capsys.readouterr().out.split("example:\n")[1].split("\n\n")[0]
    program, *arguments = shlex.split(example.replace("\\\n", ""))
    assert program == "cebra-pipe"
    assert cli.parser().parse_args(arguments).verb == verb


STUDY = ["check", "status", "show"]


@pytest.mark.parametrize(
    ("verb", "given", "told"),
    [
        ("fit", ["--spec", "{}"], "Run snakemake again to go on with what is missing."),
        (
            "train",
            ["--data", "demo-continuous", "--logdir", "run"],
            "Run the same command again: it goes on from its last checkpoint.",
        ),
        *((verb, ["config.yaml"], "stopped.") for verb in STUDY),
    ],
)
def test_ctrl_c_is_one_sentence_that_says_how_to_go_on(monkeypatch, capsys, verb, given, told):
    def interrupted(name, package=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", interrupted)
    assert cli.main([verb, *given]) == 130
    said = capsys.readouterr().err
    assert said.startswith(f"cebra-pipe {verb}: stopped.")
    assert said.rstrip("\n").endswith(told)
    assert said.count("\n") == 1


def test_ctrl_c_ends_a_long_training(tmp_path):
    """The signal itself, while steps are taken."""
    command = [sys.executable, "-m", "cebra_pipe", "train", "--data", "demo-continuous", "--logdir", str(tmp_path)]
    command += ["--num-steps", "100000", "--batch-size", "16", "--num-hidden-units", "8", "--num-output", "3"]
    command += ["--valid-frequency", "50"]
    # Tests that run in the background of a shell inherit from it that Ctrl-C is ignored.
    heeding = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    streams = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True, "preexec_fn": heeding}
    with subprocess.Popen(command, **streams) as process:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("checkpoint_*")) and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("cebra-pipe train: stopped. Run the same command again")
    assert "Traceback" not in said


LEAVING = """
import atexit, runpy, sys
class Module:
    def __del__(self):
        print("taken apart")
kept = Module()
atexit.register(print, "registered before")
sys.argv = ["cebra-pipe", *{arguments}]
import cebra_pipe.cli
cebra_pipe.cli.main = lambda run=cebra_pipe.cli.main: atexit.register(print, "registered after") and run()
runpy.run_module("cebra_pipe", run_name="__main__")
"""


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["explain", "nothing.parquet"], 2)])
def test_a_job_that_is_done_leaves_at_once_with_its_code(arguments, code, tmp_path):
    """What asked for it is called at the exit; modules are not taken apart, and what was printed is whole."""
    script = LEAVING.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == code
    assert ("cebra-pipe " in done.stdout) if code == 0 else ("nothing.parquet" in done.stderr)
    assert done.stdout.endswith("registered after\nregistered before\n")
    assert "taken apart" not in done.stdout


def test_a_role_is_given_once_and_is_one_of_the_stage(tmp_path, monkeypatch, capsys):
    """Of two the first would be left out without a word."""
    (tmp_path / "a").touch()
    given = [word for role in ("recordings", "recordings", "splits", "records") for word in ("--input", role, "a")]
    given += [word for place in "mn" for word in ("--output", "model", place)]
    monkeypatch.chdir(tmp_path)
    assert cli.main(["fit", "--spec", '{"stage": "fit"}', *given]) == 2
    told = capsys.readouterr().err
    assert "--input recordings: expected each role once, found 2 times. Write --input recordings FILE FILE." in told
    assert "--output model: expected each role once, found 2 times. Remove one." in told
    assert "--input records: expected a role of this stage, found 'records'. Did you mean 'recordings'?" in told
    assert "--input splits" not in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(("verb", "named"), [("check", "cebra-pipe check"), ("--version", "cebra-pipe")])
def test_output_that_has_nowhere_to_go_is_one_sentence(verb, named):
    """At once, as that of `check` is, or when the rest of it is written at the end."""
    command = [sys.executable, "-m", "cebra_pipe", verb, *(["config/tiny.yaml"] if verb == "check" else [])]
    buffered = {"PYTHONUNBUFFERED": "1" if verb == "check" else ""}
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=os.environ | buffered)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"{named}: what it prints: No space left on device."
    assert "Traceback" not in done.stderr

"""The command line as a newcomer meets it."""

from __future__ import annotations

import re
import shlex

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

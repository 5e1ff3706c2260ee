"""Progress of a fit in a log: where it is and how long it has to go."""

from __future__ import annotations

import pytest

from cebra_pipe.solver import progress
from cebra_pipe.solver.progress import Progress, remaining


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, ""), (12.3, ", about 12 s left"), (150, ", about 2.5 min left"), (5400, ", about 1.5 h left")],
)
def test_time_is_told_in_its_own_unit(seconds, told):
    assert remaining(seconds) == told


def test_the_estimate_follows_from_the_steps_of_this_run(monkeypatch, capsys):
    """A second and six tenths a step; 60 of 100 were done before."""
    clock = iter([1000.0, *(1000.0 + 16 * n for n in range(1, 11))])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    bar = Progress(100, "fit", done=60)
    assert list(bar(range(40))) == list(range(40))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == ["70", "80", "90", "100"]
    assert [line.split(", ")[1].strip() for line in lines[:2]] == ["about 48 s left", "about 32 s left"]
    assert "left" not in lines[-1]

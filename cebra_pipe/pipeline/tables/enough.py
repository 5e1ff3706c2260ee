"""Scores against the amount of data, from the files of a job of the stage tables or figures."""

from __future__ import annotations

from ...plot import curves as found
from ...plot import gains
from ...plot.files import histories, of_units, portions
from ...plot.shown import Study
from ..jobs.job import Job


def curves(job: Job, study: Study) -> list[gains.Curve]:
    """Every curve of the study; none where no condition has fits to less data."""
    if not any(k.portions for k in study.conditions):
        return []
    whole = histories(study, job.files("histories")), of_units(study, job.files("scores"), "decode")
    less = (portions(study, job.files(f"portion_{r}"), s) for r, s in (("histories", "fit"), ("scores", "decode")))
    return list(found.curves(study, *whole, *less))


def cells(every: list[gains.Curve]) -> dict[tuple, str]:
    """(condition, unit, (recording, score, label)) -> the cell of the table `verdict`."""
    judged: dict[tuple, dict[str, str]] = {}
    for curve in every:
        judged.setdefault(curve.name, {})[curve.of] = gains.judge(curve).words
    return {name: gains.told(one) for name, one in judged.items()}

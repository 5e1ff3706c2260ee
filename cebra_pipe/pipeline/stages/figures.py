"""Stage `figures`: one figure of the first page of a run as png, svg and the csv of exactly what is drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module

from matplotlib.figure import Figure

from ...data.table import Table, replacing
from ...errors import Problem, UserError, did_you_mean
from ...plot.drawn import csv_text
from ...plot.shown import Study
from ...plot.style import as_png, as_svg
from ..jobs.job import Job, say

# Each is a module of pipeline.drawings: `rows` is what is drawn, from the job's files; `draw` draws that alone.
# Imported by name, so that the code of one figure is no part of another's.
FIGURES = (
    *("verdict", "decoding", "embeddings", "goodness_of_fit", "consistency", "data", "losses", "transfer"),
    "enough_data",
)


def drawing(name: str) -> tuple[Callable[[Job, Study], Table], Callable[[Table, str], Figure]]:
    """(rows, draw) of a figure."""
    module = import_module(f"...drawings.{name}", __name__)
    return module.rows, module.draw


def run(job: Job) -> None:
    """Write the figure; nothing is written unless all of it could be made."""
    name = str(job.spec.get("figure"))
    if name not in FIGURES:
        raise UserError(Problem("figure", "a known figure", repr(name), did_you_mean(name, FIGURES)))
    rows, draw = drawing(name)
    study = Study.of(job.spec)
    drawn = rows(job, study)
    picture = draw(drawn, study.title)
    files = {"csv": csv_text(drawn).encode(), "svg": as_svg(picture, job.provenance())}
    beside = {kind: hashlib.sha256(content).hexdigest() for kind, content in files.items()}
    files["png"] = as_png(picture, job.provenance(beside))
    for kind, content in files.items():  # the witness last
        with replacing(job.outputs[kind]) as temporary:
            temporary.write_bytes(content)
    say(f"figure {name}: {len(drawn)} rows drawn")

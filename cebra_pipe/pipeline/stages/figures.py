"""Stage `figures`: one figure of the first page of a run as png, svg and the csv of exactly what is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from ...data.table import Table, read_meta, replacing
from ...errors import Problem, UserError, did_you_mean
from ...plot import consistency, data, decoded, decoding, embeddings, goodness_of_fit, losses
from ...plot.drawn import csv_text
from ...plot.files import Source, histories, of_units, recordings, splits
from ...plot.shown import Study
from ...plot.style import rendered
from ..job import Job


def _files(job: Job, role: str) -> list[Path]:
    return list(job.inputs.get(role, []))


def _decoding(job: Job, study: Study) -> Table:
    scores, traces = (of_units(study, _files(job, role), "decode") for role in ("scores", "traces"))
    return decoded.rows(study, recordings(study, _files(job, "recordings")), scores, traces)


def _embeddings(job: Job, study: Study) -> Table:
    sources = of_units(study, _files(job, "embeddings"), "transform")
    read, parts = recordings(study, _files(job, "recordings")), splits(study, _files(job, "splits"))
    return embeddings.rows(study, read, parts, sources, _aligned(job, sources))


def _aligned(job: Job, sources: list[Source]) -> dict[str, Path]:
    """Condition -> its aligned embeddings: those that were made from this very embedding, by content."""
    made_from = {path: set(read_meta(path)["inputs"].get("embeddings", [])) for path in _files(job, "aligned")}
    owners = {source.condition.name: job.digest(source.path) for source in sources}
    found = {name: path for name, digest in owners.items() for path, digests in made_from.items() if digest in digests}
    for path in set(made_from) - set(found.values()):
        remedy = "Run align again, or leave this file out."
        raise UserError(
            Problem(str(path), "alignment of the embeddings that are given", "alignment of other ones", remedy)
        )
    return found


def _data(job: Job, study: Study) -> Table:
    return data.rows(study, recordings(study, _files(job, "recordings")), splits(study, _files(job, "splits")))


# figure -> (what is drawn, from the job's files; the drawing, from that table alone)
FIGURES: Mapping[str, tuple[Callable[[Job, Study], Table], Callable[[Table, str], Figure]]] = {
    "decoding": (_decoding, decoding.draw),
    "embeddings": (_embeddings, embeddings.draw),
    "goodness_of_fit": (
        lambda job, study: goodness_of_fit.rows(study, histories(study, _files(job, "histories"))),
        goodness_of_fit.draw,
    ),
    "consistency": (lambda job, study: consistency.rows(study, _files(job, "consistency")), consistency.draw),
    "data": (_data, data.draw),
    "losses": (lambda job, study: losses.rows(study, histories(study, _files(job, "histories"))), losses.draw),
}


def run(job: Job) -> None:
    """Write the figure; nothing is written unless all of it could be made."""
    name = str(job.spec.get("figure"))
    if name not in FIGURES:
        raise UserError(Problem("figure", "a known figure", repr(name), did_you_mean(name, FIGURES)))
    rows, draw = FIGURES[name]
    study = Study.of(job.spec)
    drawn = rows(job, study)
    files = {**rendered(draw(drawn, study.title), job.provenance()), "csv": csv_text(drawn).encode()}
    for kind, content in files.items():
        with replacing(job.outputs[kind]) as temporary:
            temporary.write_bytes(content)
    print(f"figure {name}: {len(drawn)} rows drawn", file=sys.stderr, flush=True)

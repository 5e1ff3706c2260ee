"""Embeddings of train and test under one rotation."""

from __future__ import annotations

from pathlib import Path

from ...data.table import Table, read_meta
from ...errors import Problem, UserError
from ...plot import embedded
from ...plot.embeddings import draw as draw
from ...plot.files import Source, of_units
from ...plot.named import recordings, splits
from ...plot.shown import Study
from ..jobs.job import Job


def rows(job: Job, study: Study) -> Table:
    sources = of_units(study, job.files("embeddings"), "transform")
    read, parts = recordings(study, job.files("recordings")), splits(study, job.files("splits"))
    return embedded.rows(study, read, parts, sources, _aligned(job, sources))


def _aligned(job: Job, sources: list[Source]) -> dict[str, Path]:
    """Condition -> its aligned embeddings: those that were made from this very embedding, by content."""
    made_from = {path: set(read_meta(path)["inputs"].get("embeddings", [])) for path in job.files("aligned")}
    owners = {source.condition.name: job.digest(source.path) for source in sources}
    found = {name: path for name, digest in owners.items() for path, digests in made_from.items() if digest in digests}
    for path in set(made_from) - set(found.values()):
        remedy = "Run align again, or leave this file out."
        raise UserError(
            Problem(str(path), "alignment of the embeddings that are given", "alignment of other ones", remedy)
        )
    return found

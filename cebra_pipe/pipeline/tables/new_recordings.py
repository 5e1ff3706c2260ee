"""Rows of the table `verdict` for recordings that were left out: decoded by the others, and how their fits ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...data.parts import part_of
from ...data.table import Table
from ...plot import transferred
from ...plot.drawn import pick
from ...plot.files import Source, left_out
from ...plot.known import ranges
from ...plot.shown import Study
from ...plot.summary import SIGNED, Score
from ..jobs.job import Job
from . import spread
from .against import Row, of_shifts, rivals_of
from .endings import ending, temperature_of
from .worded import behind_in, judged, sides

OWN = {  # what a score by the others' decoder may be worse than
    "within": "a decoder of its own",
    "scratch": "a fit from scratch",
    "naive_bayes": "naive Bayes on its own data",
    "constant": "best constant",
}
NOT_GIVEN = {  # where a stage by hand was given no files of the fits
    **{"converged": "not known", "ending": "files of the fits not given", "collapsed": "not known"},
    **dict.fromkeys(("train_change_bits", "valid_change_bits", "room_bits", "effective_dimension"), np.nan),
    **dict.fromkeys(("gap_share", "padded_share"), np.nan),
}


@dataclass(frozen=True, eq=False)
class Adapted:
    """The files of the fits behind what the others' decoder scores."""

    of_others: Sequence[Source]  # histories of the fits without the recording
    histories: Sequence[Source]  # of the adaptations
    embeddings: Sequence[Source]


def adapted(study: Study, job: Job) -> Adapted:
    """Of a job of the stage tables or figures."""
    return Adapted(
        left_out(study, job.files("without_histories"), "fit"),
        left_out(study, job.files("adapted_histories"), "adapt"),
        left_out(study, job.files("adapted"), "adapt"),
    )


def rows(source: Source, files: Adapted, splits: Mapping[str, Table], alpha: float) -> Iterator[Row]:
    """One row a label: the decoder of the others at the largest share of the recording, against shifts at scoring."""
    found = list(transferred.read(source))
    largest = max((share for share, *_ in found), default=1.0)
    scored = [score for share, _, _, score in found if share == largest]
    for score in (s for s in scored if s.method == "transfer"):
        split = splits[score.recording]
        yield _row(source, score, scored, alpha) | _soundness(source, files, split, largest) | spread.nearness(split)


def _row(source: Source, score: Score, scored: Sequence[Score], alpha: float) -> Row:
    sign = SIGNED[score.metric].sign
    best, rivals = rivals_of(score, scored, transferred.METHODS, OWN)
    about = {"condition": source.condition.name, "condition_title": source.condition.text}
    about |= {"unit_of_fit": source.unit, "recording": score.recording}
    about |= {"score": "transfer", "label": score.label, "metric": score.metric, "unit": score.unit}
    about |= {"in_sample": "no", "real": score.mean, "low": score.low, "high": score.high}
    null = of_shifts(score)
    told = sides(null, None, rivals, alpha, sign, *behind_in(score))
    told |= ranges(score.by_seed.values(), score.by_fold.values()) | best
    return judged(about | null | told, alpha, sign)


def _soundness(source: Source, files: Adapted, split: Table, share: float) -> Row:
    """How the fits of the others and the adaptations to a share ended, and what they made of the recording."""
    others, histories, embeddings = (
        [s for s in sources if (s.condition.name, s.unit) == (source.condition.name, source.unit)]
        for sources in (files.of_others, files.histories, files.embeddings)
    )
    if not (others and histories and embeddings):
        return NOT_GIVEN
    learned = [_of_share(s.read(), share) for s in histories]
    blocks = [(s.fold, _of_share(s.read(), share)) for s in embeddings]
    similarity, temperature = source.condition.similarity, temperature_of(learned)
    wide = [spread.held_out_width(block, part_of(split, fold), similarity, temperature) for fold, block in blocks]
    padded = blocks[0][1]["padded"].astype(bool)
    ended = ending([*(s.read() for s in others), *learned])
    return ended | spread.collapse(wide) | spread.left_out(padded, split)


def _of_share(table: Table, share: float) -> Table:
    return pick(table, way="adapted", share=share)

"""Stage consistency: how far embeddings of recordings, or of repeated fits, equal each other up to a linear map."""

from __future__ import annotations

import numpy as np

from ...data.table import from_rows
from ...errors import Problem, UserError, did_you_mean
from ..comparing.between_recordings import between_recordings
from ..comparing.between_runs import between_runs
from ..comparing.doubts import doubts
from ..comparing.sessions import read_sessions
from ..jobs.job import Job, say

COLUMNS = {
    "fold": "i2",
    "from": str,
    "to": str,
    "recording": str,
    "seed": "i4",
    "definition": str,
    "score": "f8",
    "coverage": "f8",
    "bins_used": "i4",
}
BETWEEN = {"recordings": between_recordings, "runs": between_runs}


def run(job: Job) -> None:
    """Writes one row per ordered pair, fold, seed and definition; the means, nulls and p go into the metadata."""
    spec = job.spec
    if spec["between"] not in BETWEEN:
        raise UserError(
            Problem("between", "recordings or runs", repr(spec["between"]), did_you_mean(spec["between"], BETWEEN))
        )
    sessions = read_sessions(job)
    rows, summary = BETWEEN[spec["between"]](spec, sessions)
    about = {"between": spec["between"], "summary": summary, "doubts": doubts(spec, sessions, rows)}
    job.write("consistency", from_rows(rows, COLUMNS, about))
    for line in (*_lines(rows, summary), *about["doubts"]):
        say(line)


def _lines(rows: list[dict], summary: dict) -> list[str]:
    lines = [
        f"no score {row['definition']}, fold {row['fold']}: {_pair(row)}: "
        + (f"{row['bins_used']} common bins are too few for a map" if row["bins_used"] >= 0 else "too few samples")
        for row in rows
        if not np.isfinite(row["score"])
    ]
    for name, about in summary.items():
        coverage = np.mean([row["coverage"] for row in rows if row["definition"] == name])
        lines.append(
            f"{name}: R² {about['mean']:.3f} over {about['pairs']} pairs ({about['mean_with_padded']:.3f} with padded "
            f"samples), coverage {coverage:.2f}" + _null_text(about)
        )
    return lines


def _pair(row: dict) -> str:
    return f"{row['recording']} {row['from']} to {row['to']}".strip()


def _null_text(about: dict) -> str:
    if not about["null_n"]:
        return ""
    p = f"p {about['p']:.3g}" if np.isfinite(about["p"]) else about["note"]
    drawn = f"{about['null_n']} shifts, {about['null_effective']:.0f} effectively independent"
    return f", null median {np.median(about['null']):.3f} ({drawn}), {p}"

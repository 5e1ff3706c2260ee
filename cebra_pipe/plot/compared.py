"""What the figure of consistency shows: cells, null draws and summaries of every comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..data.table import Table, read_table
from .drawn import pick, stack
from .known import mean, or_nan
from .named import comparisons
from .shown import Study

COLUMNS = {
    "comparison": str,
    "title": str,
    "between": str,
    "what": str,  # cell | null | summary | absent
    "definition": str,
    "row": str,  # the map's source (recordings), or whose runs (runs)
    "column": str,  # its target, or the pair of runs
    "score": float,  # R²
    "coverage": float,  # share of bins used
    "n": int,  # fits averaged in a cell; pairs of a summary
    "p": float,
    "null_n": int,
    "null_effective": float,
    "note": str,
    "doubts": str,  # of a summary: what is to be known before it is believed
}
# definition -> (its name, what it is, whether its pairs are drawn)
DEFINITIONS = {
    "held_out": ("held-out map", "fitted on train, scored on test", True),
    "paper": ("paper's", "fitted and scored on train (in-sample)", True),
    "paper_test": ("paper's on test", "fitted and scored on test (in-sample)", False),
}


def rows(study: Study, paths: Sequence[Path]) -> Table:
    """Cells, null draws and summaries of every comparison."""
    blocks: list[dict] = []
    for entry, path in comparisons(study, paths):
        about = {
            "comparison": entry["name"],
            "title": entry.get("title") or entry["name"],
            "between": entry.get("between", "recordings"),
        }
        condition = next(
            (k.text for k in study.conditions if k.name == entry.get("condition")), entry.get("condition", "")
        )
        about["title"] = (
            f"{about['title']} · {condition}" if condition and condition not in about["title"] else about["title"]
        )
        blocks += [{**about, **block} for block in _comparison(study, read_table(path, stage="consistency"))]
    return stack(COLUMNS, blocks)


def _comparison(study: Study, table: Table) -> Iterator[dict]:
    summary = table.meta.get("summary") or {}
    if not len(table):
        yield {"what": "absent", "note": "nothing to compare: fewer than two recordings or runs"}
    for definition in (d for d in DEFINITIONS if d in set(table["definition"])):
        mine = pick(table, definition=definition)
        yield from ({"what": "cell", "definition": definition, **cell} for cell in _cells(study, mine))
        about = summary.get(definition) or {}
        null = np.asarray(about.get("null") or [], float)
        yield {
            "what": "summary",
            "definition": definition,
            "score": or_nan(about.get("mean")),
            "n": int(about.get("pairs") or 0),
            "p": or_nan(about.get("p")),
            "null_n": int(about.get("null_n") or 0),
            "null_effective": or_nan(about.get("null_effective")),
            "coverage": mean(mine["coverage"]),
            "note": about.get("note") or "",
            "doubts": "; ".join(table.meta.get("doubts") or []),
        }
        yield {"what": "null", "definition": definition, "score": null}


def _cells(study: Study, mine: Table) -> Iterator[dict]:
    """The mean over folds and seeds of each pair; for runs, whose they are and which pair."""
    runs = bool((mine["recording"] != "").any()) and not set(mine["from"]) <= set(study.recordings)
    if runs:
        keys = [
            (_title(study, r), f"{a.replace('seed', 'seed ')} → {b.replace('seed', '')}")
            for r, a, b in columns_of(mine, "recording", "from", "to")
        ]
    else:
        keys = [(_title(study, a), _title(study, b)) for a, b in columns_of(mine, "from", "to")]
    for key in dict.fromkeys(keys):
        mask = np.array([k == key for k in keys])
        yield {
            "row": key[0],
            "column": key[1],
            "score": mean(mine["score"][mask]),
            "coverage": mean(mine["coverage"][mask]),
            "n": int(mask.sum()),
        }


def _title(study: Study, name: str) -> str:
    return study.recordings.get(name, name)


def columns_of(table: Table, *names: str) -> list[tuple]:
    return list(zip(*(table[n] for n in names), strict=True))

"""What a score is set against in the table `verdict`: refits of a control, shifts at scoring, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..plot.summary import Score
from ..sklearn.nulls import SMALLEST_NULL

DECODER, REFIT = "decoder", "refit"
Row = dict[str, object]


def refit_of(refits: Sequence[Row], fit: tuple[str, str, str], score: str, label: str) -> Row | None:
    """The row of `tests` for this score of the embedding: the weakest of its primary ones, else of those with a p.

    A score has to stand against every primary control; in which order the config names them makes no difference.
    """
    mine = [
        row
        for row in refits
        if (row["condition"], row["unit_of_fit"], row["recording"]) == fit
        and (row["score"], row["label"]) == (score, label)
        and row["method"] in ("", "embedding")
    ]
    told = [row for row in mine if row["primary"] == "yes"] or [row for row in mine if row["p"] == row["p"]] or mine
    if not told:
        return None
    weakest = max(told, key=_weakness)
    others = sorted(row["control"] for row in told if row is not weakest)
    also = f" (largest p; also {', '.join(others)})" if others else ""
    return {**weakest, "control": f"{weakest['control']}{also}"}


def _weakness(row: Row) -> tuple:
    """The larger the weaker: no p is weaker than any, and of equal ones the smaller effect is."""
    corrected, p = (np.inf if row[name] != row[name] else row[name] for name in ("p_corrected", "p"))
    return corrected, p, -abs(row["effect"]), row["control"]


def of_refit(row: Row) -> Row:
    """The columns of a row of `tests`, real value included, in the units of tables."""
    scale, unit = (100.0, "cm") if (row["unit"], row["metric"]) == ("m", "median_abs_error") else (1.0, row["unit"])
    return {
        "null": f"{REFIT}: {row['control']}",
        "unit": unit,
        "real": scale * row["real"],
        "null_median": scale * row["null_median"],
        "effect": scale * row["effect"],
        "p": row["p"],
        "null_n": row["null_n"],
        "why_no_p": row["note"],
        "primary": row["primary"],
        "p_corrected": row["p_corrected"],
    }


def without(why: str, median: float) -> Row:
    """No null that gives a p."""
    empty = {"null": "none", "null_median": median, "effect": np.nan, "p": np.nan, "null_n": 0}
    return empty | {"why_no_p": why, "primary": "no", "p_corrected": np.nan}


def of_shifts(score: Score) -> Row:
    """The label shifted at scoring against the decoded trace."""
    few = "n too small for p" if score.null_n < SMALLEST_NULL else ""
    why = "; ".join(dict.fromkeys(text for text in (score.no_p, few, score.note) if text))
    return {
        **without(why or "no score", score.null_median),
        "null": DECODER,
        "effect": score.mean - score.null_median,
        "p": score.p,
        "null_n": score.null_n,
        "why_no_p": "" if score.p == score.p else why or "no score",
    }

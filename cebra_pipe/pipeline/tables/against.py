"""What a score is set against in the table `verdict`: refits of a control, shifts at scoring, or nothing.

Two nulls, two questions. Decoder null: does the decoder on this embedding beat shifted labels? Refit null: does
training on these labels score better than training on shifted ones? A fit that learned little of its labels passes the
first where the neural data show the label through any embedding, and fails the second. So the stricter one counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...plot.summary import Score
from ...sklearn.nulls import SMALLEST_NULL

DECODER, REFIT = "decoder", "refit"
SIDE = {"null_median": np.nan, "p": np.nan, "null_n": 0}  # column of either null -> where there is none
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


def deciding(null: Row) -> float:
    """The p that a verdict follows: of the refits of a primary test the corrected one."""
    return null["p_corrected"] if null["primary"] == "yes" and null["null"] != DECODER else null["p"]


def passes(null: Row, alpha: float, sign: int) -> bool | None:
    """None without a p."""
    p = deciding(null)
    return None if p != p else bool(p <= alpha and sign * null["effect"] > 0)


def stricter(decoder: Row, refit: Row | None) -> Row:
    """The null with the larger p, refits where both are equal; where one alone has a p, that one.

    Without either, that of a primary test, whose reason is the one to tell.
    """
    if refit is None:
        return decoder
    shift, fits = deciding(decoder), deciding(refit)
    if fits != fits:
        return refit if shift != shift and refit["primary"] == "yes" else decoder
    return decoder if shift > fits else refit


def named_in_config(refit: Row | None) -> Row:
    """What the config says of the test and its family's p, whichever null the verdict follows."""
    return {name: refit[name] for name in ("primary", "p_corrected")} if refit else {}


def sides(decoder: Row | None, refit: Row | None, alpha: float, sign: int) -> Row:
    """The columns of both nulls, and a sentence on what the score is better than."""
    told = {f"{side}_{name}": empty for side in (DECODER, REFIT) for name, empty in SIDE.items()}
    for side, null in ((DECODER, decoder), (REFIT, refit)):
        told |= {f"{side}_{name}": null[name] for name in SIDE} if null else {}
    known = [in_words(null, alpha, sign) for null in (decoder, refit) if null and deciding(null) == deciding(null)]
    if refit and refit["primary"] == "yes" and deciding(refit) != deciding(refit):
        known.append(f"against fits of {refit['null'].partition(': ')[2]} not tested: {refit['why_no_p'] or 'no p'}")
    return told | {"refit_p_corrected": refit["p_corrected"] if refit else np.nan, "in_words": "; ".join(known)}


def in_words(null: Row, alpha: float, sign: int) -> str:
    """One null with a p: "better than fits of shifted (refit null, p 0.03)"."""
    kind, _, control = null["null"].partition(": ")
    what = {DECODER: "labels shifted at scoring (decoder null, ", REFIT: f"fits of {control} (refit null, "}
    shown = f"p {null['p']:.2g}" + (f", corrected {null['p_corrected']:.2g}" if null["primary"] == "yes" else "")
    return f"{'' if passes(null, alpha, sign) else 'not shown to be '}better than {what.get(kind, f'{kind} (')}{shown})"


def _weakness(row: Row) -> tuple:
    """The larger the weaker: no p is weaker than any, and of equal ones the smaller effect is."""
    corrected, p = (np.inf if row[name] != row[name] else row[name] for name in ("p_corrected", "p"))
    return corrected, p, -abs(row["effect"]), row["control"]


def of_refit(row: Row) -> Row:
    """The columns of a row of `tests`, real value included."""
    return {
        "null": f"{REFIT}: {row['control']}",
        **{name: row[name] for name in ("unit", "real", "null_median", "effect")},
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

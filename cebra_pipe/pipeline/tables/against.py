"""What a score is set against in the table `verdict`: refits of a control, shifts at scoring, or nothing.

Two nulls, two questions. Decoder null: does the decoder on this embedding beat shifted labels? Refit null: does
training on these labels score better than training on shifted ones? A fit that learned little of its labels passes the
first where the neural data show the label through any embedding, and fails the second. So the stricter one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...plot.summary import METHODS, SIGNED, Score, remarks
from ...sklearn.nulls import NO_P_METHODS

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


def beside_value(null: Row, value: float, median: float, of: str) -> Row:
    """A null whose p is `of` another value than the row shows: `value` is compared with the median of its own draws."""
    return null | {"p_of": f" of {of}", "shown": (value, median)}


def named_in_config(refit: Row | None) -> Row:
    """What the config says of the test and its family's p, whichever null the verdict follows."""
    return {name: refit[name] for name in ("primary", "p_corrected")} if refit else {}


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
    why = remarks(score) or ("no null" if score.mean == score.mean else "no score")
    return {
        **without(why, score.null_median),
        "null": DECODER,
        "effect": score.mean - score.null_median,
        "p": score.p,
        "null_n": score.null_n,
        "why_no_p": "" if score.p == score.p else why,
    }


def rivals_of(
    score: Score, every: Sequence[Score], titles: Mapping[str, str], short: Mapping[str, str]
) -> tuple[Row, dict[str, tuple[float, float]]]:
    """The columns of the best decoder without this embedding, on the same samples; and that, and a constant, by name.

    score: as the row shows it, over all seeds or of the first one, so that what it is worse than agrees with the row.
    """
    sign, others = SIGNED[score.metric].sign, [s for s in every if s.label == score.label and s.method != score.method]
    known = [s for s in others if s.mean == s.mean and s.method not in NO_P_METHODS]
    best = max(known, key=lambda s: sign * s.mean, default=None)
    shown = [*([best] if best else []), *(s for s in others if s.method in NO_P_METHODS)]
    return beside(best, titles), {short[s.method]: (score.mean, s.mean) for s in shown}


def beside(best: Score | None, titles: Mapping[str, str] = METHODS) -> Row:
    if best is None:
        return {"best_baseline": "", "best_baseline_score": np.nan}
    return {"best_baseline": titles.get(best.method, best.method), "best_baseline_score": best.mean}

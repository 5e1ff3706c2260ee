"""What a score is set against in the table `verdict`: refits of a control, shifts at scoring, or nothing.

Two nulls, two questions. Decoder null: does the decoder on this embedding beat shifted labels? Refit null: does
training on these labels score better than training on shifted ones? A fit that learned little of its labels passes the
first where the neural data show the label through any embedding, and fails the second. So the stricter one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...plot.judged import EVIDENCE, NONE, UNTESTED, spelled
from ...plot.summary import METHODS, SIGNED, Score, remarks
from ...sklearn.nulls import NO_P_METHODS

DECODER, REFIT = "decoder", "refit"
WORSE = "worse"
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


def beside_value(null: Row, value: float, median: float, of: str) -> Row:
    """A null whose p is `of` another value than the row shows: `value` is compared with the median of its own draws."""
    return null | {"p_of": f" of {of}", "shown": (value, median)}


def named_in_config(refit: Row | None) -> Row:
    """What the config says of the test and its family's p, whichever null the verdict follows."""
    return {name: refit[name] for name in ("primary", "p_corrected")} if refit else {}


def sides(
    decoder: Row | None,
    refit: Row | None,
    rivals: Mapping[str, tuple[float, float]],
    alpha: float,
    sign: int,
    *how: str,
) -> Row:
    """The columns of both nulls, whether they agree, and what the score is better than and what worse.

    rivals: what a score stands beside without a p, by name -> (the score's own value, the rival's).
    how: `compared`'s `worse` and `where`.
    """
    told = {f"{side}_{name}": empty for side in (DECODER, REFIT) for name, empty in SIDE.items()}
    for side, null in ((DECODER, decoder), (REFIT, refit)):
        told |= {f"{side}_{name}": null[name] for name in SIDE} if null else {}
    nulls = [null for null in (decoder, refit) if null]
    return {
        **told,
        "refit_p_corrected": refit["p_corrected"] if refit else np.nan,
        **compared(nulls, rivals, alpha, sign, *how),
    }


def compared(
    nulls: Sequence[Row],
    rivals: Mapping[str, tuple[float, float]],
    alpha: float,
    sign: int,
    worse: str = WORSE,
    where: str = "",
) -> Row:
    """The columns `nulls_agree`, `worse_than`, `in_words`, and how `verdict` goes on: by p, else by values alone.

    worse, where: how a value behind that of a rival is told, and of which trials alone.
    """
    found = [passed for null in nulls if (passed := passes(null, alpha, sign)) is not None]
    lost = {name: value for name, (own, value) in rivals.items() if sign * (own - value) < 0}
    behind = [_named(null) for null in nulls if _worse(null, sign)]
    said = [text for null in nulls if (text := in_words(null, alpha, sign))]
    tails = {(WORSE, ""): behind}
    tails[worse, where] = [*tails.get((worse, where), []), *lost]
    return {
        "nulls_agree": "" if len(found) < 2 else "yes" if len(set(found)) == 1 else "no",
        "worse_than": _listed([*behind, *lost]),
        "in_words": "; ".join([*said, *(f"{worse} than {name}{where} ({value:.3g})" for name, value in lost.items())]),
        "verdict": "".join(f", {how} than {_listed(of)}{at}" for (how, at), of in tails.items() if of),
    }


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def in_words(null: Row, alpha: float, sign: int) -> str:
    """One null: "better than fits of shifted (refit null, p 0.03)"; empty where there is nothing to tell of it."""
    kind, _, control = null["null"].partition(": ")
    untested, of = deciding(null) != deciding(null), f"{kind} null{null.get('p_of', '')}, " * (kind in (DECODER, REFIT))
    if untested and not _worse(null, sign):
        wanted = null["primary"] == "yes" and kind == REFIT
        return f"against fits of {control} not tested: {_why(null)}" * wanted
    shown = _why(null)
    if not untested:
        shown = f"p {null['p']:.2g}" + (f", corrected {null['p_corrected']:.2g}" if null["primary"] == "yes" else "")
    how = "worse" if _worse(null, sign) else "better" if passes(null, alpha, sign) else "not shown to be better"
    median = f"median {_shown(null)[1]:.3g}" * (how == "worse")
    others = control[len(_control(null)) :].strip(" ()")
    return f"{how} than {_named(null)} ({'; '.join(filter(None, (median, f'{of}{shown}', others)))})"


def _why(null: Row) -> str:
    """Why it has no p, in words that leave no doubt what n counts."""
    return spelled(null["why_no_p"] or "no p", null["null_n"], null["null"])


def _worse(null: Row, sign: int) -> bool:
    """Whether the value that the row shows is worse than the median of a null, with or without a p."""
    effect, _ = _shown(null)
    return bool(sign * effect < 0)


def _shown(null: Row) -> tuple[float, float]:
    """The value that the row shows less the null's median, and that median."""
    if "shown" not in null:
        return null["effect"], null["null_median"]
    value, median = null["shown"]
    return value - median, median


def _control(null: Row) -> str:
    """The control that a null is of, without those named beside it."""
    return null["null"].partition(": ")[2].partition(" (")[0]


def _named(null: Row) -> str:
    kind = null["null"].partition(": ")[0]
    return {DECODER: "labels shifted at scoring", REFIT: f"fits of {_control(null)}"}.get(kind, kind)


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


# ---- what has no p ---------------------------------------------------------------------------------------------------
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


def behind_in(score: Score) -> tuple[str, str]:
    """How better values than this score are told: without an interval they are of these test trials alone."""
    if score.low == score.low:
        return WORSE, ""
    trials = f"{score.n_trials} test trial{'s' * (score.n_trials != 1)}"
    return "lower score" if SIGNED[score.metric].sign > 0 else "higher error", f" in {trials}"


def beside(best: Score | None, titles: Mapping[str, str] = METHODS) -> Row:
    if best is None:
        return {"best_baseline": "", "best_baseline_score": np.nan}
    return {"best_baseline": titles.get(best.method, best.method), "best_baseline_score": best.mean}


# ---- what follows ----------------------------------------------------------------------------------------------------
def judged(row: Row, alpha: float, sign: int) -> Row:
    """The row with its verdict, which says so where no corrected p stands behind it, and goes on as `compared` says.

    Where a primary test follows the decoder's p, that is the larger one: its corrected p passes too where it has one.
    """
    passed = passes(row, alpha, sign)
    if passed is None:
        told = f"{UNTESTED}: {row['why_no_p'] or 'no p'}"
    elif passed:
        told = EVIDENCE if row["p_corrected"] == row["p_corrected"] else f"{EVIDENCE}, p not corrected"
    else:
        told = NONE
    return {**row, "alpha": alpha, "verdict": f"{told}{row['verdict']}"}

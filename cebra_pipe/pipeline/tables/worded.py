"""What a score is better than and what worse, in words: the columns that follow from its nulls and its rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...plot.judged import EVIDENCE, NONE, UNTESTED, spelled
from ...plot.summary import SIGNED, Score
from .against import DECODER, REFIT, Row, deciding, passes

WORSE = "worse"


SIDE = {"null_median": np.nan, "p": np.nan, "null_n": 0}  # column of either null -> where there is none


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


def behind_in(score: Score) -> tuple[str, str]:
    """How better values than this score are told: without an interval they are of these test trials alone."""
    if score.low == score.low:
        return WORSE, ""
    trials = f"{score.n_trials} test trial{'s' * (score.n_trials != 1)}"
    return "lower score" if SIGNED[score.metric].sign > 0 else "higher error", f" in {trials}"


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

"""What the table and the figure `verdict` hold: their columns, and the three things that a verdict may be."""

from __future__ import annotations

from ..sklearn.nulls import SMALLEST_NULL

COLUMNS = {
    "condition": str,
    "condition_title": str,
    "unit_of_fit": str,
    "recording": str,  # empty for a comparison of recordings or runs
    "title": str,
    "score": str,  # bits | decoding | transfer (by the decoder of other recordings) | consistency
    "label": str,  # the objective of bits, the label decoded, the comparison
    "metric": str,
    "unit": str,
    "ceiling_bits": float,  # the most that the loss allows
    "in_sample": str,
    "real": float,
    "low": float,  # 2.5 % over draws of test trials
    "high": float,  # 97.5 %
    "null": str,  # decoder: the label shifted at scoring; refit: fits of a control; none
    "null_median": float,
    "effect": float,  # real - null_median
    "p": float,
    "null_n": int,
    "why_no_p": str,
    "primary": str,
    "p_corrected": float,
    "alpha": float,
    "verdict": str,
    "worse_than": str,  # null medians and decoders that have better values, with or without a p
    "nulls_agree": str,  # yes | no, where both nulls have a p
    "in_words": str,  # what it is better than and what worse, with p or value
    "decoder_null_median": float,  # does the decoder on this embedding beat shifted labels?
    "decoder_p": float,
    "decoder_null_n": int,
    "refit_null_median": float,  # does training on these labels score better than training on shifted ones?
    "refit_p": float,
    "refit_p_corrected": float,
    "refit_null_n": int,
    "best_baseline": str,
    "best_baseline_score": float,
    "seeds": int,
    "seeds_low": float,
    "seeds_high": float,
    "folds": int,
    "folds_low": float,
    "folds_high": float,
    "converged": str,  # yes | no | not known
    "train_change_bits": float,  # over the last quarter of the steps
    "valid_change_bits": float,
    "ending": str,
    "collapsed": str,
    "room_bits": float,  # the bits that the spread of the embedding has room for
    "effective_dimension": float,
    "padded_share": float,
    "gap_share": float,
    "apart_s": float,  # between the nearest samples of different parts
    "too_near": str,  # whose memory they are not independent in (how far apart they would have to be)
    "dropped_share": float,
    "doubts": str,  # of the row's label or the condition's: their clock, their period; of a comparison's bins too
    "enough_data": str,
}
EVIDENCE, NONE, UNTESTED = "evidence", "no evidence at this amount of data", "not tested"
TOO_FEW = "n too small for p"


def draws(n: int, null: str) -> str:
    """What n counts: draws of a null, named as in the column `null`, and no animals."""
    return f"{n} {'fit' if null.startswith('refit') else 'shift'}{'s' * (n != 1)}"


def spelled(told: str, n: int, null: str) -> str:
    """Why there is no p, with what is counted where the draws of a null are too few."""
    of = " of the control" * null.startswith("refit")
    return told.replace(TOO_FEW, f"{draws(n, null)}{of}, {SMALLEST_NULL} needed for p")

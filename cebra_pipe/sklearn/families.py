"""Several tests at once: p that hold for the whole family, by the maximum over draws that are shared, or by Holm."""

from __future__ import annotations

import numpy as np


def by_maximum(real: np.ndarray, null: np.ndarray) -> np.ndarray:
    """(test,) p of tests whose draws are shared: (1 + #{draws whose largest test reaches it}) / (1 + n).

    real (test,) and null (test, draw), more is better. Tests of different units are brought to one by their mean and
    deviation over the real value and the draws alike, so that under the null the real value is one draw of many
    (Westfall & Young 1993, Resampling-Based Multiple Testing, single-step maximum).
    """
    every = np.concatenate([real[:, None], null], axis=1)
    spread = every.std(axis=1, keepdims=True)
    scaled = (every - every.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    largest = scaled[:, 1:].max(axis=0)  # (draw,)
    return (1 + (largest >= scaled[:, :1]).sum(axis=1)) / (1 + null.shape[1])


def holm(p: np.ndarray) -> np.ndarray:
    """(test,) p of tests whatever they share (Holm 1979); NaN stays and counts as a test that was made."""
    order = np.argsort(p, kind="stable")  # NaN last
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected

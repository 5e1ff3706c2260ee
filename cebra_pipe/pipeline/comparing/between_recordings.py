"""Consistency between recordings: linear maps between mean embeddings in common bins, and their null."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from ...data.alike import refuse_twins
from ...data.shifts import Shifts, circular_shifts
from ...errors import Problem, UserError
from ...sklearn.bins import unit_rows
from ...sklearn.maps import complete, linear_map_r2
from ...sklearn.nulls import PERIODIC, SMALLEST_NULL
from ...sklearn.points import members_of
from ...streams import generator
from ..jobs.job import say
from .common import Common, check_overlap, compared
from .sessions import Key, Means, Session


@dataclass(frozen=True)
class Definition:
    """What the R² of a map is of."""

    fit: str  # the part that the map is fitted on
    scored: str
    published: bool  # bin means of length 1, and the mean of the R² of each dimension, which turning the target changes


DEFINITIONS = {
    "paper": Definition("train", "train", published=True),
    "held_out": Definition("train", "test", published=False),
    "paper_test": Definition("test", "test", published=True),
}
FEWEST_RECORDINGS = 3  # below: description only


def between_recordings(spec: dict, sessions: tuple[Session, ...]) -> tuple[list[dict], dict]:
    """Rows and summary over pairs of recordings, in bins of their labels; fits of one fold and seed with each other."""
    if len(sessions) < 2:
        raise UserError(Problem("sessions", "two recordings or more", str(len(sessions)), "Add one, or compare runs."))
    refuse_twins({session.name: session.samples for session in sessions}, "sessions")
    common = compared(spec, sessions)
    real = [_means(common, sessions, key) for key in common.keys]
    for key, means in zip(common.keys, real, strict=True):
        check_overlap(means, common.bins[key[0]])
    padded = [_means(common, sessions, key, padded=True) for key in common.keys]
    shifts = draw(spec, sessions)
    null = _null(common, sessions, shifts)
    summary = {name: _summary(name, real, padded, null[name], shifts) for name in DEFINITIONS}
    return [row for key, means in zip(common.keys, real, strict=True) for row in _rows(key, means)], summary


def _means(common: Common, sessions: tuple[Session, ...], key: Key, padded: bool = False) -> dict[str, Means]:
    return {session.name: common.means(session, key, padded) for session in sessions}


def _rows(key: Key, means: dict[str, Means]) -> list[dict]:
    found = []
    for source, target in permutations(means, 2):
        for name in DEFINITIONS:
            score, used = score_of(name, means[source], means[target])
            about = {"fold": key[0], "seed": key[1], "from": source, "to": target, "recording": "", "definition": name}
            share = used.sum() / max(_occupied(name, means[source], means[target]).sum(), 1)
            found.append({**about, "score": float(score), "coverage": float(share), "bins_used": int(used.sum())})
    return found


def score_of(definition: str, source: Means, target: Means) -> tuple[np.ndarray, np.ndarray]:
    """(…) R² of the map from source to target, and (…, bin) the bins used.

    NaN below dim + 2 bins: a map with dim + 1 coefficients an output runs through dim + 1 points.
    """
    way = DEFINITIONS[definition]
    sides = [side.means[part] for side in (source, target) for part in (way.fit, way.scored)]
    used = np.logical_and.reduce([complete(rows) for rows in sides])
    left = [np.where(used[..., None], unit_rows(rows) if way.published else rows, np.nan) for rows in sides]
    score = linear_map_r2(left[0], left[2], left[1], left[3], pooled=not way.published)
    return np.where(used.sum(axis=-1) >= _fewest(sides[0]), score, np.nan), used


def _fewest(rows: np.ndarray) -> int:
    return rows.shape[-1] + 2


def _occupied(definition: str, source: Means, target: Means) -> np.ndarray:
    """(bin,) bool: samples of either recording in the parts that the definition uses."""
    parts = sorted({DEFINITIONS[definition].fit, DEFINITIONS[definition].scored})
    return np.logical_or.reduce([side.counts[part] > 0 for side in (source, target) for part in parts])


def _statistic(definition: str, fits: list[dict[str, Means]]) -> np.ndarray:
    """(…) mean over unordered pairs, each the mean of its two directions, then over folds and seeds."""
    scores = [
        (score_of(definition, means[a], means[b])[0] + score_of(definition, means[b], means[a])[0]) / 2
        for means in fits
        for a, b in combinations(means, 2)
    ]
    return np.mean(scores, axis=0)


def _summary(
    definition: str,
    real: list[dict[str, Means]],
    padded: list[dict[str, Means]],
    null: np.ndarray,
    shifts: list[Shifts],
) -> dict:
    mean, recordings = float(_statistic(definition, real)), len(shifts)
    about = {"mean": mean, "mean_with_padded": float(_statistic(definition, padded)), "pairs": math.comb(recordings, 2)}
    return about | _tested(mean, null, shifts, held_out=DEFINITIONS[definition].fit != DEFINITIONS[definition].scored)


# ---- the null --------------------------------------------------------------------------------------------------------
def draw(spec: dict, sessions: tuple[Session, ...]) -> list[Shifts]:
    """Circular shifts of each recording, drawn apart; as many for all as the shortest has to offer."""
    copies: dict[str, int] = {}
    found = []
    for session in sessions:
        copy = copies[session.content] = copies.get(session.content, -1) + 1  # equal recordings: streams of their own
        stream = generator("consistency", spec["study_seed"], session.content, copy)
        labels = {name: session.labels[name] for name in members_of(spec["labels"], spec.get("points", {}))}
        # Parts and padding move with the labels: every sample counts, and the embedding keeps its autocorrelation.
        shifts = circular_shifts(labels, session.rate, np.arange(len(session)), stream)
        # Classes recorded one after the other have no shift of their own: position sets the pace. It must have one.
        stuck = any(not labels[name].discrete for name in shifts.slow)
        found.append(shifts.none() if stuck or shifts.periodic else shifts.first(spec["null"]))
        for name, seconds in shifts.periodic.items():
            say(f"null: {name} of {session.name} repeats every {seconds:.4g} s: shifts are none")
    fewest = min(len(shifts.values) for shifts in found)
    if fewest < spec["null"]:
        say(f"null: {fewest} of {spec['null']} shifts lie five autocorrelation times away from none")
    return [shifts.first(fewest) for shifts in found]


def _null(common: Common, sessions: tuple[Session, ...], shifts: list[Shifts]) -> dict[str, np.ndarray]:
    """definition -> (draw,) the statistic with each recording shifted on its own, by the same draws for all fits."""
    scores = {name: np.zeros(len(shifts[0].values)) for name in DEFINITIONS}
    if not len(shifts[0].values):
        return scores
    for key in common.keys:
        means = {s.name: common.shifted(s, key, of.values) for s, of in zip(sessions, shifts, strict=True)}
        for name in DEFINITIONS:
            scores[name] += _statistic(name, [means]) / len(common.keys)
    return scores


def _tested(real: float, null: np.ndarray, shifts: list[Shifts], held_out: bool) -> dict:
    """The null draws and p: ties count as draws that reach the real value. No draws where the truth has no score.

    An in-sample R² grows with the smoothness of bin means, and a shift makes laps meet inside a lap: of noise that is
    continuous in a lap and not from lap to lap, more than the level says would be significant.
    """
    known = null[np.isfinite(null)]
    missing = {
        "in-sample, no p": not held_out,
        "two recordings, description only, no p": len(shifts) < FEWEST_RECORDINGS,
        "no score, no p": not np.isfinite(real),
        PERIODIC: any(of.periodic for of in shifts),
        "n too small for p": 0 < len(known) < SMALLEST_NULL,
        "no null": not len(known),
    }
    why = next((text for text, holds in missing.items() if holds), "")
    return {
        "null": known.tolist(),
        "null_n": len(known),
        "null_effective": float(min(of.effective for of in shifts)) if len(known) else 0.0,
        "p": float("nan") if why else float((1 + (known >= real).sum()) / (1 + len(known))),
        "note": why,
    }

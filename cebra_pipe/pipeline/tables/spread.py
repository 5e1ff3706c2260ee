"""How much of its space an embedding uses on held-out samples, and what share of a recording is left out of scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...data.memory import too_near
from ...data.parts import folds_of, part_of
from ...data.table import Table
from ...plot.drawn import distinct, pick
from ...plot.known import mean, or_nan

COLLAPSED = 0.1  # bits of room below which hardly any positive can be told from a negative


@dataclass(frozen=True)
class Width:
    """Of one embedding (recording, fold, seed), over its test samples whose windows are whole."""

    room: float  # bits
    dimension: float


def width(points: np.ndarray, similarity: str, temperature: float) -> Width:
    """Of points (sample, dimension).

    room: log2 e times the mean over pairs of phi(x, x) - phi(x, y), phi as in the loss. By Jensen's inequality a
    goodness of fit with negatives from these points is at most that: log mean exp phi >= mean phi.
    dimension: the participation ratio of the covariance, (sum l)^2 / sum l^2 over its eigenvalues l.
    """
    if not len(points):
        return Width(np.nan, np.nan)
    values = points.astype(np.float64)
    covariance = np.atleast_2d(np.cov(values, rowvar=False, bias=True))
    total = float(np.trace(covariance))
    # The mean over pairs of |x - y|^2 is twice the total variance, that of |x|^2 - x.y once.
    apart = total if similarity == "cosine" else 2 * total
    squares = float((covariance**2).sum())
    return Width(apart / temperature / np.log(2), total**2 / squares if squares > 0 else 0.0)


def widths(
    embedding: Table, splits: Mapping[str, Table], similarity: str, temperature: float
) -> dict[str, list[Width]]:
    """recording -> the width of each fold and seed."""
    found: dict[str, list[Width]] = {}
    for name, fold, mine in _blocks(embedding):
        found.setdefault(name, []).append(held_out_width(mine, part_of(splits[name], fold), similarity, temperature))
    return found


def held_out_width(block: Table, part: np.ndarray, similarity: str, temperature: float) -> Width:
    """Of the embedding (sample, …) of all samples of a recording, whose parts are `part` (sample,)."""
    held_out = block.where((part == "test") & ~block["padded"].astype(bool))
    axes = [held_out[f"e{i}"] for i in range(block.meta["dimension"])]
    return width(np.stack(axes, axis=1), similarity, temperature)


def _blocks(embedding: Table) -> Iterator[tuple[str, int, Table]]:
    """Recording, fold and rows of each recording, fold and seed."""
    for name in distinct(embedding["recording"]):
        mine = pick(embedding, recording=name)
        for fold in distinct(mine["fold"]):
            for seed in distinct(pick(mine, fold=fold)["seed"]):
                yield name, int(fold), pick(mine, fold=fold, seed=seed)


def collapse(found: Sequence[Width]) -> dict[str, object]:
    """Whether any of these has collapsed, "no" where the room of all is known; room and dimension as means."""
    few = sum(each.room < COLLAPSED for each in found)
    whole = found and all(each.room == each.room for each in found)
    return {
        "collapsed": f"yes, {few} of {len(found)} fits" if few else "no" if whole else "not known",
        "room_bits": mean(each.room for each in found),
        "effective_dimension": mean(each.dimension for each in found),
    }


def nearness(split: Table) -> dict[str, object]:
    """Seconds between the nearest samples of different parts, and of what they are not independent."""
    seconds = or_nan(split.meta.get("apart"))
    near = too_near(seconds, split.meta.get("memory", {}))
    return {"apart_s": seconds, "too_near": ", ".join(f"{name} ({needed:.3g} s)" for name, needed in near.items())}


def first_padded(embedding: Table, name: str) -> np.ndarray:
    """(sample,) bool: padded samples of a recording, which all folds and seeds of an embedding share."""
    mine = pick(pick(embedding, recording=name), fold=embedding["fold"][0], seed=embedding["seed"][0])
    return mine["padded"].astype(bool)


def left_out(padded: np.ndarray, split: Table) -> dict[str, float]:
    """Shares of the samples of a recording: gap between parts, and elsewhere padded; means over folds."""
    gaps = [part_of(split, fold) == "gap" for fold in folds_of(split)]
    return {
        "gap_share": mean(gap.mean() for gap in gaps),
        "padded_share": mean((padded & ~gap).mean() for gap in gaps),
    }

"""DeepLabCut's tracks: x and y of each body part, frames of low likelihood interpolated from good ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .entries import Entry, Refusal

DEFAULT_LIKELIHOOD = 0.6
COORDINATES = ("x", "y")


def is_track(names: Sequence[object]) -> bool:
    """Columns have the levels scorer, body part, coordinate."""
    return bool(names) and all(isinstance(n, tuple) and len(n) == 3 and n[2] in ("x", "y", "likelihood") for n in names)


def is_multi_animal(names: Sequence[object]) -> bool:
    """Columns have a fourth level, of individuals."""
    return bool(names) and all(isinstance(n, tuple) and len(n) == 4 and n[3] in ("x", "y", "likelihood") for n in names)


def track_entry(length: int, names: Sequence[tuple], column: Callable[[int], np.ndarray], minimum: float) -> Entry:
    """A track with columns `part_x`, `part_y`; a part's name stands for both."""
    at = {(part, coordinate): i for i, (_, part, coordinate) in enumerate(names)}
    if len(at) < len(names):
        raise Refusal(
            "one scorer", f"{len({n[0] for n in names})} of them", "Save one scorer's columns in a file of their own."
        )
    parts = list(dict.fromkeys(part for _, part, _ in names))
    incomplete = [p for p in parts if not all((p, c) in at for c in COORDINATES)]
    if incomplete:
        raise Refusal(
            "x and y of every body part",
            f"one of them missing for {', '.join(map(repr, incomplete))}",
            "Export the track again.",
        )
    columns = tuple(f"{part}_{coordinate}" for part in parts for coordinate in COORDINATES)

    def read(chosen: Sequence[int] | None) -> np.ndarray:
        wanted = range(len(columns)) if chosen is None else chosen
        tracks = {part: track(part, at, column, minimum) for part in dict.fromkeys(parts[i // 2] for i in wanted)}
        return np.stack([tracks[parts[i // 2]][:, i % 2] for i in wanted], axis=1)

    groups = {str(part): (2 * k, 2 * k + 1) for k, part in enumerate(parts)}
    return Entry((length, len(columns)), "DeepLabCut track", read, columns, groups)


def track(part: str, at: dict, column: Callable[[int], np.ndarray], minimum: float) -> np.ndarray:
    """(frame, 2) positions of one body part, as long as the video."""
    positions = np.stack([column(at[part, c]).astype(np.float64) for c in COORDINATES], axis=1)
    good = np.isfinite(positions).all(axis=1)
    if (part, "likelihood") in at:
        good &= column(at[part, "likelihood"]) >= minimum
    if not good.any():
        raise Refusal(
            f"a frame where {part!r} has likelihood {minimum:g} or more",
            "none",
            "Leave this body part out, or lower the limit.",
        )
    frames = np.arange(len(positions))
    return np.stack([np.interp(frames, frames[good], axis[good]) for axis in positions.T], axis=1)

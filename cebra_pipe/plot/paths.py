"""What figure 1 draws of a point: its true and decoded path over some stretches of the test part."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..data.table import Table
from .drawn import pick

PANES = 4
SECONDS = 10.0  # of a path in one pane: more lies on itself
COLUMNS = {  # beside those that all panels have; the first coordinate is `truth` and `decoded`
    "pane": int,
    "stretch": int,
    "axis": str,
    "axis_2": str,
    "truth_2": float,
    "decoded_2": float,
}


def points_of(columns: Iterable[str]) -> dict[str, list[str]]:
    """Point -> its coordinates, from the columns true.{point}.{label} of a trace."""
    found: dict[str, list[str]] = {}
    for parts in (name.split(".") for name in columns):
        if len(parts) == 3 and parts[0] == "true":
            found.setdefault(parts[1], []).append(parts[2])
    return found


def path(table: Table, point: str, axes: list[str], rate: float, laps: int) -> dict:
    """The columns of a path: of `table`, one fold and seed, stretches of the test part in panes of ten seconds.

    Stretches are runs of samples in one trial: `laps` of them, evenly spread, or as many as the panes hold.
    """
    padded, kept = int(table["padded"].sum()), table.where(~table["padded"])
    stretches, most = _stretches(kept), max(2, round(SECONDS * rate))
    tried = (_panes(_spread(stretches, number), most) for number in range(min(laps, len(stretches)), 0, -1))
    panes = next(found for found in tried if found)
    rows = np.concatenate([rows for rows, _ in panes])
    sizes = [len(mine) for mine, _ in panes]
    some = f"{len(panes)} of {len(stretches)} stretches of the test part, evenly spread"
    note = some if len(panes) < len(stretches) else "test part"
    if any(len(mine) == most for mine, _ in panes):
        note += f", at most {SECONDS:g} s of each"
    note += f"; {padded} padded samples left out"
    return {
        **{name: kept[name][rows] for name in ("trial", "sample")},
        "pane": np.repeat([pane for _, pane in panes], sizes),
        "stretch": np.repeat(np.arange(len(panes)), sizes),
        "x": np.concatenate([np.arange(size) / rate for size in sizes]),
        **dict(zip(("axis", "axis_2"), axes, strict=False)),
        **{f"{what}{end}": kept[f"{said}.{point}.{axis}"][rows]
           for what, said in (("truth", "true"), ("decoded", "predicted"))
           for end, axis in zip(("", "_2"), axes, strict=False)},
        "note": note + (f"; {axes[0]} and {axes[1]} of {', '.join(axes)}" if len(axes) > 2 else ""),
    }  # fmt: skip


def _stretches(table: Table) -> list[np.ndarray]:
    """Rows of samples that follow each other in one trial."""
    cut = (np.diff(table["trial"]) != 0) | (np.diff(table["sample"]) != 1)
    return [rows for rows in np.split(np.arange(len(table)), np.flatnonzero(cut) + 1) if len(rows)]


def _spread(stretches: list[np.ndarray], number: int) -> list[np.ndarray]:
    chosen = np.linspace(0, len(stretches) - 1, min(number, len(stretches))).round().astype(int)
    return [stretches[i] for i in np.unique(chosen)]


def _panes(stretches: list[np.ndarray], most: int) -> list[tuple[np.ndarray, int]]:
    """Each stretch, cut to `most` samples, with its pane, which short ones share; none where the panes are too few."""
    placed, pane, held = [], 0, 0
    for rows in stretches:
        mine = rows[:most]
        if held and held + len(mine) > most:
            pane, held = pane + 1, 0
        if pane == PANES:
            return []
        placed, held = [*placed, (mine, pane)], held + len(mine)
    return placed


def by_pane(part: Table) -> list[Table]:
    """The path of each pane."""
    return [pick(part, pane=pane) for pane in np.unique(part["pane"])]

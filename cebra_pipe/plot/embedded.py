"""What the figure of embeddings shows: points of train, test and a control under one rotation, with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..data.recording import Recording
from ..data.table import Table, read_meta, read_table
from .drawn import pick, stack
from .files import Source
from .shown import Study

COLUMNS = {
    "what": str,  # panel: what is said of it | point
    "recording": str,
    "title": str,
    "panel": str,  # train | test | control
    "series": str,
    "fold": int,
    "seed": int,
    "sample": int,
    "x": float,
    "y": float,
    "z": float,
    "continuous": float,  # value of the label that gives the depth of a colour
    "discrete": int,  # class that gives its hue
    "class": str,  # its name, where classes have names
    "continuous_label": str,
    "unit": str,
    "period": float,
    "discrete_label": str,
    "dimension": int,
    "n": int,  # samples of this part, without padded ones
    "n_drawn": int,
    "n_padded": int,
    "note": str,
}
MOST = 2000  # points of a panel: more hide each other


def rows(
    study: Study,
    recordings: Mapping[str, Recording],
    splits: Mapping[str, Table],
    sources: Sequence[Source],
    aligned: Mapping[str, Path],
) -> Table:
    """The points of every panel; `aligned` maps a condition to its rotated embeddings, where there are any."""
    blocks: list[Mapping] = []
    for name, recording in recordings.items():
        about = {"recording": name}
        main = _source(sources, study.main(name))
        if main is None:
            blocks.append(
                {
                    **about,
                    "what": "panel",
                    "title": study.recordings[name],
                    "note": "no condition is fitted to this recording",
                }
            )
            continue
        control = _source(sources, study.control(name, main.condition))
        turned = aligned.get(main.condition.name)
        for block in _recording(study, recording, name, splits[name], main, control, turned):
            blocks.append({**about, **block})
    return stack(COLUMNS, blocks)


def _source(sources: Sequence[Source], wanted: tuple | None) -> Source | None:
    return next((s for s in sources if wanted and (s.condition, s.unit) == wanted), None)


def _recording(
    study: Study,
    recording: Recording,
    name: str,
    split: Table,
    main: Source,
    control: Source | None,
    aligned: Path | None,
) -> Iterator[dict]:
    table, points = _embedding(main, name)
    rotation, how = _rotation(aligned, name, table, points)
    about = _labels(study, recording, split, table)
    if rotation is not None:
        points = points @ rotation
    for part in ("train", "test"):
        yield from _panel(study.recordings[name], part, main, table, points, part, about, how)
    if control is None:
        yield {
            "what": "panel",
            "panel": "control",
            "title": study.recordings[name],
            "note": "no control condition in this study",
        }
        return
    table, points = _embedding(control, name)
    if rotation is not None and points.shape[1] == len(rotation):
        points = points @ rotation
    about = _labels(study, recording, split, table)
    yield from _panel(
        study.recordings[name],
        "control",
        control,
        table,
        points,
        "test",
        about,
        "same rotation" if rotation is not None else how,
    )


def _embedding(source: Source, name: str) -> tuple[Table, np.ndarray]:
    """The rows of the first fold and seed, and their points (sample, dimension)."""
    dimension = int(read_meta(source.path)["dimension"])
    table = pick(source.read(), recording=name)
    table = pick(table, fold=table["fold"].min())
    table = pick(table, seed=table["seed"].min())
    return table, np.stack([table[f"e{i}"] for i in range(dimension)], axis=1).astype(np.float64)


def _rotation(aligned: Path | None, name: str, table: Table, points: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The rotation (dimension, dimension) that took this embedding to its aligned one, found again from both."""
    if aligned is None:
        return None, "not rotated"
    turned = pick(read_table(aligned, stage="align"), recording=name, fold=table["fold"][0], seed=table["seed"][0])
    if not len(turned):
        return None, "not rotated"
    goal = np.stack([turned[f"a{i}"] for i in range(points.shape[1])], axis=1).astype(np.float64)
    left, _, right = np.linalg.svd(points[turned["sample"]].T @ goal)
    return left @ right, "rotated to the reference"


def _labels(study: Study, recording: Recording, split: Table, table: Table) -> dict:
    continuous, discrete = study.colors(recording)
    part = split[f"fold{table['fold'][0]}"][table["sample"]]
    known = recording.labels
    values = known[continuous].values if continuous else (recording.time if discrete is None else None)
    return {
        "part": part,
        "continuous": None if values is None else np.asarray(values, float)[table["sample"]],
        "discrete": known[discrete].values[table["sample"]] if discrete else None,
        "class": known[discrete].names(table["sample"]) if discrete and known[discrete].classes else None,
        "continuous_label": continuous or ("" if discrete else "time"),
        "unit": known[continuous].unit if continuous else ("" if discrete else "s"),
        "period": (known[continuous].period or np.nan) if continuous else np.nan,
        "discrete_label": discrete or "",
    }


def _panel(
    title: str, panel: str, source: Source, table: Table, points: np.ndarray, part: str, about: dict, how: str
) -> Iterator[dict]:
    mine = about["part"] == part
    kept = np.flatnonzero(mine & ~table["padded"])
    drawn = (
        kept[np.unique(np.linspace(0, len(kept) - 1, min(MOST, len(kept))).round().astype(int))] if len(kept) else kept
    )
    dimension = points.shape[1]
    fixed = {"panel": panel, "fold": int(table["fold"][0]), "seed": int(table["seed"][0])}
    said = {name: about[name] for name in ("continuous_label", "unit", "period", "discrete_label")}
    counts = {
        "n": len(kept),
        "n_drawn": len(drawn),
        "n_padded": int((mine & table["padded"]).sum()),
        "dimension": dimension,
    }
    yield {"what": "panel", "title": title, "series": source.condition.text, **fixed, **said, **counts, "note": how}
    flat = points[drawn] if dimension > 1 else np.stack([table["sample"][drawn], points[drawn, 0]], axis=1)
    yield {
        "what": "point",
        **fixed,
        "sample": table["sample"][drawn],
        **{axis: flat[:, i] for i, axis in enumerate("xyz"[: flat.shape[1]])},
        **{name: about[name][drawn] for name in ("continuous", "discrete", "class") if about[name] is not None},
    }

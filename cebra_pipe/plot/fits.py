"""The fits that files hold, by their own word: one each, or those of several seeds that were trained together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..data.table import read_meta
from ..errors import Problem, UserError

BATCH = {"fit": "fit_together"}  # stage -> the one that does its work for several seeds at once


class Fit(NamedTuple):
    """One fit or adaptation: a fold and a seed."""

    path: Path
    spec: Mapping
    seed: int

    @property
    def fold(self) -> int:
        return int(self.spec["fold"])

    @property
    def shared(self) -> bool:
        """Whether its file holds other seeds too."""
        return "seeds" in self.spec

    @property
    def place(self) -> Path:
        """Where a file of this fit alone would lie."""
        return self.path.parent / f"seed{self.seed}" / self.path.name if self.shared else Path(self.path)


def fits_of(paths: Sequence[Path], stage: str) -> list[Fit]:
    """The fits of the outputs of `stage`, file by file."""
    specs = [(path, spec_of(path, stage)) for path in paths]
    return [Fit(path, spec, int(seed)) for path, spec in specs for seed in spec.get("seeds") or [spec["seed"]]]


def spec_of(path: Path, stage: str) -> dict:
    """What made a file; a UserError where that was another stage."""
    meta = read_meta(path)
    if meta.get("stage") not in (stage, BATCH.get(stage, stage)):
        remedy = "Give the file of that stage."
        raise UserError(Problem(str(path), f"the output of {stage}", f"one of {meta.get('stage')!r}", remedy))
    return meta["spec"]

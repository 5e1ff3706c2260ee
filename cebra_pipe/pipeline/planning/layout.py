"""What a study makes, and where: names, and paths of artifacts. Nothing else knows a path."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..config.binned import aligned
from ..config.points import decoded
from ..config.refit import pairs
from ..config.study import Condition, Resolved
from .exhibits import TABLES

Wildcards = Mapping[str, str]


# stage -> where its outputs lie below the study's folder, by role (the roles are those of `roles.ROLES`)
STAGES: Mapping[str, Mapping[str, str]] = {
    "simulate": {"recording": "recordings/{recording}.parquet"},
    "load": {"recording": "recordings/{recording}.parquet"},
    "split": {"split": "splits/{recording}.parquet"},
    "fit": {
        "model": "fits/{condition}/{unit}/fold{fold}/seed{seed}/model.pt",
        "history": "fits/{condition}/{unit}/fold{fold}/seed{seed}/history.parquet",
    },
    "fit_together": {
        "models": "fits/{condition}/{unit}/fold{fold}/models.pt",
        "history": "fits/{condition}/{unit}/fold{fold}/history.parquet",
    },
    "transform": {"embedding": "embeddings/{condition}/{unit}.parquet"},
    "adapt": {
        "adapted": "adaptations/{condition}/{unit}/fold{fold}/seed{seed}/adapted.parquet",
        "models": "adaptations/{condition}/{unit}/fold{fold}/seed{seed}/adapted.pt",
        "history": "adaptations/{condition}/{unit}/fold{fold}/seed{seed}/history.parquet",
    },
    "transfer": {"transfer": "transfer/{condition}/{unit}.parquet"},
    "decode": {"scores": "decoding/{condition}/{unit}.parquet", "traces": "decoding/{condition}/{unit}.traces.parquet"},
    "align": {"aligned": "aligned/{condition}.parquet"},
    "consistency": {"consistency": "consistency/{comparison}.parquet"},
    "figures": {kind: f"figures/{{figure}}.{kind}" for kind in ("png", "svg", "csv")},
    "tables": {"csv": "tables/{table}.csv", "json": "tables/{table}.json"},
}

IN_BATCH = {"model": "models", "history": "history"}  # role of a fit -> that of the batch which it is trained in


@dataclass(frozen=True, eq=False)
class Layout:
    """Names and paths of a study."""

    study: Resolved

    @cached_property
    def root(self) -> str:
        """The study's folder, as the paths of its artifacts start."""
        return os.path.normpath(os.path.join(self.study.config.results, self.study.config.study))

    # ---- names -------------------------------------------------------------------------------------------------------
    @property
    def simulated(self) -> list[str]:
        return [name for name, entry in self.study.config.recordings.items() if entry.simulate]

    @property
    def loaded(self) -> list[str]:
        return [name for name, entry in self.study.config.recordings.items() if not entry.simulate]

    @cached_property
    def aligned(self) -> list[str]:
        """Conditions whose recordings are rotated onto one."""
        return aligned(self.study)

    @cached_property
    def left_out(self) -> list[dict[str, str]]:
        """Condition and unit of every recording that is left out."""
        return [{"condition": name, "unit": unit} for name, k in self.study.conditions.items() for unit in k.without]

    @cached_property
    def portions(self) -> list[dict[str, str]]:
        """Condition and unit of every fit to less data."""
        return [{"condition": name, "unit": unit} for name, k in self.study.conditions.items() for unit in k.portions]

    @cached_property
    def figures(self) -> list[str]:
        """The figures that this study has something to show in."""
        filled = {"consistency": self.study.comparisons, "transfer": self.left_out, "enough_data": self.portions}
        return [name for name in self.study.config.figures.figures if filled.get(name, True)]

    @cached_property
    def tables(self) -> list[str]:
        several = len(self.study.config.recordings) > 1
        filled = {"consistency": self.study.comparisons, "tests": pairs(self.study), "population": several}
        filled |= {"transfer": self.left_out, "enough_data": self.portions}
        return [name for name in TABLES if filled.get(name, True)]

    # ---- paths -------------------------------------------------------------------------------------------------------
    def path(self, pattern: str, **wildcards: object) -> str:
        return os.path.join(self.root, pattern.format(**wildcards))

    def output(self, stage: str, role: str, **wildcards: object) -> str:
        return self.path(STAGES[stage][role], **wildcards)

    def of_fit(self, stage: str, role: str, **wildcards: object) -> str:
        """The output of one fit or adaptation: that of the batch where the seeds of its unit are trained together."""
        if stage == "fit" and self.study.conditions[wildcards["condition"]].batched(wildcards["unit"]):
            stage, role = "fit_together", IN_BATCH[role]
        return self.output(stage, role, **wildcards)

    def pattern(self, stage: str, role: str) -> str:
        """The output of a stage with its wildcards left open."""
        return os.path.join(self.root, STAGES[stage][role])

    def beside(self, kind: str, stage: str, suffix: str) -> str:
        """The log, benchmark or record of a job: the tree of its first output under another root."""
        first = next(iter(STAGES[stage].values()))
        return os.path.join(self.root, kind, os.path.splitext(first)[0] + suffix)

    def arguments(self, stage: str, wildcards: Wildcards) -> str:
        """The file that holds the options of a job."""
        first = next(iter(STAGES[stage].values())).format(**wildcards)
        return os.path.join(self.root, ".jobs", stage, os.path.splitext(first)[0] + ".args")

    @property
    def notes(self) -> str:
        """The folder in which hashes of files are noted."""
        return os.path.join(self.root, ".hashes")

    def threads(self, condition: str) -> int:
        return self.study.conditions[condition].training.threads

    def recordings(self, names: tuple[str, ...] | list[str]) -> dict[str, list[str]]:
        """The recordings and splits of these names, as two roles."""
        return {
            "recordings": [self.output("load", "recording", recording=name) for name in names],
            "splits": [self.output("split", "split", recording=name) for name in names],
        }

    def fits(
        self, condition: Condition, role: str, units: Collection[str] | None = None, stage: str = "fit"
    ) -> list[str]:
        """The outputs of every fit (or adaptation) of the units, or of all of the condition, fold by fold and seed.

        Where the seeds of a fold are trained together it is one file for all of them.
        """
        found = (
            self.of_fit(stage, role, condition=condition.name, unit=unit, fold=fold, seed=seed)
            for unit in (condition.units if units is None else units)
            for fold in range(self.study.folds)
            for seed in condition.seeds
        )
        return list(dict.fromkeys(found))

    def embeddings(self, condition: Condition) -> list[str]:
        return [self.output("transform", "embedding", condition=condition.name, unit=unit) for unit in condition.units]

    def decodable(self, condition: str, unit: str) -> bool:
        """Whether the unit's recordings share a label or point that is decoded."""
        return bool(decoded(self.study, self.study.conditions[condition].fitted[unit]))

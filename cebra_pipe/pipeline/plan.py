"""From a study to its jobs: which files each stage reads and writes, and the one spec it gets.

The Snakefile, `cebra-pipe status` and `cebra-pipe check` all read this; nothing else knows a path.
A spec holds the fields that its stage reads and no others, so that a change reruns what it reaches and nothing more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import Problems
from .contents import files_of
from .exhibits import TABLES
from .fingerprint import fingerprint
from .inputs import INPUTS
from .job import canonical
from .refit import pairs
from .specs import SPECS
from .study import Condition, Resolved, decoded_labels

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
    "transform": {"embedding": "embeddings/{condition}/{unit}.parquet"},
    "adapt": {
        "adapted": "adaptations/{condition}/{unit}/fold{fold}/seed{seed}/adapted.parquet",
        "history": "adaptations/{condition}/{unit}/fold{fold}/seed{seed}/history.parquet",
    },
    "transfer": {"transfer": "transfer/{condition}/{unit}.parquet"},
    "decode": {"scores": "decoding/{condition}/{unit}.parquet", "traces": "decoding/{condition}/{unit}.traces.parquet"},
    "align": {"aligned": "aligned/{condition}.parquet"},
    "consistency": {"consistency": "consistency/{comparison}.parquet"},
    "figures": {kind: f"figures/{{figure}}.{kind}" for kind in ("png", "svg", "csv")},
    "tables": {"csv": "tables/{table}.csv", "json": "tables/{table}.json"},
}


@dataclass(frozen=True)
class Planned:
    """One job of the study."""

    stage: str
    wildcards: Wildcards
    inputs: Mapping[str, list[str]]
    outputs: Mapping[str, str]
    spec: str  # canonical JSON
    code: str
    arguments: str  # the file that holds the job's options
    notes: str  # the folder that holds hashes of files


@dataclass(frozen=True, eq=False)
class Plan:
    """All jobs of a study."""

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
        """Conditions whose recordings are rotated onto one: several, of one rate, with labels to bin by."""
        align = self.study.config.align
        return [
            name
            for name, k in self.study.conditions.items()
            if len(k.recordings) > 1
            and len(self.study.rates(k.recordings)) < 2
            and self.study.has_bins(align.labels, k.recordings)
            and not k.control
        ]

    @cached_property
    def left_out(self) -> list[dict[str, str]]:
        """Condition and unit of every recording that is left out."""
        return [{"condition": name, "unit": unit} for name, k in self.study.conditions.items() for unit in k.without]

    @cached_property
    def figures(self) -> list[str]:
        """The figures that this study has something to show in."""
        filled = {"consistency": self.study.comparisons, "transfer": self.left_out}
        return [name for name in self.study.config.figures.figures if filled.get(name, True)]

    @cached_property
    def tables(self) -> list[str]:
        several = len(self.study.config.recordings) > 1
        filled = {"consistency": self.study.comparisons, "tests": pairs(self.study), "population": several}
        filled |= {"transfer": self.left_out}
        return [name for name in TABLES if filled.get(name, True)]

    # ---- paths -------------------------------------------------------------------------------------------------------
    def path(self, pattern: str, **wildcards: object) -> str:
        return os.path.join(self.root, pattern.format(**wildcards))

    def output(self, stage: str, role: str, **wildcards: object) -> str:
        return self.path(STAGES[stage][role], **wildcards)

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
        self, condition: Condition, role: str, units: tuple[str, ...] | None = None, stage: str = "fit"
    ) -> list[str]:
        """The outputs of every fit (or adaptation) of the units, or of all of the condition, fold by fold and seed."""
        return [
            self.output(stage, role, condition=condition.name, unit=unit, fold=fold, seed=seed)
            for unit in units or condition.units
            for fold in range(self.study.folds)
            for seed in condition.seeds
        ]

    def embeddings(self, condition: Condition) -> list[str]:
        return [self.output("transform", "embedding", condition=condition.name, unit=unit) for unit in condition.units]

    # ---- per stage ---------------------------------------------------------------------------------------------------
    def inputs(self, stage: str, wildcards: Wildcards) -> dict[str, list[str]]:
        return INPUTS[stage](self, wildcards)

    def spec(self, stage: str, wildcards: Wildcards) -> str:
        """Canonical JSON of what the stage reads."""
        return canonical({"stage": stage, **SPECS[stage](self, wildcards)})

    def outputs(self, stage: str, wildcards: Wildcards) -> dict[str, str]:
        return {role: self.output(stage, role, **wildcards) for role in STAGES[stage]}

    def instances(self, stage: str) -> Iterator[dict[str, str]]:
        """The wildcards of every job of a stage."""
        conditions = self.study.conditions.items()
        pairs = [{"condition": name, "unit": unit} for name, k in conditions for unit in k.units]
        fitted = [{"condition": name, "unit": unit} for name, k in conditions for unit in k.fitted]

        def each_fit(units: list[dict[str, str]]) -> list[dict[str, str]]:
            return [
                {**unit, "fold": str(fold), "seed": str(seed)}
                for unit in units
                for fold in range(self.study.folds)
                for seed in self.study.conditions[unit["condition"]].seeds
            ]

        table: dict[str, Callable[[], list[dict]]] = {
            "simulate": lambda: [{"recording": name} for name in self.simulated],
            "load": lambda: [{"recording": name} for name in self.loaded],
            "split": lambda: [{"recording": name} for name in self.study.config.recordings],
            "fit": lambda: each_fit(fitted),
            "transform": lambda: fitted,
            "adapt": lambda: each_fit(self.left_out),
            "transfer": lambda: self.left_out,
            "decode": lambda: [pair for pair in pairs if self.decodable(**pair)],
            "align": lambda: [{"condition": name} for name in self.aligned],
            "consistency": lambda: [{"comparison": name} for name in self.study.comparisons],
            "figures": lambda: [{"figure": name} for name in self.figures],
            "tables": lambda: [{"table": name} for name in self.tables],
        }
        yield from table[stage]()

    def decodable(self, condition: str, unit: str) -> bool:
        """Whether the unit's recordings share a label that is decoded."""
        return bool(decoded_labels(self.study, self.study.conditions[condition].units[unit]))

    def jobs(self) -> Iterator[Planned]:
        """Every job of the study, upstream first."""
        for stage in STAGES:
            for wildcards in self.instances(stage):
                files = self.inputs(stage, wildcards), self.outputs(stage, wildcards)
                code = f"code:{fingerprint(stage, wildcards.get('figure', ''))}"
                about = self.spec(stage, wildcards), code, self.arguments(stage, wildcards), self.notes
                yield Planned(stage, wildcards, *files, *about)

    def targets(self) -> list[str]:
        """Everything that the study is to end with."""
        ends = ("transfer", "decode", "align", "consistency", "figures", "tables")
        jobs = [self.outputs(stage, wildcards) for stage in ends for wildcards in self.instances(stage)]
        embeddings = [path for k in self.study.conditions.values() for path in self.embeddings(k)]
        return [path for outputs in jobs for path in outputs.values()] + embeddings


def check_files(plan: Plan, where: str) -> None:
    """Every file of every recording is there and can be read; one message for all that are not."""
    problems = Problems()
    for name in plan.loaded:
        for path in files_of(plan.study, name):
            if not os.path.isfile(path):
                found = "a folder" if os.path.isdir(path) else "no such file"
                problems.add(f"{where}: recordings.{name}", f"the file {path}", found, "Mend `file` or `data_folder`.")
            elif not os.access(path, os.R_OK):
                problems.add(f"{where}: recordings.{name}", f"a readable file {path}", "no permission to read it")
            elif "\n" in path:
                problems.add(f"{where}: recordings.{name}", "a name in one line", repr(path), "Rename the file.")
    problems.raise_any()


def check_results(plan: Plan, where: str) -> None:
    """The study's folder can be made, and written to where it is there. (Reading one that cannot is no mistake.)"""
    problems = Problems()
    there = next(folder for folder in (Path(plan.root), *Path(plan.root).absolute().parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        found = "no permission to write there" if there.is_dir() else "a file"
        problems.add(f"{where}: results", f"a folder that can be written ({there})", found, "Mend `results`.")
    problems.raise_any()

"""From a study to its jobs: which files each stage reads and writes, and the one spec it gets.

The Snakefile, `cebra-pipe status` and `cebra-pipe check` all read this; nothing else knows a path.
A spec holds the fields that its stage reads and no others, so that a change reruns what it reaches and nothing more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...data.load import meant
from ...errors import Problems
from ..jobs.fingerprint import fingerprint
from ..jobs.job import canonical
from .contents import files_of
from .inputs import INPUTS
from .layout import STAGES, Layout, Wildcards
from .specs import SPECS


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
class Plan(Layout):
    """All jobs of a study."""

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
        apart, batches = [], []
        for each in fitted:
            (batches if self.study.conditions[each["condition"]].batched(each["unit"]) else apart).append(each)

        def each_fold(units: list[dict[str, str]]) -> list[dict[str, str]]:
            return [{**unit, "fold": str(fold)} for unit in units for fold in range(self.study.folds)]

        def each_fit(units: list[dict[str, str]]) -> list[dict[str, str]]:
            return [
                {**fold, "seed": str(seed)}
                for fold in each_fold(units)
                for seed in self.study.conditions[fold["condition"]].seeds
            ]

        table: dict[str, Callable[[], list[dict]]] = {
            "simulate": lambda: [{"recording": name} for name in self.simulated],
            "load": lambda: [{"recording": name} for name in self.loaded],
            "split": lambda: [{"recording": name} for name in self.study.config.recordings],
            "fit": lambda: each_fit(apart),
            "fit_together": lambda: each_fold(batches),
            "transform": lambda: [pair for pair in fitted if pair not in self.portions or self.decodable(**pair)],
            "adapt": lambda: each_fit(self.left_out),
            "transfer": lambda: self.left_out,
            "decode": lambda: [pair for pair in pairs + self.portions if self.decodable(**pair)],
            "align": lambda: [{"condition": name} for name in self.aligned],
            "consistency": lambda: [{"comparison": name} for name in self.study.comparisons],
            "figures": lambda: [{"figure": name} for name in self.figures],
            "tables": lambda: [{"table": name} for name in self.tables],
        }
        yield from table[stage]()

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
                known, mend = os.path.isdir(path), "Mend `file` or `data_folder`."
                found, remedy = ("a folder", mend) if known else ("no such file", f"{meant(Path(path))} {mend}")
                problems.add(f"{where}: recordings.{name}", f"the file {path}", found, remedy)
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
